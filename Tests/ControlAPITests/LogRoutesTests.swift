import ControlAPI
import ObjectStorage
import RunStore
import SlipwayCore
import TestSupport
import Testing

@Suite("Reading the log of a run") struct LogRoutesTests {
    /// A run whose log has 40 lines of two tasks by turns, in five flushes, and four of Sail's; `TestFleet` gives line N the
    /// time 1 760 000 000 s and N ms.
    private static func written(_ api: APIFixture) async throws -> (fleet: TestFleet, run: ClaimedRun) {
        try await api.applyJob()
        let fleet = try await TestFleet(api.store)
        let id = try await api.createRun()
        let run = try #require(try await fleet.place()[id])
        try await fleet.start(run)
        for flush in 0..<5 {
            let lines = (1...8).map { number in
                let line = flush * 8 + number
                let color = line == 7 ? "\u{1B}[31mError\u{1B}[0m" : line % 10 == 0 ? "error" : "fine"
                return (stream: line % 2 == 0 ? "task/even" : "task/odd", text: "line \(line) \(color)")
            }
            try await fleet.write(run, lines + (flush == 0 ? (1...4).map { ("sail", "sail \($0)") } : []))
        }
        return (fleet, run)
    }

    private static func texts(_ answer: Answer) -> [String] {
        answer.json.elements("lines").compactMap { $0["text"]?.string }
    }

    private static func times(_ from: Int, _ to: Int) -> String {
        let base: Int64 = 1_760_000_000_000
        func text(_ line: Int) -> String {
            Timestamp(microsecondsSince1970: (base + Int64(line)) * 1000).description
        }
        return "since=\(text(from))&until=\(text(to))"
    }

    @Test("by several streams, by time, and by what the lines contain")
    func filters() async throws {
        try await APIFixture.with { api in
            let (_, run) = try await Self.written(api)
            let path = "/runs/\(run.id)/logs"
            let both = try await api.client.get("\(path)?stream=task/even&stream=sail")
            #expect(Self.texts(both).count == 24 && both.json["more"] == .bool(false))
            #expect(both.json["complete"] == .bool(false))
            let span = try await api.client.get("\(path)?stream=task/even,task/odd&\(Self.times(10, 13))")
            #expect(Self.texts(span).map { $0.prefix(7) } == ["line 10", "line 11", "line 12", "line 13"])
            let errors = try await api.client.get("\(path)?contains=error&stream=task/even,task/odd")
            #expect(Self.texts(errors).count == 4)
            let all = try await api.client.get("\(path)?contains=ERROR&ignore_case=true&stream=task/even,task/odd")
            #expect(Self.texts(all).count == 5 && Self.texts(all)[0].contains("\u{1B}[31m"))
            let plain = try await api.client.get("\(path)?contains=Error&ansi=strip")
            #expect(Self.texts(plain) == ["line 7 Error"])
        }
    }

    @Test("the last lines, of one stream or of all", arguments: [1, 3, 17, 1000])
    func tail(count: Int) async throws {
        var limits = APIFixture.quick
        limits.logChunksPerPage = 2
        try await APIFixture.with(limits: limits) { api in
            let (_, run) = try await Self.written(api)
            let path = "/runs/\(run.id)/logs"
            let all = try await api.client.get("\(path)?stream=task/even,task/odd&tail=\(count)")
            #expect(Self.texts(all).count == min(40, count))
            #expect(Self.texts(all).last?.hasPrefix("line 40") == true)
            let even = try await api.client.get("\(path)?stream=task/even&tail=\(count)")
            let expected = stride(from: 2, through: 40, by: 2).suffix(count).map { "line \($0)" }
            #expect(Self.texts(even).map { $0.split(separator: " ").prefix(2).joined(separator: " ") } == expected)
            let next = even.json["next"]?.string ?? ""
            #expect(Self.texts(try await api.client.get("\(path)?stream=task/even&after=\(next)")).isEmpty)
        }
    }

    @Test("the last lines that fit, if all that are wanted are too long together")
    func longTail() async throws {
        var limits = APIFixture.quick
        limits.logChunksPerPage = 2
        limits.logTailBytes = 40
        try await APIFixture.with(limits: limits) { api in
            let (_, run) = try await Self.written(api)
            // "line 40 error" has 13 bytes, the others 12.
            let lines = try await api.client.get("/runs/\(run.id)/logs?stream=task/even,task/odd&tail=100")
            #expect(Self.texts(lines).map { $0.prefix(7) } == ["line 37", "line 38", "line 39", "line 40"])
        }
    }

    @Test("a search that finds nothing looks at so much and says that there is more")
    func boundedSearch() async throws {
        var limits = APIFixture.quick
        limits.logChunksPerPage = 2
        limits.logSearchPages = 2
        try await APIFixture.with(limits: limits) { api in
            let (_, run) = try await Self.written(api)
            var after = ""
            var requests = 0
            var found: [String] = []
            while true {
                let page = try await api.client.get("/runs/\(run.id)/logs?stream=task/odd&contains=line%2039\(after)")
                requests += 1
                found += Self.texts(page)
                after = "&after=\(page.json["next"]?.string ?? "")"
                if page.json["more"] == .bool(false) { break }
            }
            #expect(found.count == 1 && requests > 1)
        }
    }

