import ControlAPI
import RunStore
import SlipwayCore
import Testing

@Suite("Tasks, warnings and resumption through the API")
struct TaskRoutesTests {
    private static let jobFile = """
        name: report
        engine: none
        tasks:
          - {name: load, command: ["true"]}
          - {name: check, command: ["true"]}
          - {name: send, command: ["true"]}
        """

    private func failed(_ api: APIFixture, _ fleet: TestFleet) async throws -> RunID {
        let id = try await api.createRun()
        let claimed = try #require(try await fleet.place()[id])
        try await fleet.start(claimed)
        let output = TaskOutput(task: "load", name: "count", kind: .scalar, value: .integer(3))
        let tasks = [
            TaskRow(name: "load", position: 0, state: .succeeded, startedAt: .now, endedAt: .now),
            TaskRow(name: "check", position: 1, state: .failed, exitCode: 1),
            TaskRow(name: "send", position: 2, state: .upstreamFailed, note: "check failed"),
        ]
        try await fleet.write(claimed, [], outputs: [output], tasks: tasks)
        try await fleet.end(claimed, TestFleet.failure())
        return id
    }

    private func with(_ body: @escaping @Sendable (APIFixture, TestFleet) async throws -> Void) async throws {
        try await APIFixture.with { api in
            try await api.applyJob(Self.jobFile)
            try await body(api, try await TestFleet(api.store))
        }
    }

    @Test("a run's tasks are known from its creation on, and of those nothing was told the end says it")
    func known() async throws {
        try await with { api, fleet in
            let id = try await api.createRun()
            let before = try await api.client.get("/runs/\(id)").json.elements("tasks")
            #expect(before.map { $0["name"]?.string } == ["load", "check", "send"])
            #expect(before.allSatisfy { $0["state"]?.string == "initial" })
            let claimed = try #require(try await fleet.place()[id])
            let check = TaskRow(
                name: "check",
                position: 1,
                state: .running,
                startedAt: .now,
                note: "attempt 2 of 3",
                progress: TaskProgress(done: 3, total: 10),
                warnings: 2
            )
            try await fleet.start(claimed, tasks: [check])
            let task = try await api.client.get("/runs/\(id)").json.elements("tasks")[1]
            #expect(task["state"]?.string == "running" && task.integer("warnings") == 2)
            #expect(task["progress"]?["done"] == .number(3) || task["progress"]?["done"] == .integer(3))
            #expect(task["note"]?.string == "attempt 2 of 3")
            _ = try await api.act("cancel", id)
            try await fleet.end(claimed, TestFleet.failure())
            let after = try await api.client.get("/runs/\(id)/tasks").json.elements("tasks")
            #expect(after.map { $0["state"]?.string } == ["cancelled", "cancelled", "cancelled"])
            #expect(after.map { $0["name"]?.string } == ["load", "check", "send"])
        }
    }

