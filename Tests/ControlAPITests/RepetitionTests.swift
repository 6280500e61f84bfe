import PostgresClient
import RunStore
import SlipwayCore
import Testing

@testable import ControlAPI

/// What is sent again takes effect once, whatever was lost in between; and what selects runs selects no more than it says.
@Suite struct RepetitionTests {
    private static let key = [("idempotency-key", "again")]

    /// As if the process had died before it could keep the answer.
    private static func lose(_ api: APIFixture) async throws {
        try await api.store.pool.query(
            """
            UPDATE idempotency_keys SET status = NULL, headers = NULL, answer = NULL,
                taken_until = now() - interval '1 second'
            """
        )
    }

    @Test("a triggered schedule and a retry make one run, though the first answer was lost")
    func runs() async throws {
        try await APIFixture.with { api in
            try await api.applyJob()
            let path = "/jobs/default/report/schedules"
            _ = try await api.client.send("POST", path, #"{"name": "nightly", "cron": "0 5 * * *"}"#)
            let first = try await api.client.send("POST", path + "/nightly/trigger", "{}", headers: Self.key)
            #expect(first.status == 201, "\(first.text)")
            try await Self.lose(api)
            let second = try await api.client.send("POST", path + "/nightly/trigger", "{}", headers: Self.key)
            #expect(second.status == 201 && second.json["id"] == first.json["id"])
            #expect(try await api.store.liveCounts() == [.pending: 1])
            let origin = try await api.ended()
            let retry = try await api.client.send("POST", "/runs/\(origin)/retry", "{}", headers: Self.key)
            // The follower is over: there is nothing alive that the second request could find.
            let follower = try #require(retry.json["id"]?.string.flatMap(RunID.init))
            _ = try await api.store.cancel(follower, by: nil)
            try await Self.lose(api)
            let again = try await api.client.send("POST", "/runs/\(origin)/retry", "{}", headers: Self.key)
            #expect(again.json["id"] == retry.json["id"], "\(again.text)")
        }
    }

    @Test("a change of credits of which nobody knows whether it took effect is not made again")
    func credits() async throws {
        try await APIFixture.with { api in
            let path = "/teams/default/credits"
            _ = try await api.client.send("POST", path, #"{"set": 10}"#)
            _ = try await api.client.send("POST", path, #"{"add": 5}"#, headers: Self.key)
            try await Self.lose(api)
            for _ in 0..<2 {
                let again = try await api.client.send("POST", path, #"{"add": 5}"#, headers: Self.key)
                #expect(again.status == 409 && again.code == "outcome_unknown", "\(again.text)")
            }
            #expect(try await api.client.get("/teams/default").json.integer("credits") == 15)
        }
    }

    @Test("what is answered with a secret takes no key")
    func secrets() async throws {
        try await APIFixture.with(token: "the-installation") { api in
            let refused = try await api.client.send("POST", "/tokens", #"{"name": "a"}"#, headers: Self.key)
            #expect(refused.status == 400 && refused.fields == ["Idempotency-Key"])
            #expect(try await api.client.get("/tokens").json.elements("tokens").isEmpty)
        }
    }

    @Test("runs that are over are spared too if they are not in the states that were looked at")
    func states() async throws {
        try await APIFixture.with { api in
            try await api.applyJob()
            let (failed, kept) = (try await api.ended(), try await api.createRun())
            _ = try await api.store.cancel(kept, by: nil)
            for action in ["delete", "retry", "rerun"] {
                let body = #"{"ids": ["\#(failed)", "\#(kept)"], "only_states": ["running"], "dry_run": "#
                for isDryRun in [true, false] {
                    let answer = try await api.client.send("POST", "/runs:\(action)", body + "\(isDryRun)}")
                    let changes = answer.json.elements("runs").map { $0["change"]?.string }
                    #expect(changes == ["not_possible", "not_possible"], "\(action): \(answer.text)")
                }
            }
            #expect(try await api.store.runs([failed, kept]).count == 2)
        }
    }

    @Test(
        "a filter that says nothing is refused where it would mean every run",
        arguments: [
            (#"{"where": " "}"#, "filter.where"), (#"{"variables": {}}"#, "filter.variables"),
            (#"{"search": "--"}"#, "filter.search"),
        ]
    )
    func nothing(filter: String, field: String) async throws {
        try await APIFixture.with { api in
            try await api.applyJob()
            let id = try await api.ended()
            let answer = try await api.client.send("POST", "/runs:delete", #"{"filter": \#(filter)}"#)
            #expect(answer.status == 422 && answer.fields == [field], "\(answer.text)")
            #expect(try await api.store.run(id) != nil)
        }
    }

    @Test("who has missed too much is told to read the list again", .timeLimit(.minutes(2)))
    func watch() async throws {
        var limits = APIFixture.quick
        limits.listInterval = .milliseconds(20)
        limits.pageRows = 1
        try await APIFixture.with(limits: limits) { api in
            try await api.applyJob()
            for _ in 0..<25 { _ = try await api.createRun() }
            let missed = try await api.client.events("/runs:watch", lastEventID: "1") { $0.data["missed"] != nil }
            #expect(missed.filter { $0.name == "run" }.count == 20)
            let end = try #require(missed.last)
            #expect(end.name == "ready" && end.data["missed"] == .bool(true))
            // Further than there is anything, as after an older database was restored.
            let future = try await api.client.events("/runs:watch", lastEventID: "999999999") { $0.name == "ready" }
            #expect(try #require(future.last?.id.flatMap { Int64($0) }) < 999_999_999)
        }
    }

    @Test("a release is told to who follows a list, though the run's state stays", .timeLimit(.minutes(2)))
    func release() async throws {
        var limits = APIFixture.quick
        limits.listInterval = .milliseconds(20)
        try await APIFixture.with(limits: limits) { api in
            try await api.applyJob()
            let client = api.client
            let id = try await api.createRun()
            let fleet = try await TestFleet(api.store)
            try await fleet.start(#require(try await fleet.place()[id]))
            let from = try #require(try await client.events("/runs:watch") { $0.name == "ready" }.last?.id)
            _ = try await client.send("POST", "/runs/\(id)/release", "{}")
            let told = try await client.events("/runs:watch?job=report", lastEventID: from) {
                $0.data["id"]?.string == id.description && $0.data["released_at"] != nil
            }
            #expect(told.last?.data["released_at"] != nil)
        }
    }

    @Test("one caller has some of the streams, all have some more, and each gives its own back")
    func places() throws {
        let places = StreamPlaces(most: 3, mostOfOne: 2)
        var ann = [try places.take(for: "ann"), try places.take(for: "ann")]
        #expect(throws: Problem.self) { _ = try places.take(for: "ann") }
        let bob = try places.take(for: "bob")
        #expect(throws: Problem.self) { _ = try places.take(for: "bob") }
        ann.removeLast()
        let other = try places.take(for: "bob")
        withExtendedLifetime((bob, other)) {}
    }

    @Test("a process that gives small pages takes the same limits as others")
    func pages() async throws {
        var limits = APIFixture.quick
        limits.pageRows = 2
        try await APIFixture.with(limits: limits) { api in
            try await api.applyJob()
            for _ in 0..<3 { _ = try await api.createRun() }
            let page = try await api.client.get("/runs?limit=500").json
            #expect(page.elements("runs").count == 2 && page["next"] != nil)
            #expect(try await api.client.get("/runs?limit=501").fields == ["limit"])
        }
    }
}
