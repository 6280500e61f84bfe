import PostgresClient
import RunStore
import SlipwayCore
import Testing

/// Every action on a run in every state.
@Suite struct ActionTests {
    @Test(
        "an action does to a run in each state what its rule says, and nothing more when it is repeated",
        arguments: RunAction.allCases
    )
    func everyState(action: RunAction) async throws {
        try await StoreFixture.with { fixture in
            for state in RunState.allCases {
                let id = try await fixture.run(in: state)
                // Others of this test that wait must not be placed along with the next.
                try await fixture.store.pool.query("UPDATE live_runs SET priority = -1 WHERE id <> \(id)")
                let effect = action.effect(on: state, isPromoted: false, isReleased: false)
                let first = try #require(try await fixture.perform(action, on: [id]).first)
                let again = try #require(try await fixture.perform(action, on: [id]).first)
                switch effect {
                case .changes(let target):
                    #expect(first.change == .changed && first.state == target, "\(action) \(state)")
                    #expect(again.change == .alreadySo, "\(action) \(state) again")
                    #expect(first.follower == again.follower && (first.follower != nil) == action.makesRun)
                case .alreadySo:
                    #expect(first.change == .alreadySo && first.state == state, "\(action) \(state)")
                    #expect(again == first)
                case .impossible:
                    #expect(first.change == .impossible && first.state == state, "\(action) \(state)")
                    #expect(again == first)
                }
                let audited = try await fixture.audits(of: id)
                let isChange = first.change == .changed
                #expect(audited.filter { $0.0 == action.rawValue && $0.1 == "ann" }.count == (isChange ? 1 : 0))
                try await fixture.settle()
            }
        }
    }

    @Test("an action on many runs at once answers for each in the order they were named", arguments: RunAction.allCases)
    func many(action: RunAction) async throws {
        try await StoreFixture.with { fixture in
            let stranger = StoreFixture.identifier()
            var ids = [stranger]
            for state in [RunState.running, .succeeded, .failed, .cancelled, .pending] {
                ids.append(try await fixture.run(in: state))
            }
            ids.reverse()
            let results = try await fixture.perform(action, on: ids)
            #expect(results.map(\.id) == ids)
            #expect(results.last?.change == .notFound && results.last?.state == nil)
            for (result, state) in zip(results, [RunState.pending, .cancelled, .failed, .succeeded, .running]) {
                let effect = action.effect(on: state, isPromoted: false, isReleased: false)
                if case .changes = effect {
                    #expect(result.change == .changed)
                } else {
                    #expect(result.change != .changed)
                }
            }
            #expect(try await fixture.perform(action, on: []).isEmpty)
        }
    }

    @Test("who did it and why stands in the run's events and in the record that is kept")
    func whoAndWhy() async throws {
        try await StoreFixture.with { fixture in
            for (action, state) in [(RunAction.cancel, RunState.ready), (.release, .running), (.promote, .pending)] {
                let id = try await fixture.run(in: state)
                _ = try await fixture.perform(action, on: [id], why: "the month is wrong")
                let event = try #require(try await fixture.store.events(id).last)
                #expect(event.actor == "ann" && event.message == "the month is wrong", "\(action)")
                let audit = try await fixture.audits(of: id)
                #expect(audit.map(\.0) == [action.rawValue] && audit[0].2 == "the month is wrong")
                try await fixture.settle()
            }
            let origin = try await fixture.run(in: .failed)
            let result = try #require(try await fixture.perform(.retry, on: [origin], why: "again").first)
            let retry = try #require(result.follower)
            let created = try #require(try await fixture.store.events(retry).first)
            #expect(created.actor == "ann" && created.message == "again")
            #expect(try await fixture.store.run(retry)?.submittedBy == "ann")
            #expect(try await fixture.store.events(origin).last?.message == "retry: new run \(retry)")
        }
    }
}

/// What is particular to one action.
@Suite struct PromotionTests {
    @Test("a promoted run is claimed before all others, without admission")
    func order() async throws {
        try await StoreFixture.with { fixture in
            let ready = try await fixture.run(in: .ready)
            let pending = try await fixture.created(3)
            let result = try #require(try await fixture.perform(.promote, on: [pending[2]]).first)
            #expect(result.cluster == "default" && result.state == .pending)
            let claim = try await fixture.store.claim(
                cluster: "default",
                holder: fixture.holder.id,
                limit: 10,
                window: 10
            )
            #expect(claim.runs.map(\.id) == [pending[2], ready])
            let states = try await fixture.store.events(pending[2]).compactMap(\.state)
            #expect(states == [.pending, .pending, .starting])
        }
    }

    @Test("a paused run that is promoted waits again, and a retry does not wait for its time any more")
    func waiting() async throws {
        try await StoreFixture.with { fixture in
            let paused = try await fixture.run(in: .paused)
            let delayed = try await fixture.run(in: .pending)
            try await fixture.store.pool.query(
                """
                UPDATE live_runs SET eligible_at = clock_timestamp() + interval '1 hour', reason = 'retry_backoff'
                WHERE id = \(delayed)
                """
            )
            let results = try await fixture.perform(.promote, on: [paused, delayed])
            #expect(results.map(\.state) == [.pending, .pending])
            let record = try #require(try await fixture.store.run(delayed))
            #expect(record.isPromoted && record.eligibleAt == nil && record.reason == nil)
            #expect(try await fixture.store.events(paused).map(\.kind) == ["created", "state", "promoted"])
            let claim = try await fixture.store.claim(
                cluster: "default",
                holder: fixture.holder.id,
                limit: 10,
                window: 10
            )
            #expect(Set(claim.runs.map(\.id)) == [paused, delayed])
            #expect(try await fixture.perform(.promote, on: [paused]).map(\.change) == [.alreadySo])
        }
    }
}

extension StoreFixture {
    /// Action, actor and reason of what people did to a run, oldest first.
    func audits(of id: RunID) async throws -> [(String, String?, String?)] {
        try await store.pool.query(
            "SELECT action, actor, why FROM audit_log WHERE subject_kind = 'run' AND subject = \(id.description) ORDER BY id"
        ).decode(String.self, String?.self, String?.self).map { ($0.0, $0.1, $0.2) }
    }

    /// Takes away what waits, so that the next claim finds only its own.
    func settle() async throws {
        try await store.pool.query("DELETE FROM live_runs")
    }
}
