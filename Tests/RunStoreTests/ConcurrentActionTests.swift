import PostgresClient
import RunStore
import SlipwayCore
import Testing

/// Everybody at once: people, schedulers, dispatchers and workers on the same runs.
@Suite struct ConcurrentActionTests {
    @Test("actions on many runs and everything else that moves them do not stand in each other's way")
    func everybody() async throws {
        let seed = UInt64.random(in: 0 ... .max)
        try await StoreFixture.with { fixture in
            let ids = try await fixture.created(120)
            let people = RunAction.allCases.filter { $0 != .delete }
            try await withThrowingTaskGroup(of: Void.self) { group in
                for (index, action) in (people + people).enumerated() {
                    group.addTask {
                        var random = Steps(state: seed &+ UInt64(index))
                        for _ in 0..<12 {
                            // In any order: the statement locks in its own.
                            let some = ids.shuffled(using: &random).prefix(25)
                            _ = try await fixture.perform(action, on: Array(some))
                        }
                    }
                }
                for index in 0..<2 {
                    group.addTask {
                        var random = Steps(state: seed &- UInt64(index))
                        for _ in 0..<25 { try await fixture.moveOn(&random) }
                    }
                }
                try await group.waitForAll()
            }
            // Each run is in one place, none was lost, and each chain goes back to one of the first.
            let places = try await fixture.store.pool.query(
                """
                SELECT count(*), count(DISTINCT id), count(*) FILTER (WHERE root_id IS NULL),
                    count(*) FILTER (WHERE (state IN ('succeeded', 'failed', 'cancelled', 'timeout')) <> (ended_at IS NOT NULL))
                FROM runs
                """
            ).decode(Int.self, Int.self, Int.self, Int.self)[0]
            #expect(places.0 == places.1 && places.2 == ids.count && places.3 == 0, "seed \(seed)")
            let odd = try await fixture.store.pool.query(
                """
                SELECT count(*) FROM live_runs WHERE (released_at IS NOT NULL AND state IN ('pending', 'ready', 'cancelling'))
                    OR (released_at IS NOT NULL AND holder_id IS NOT NULL)
                """
            ).decode(Int.self)[0]
            #expect(odd == 0, "seed \(seed)")
            let twice = try await fixture.store.pool.query(
                "SELECT run_id FROM run_events WHERE state IN ('succeeded', 'cancelled') GROUP BY run_id HAVING count(*) > 1"
            ).rowCount
            #expect(twice == 0, "seed \(seed)")
            let history = try await fixture.store.pool.query("SELECT id FROM finished_runs").decode(RunID.self)
            let deleted = try await fixture.perform(.delete, on: history)
            #expect(deleted.allSatisfy { $0.change == .changed })
        }
    }
}

extension StoreFixture {
    /// What the processes do: admit, claim, adopt, report, and end what was released.
    fileprivate func moveOn(_ random: inout Steps) async throws {
        try await admitAll()
        let claimed = try await store.claim(cluster: "default", holder: holder.id, limit: 20, window: 10_000).runs
        let reports = claimed.map { run in
            let end = Bool.random(using: &random) ? Self.success() : nil
            return report(run, end: end, running: Bool.random(using: &random))
        }
        _ = try await store.apply(reports)
        let unheld = try await store.overdueForSupervision(age: .zero)
        _ = try await store.adopt(unheld.map { ($0.id, $0.leaseEpoch) }, holder: holder.id)
        _ = try await store.endReleased()
    }
}

/// Numbers from a seed.
struct Steps: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var value = state
        value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
        value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
        return value ^ (value >> 31)
    }
}
