import PostgresClient
import RunStore
import SlipwayCore
import Testing

@Suite struct ActionRoutesTests {
    private static let ann = [("slipway-actor", "Ann O'Neil — ops")]

    @Test("each action on one run answers with what it did, and again with what was done")
    func single() async throws {
        try await APIFixture.with { api in
            try await api.applyJob()
            let fleet = try await TestFleet(api.store)
            let waiting = try await api.createRun()
            let promoted = try await api.act("promote", waiting)
            #expect(promoted.status == 200 && promoted.json["change"]?.string == "promoted")
            #expect(try await api.act("promote", waiting).json["change"]?.string == "already_promoted")
            let claimed = try #require(try await fleet.place()[waiting])
            try await fleet.start(claimed)
            let released = try await api.act("release", waiting, #"{"why": "the node is odd"}"#)
            #expect(released.json["change"]?.string == "released" && released.json["state"]?.string == "running")
            #expect(released.json["release_deadline"]?.string != nil)
            #expect(try await api.act("release", waiting).json["change"]?.string == "already_released")
            let cancelled = try await api.act("cancel", waiting)
            #expect(cancelled.status == 202 && cancelled.json["change"]?.string == "cancelling")
            let again = try await api.act("cancel", waiting)
            #expect(again.status == 202 && again.json["change"]?.string == "already_cancelling")
            let tooLate = try await api.act("promote", try await api.ended(by: fleet))
            #expect(tooLate.status == 409 && tooLate.code == "action_not_possible")
            let events = try await api.store.events(waiting)
            #expect(events.first { $0.kind == "released" }?.message == "the node is odd")
        }
    }

    @Test("retry, rerun and resume make one run of a run that has ended")
    func following() async throws {
        try await APIFixture.with { api in
            try await api.applyJob()
            let origin = try await api.ended(#"{"job": "report", "variables": {"country": "DE"}}"#)
            try await api.applyJob(APIFixture.jobFile.replacing("days:", with: "weeks:"))
            for (action, done) in [("retry", "retried"), ("resume", "resumed")] {
                let made = try await api.act(action, origin)
                #expect(made.status == 201 && made.json["change"]?.string == done)
                let id = try #require(made.json["id"]?.string.flatMap(RunID.init))
                #expect(made.headers["location"] == "/api/v1/runs/\(id)")
                let again = try await api.act(action, origin)
                #expect(again.status == 200 && again.json["change"]?.string == "already_\(done)")
                #expect(again.json["id"]?.string == id.description)
                let run = try await api.client.get("/runs/\(id)").json
                #expect(run.integer("version") == 1 && run["variables"]?["country"]?.string == "DE")
                #expect(run["origin_kind"]?.string == action && run.integer("attempt") == 2)
                #expect(run["submitted_by"]?.string == "Ann O'Neil — ops")
            }
            let made = try await api.act("rerun", origin, #"{"variables": {"weeks": 2, "country": null}}"#)
            let rerun = try await api.client.get("/runs/\(made.json["id"]?.string ?? "")").json
            #expect(rerun.integer("version") == 2)
            #expect(rerun["variables"] == .object(["country": .string("NL"), "weeks": .integer(2)]))
            let older = try await api.act("rerun", origin, #"{"version": 1, "variables": {"days": 3}}"#)
            #expect(older.status == 201 && older.json.integer("version") == 1)
            let wrong = try await api.act("rerun", origin, #"{"variables": {"days": 3}}"#)
            #expect(wrong.status == 422 && wrong.fields == ["variables.days"])
            let unknown = try await api.act("rerun", origin, #"{"version": 9}"#)
            #expect(unknown.status == 404 && unknown.code == "version_not_found")
            let unexpected = try await api.act("retry", origin, #"{"version": 1}"#)
            #expect(unexpected.status == 422 && unexpected.fields == ["version"])
        }
    }

    @Test("a deleted run is not there any more, and deleting it again is no mistake")
    func delete() async throws {
        try await APIFixture.with { api in
            try await api.applyJob()
            let live = try await api.createRun()
            let early = try await api.client.send("DELETE", "/runs/\(live)")
            #expect(early.status == 409 && early.code == "run_not_over")
            let id = try await api.ended()
            let deleted = try await api.client.send("DELETE", "/runs/\(id)", headers: Self.ann)
            #expect(deleted.status == 200 && deleted.json["change"]?.string == "deleted")
            #expect(try await api.client.get("/runs/\(id)").status == 404)
            let again = try await api.client.send("DELETE", "/runs/\(id)")
            #expect(again.status == 200 && again.json["change"]?.string == "already_deleted")
            let never = try await api.client.send("DELETE", "/runs/00000000-0000-7000-8000-000000000000")
            #expect(never.status == 404)
        }
    }

    @Test("retries that somebody asks for take from the submission rate of their team, and repeated ones do not")
    func submissionRate() async throws {
        try await APIFixture.with { api in
            try await api.applyJob()
            let team = "name: default\nsubmission_rate: {runs: 7, per: 1h}"
            let applied = try await api.client.send("POST", "/teams", team, contentType: "application/yaml")
            try #require(applied.status == 200, "\(applied.text)")
            let fleet = try await TestFleet(api.store)
            var over: [RunID] = []
            for _ in 0..<4 { over.append(try await api.ended(by: fleet)) }
            func ids(_ runs: some Collection<RunID>) -> String { runs.map { "\"\($0)\"" }.joined(separator: ",") }
            func changes(_ answer: Answer) -> [String?] { answer.json.elements("runs").map { $0["change"]?.string } }
            let dry = try await api.act("retry", #"{"dry_run": true, "ids": [\#(ids(over))]}"#)
            #expect(changes(dry) == ["retried", "retried", "retried", "retried"])
            #expect(changes(try await api.act("retry", #"{"ids": [\#(ids(over[..<2]))]}"#)) == ["retried", "retried"])
            let mixed = try await api.act("retry", #"{"ids": [\#(ids(over[..<3]))]}"#)
            #expect(changes(mixed) == ["already_retried", "already_retried", "retried"])
            let refused = try await api.act("retry", #"{"ids": [\#(ids(over))]}"#)
            let last = try #require(refused.json.elements("runs").last)
            #expect(last["change"]?.string == "not_possible" && last["code"]?.string == "submission_rate_exceeded")
            let one = try await api.act("rerun", over[3])
            #expect(one.status == 429 && one.headers["retry-after"] != nil)
            #expect(try await api.store.liveCounts() == [.pending: 3])
        }
    }

    @Test("many runs are acted on by ids, each with its own answer")
    func ids() async throws {
        try await APIFixture.with { api in
            try await api.applyJob()
            let over = try await api.ended()
            let live = try await api.createRun()
            let stranger = "00000000-0000-7000-8000-000000000000"
            let body = #"{"ids": ["\#(live)", "\#(stranger)", "\#(over)", "\#(over)"], "why": "again"}"#
            let dry = try await api.act("retry", body.dropLast() + #", "dry_run": true}"#)
            #expect(dry.json["dry_run"] == .bool(true))
            let answer = try await api.act("retry", body)
            let expected = ["not_possible", "not_found", "retried"]
            for runs in [dry.json.elements("runs"), answer.json.elements("runs")] {
                #expect(runs.map { $0["id"]?.string } == [live.description, stranger, over.description])
                #expect(runs.map { $0["change"]?.string } == expected)
                #expect(runs[0]["message"]?.string?.contains("only a run that has ended can be retried") == true)
            }
            let made = answer.json.elements("runs")[2]["run"]
            #expect(made?["origin"]?.string == over.description && made?["state"]?.string == "pending")
            #expect(dry.json.elements("runs")[2]["run"] == nil)
            let again = try await api.act("retry", body).json.elements("runs")
            #expect(again[2]["change"]?.string == "already_retried" && again[2]["run"]?["id"] == made?["id"])
            #expect(try await api.store.liveCounts() == [.pending: 2])
        }
    }

    @Test("a filter means the runs the action is for, page by page, and a dry run changes nothing")
    func filter() async throws {
        try await APIFixture.with { api in
            try await api.applyJob()
            try await api.applyJob("name: other\nengine: none\ntasks: [{name: t, command: ['true']}]")
            let over = try await api.ended()
            let other = try await api.createRun(#"{"job": "other"}"#)
            var ids: [RunID] = []
            for _ in 0..<5 { ids.append(try await api.createRun()) }
            let wanted = #""filter": {"job": "report", "kind": "nightly"}"#
            let dry = try await api.act("cancel", "{\(wanted), \"dry_run\": true}").json
            #expect(dry.ids == ids.reversed().map(\.description))
            #expect(dry.elements("runs").allSatisfy { $0["change"]?.string == "ended" && $0["job"] != nil })
            #expect(dry["more"] == .bool(false))
            #expect(try await api.store.liveCounts() == [.pending: 6])

            let first = try await api.act("cancel", "{\(wanted), \"limit\": 2}").json
            #expect(first.elements("runs").count == 2 && first["more"] == .bool(true))
            let place = try #require(first["next"]?.string)
            #expect(try await api.store.liveCounts() == [.pending: 4])
            let next = #"{"filter": {"state": ["pending"], "job": "report"}, "after": "\#(place)", "dry_run": true}"#
            let rest = try await api.act("cancel", next).json
            #expect(rest.ids == [ids[2], ids[1], ids[0]].map(\.description))
            let created = try #require(try await api.store.run(ids[2])).createdAt
            let before = try await api.act("cancel", #"{"filter": {"before": "\#(created + .milliseconds(1))"}}"#).json
            #expect(before.ids.contains(other.description))
            #expect(before.ids.contains(ids[2].description))
            // What ended well is not meant unless its state is named.
            let retried = try await api.act("retry", #"{"filter": {"job": "report"}, "dry_run": true}"#).json
            #expect(!retried.ids.contains(over.description))
            let named = try await api.act("retry", #"{"filter": {"state": "succeeded"}, "dry_run": true}"#).json
            #expect(named.ids == [over.description])
        }
    }

    @Test("runs that have left the states that were looked at are spared, and a filter with a null member is refused")
    func narrowed() async throws {
        try await APIFixture.with { api in
            try await api.applyJob()
            let fleet = try await TestFleet(api.store)
            let placed = try await api.createRun()
            _ = try #require(try await fleet.place()[placed])
            let waiting = try await api.createRun()
            let body = #"{"ids": ["\#(placed)", "\#(waiting)"], "only_states": ["pending", "ready"]"#
            for text in [body + #", "dry_run": true}"#, body + "}"] {
                let answer = try await api.act("cancel", text).json
                #expect(answer.elements("runs").map { $0["change"]?.string } == ["not_possible", "ended"])
            }
            #expect(try await api.store.run(placed)?.state == .starting)
            #expect(try await api.store.run(waiting)?.state == .cancelled)

            let null = try await api.act("cancel", #"{"filter": {"job": null}}"#)
            #expect(null.status == 422 && null.fields == ["filter.job"], "\(null.text)")
            #expect(try await api.store.run(placed)?.state == .starting)
            let long = "a" + String(repeating: "\u{0301}", count: 20_000)
            let why = try await api.act("cancel", #"{"ids": ["\#(placed)"], "why": "\#(long)"}"#)
            #expect(why.status == 422 && why.fields == ["why"])
        }
    }

    @Test("a dry run foretells each action on a run in each state", arguments: RunAction.allCases)
    func foretelling(action: RunAction) async throws {
        try await APIFixture.with { api in
            try await api.applyJob()
            let fleet = try await TestFleet(api.store)
            var ids = [try await api.ended(by: fleet)]
            for step in 0..<4 {
                let id = try await api.createRun()
                ids.append(id)
                guard let claimed = try await fleet.place()[id] else { continue }
                if step > 0 { try await fleet.start(claimed) }
                if step == 1 { _ = try await api.store.cancel(id, by: nil) }
                if step == 2 { try await fleet.end(claimed, TestFleet.failure()) }
            }
            ids.append(try await api.createRun())
            let list = ids.map { "\"\($0)\"" }.joined(separator: ",")
            for _ in 0..<2 {
                let told = try await api.act(action.rawValue, "{\"ids\": [\(list)], \"dry_run\": true}")
                let done = try await api.act(action.rawValue, "{\"ids\": [\(list)]}")
                try #require(told.status == 200 && done.status == 200, "\(told.text) \(done.text)")
                let words = [told, done].map { $0.json.elements("runs").map { $0["change"]?.string } }
                #expect(words[0] == words[1])
                let states = [told, done].map { $0.json.elements("runs").map { $0["state"]?.string } }
                #expect(action == .delete || states[0] == states[1])
            }
        }
    }

    @Test("a run is described with its chain, its own limits, and what became of its placements")
    func description() async throws {
        try await APIFixture.with { api in
            try await api.applyJob()
            let fleet = try await TestFleet(api.store)
            let timeouts = #"{"run": "2h", "stall": "5m", "on_timeout": "failed"}"#
            let root = try await api.createRun(#"{"job": "report", "timeouts": \#(timeouts), "why": "month end"}"#)
            let claimed = try #require(try await fleet.place()[root])
            try await fleet.start(claimed)
            _ = try await api.act("release", root, #"{"why": "let it be"}"#)
            let run = try await api.client.get("/runs/\(root)").json
            #expect(run["overrides"]?["timeouts"]?["run"]?.string == "2h")
            #expect(run["overrides"]?["timeouts"]?["on_timeout"]?.string == "failed")
            let running = try #require(run["running_at"]?.string.flatMap(Timestamp.init(rfc3339:)))
            let deadline = try #require(run["release_deadline"]?.string.flatMap(Timestamp.init(rfc3339:)))
            #expect(deadline - running == .seconds(7200) && run["released_at"] != nil)
            let placement = try #require(run.elements("placements").first)
            #expect(placement["outcome"]?.string == "released" && placement["message"]?.string == "let it be")
            #expect(try await api.store.events(root).first?.message == "month end")
            let listed = try await api.client.get("/runs?released=true").json.elements("runs")
            #expect(listed.map { $0["id"]?.string } == [root.description])
            #expect(try await api.client.get("/runs?released=false").json.elements("runs").isEmpty)

            try await api.store.pool.query("UPDATE live_runs SET release_deadline = clock_timestamp()")
            _ = try await api.store.endReleased()
            let retry = try await api.act("retry", root).json["id"]?.string ?? ""
            let chain = try await api.client.get("/runs/\(retry)").json
            #expect(chain["root"]?.string == root.description && chain["promoted"] == .bool(false))
            #expect(chain.elements("chain").map { $0["id"]?.string } == [root.description, retry])
            #expect(chain.elements("chain").first?["reason"]?.string == "released")
            #expect(chain["overrides"]?["timeouts"]?["stall"]?.string == "5m")
            #expect(chain["retries_used"]?.integer("infrastructure") == 0)
        }
    }

    @Test(
        "a wrong actor is refused",
        arguments: ["", String(repeating: "a", count: 101), "a\tb"]
    )
    func actor(name: String) async throws {
        try await APIFixture.with { api in
            try await api.applyJob()
            let headers = [("slipway-actor", name)]
            let answer = try await api.client.send("POST", "/runs", #"{"job": "report"}"#, headers: headers)
            #expect(answer.status == 400 && answer.fields == ["Slipway-Actor"], "\(answer.text)")
        }
    }
}

extension JSONValue {
    /// The ids of an answer's runs.
    fileprivate var ids: [String] { elements("runs").compactMap { $0["id"]?.string } }
}

extension APIFixture {
    /// Asks for an action on one run as Ann.
    func act(_ action: String, _ id: RunID, _ body: String? = nil) async throws -> Answer {
        try await client.send("POST", "/runs/\(id)/\(action)", body, headers: [("slipway-actor", "Ann O'Neil — ops")])
    }

    /// Asks for an action on many runs.
    func act(_ action: String, _ body: some StringProtocol) async throws -> Answer {
        try await client.send("POST", "/runs:\(action)", String(body))
    }

    /// A run that ended well.
    func ended(_ body: String = #"{"job": "report"}"#, by given: TestFleet? = nil) async throws -> RunID {
        let id = try await createRun(body)
        let fleet: TestFleet
        if let given { fleet = given } else { fleet = try await TestFleet(store) }
        let claimed = try #require(try await fleet.place()[id])
        try await fleet.start(claimed)
        try await fleet.end(claimed, TestFleet.success())
        // Another may have the scheduling term then.
        if given == nil { _ = try await store.retire(fleet.holder.id) }
        return id
    }
}
