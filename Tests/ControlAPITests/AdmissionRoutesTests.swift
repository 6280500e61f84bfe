import PostgresClient
import RunStore
import SlipwayCore
import Testing

@Suite struct AdmissionRoutesTests {
    @Test("a run tells why it is not further, in every state")
    func why() async throws {
        try await APIFixture.with { api in
            try await api.applyJob()
            let fleet = try await TestFleet(api.store)
            let first = try await api.createRun()
            let waiting = try await api.client.get("/runs/\(first)/why").json
            #expect(waiting["reason"]?.string == "behind_others" && waiting["scope"]?.string == "order")
            #expect(waiting["position"]?.integer("team") == 1 && waiting["waiting"] == .bool(true))
            #expect(waiting["sentence"]?.string == "Nothing holds it: it goes when its team's turn comes.")
            #expect(waiting["estimated_start"] == nil)

            let claimed = try #require(try await fleet.place()[first])
            try await fleet.start(claimed)
            let quota = #"{"quotas": {"runs": {"nominal": 1}}}"#
            try await api.store.pool.query("UPDATE teams SET spec = \(PostgresJSON(text: quota))")
            let second = try await api.createRun()
            let held = try await api.client.get("/runs/\(second)/why").json
            #expect(held["reason"]?.string == "team_runs_limit" && held["scope"]?.string == "own")
            #expect(held.elements("blocking") == [.string(first.description)])
            #expect(held["sentence"]?.string == "Team default has 1 run live, and may have 1.")
            #expect(held["since"]?.string != nil)

            let running = try await api.client.get("/runs/\(first)/why").json
            #expect(running["waiting"] == .bool(false) && running["position"] == nil)

            try await api.store.pool.query("UPDATE live_runs SET state = 'ready' WHERE id = \(second)")
            let ready = try await api.client.get("/runs/\(second)/why").json
            #expect(ready["state"]?.string == "ready" && ready["dispatch"]?.integer("ahead") == 0)
            #expect(ready["sentence"]?.string?.contains("waits for a dispatcher of cluster default") == true)

            let third = try await api.createRun()
            try await api.store.pool.query(
                """
                UPDATE live_runs SET state = 'paused', reason = 'credits_exhausted', message = 'no credits'
                WHERE id = \(third)
                """
            )
            let paused = try await api.client.get("/runs/\(third)/why").json
            #expect(paused["reason"]?.string == "credits_exhausted" && paused["scope"]?.string == "own")
            #expect(try await api.client.get("/runs/0192b1c4-7a2e-7c3d-9f00-5d1e2a3b4c5d/why").status == 404)

            let fourth = try await api.createRun()
            #expect(try await api.client.get("/runs/\(fourth)/why").json["reason"]?.string == "team_runs_limit")
            let holds = try await api.client.get("/admission/holds").json.elements("holds")
            let counts = holds.map {
                "\($0["state"]?.string ?? "") \($0["reason"]?.string ?? "") \($0.integer("runs") ?? 0)"
            }
            #expect(counts == ["paused credits_exhausted 1", "pending team_runs_limit 1"])
            #expect(try await api.client.get("/admission/holds?team=other").json.elements("holds").isEmpty)
        }
    }

    @Test("a run that waits is described with why, as far as that is at hand")
    func waiting() async throws {
        try await APIFixture.with { api in
            try await api.applyJob()
            let quota = #"{"quotas": {"runs": {"nominal": 0}}}"#
            try await api.store.pool.query("UPDATE teams SET spec = \(PostgresJSON(text: quota))")
            let first = try await api.createRun()
            func waiting(_ id: RunID) async throws -> JSONValue? {
                try await api.client.get("/runs/\(id)").json["waiting"]
            }
            #expect(try await waiting(first) == nil, "nobody has asked yet")
            let why = try await api.client.get("/runs/\(first)/why").json
            let told = try #require(try await waiting(first))
            for member in ["reason", "sentence", "since"] {
                #expect(told[member]?.string != nil && told[member] == why[member], "\(member)")
            }
            try await api.store.pool.query(
                "UPDATE live_runs SET state = 'paused', reason = 'credits_exhausted', message = 'no credits'"
            )
            #expect(try await waiting(first)?["sentence"]?.string == "no credits")
            for state in ["pending", "ready"] {
                try await api.store.pool.query("UPDATE live_runs SET state = \(state), reason = NULL, message = NULL")
            }
            let sentence = try await waiting(first)?["sentence"]?.string
            #expect(sentence?.contains("waits for a dispatcher of cluster default") == true)
            _ = try await api.client.send("POST", "/runs/\(first)/cancel")
            #expect(try await waiting(first) == nil)
        }
    }

    @Test("other quotas are tried on the demand there was")
    func simulation() async throws {
        try await APIFixture.with { api in
            try await api.applyJob()
            // Ten runs at once, half an hour ago, each of a minute.
            for _ in 0..<10 {
                let id = try await api.createRun()
                _ = try await api.store.cancel(id, by: nil)
                // Nothing may change what is over, so it is said to be so from the beginning.
                try await api.store.pool.query(
                    """
                    ALTER TABLE finished_runs DISABLE TRIGGER USER;
                    """
                )
                try await api.store.pool.query(
                    """
                    UPDATE finished_runs SET created_at = now() - interval '30 minutes',
                        admitted_at = now() - interval '30 minutes', ended_at = now() - interval '29 minutes'
                    WHERE id = \(id)
                    """
                )
            }
            let body = #"{"hours": 1, "changes": [{"team": "default", "runs": {"nominal": 1}}]}"#
            let answer = try await api.client.send("POST", "/quotas:simulate", body)
            #expect(answer.status == 200)
            #expect(answer.json.integer("runs") == 10)
            let team = try #require(answer.json.elements("teams").first)
            #expect(team["before"]?.integer("runs") == 10 && team["after"]?.integer("runs") == 10)
            func longest(_ side: String) -> Double {
                switch team[side]?["longest_wait_seconds"] {
                case .integer(let seconds)?: Double(seconds)
                case .number(let seconds)?: seconds
                default: -1
                }
            }
            #expect(longest("before") < 2 && (480...560).contains(longest("after")), "\(team)")

            let wrong = #"{"hours": 0, "changes": [{"team": "nobody", "size": 1}]}"#
            let refusal = try await api.client.send("POST", "/quotas:simulate", wrong)
            #expect(refusal.status == 422 || refusal.status == 400)
            let unknown = #"{"changes": [{"team": "nobody", "runs": {"nominal": 1}}]}"#
            #expect(try await api.client.send("POST", "/quotas:simulate", unknown).status == 400)
        }
    }
}