    @Test("what the control plane did stands among the lines, in the order of time")
    func events() async throws {
        try await APIFixture.with { api in
            let (fleet, run) = try await Self.written(api)
            try await fleet.end(run, TestFleet.failure())
            let answer = try await api.client.get("/runs/\(run.id)/logs")
            let lines = answer.json.elements("lines")
            #expect(lines.count > 44 && answer.json["complete"] == .bool(true))
            let own = lines.filter { $0["stream"]?.string == "run" }.compactMap { $0["text"]?.string }
            #expect(own.first?.hasPrefix("created → pending") == true)
            #expect(own.last == "state failed: task_failed: no such table: orders")
            #expect(lines.first?["stream"]?.string == "run" && lines.last?["stream"]?.string == "run")
            let alone = try await api.client.get("/runs/\(run.id)/logs?stream=run")
            #expect(Self.texts(alone) == own)
        }
    }

    @Test("as text with stream and time before each line")
    func prefixedText() async throws {
        try await APIFixture.with { api in
            let (_, run) = try await Self.written(api)
            let answer = try await api.client.get(
                "/runs/\(run.id)/logs?stream=task/odd&prefix=stream,time&tail=1",
                headers: [("accept", "text/plain")]
            )
            #expect(answer.text == "2025-10-09T08:53:20.039Z task/odd │ line 39 fine\n")
        }
    }

    @Test("followed from the last lines on, and resumed from there")
    func followTail() async throws {
        try await APIFixture.with { api in
            let (fleet, run) = try await Self.written(api)
            let path = "/runs/\(run.id)/logs?follow=true&tail=4&stream=task/even,task/odd"
            var seen = 0
            let before = try await api.client.events(path) { _ in
                seen += 1
                return seen == 2
            }
            try await fleet.write(run, [("task/even", "more")])
            try await fleet.end(run, TestFleet.success())
            let after = try await api.client.events(path, lastEventID: before.last?.id)
            let texts = (before + after).filter { $0.name == "line" }.compactMap { $0.data["text"]?.string }
            #expect(texts.map { $0.prefix(7) } == ["line 37", "line 38", "line 39", "line 40", "more"])
        }
    }

    @Test(
        "followed over a change of worker, and resumed after the log was moved into an object storage",
        .enabled(if: TestObjectStorage.isAvailable, "SLIPWAY_TEST_S3_ENV is not set")
    )
    func resumedFromObjects() async throws {
        let server = try await TestObjectStorage.shared()
        let configuration = try ObjectStorageConfiguration(
            endpoint: server.endpoint,
            bucket: server.bucket,
            region: "us-east-1",
            accessKey: server.accessKey,
            secretKey: server.secretKey
        )
        let objects = LogObjects(
            client: ObjectStorageClient(configuration: configuration),
            prefix: TestObjectStorage.freshPrefix()
        )
        try await APIFixture.with(logObjects: objects) { api in
            let (fleet, placed) = try await Self.written(api)
            var run = placed
            let path = "/runs/\(run.id)/logs?follow=true&stream=task/even&stream=task/odd"
            var seen = 0
            let first = try await api.client.events(path) { _ in
                seen += 1
                return seen == 10
            }
            // Another worker takes the run over and carries on.
            _ = try await api.store.adopt([(run.id, run.leaseEpoch)], holder: fleet.holder.id)
            run.leaseEpoch += 1
            try await fleet.write(run, [("task/even", "line 41 of another worker")])
            seen = 0
            let second = try await api.client.events(path, lastEventID: first.last?.id) { _ in
                seen += 1
                return seen == 20
            }
            try await fleet.end(run, TestFleet.success())
            let moved = try await api.store.moveLogs(holder: fleet.holder.id, settings: LogMoveSettings())
            #expect(moved.objects == 3)
            let third = try await api.client.events(path, lastEventID: second.last?.id)
            let texts = (first + second + third).filter { $0.name == "line" }.compactMap { $0.data["text"]?.string }
            let numbers = texts.compactMap { Int($0.split(separator: " ")[1]) }
            #expect(numbers == Array(1...41))
            let page = try await api.client.get("/runs/\(run.id)/logs?tail=2&stream=task/even,task/odd")
            #expect(Self.texts(page).last == "line 41 of another worker" && page.json["complete"] == .bool(true))
        }
    }

    @Test(
        "a request that cannot be meant is refused with its field",
        arguments: [
            ("since=yesterday", "since"), ("tail=0", "tail"), ("tail=10001", "tail"), ("tail=5&contains=x", "tail"),
            ("ansi=paint", "ansi"), ("prefix=color", "prefix"), ("after=1.1", "after"), ("after=1.1-1.1-x", "after"),
            ("ignore_case=maybe", "ignore_case"), ("grep=x", "grep"),
        ]
    )
    func refused(query: String, field: String) async throws {
        try await APIFixture.with { api in
            try await api.applyJob()
            let id = try await api.createRun()
            let answer = try await api.client.get("/runs/\(id)/logs?\(query)")
            #expect(answer.status == 400 && answer.fields == [field], "\(answer.text)")
        }
    }
}