    @Test("items are counted in the description, and listed page by page with the tasks of which nothing was told")
    func items() async throws {
        try await with { api, fleet in
            let id = try await api.createRun()
            let claimed = try #require(try await fleet.place()[id])
            let states = [TaskState.succeeded, .succeeded, .failed, .running]
            let items = states.enumerated().map { index, state in
                TaskRow(
                    name: "check[\(index)]",
                    position: 1,
                    itemIndex: index,
                    state: state,
                    item: .string("f\(index)")
                )
            }
            try await fleet.start(claimed, tasks: items + [TaskRow(name: "check", position: 1, state: .running)])
            let check = try await api.client.get("/runs/\(id)").json.elements("tasks")[1]
            #expect(
                check["items"]
                    == .object(
                        ["total": .integer(4), "succeeded": .integer(2), "failed": .integer(1), "running": .integer(1)]
                    )
            )
            var names: [String] = []
            var path: String? = "/runs/\(id)/tasks?limit=2"
            while let next = path {
                let page = try await api.client.get(next).json
                names += page.elements("tasks").compactMap { $0["name"]?.string }
                path = page["next"]?.string.map { "/runs/\(id)/tasks?limit=2&after=\($0)" }
            }
            #expect(names == ["load", "check"] + (0..<4).map { "check[\($0)]" } + ["send"])
            let one = try await api.client.get("/runs/\(id)/tasks?task=check").json.elements("tasks")
            #expect(one.count == 5 && one[1]["item"]?.string == "f0" && one[1].integer("item_index") == 0)
            let wrong = try await api.client.get("/runs/\(id)/tasks?task=chekc")
            #expect(wrong.status == 400 && wrong.fields == ["task"])
            #expect(try await api.client.get("/runs/\(id)/tasks?after=x").status == 400)
        }
    }

    @Test("warnings are listed, the first with the run")
    func warnings() async throws {
        try await with { api, fleet in
            let id = try await api.createRun()
            let claimed = try #require(try await fleet.place()[id])
            try await fleet.start(claimed)
            let warnings = [
                RunWarning(source: .runner, sequence: 4, milliseconds: 1000, task: "load", message: "odd row"),
                RunWarning(source: .sail, sequence: 2, milliseconds: 2000, message: "slow", isCounted: false),
                RunWarning(source: .runner, sequence: 0, milliseconds: 500, message: "7 more", isCounted: false),
            ]
            try await fleet.write(claimed, [], warnings: warnings)
            let listed = try await api.client.get("/runs/\(id)/warnings").json
            #expect(listed.integer("counted") == 1)
            #expect(listed.elements("warnings").map { $0["message"]?.string } == ["odd row", "slow", "7 more"])
            #expect(listed.elements("warnings")[0]["task"]?.string == "load")
            #expect(listed.elements("warnings")[2]["line"] == nil)
            #expect(try await api.client.get("/runs/\(id)").json.elements("first_warnings").count == 3)
        }
    }

    @Test("a resumption carries over what had succeeded, and says so")
    func resume() async throws {
        try await with { api, fleet in
            let origin = try await failed(api, fleet)
            let made = try await api.act("resume", origin)
            #expect(made.status == 201 && made.json["plan"]?.integer("carried") == 1)
            let id = try #require(made.json["id"]?.string)
            let run = try await api.client.get("/runs/\(id)").json
            #expect(run["plan"]?["from_run"]?.string == origin.description && run["plan"]?["from_task"] == nil)
            let tasks = run.elements("tasks")
            #expect(tasks.map { $0["state"]?.string } == ["succeeded", "initial", "initial"])
            #expect(tasks[0]["carried_from"]?.string == origin.description)
            #expect(tasks[0]["links"]?["carried_from"]?.string == "/api/v1/runs/\(origin)")
            #expect(try await api.client.get("/runs/\(id)/outputs").json.elements("outputs").count == 1)
        }
    }

    @Test("a retry from a task executes it and what follows, and tells why it cannot")
    func retryFrom() async throws {
        try await with { api, fleet in
            let origin = try await failed(api, fleet)
            let made = try await api.act("retry", origin, #"{"from_task": "check"}"#)
            #expect(made.status == 201 && made.json["change"]?.string == "retried")
            #expect(made.json["plan"]?["from_task"]?.string == "check")
            let again = try await api.act("retry", origin, #"{"from_task": "check"}"#)
            #expect(again.status == 200 && again.json["id"] == made.json["id"])

            let unmet = try await api.act("retry", origin, #"{"from_task": "send"}"#)
            #expect(unmet.status == 409 && unmet.code == "task_not_ready")
            #expect(unmet.json["detail"]?.string?.contains("task \"send\" comes after \"check\"") == true)
            let unknown = try await api.act("retry", origin, #"{"from_task": "chekc"}"#)
            #expect(unknown.status == 422 && unknown.fields == ["from_task"])
            #expect(unknown.text.contains("check"))
            let elsewhere = try await api.act("resume", origin, #"{"from_task": "check"}"#)
            #expect(elsewhere.status == 422)
            let plain = try await api.act("retry", origin)
            #expect(plain.status == 201 && plain.json["plan"] == nil)
        }
    }

    @Test("with everything done a resumption is refused, in bulk one by one")
    func nothingLeft() async throws {
        try await with { api, fleet in
            let origin = try await failed(api, fleet)
            let id = try await api.createRun()
            let claimed = try #require(try await fleet.place()[id])
            let names = ["load", "check", "send"]
            try await fleet.start(
                claimed,
                tasks: names.enumerated().map { TaskRow(name: $1, position: $0, state: .succeeded) }
            )
            try await fleet.end(claimed, TestFleet.success())
            let refused = try await api.act("resume", id)
            #expect(refused.status == 409 && refused.code == "nothing_left")
            for isDryRun in [true, false] {
                let body = #"{"ids": ["\#(id)", "\#(origin)"], "dry_run": \#(isDryRun)}"#
                let answers = try await api.client.send("POST", "/runs:resume", body).json.elements("runs")
                #expect(answers.map { $0["change"]?.string } == ["not_possible", "resumed"])
                #expect(answers[0]["message"]?.string?.contains("nothing is left") == true)
            }
        }
    }

    @Test("a watcher gets all tasks, and then those that changed")
    func watch() async throws {
        try await with { api, fleet in
            let id = try await api.createRun()
            let claimed = try #require(try await fleet.place()[id])
            try await fleet.start(claimed)
            let (listed, isListed) = AsyncStream.makeStream(of: Int.self)
            async let watched = api.client.events("/runs/\(id)/watch") { event in
                guard event.name == "tasks" else { return false }
                let count = event.data.elements("tasks").count
                isListed.yield(count)
                return count == 1
            }
            var counts = listed.makeAsyncIterator()
            #expect(await counts.next() == 3)
            try await fleet.write(claimed, [], tasks: [TaskRow(name: "check", position: 1, state: .running)])
            let changed = try await watched
            #expect(changed.last?.data.elements("tasks").first?["name"]?.string == "check")
        }
    }
}
