import EventLoop
import Foundation
import Logging
import PostgresClient
import RunStore
import Simulation
import SlipwayCore
import Synchronization
import TestSupport
import Testing

/// The simulation says something about Slipway only if its store means what the one in Postgres means.
@Suite struct MemoryRunStoreTests {
    private static let spec = JobSpec(
        name: "report",
        engine: .none,
        retries: RetryPolicy(infrastructure: 2, timeout: 1, user: 1, memoryGrowth: .init(maximumBytes: 1 << 30)),
        tasks: [TaskSpec(name: "only", action: .command(["true"]))]
    )
    private static let steps = 60

    /// `SLIPWAY_SEED=n` compares one sequence again.
    @Test func theMemoryAndPostgresAnswerAlikeAndKeepTheSame() async throws {
        let one = ProcessInfo.processInfo.environment["SLIPWAY_SEED"].flatMap { UInt64($0) }
        let first = one ?? UInt64.random(in: 0..<1 << 32)
        let seeds = first..<first + (one == nil ? 150 : 1)
        for difference in try await differences(seeds) { Issue.record("\(difference)") }
    }

    @Test(arguments: [Flaws.withoutFencing, .withoutSweeps])
    func aLedgerThatMeansSomethingElseIsToldApart(flaw: Flaws) async throws {
        #expect(try await !differences(1..<21, flaws: flaw).isEmpty)
    }

    /// What differs in the sequences of these seeds, one text a sequence.
    private func differences(_ seeds: Range<UInt64>, flaws: Flaws = []) async throws -> [String] {
        try await withFreshDatabase { url in
            let pool = PostgresPool(
                configuration: try PostgresConfiguration(url: url),
                eventLoop: EventLoop(name: "test-postgres"),
                logger: Logger(label: "test")
            )
            let stored = SequentialRetries()
            let store = RunStore(pool: pool, retrySource: stored.source)
            _ = try await store.migrate()
            let id = JobID(high: 0x0199_0000_0000_7000, low: 0x8000_0000_0000_0001)
            let canonical = try Self.spec.canonicalJSON()
            let applied = try #require(try await store.apply(Self.spec, canonicalSpec: canonical, id: id, by: nil))
            var differences: [String] = []
            for seed in seeds {
                try await empty(store)
                stored.reset()
                var comparison = LedgerComparison(
                    store: store,
                    clock: SharedClock(),
                    retries: SequentialRetries().source,
                    job: JobVersionKey(job: applied.id, version: applied.version),
                    spec: Self.spec,
                    seed: seed,
                    flaws: flaws
                )
                for step in 0..<Self.steps {
                    guard let difference = try await comparison.step() else { continue }
                    differences.append("seed \(seed), step \(step): \(difference)")
                    break
                }
            }
            await pool.close()
            return differences
        }
    }

    private func empty(_ store: RunStore) async throws {
        try await store.pool.query(
            """
            TRUNCATE live_runs, finished_runs, holders, terms, cleanups, run_events, run_placements, run_log_chunks, run_tasks,
                run_outputs
            """
        )
        try await store.pool.query("UPDATE sweeps SET swept_at = clock_timestamp()")
    }
}

/// The memory's time: it begins with the machine's and passes only when it is told to.
final class SharedClock: Sendable {
    private let time = Mutex(Timestamp.now)
    var now: Timestamp { time.withLock { $0 } }
    func advance(_ span: Duration) { time.withLock { $0 = $0 + span } }
}

/// Ids in order and no chance at all, so that two ledgers make the same retries.
final class SequentialRetries: Sendable {
    private let count = Mutex<UInt64>(0)

    var source: RetrySource {
        RetrySource(
            nextID: {
                let number = self.count.withLock { count -> UInt64 in
                    count += 1
                    return count
                }
                return RunID(high: 0x0199_0000_0000_7000, low: 0x8000_0000_0001_0000 | number)
            },
            random: { 0.5 }
        )
    }

    func reset() { count.withLock { $0 = 0 } }
}
