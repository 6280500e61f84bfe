import RunStore
import SlipwayCore
import Testing

@Suite struct VariableRoutesTests {
    private static let jobFile = """
        name: report
        engine: none
        variables:
          country: NL
          days: {type: integer, default: 7}
          token: {type: secret, default: {secret: api, key: token}}
        tasks:
          - {name: extract, command: ["true"]}
        """

    @Test("a run tells where each value is from; a retry keeps it, a rerun changes what it changes")
    func origins() async throws {
        try await APIFixture.with { api in
            try await api.applyJob(Self.jobFile)
            let first = try await api.createRun(#"{"job": "report", "variables": {"days": "30"}}"#)
            func origins(_ id: String) async throws -> [String: String] {
                guard case .object(let origins)? = try await api.client.get("/runs/\(id)").json["variable_origins"]
                else { return [:] }
                return origins.compactMapValues(\.string)
            }
            let given = ["country": "job", "days": "run", "token": "job"]
            #expect(try await origins(first.description) == given)
            _ = try await api.client.send("POST", "/runs/\(first)/cancel")
            let retry = try await api.client.send("POST", "/runs/\(first)/retry").json
            #expect(try await origins(retry["id"]?.string ?? "") == given)
            let changes = #"{"variables": {"country": "DE", "days": null}}"#
            let rerun = try await api.client.send("POST", "/runs/\(first)/rerun", changes).json
            #expect(
                try await origins(rerun["id"]?.string ?? "") == ["country": "run", "days": "job", "token": "job"]
            )
        }
    }

    @Test("a secret is given and shown as a reference, and what is none is not repeated")
    func secrets() async throws {
        try await APIFixture.with { api in
            try await api.applyJob(Self.jobFile)
            let reference = JSONValue.object(["secret": .string("vault"), "key": .string("api-key")])
            for form in [#""vault/api-key""#, #"{"secret": "vault", "key": "api-key"}"#] {
                let id = try await api.createRun(#"{"job": "report", "variables": {"token": \#(form)}}"#)
                #expect(try await api.client.get("/runs/\(id)").json["variables"]?["token"] == reference)
            }
            for wrong in [#""hunter2""#, #"{"value": "hunter2"}"#] {
                let answer = try await api.client.send(
                    "POST",
                    "/runs",
                    #"{"job": "report", "variables": {"token": \#(wrong)}}"#
                )
                #expect(answer.status == 422 && answer.code == "invalid_variables")
                #expect(answer.fields == ["variables.token"] && !answer.text.contains("hunter2"))
            }
            let job = try await api.client.get("/jobs/default/report").json
            #expect(job["variables"]?["token"]?["default"]?["secret"]?.string == "api")
        }
    }

    @Test("runs are found by their values, in lists and in bulk")
    func filters() async throws {
        try await APIFixture.with { api in
            try await api.applyJob(Self.jobFile)
            let first = try await api.createRun(#"{"job": "report", "variables": {"days": 30, "country": "a=b,c"}}"#)
            let second = try await api.createRun(#"{"job": "report", "variables": {"token": "vault/x"}}"#)
            func ids(_ query: String) async throws -> [String] {
                try await api.client.get("/runs?\(query)").json.elements("runs").compactMap { $0["id"]?.string }
            }
            #expect(try await ids("variable=days=30&variable=country=a%3Db,c") == [first.description])
            #expect(try await ids("variable=token=vault/x") == [second.description])
            #expect(try await ids("variable=days=31").isEmpty)
            for wrong in ["variable=hunter2", "variable==hunter2", "variable=a=hunter2&variable=a=2"] {
                let answer = try await api.client.get("/runs?\(wrong)")
                #expect(answer.status == 400 && answer.fields == ["variable"] && !answer.text.contains("hunter2"))
            }
            func meant(_ variables: String) async throws -> Answer {
                let body = #"{"dry_run": true, "filter": {"variables": \#(variables)}}"#
                return try await api.client.send("POST", "/runs:cancel", body)
            }
            let one = try await meant(#"{"days": 30}"#)
            #expect(one.json.elements("runs").compactMap { $0["id"]?.string } == [first.description])
            let reference = try await meant(#"{"token": {"secret": "vault", "key": "x"}}"#)
            #expect(reference.json.elements("runs").compactMap { $0["id"]?.string } == [second.description])
            let wrong = try await meant(#"{"days": ["hunter2"]}"#)
            #expect(wrong.status == 422 && wrong.fields == ["filter.variables"] && !wrong.text.contains("hunter2"))
        }
    }

    @Test("a file beside the job file is refused with what to do instead")
    func relativeFile() async throws {
        try await APIFixture.with { api in
            let file = "name: report\nengine: none\ntasks:\n  - name: a\n    sql: {file: queries/a.sql}\n"
            let answer = try await api.client.send("POST", "/jobs", file, contentType: "application/yaml")
            #expect(answer.status == 422 && answer.code == "invalid_job_file")
            let error = try #require(answer.json.elements("errors").first)
            #expect(error.integer("line") == 5 && error["field"]?.string == "tasks[0].sql.file")
            #expect(error["message"]?.string?.contains("`slipway job apply`") == true)
            let absolute = try await api.client.send(
                "POST",
                "/jobs",
                file.replacing("queries", with: "/queries"),
                contentType: "application/yaml"
            )
            #expect(absolute.status == 201)
        }
    }

    @Test("a job of two thousand tasks and half a megabyte is taken, described and run")
    func large() async throws {
        try await APIFixture.with { api in
            // Text that hardly packs: the client takes an answer that grows much for an attack.
            func filler() -> String {
                (0..<13).map { _ in String(UInt64.random(in: 1 << 63 ... .max), radix: 16) }.joined()
            }
            let tasks = (0..<JobLimits.standard.tasks).map {
                "  - {name: task-\($0), command: [echo, '\(filler())']}\n"
            }
            let file = "name: report\nengine: none\ntasks:\n\(tasks.joined())"
            #expect(file.utf8.count > 450_000)
            try await api.applyJob(file)
            let job = try await api.client.get("/jobs/default/report").json
            #expect(job.elements("tasks").count == JobLimits.standard.tasks)
            _ = try await api.createRun()
        }
    }
}
