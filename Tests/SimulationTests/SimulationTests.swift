import Foundation
import Simulation
import SlipwayCore
import Testing

/// The real services under a virtual clock. `SLIPWAY_SEED=n` replays one scenario, `SLIPWAY_SEEDS=n` sets how many are tried.
@Suite(.serialized) struct SimulationTests {
    private static let environment = ProcessInfo.processInfo.environment
    /// Seeds are begun for so long at most, whatever their number.
    private static let limit = Duration.seconds(420)

    /// How runs end in a thousand scenarios.
    private static let ends: Set<ReasonCode> = [
        .completed, .cancelRequested, .taskFailed, .runnerOutOfMemory, .runnerCrashed, .runTimeout, .scheduleTimeout,
        .imagePullFailed, .evicted, .podLost, .nodeLost, .podNameConflict,
    ]

    @Test func aSeedGivesTheSameRunEachTime() throws {
        for seed in UInt64(1)...20 {
            let first = try Simulation.run(seed: seed)
            #expect(try Simulation.run(seed: seed) == first, "seed \(seed)")
        }
    }

    @Test func whatMustHoldHoldsInEveryScenario() async throws {
        let one = Self.environment["SLIPWAY_SEED"].flatMap { UInt64($0) }
        let count = Self.environment["SLIPWAY_SEEDS"].flatMap { UInt64($0) } ?? 10_000
        let seeds = one.map { $0...$0 } ?? 1...max(1, count)
        let threads = min(2, ProcessInfo.processInfo.activeProcessorCount)
        let result = await Campaign(seeds: seeds, limit: Self.limit).run(threads: threads)
        for failure in result.failures { Issue.record("\(failure)") }
        print("\(result.seeds) scenarios with \(result.runs) runs, \(result.virtualSeconds) s of virtual time")
        #expect(result.seeds > 0 && result.runs >= result.seeds)
        guard result.seeds >= 1000, result.failures.isEmpty else { return }
        // A scenario in which nothing ever goes wrong would show nothing.
        #expect(result.reasons.isSuperset(of: Self.ends), "never: \(Self.ends.subtracting(result.reasons))")
    }

    /// Each takes one defence away; what does not find it finds nothing.
    @Test(
        arguments: [
            (Flaws.withoutFencing, "applied under another lease"),
            (Flaws.earlyAcknowledgement, "acknowledged before its commit"),
            (Flaws.withoutSweeps, "P7"),
            (Flaws.withoutUIDs, "of somebody else was deleted"),
            (Flaws.forgottenRuns, "P5"),
        ]
    )
    func aPlantedFaultIsFound(flaw: Flaws, symptom: String) async throws {
        let result = await Campaign(seeds: 1...2000, flaws: flaw).run(threads: 1)
        let failure = try #require(result.failures.first)
        print("\(symptom): found by seed \(failure.seed)")
        #expect(failure.cause.contains(symptom), "\(failure)")
    }
}
