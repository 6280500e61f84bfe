internal import Dispatch
package import SlipwayCore
internal import Synchronization

/// Many scenarios, on several threads.
package final class Campaign: Sendable {
    package struct Result: Sendable {
        package var seeds = 0
        package var runs = 0
        package var steps = 0
        package var virtualSeconds = 0
        package var executedAgain = 0
        /// Why runs ended.
        package var reasons: Set<ReasonCode> = []
        /// Seeds in which a run's user code began in more than one placement.
        package var seedsExecutedAgain: [UInt64] = []
        package var failures: [Simulation.Failure] = []
    }

    private let flaws: Flaws
    private let last: UInt64
    private let limit: Duration
    private let maximumFailures: Int
    private let found: @Sendable (Simulation.Failure) -> Void
    private let started = ContinuousClock.now
    private let next: Mutex<UInt64>
    private let result = Mutex(Result())

    /// - Parameters:
    ///   - seeds: tried in order.
    ///   - limit: no seed is begun after this much time.
    ///   - maximumFailures: the campaign ends after so many.
    ///   - found: told of each failure at once.
    package init(
        seeds: ClosedRange<UInt64>,
        limit: Duration = .seconds(86_400),
        flaws: Flaws = [],
        maximumFailures: Int = 1,
        found: @escaping @Sendable (Simulation.Failure) -> Void = { _ in }
    ) {
        self.flaws = flaws
        self.limit = limit
        self.maximumFailures = maximumFailures
        self.found = found
        next = Mutex(seeds.lowerBound)
        last = seeds.upperBound
    }

    /// Runs the seeds and returns what was found, in the order of seeds.
    package func run(threads: Int) async -> Result {
        await withCheckedContinuation { continuation in
            let whole = DispatchGroup()
            for _ in 0..<threads {
                whole.enter()
                DispatchQueue(label: "slipway.simulation").async {
                    self.work()
                    whole.leave()
                }
            }
            whole.notify(queue: .global()) {
                var found = self.result.withLock { $0 }
                found.failures.sort { $0.seed < $1.seed }
                continuation.resume(returning: found)
            }
        }
    }

    private func work() {
        while let seed = nextSeed() {
            do {
                let outcome = try Simulation.run(seed: seed, flaws: flaws)
                result.withLock { result in
                    result.runs += outcome.runs
                    result.steps += outcome.steps
                    result.virtualSeconds += outcome.virtualSeconds
                    result.executedAgain += outcome.executedAgain
                    result.reasons.formUnion(outcome.reasons)
                    if outcome.executedAgain > 0 { result.seedsExecutedAgain.append(seed) }
                    result.seeds += 1
                }
            } catch let failure as Simulation.Failure {
                found(failure)
                result.withLock { result in
                    result.failures.append(failure)
                    result.seeds += 1
                }
            } catch {
                return
            }
        }
    }

    private func nextSeed() -> UInt64? {
        guard started.duration(to: .now) < limit, result.withLock({ $0.failures.count < maximumFailures }) else {
            return nil
        }
        return next.withLock { next in
            guard next <= last else { return nil }
            defer { next += 1 }
            return next
        }
    }
}
