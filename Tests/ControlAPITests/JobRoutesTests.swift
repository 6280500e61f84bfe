import SlipwayCore
import Testing

@Suite struct JobRoutesTests {
    @Test("applying a file creates a job, then nothing, then a version")
    func apply() async throws {
        try await APIFixture.with { api in
            let created = try await api.client.send(
                "POST",
                "/jobs",
                APIFixture.jobFile,
                contentType: "application/yaml"
            )
            #expect(created.status == 201)
            #expect(created.json["change"]?.string == "created" && created.json.integer("version") == 1)
            #expect(created.headers["location"] == "/api/v1/jobs/default/report")
            let again = try await api.client.send("POST", "/jobs", APIFixture.jobFile, contentType: "text/plain")
            #expect(again.status == 200 && again.json["change"]?.string == "unchanged")
            let changed = APIFixture.jobFile + "\ndescription: better"
            let updated = try await api.client.send("POST", "/jobs", changed, contentType: "application/yaml")
            #expect(updated.json["change"]?.string == "updated" && updated.json.integer("version") == 2)
        }
    }

    @Test("a job in JSON is the same job")
    func json() async throws {
        try await APIFixture.with { api in
            let text = #"{"name": "report", "engine": "none", "tasks": [{"name": "a", "command": ["true"]}]}"#
            let answer = try await api.client.send("POST", "/jobs", text)
            #expect(answer.status == 201)
        }
    }

    @Test("a wrong file is refused with each mistake's place")
    func wrongFile() async throws {
        try await APIFixture.with { api in
            let text = "name: Report\nengine: none\ntask: []\n"
            let answer = try await api.client.send("POST", "/jobs", text, contentType: "application/yaml")
            #expect(answer.status == 422 && answer.code == "invalid_job_file")
            #expect(answer.headers["content-type"] == "application/problem+json")
            #expect(answer.fields.contains("name") && answer.fields.contains("task"))
            let name = try #require(answer.json.elements("errors").first { $0["field"]?.string == "name" })
            #expect(name.integer("line") == 1 && name.integer("column") != nil)
        }
    }

    @Test("windows in a zone that does not exist are refused, with the name that was probably meant")
    func unknownZone() async throws {
        try await APIFixture.with { api in
            let file =
                "name: n\nengine: none\nwindows: {zone: Europe/Berln, open: ['Mon-Fri 22:00-06:00']}\ntasks: [{name: t, command: ['true']}]"
            let answer = try await api.client.send("POST", "/jobs", file, contentType: "application/yaml")
            #expect(answer.status == 422 && answer.fields == ["windows.zone"], "\(answer.text)")
            #expect(answer.text.contains("Europe/Berlin"))
        }
    }

    @Test("a team that does not exist is refused, also when the query names it")
    func unknownTeam() async throws {
        try await APIFixture.with { api in
            let answer = try await api.client.send(
                "POST",
                "/jobs?team=nobody",
                APIFixture.jobFile,
                contentType: "application/yaml"
            )
            #expect(answer.status == 422 && answer.code == "unknown_team_or_cluster")
        }
    }

    @Test("a job is described with its file, its variables and its versions")
    func describe() async throws {
        try await APIFixture.with { api in
            try await api.applyJob()
            try await api.applyJob(APIFixture.jobFile + "\ndescription: better")
            let job = try await api.client.get("/jobs/default/report").json
            #expect(job.integer("version") == 2 && job["kind"]?.string == "nightly")
            #expect(job["description"]?.string == "better")
            #expect(job["variables"]?["country"]?["default"]?.string == "NL")
            #expect(job["spec"]?["name"]?.string == "report")
            let versions = try await api.client.get("/jobs/default/report/versions?limit=1").json
            #expect(versions.elements("versions").map { $0.integer("version") } == [2])
            let next = try #require(versions["next"]?.string)
            let older = try await api.client.get("/jobs/default/report/versions?limit=2&after=\(next)").json
            #expect(older.elements("versions").map { $0.integer("version") } == [1])
            #expect(older["next"] == nil)
            #expect(try await api.client.get("/jobs/default/other").code == "job_not_found")
        }
    }

    @Test("jobs are listed page by page")
    func list() async throws {
        try await APIFixture.with { api in
            for name in ["c", "a", "b"] {
                try await api.applyJob("name: \(name)\nengine: none\ntasks: [{name: t, command: ['true']}]")
            }
            let first = try await api.client.get("/jobs?limit=2").json
            #expect(first.elements("jobs").map { $0["name"]?.string } == ["a", "b"])
            let next = try #require(first["next"]?.string)
            let second = try await api.client.get("/jobs?limit=2&after=\(next)").json
            #expect(second.elements("jobs").map { $0["name"]?.string } == ["c"] && second["next"] == nil)
            #expect(try await api.client.get("/jobs?team=other").json.elements("jobs").isEmpty)
        }
    }
}
