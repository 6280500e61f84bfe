import PostgresClient
import RunStore
import SlipwayCore
import Testing

@Suite struct RunRoutesTests {
    @Test("a run is created with the job's variables and its own")
    func create() async throws {
        try await APIFixture.with { api in
            try await api.applyJob()
            let answer = try await api.client.send(
                "POST",
                "/runs",
                #"{"job": "report", "variables": {"days": "30"}}"#
            )
            #expect(answer.status == 201 && answer.json["state"]?.string == "pending")
            let id = try #require(answer.json["id"]?.string)
            #expect(answer.headers["location"] == "/api/v1/runs/\(id)")
            let run = try await api.client.get("/runs/\(id)").json
            #expect(run["variables"] == .object(["country": .string("NL"), "days": .integer(30)]))
            #expect(run["kind"]?.string == "nightly" && run.integer("version") == 1)
            #expect(run.elements("states").map { $0["state"]?.string } == ["pending"])
            #expect(run["links"]?["logs"]?.string == "/api/v1/runs/\(id)/logs")
            #expect(run["created_at"]?.string?.hasSuffix("Z") == true)
        }
    }

    @Test("a run can have an older version")
    func olderVersion() async throws {
        try await APIFixture.with { api in
            try await api.applyJob()
            try await api.applyJob(APIFixture.jobFile + "\ndescription: better")
            let id = try await api.createRun(#"{"job": "report", "version": 1}"#)
            #expect(try await api.store.run(id)?.jobVersion == 1)
            let missing = try await api.client.send("POST", "/runs", #"{"job": "report", "version": 9}"#)
            #expect(missing.status == 404 && missing.code == "version_not_found")
        }
    }

    @Test("a version applied here holds at once")
    func newVersion() async throws {
        try await APIFixture.with { api in
            try await api.applyJob()
            _ = try await api.createRun()
            try await api.applyJob(APIFixture.jobFile + "\ndescription: better")
            let id = try await api.createRun()
            #expect(try await api.store.run(id)?.jobVersion == 2)
        }
    }

    @Test("many runs are created together or not at all")
    func batch() async throws {
        try await APIFixture.with { api in
            try await api.applyJob()
            let runs = Array(repeating: #"{"job": "report"}"#, count: 1000).joined(separator: ",")
            let answer = try await api.client.send("POST", "/runs:batch", "{\"runs\": [\(runs)]}")
            #expect(answer.status == 201)
            let ids = answer.json.elements("runs").compactMap { $0["id"]?.string }
            #expect(Set(ids).count == 1000 && ids == ids.sorted())
            let wrong = try await api.client.send(
                "POST",
                "/runs:batch",
                #"{"runs": [{"job": "report"}, {"job": "report", "variables": {"dayz": 1}}]}"#
            )
            #expect(wrong.status == 422 && wrong.fields == ["runs[1].variables.dayz"])
            let tooMany = try await api.client.send(
                "POST",
                "/runs:batch",
                "{\"runs\": [\(runs),{\"job\": \"report\"}]}"
            )
            #expect(tooMany.status == 422 && tooMany.fields == ["runs"])
            #expect(try await api.store.liveCounts() == [.pending: 1000])
        }
    }

    @Test("parallel submits share commits, and each is there when its answer comes")
    func groupCommit() async throws {
        try await APIFixture.with { api in
            try await api.applyJob()
            _ = try await api.createRun()
            let ids = try await withThrowingTaskGroup(of: RunID.self) { group in
                for _ in 0..<200 { group.addTask { try await api.createRun() } }
                return try await group.reduce(into: Set<RunID>()) { $0.insert($1) }
            }
            #expect(ids.count == 200)
            #expect(try await api.store.liveCounts() == [.pending: 201])
            // Each row remembers the transaction that wrote it.
            let commits = try await api.store.pool.query("SELECT count(DISTINCT xmin::text) FROM live_runs")
                .decode(Int.self)
            #expect(commits[0] < 100, "200 runs took \(commits[0]) commits")
        }
    }

    @Test("pages of a list hold each run once while others are created")
    func pages() async throws {
        try await APIFixture.with { api in
            try await api.applyJob()
            var wanted: Set<String> = []
            for _ in 0..<120 { wanted.insert(try await api.createRun().description) }
            let known = wanted
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask {
                    while !Task.isCancelled { _ = try await api.createRun() }
                }
                var seen: [String] = []
                var after = ""
                repeat {
                    let page = try await api.client.get("/runs?limit=17\(after)").json
                    seen += page.elements("runs").compactMap { $0["id"]?.string }
                    after = page["next"]?.string.map { "&after=\($0)" } ?? ""
                } while !after.isEmpty
                group.cancelAll()
                #expect(seen == seen.sorted(by: >) && Set(seen).count == seen.count)
                #expect(known.isSubset(of: seen))
                // why: the creator may have been cancelled in the middle of a request.
                try? await group.waitForAll()
            }
        }
    }

    @Test("a list shows what its filters say")
    func filters() async throws {
        try await APIFixture.with { api in
            try await api.applyJob()
            try await api.applyJob("name: other\nengine: none\ntasks: [{name: t, command: ['true']}]")
            let first = try await api.createRun()
            let other = try await api.createRun(#"{"job": "other"}"#)
            _ = try await api.client.send("POST", "/runs/\(first)/cancel")
            let retry = try await api.client.send("POST", "/runs/\(first)/retry")
            let retried = try #require(retry.json["id"]?.string)
            func ids(_ query: String) async throws -> [String] {
                try await api.client.get("/runs?\(query)").json.elements("runs").compactMap { $0["id"]?.string }
            }
            #expect(try await ids("state=cancelled") == [first.description])
            #expect(try await ids("state=pending,cancelled&job=report") == [retried, first.description])
            #expect(try await ids("kind=nightly") == [retried, first.description])
            #expect(try await ids("origin=\(first)") == [retried])
            #expect(try await ids("job=other") == [other.description])
            #expect(try await ids("team=nobody").isEmpty)
        }
    }

    @Test("cancelling ends a waiting run, asks a placed one, and may be repeated")
    func cancel() async throws {
        try await APIFixture.with { api in
            try await api.applyJob()
            let fleet = try await TestFleet(api.store)
            let placed = try await api.createRun()
            _ = try await fleet.place()
            let waiting = try await api.createRun()
            let ended = try await api.client.send("POST", "/runs/\(waiting):cancel")
            #expect(ended.status == 200 && ended.json["change"]?.string == "ended")
            let again = try await api.client.send("POST", "/runs/\(waiting)/cancel")
            #expect(again.status == 200 && again.json["change"]?.string == "already_over")
            let asked = try await api.client.send("POST", "/runs/\(placed)/cancel")
            #expect(asked.status == 202 && asked.json["state"]?.string == "cancelling")
            #expect(try await api.store.run(placed)?.state == .cancelling)
        }
    }

    @Test("a retry has the version and variables of its origin, which must be over")
    func retry() async throws {
        try await APIFixture.with { api in
            try await api.applyJob()
            let id = try await api.createRun(#"{"job": "report", "variables": {"country": "DE"}}"#)
            let early = try await api.client.send("POST", "/runs/\(id)/retry")
            #expect(early.status == 409 && early.code == "run_not_over")
            _ = try await api.client.send("POST", "/runs/\(id)/cancel")
            try await api.applyJob(APIFixture.jobFile + "\ndescription: better")
            let retry = try await api.client.send("POST", "/runs/\(id):retry")
            #expect(retry.status == 201 && retry.json["origin"]?.string == id.description)
            let run = try await api.client.get("/runs/\(retry.json["id"]?.string ?? "")").json
            #expect(run.integer("version") == 1 && run["variables"]?["country"]?.string == "DE")
            #expect(run["origin_kind"]?.string == "retry")
        }
    }

    @Test("a failed run tells why, where, and what to do")
    func failed() async throws {
        try await APIFixture.with { api in
            try await api.applyJob()
            let fleet = try await TestFleet(api.store)
            let id = try await api.createRun()
            let claimed = try #require(try await fleet.place()[id])
            let failure = TaskFailure(reason: .taskFailed, failureClass: .user, message: "no such table: orders")
            let tasks = [TaskRow(name: "extract", position: 0, state: .failed, exitCode: 1, failure: failure)]
            try await fleet.start(claimed)
            try await fleet.end(claimed, tasks: tasks, warnings: 2, TestFleet.failure())
            let run = try await api.client.get("/runs/\(id)").json
            #expect(run["state"]?.string == "failed" && run["reason"]?.string == "task_failed")
            #expect(run["failure_class"]?.string == "user" && run["message"]?.string == "no such table: orders")
            #expect(run["failed_task"]?.string == "extract" && run["stack_trace"]?.string == "line 1\nline 2")
            #expect(run["advice"]?.string == ReasonCode.taskFailed.advice)
            #expect(run["evidence"]?["pod"]?["phase"]?.string == "Failed" && run.integer("warnings") == 2)
            #expect(run.elements("tasks").first?["failure"]?["message"]?.string == "no such table: orders")
            let states = run.elements("states").compactMap { $0["state"]?.string }
            #expect(states == ["pending", "ready", "starting", "running", "failed"])
            #expect(run.elements("states").dropLast().allSatisfy { $0["seconds"] != nil && $0["left_at"] != nil })
        }
    }

    @Test("events come in order, page by page")
    func events() async throws {
        try await APIFixture.with { api in
            try await api.applyJob()
            let fleet = try await TestFleet(api.store)
            let id = try await api.createRun()
            let claimed = try #require(try await fleet.place()[id])
            try await fleet.start(claimed)
            let first = try await api.client.get("/runs/\(id)/events?limit=2").json
            #expect(first.elements("events").map { $0["state"]?.string } == ["pending", "ready"])
            let next = try #require(first["next"]?.string)
            let rest = try await api.client.get("/runs/\(id)/events?after=\(next)").json
            #expect(rest.elements("events").map { $0["state"]?.string } == ["starting", "running"])
        }
    }

    @Test("outputs keep their columns, types and large numbers")
    func outputs() async throws {
        try await APIFixture.with { api in
            try await api.applyJob()
            let fleet = try await TestFleet(api.store)
            let id = try await api.createRun()
            let claimed = try #require(try await fleet.place()[id])
            let output = TaskOutput(
                task: "extract",
                name: "result",
                kind: .rows,
                columns: [.init(name: "n", type: "bigint")],
                value: .array([.array([.integer(9_007_199_254_740_993)])]),
                rowCount: 1
            )
            try await fleet.write(claimed, [("task/extract", "hello")], outputs: [output])
            let found = try await api.client.get("/runs/\(id)/outputs").json.elements("outputs")
            #expect(found.count == 1 && found.first?["value"] == output.value)
            #expect(found.first?.elements("columns").first?["type"]?.string == "bigint")
            #expect(try await api.client.get("/runs/\(id)/outputs?task=other").json.elements("outputs").isEmpty)
        }
    }
}
