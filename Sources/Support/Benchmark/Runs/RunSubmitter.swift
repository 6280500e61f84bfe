internal import SlipwayCore
internal import Synchronization

/// Submits runs by many clients at once and remembers what the API acknowledged.
struct RunSubmitter: Sendable {
    let plan: RunsPlan
    let submit: @Sendable () async -> BenchmarkAPI.Submission

    /// What one or all clients brought about.
    struct Outcome: Sendable {
        var acknowledged: [RunID] = []
        /// From when a run was due to its acknowledgement.
        var latencySeconds: [Double] = []
        /// Answers that asked to come back later.
        var refusals = 0
        /// Runs that were never acknowledged, by reason.
        var failures: [String: Int] = [:]
        var seconds = 0.0

        mutating func add(_ other: Outcome) {
            acknowledged += other.acknowledged
            latencySeconds += other.latencySeconds
            refusals += other.refusals
            failures.merge(other.failures, uniquingKeysWith: +)
        }
    }

    /// How often one run is tried again after a refusal.
    private static let maximumAttempts = 50
    private static let pauseAfterRefusal = Duration.milliseconds(100)

    func run() async throws -> Outcome {
        let tickets = Tickets(count: plan.runs)
        let start = ContinuousClock.now
        var whole = try await withThrowingTaskGroup(of: Outcome.self) { group in
            for _ in 0..<min(plan.clients, plan.runs) {
                group.addTask { try await self.client(tickets, start) }
            }
            return try await group.reduce(into: Outcome()) { $0.add($1) }
        }
        whole.seconds = (ContinuousClock.now - start).inSeconds
        return whole
    }

    private func client(_ tickets: Tickets, _ start: ContinuousClock.Instant) async throws -> Outcome {
        var outcome = Outcome()
        while let ticket = tickets.next() {
            var due = ContinuousClock.now
            if let rate = plan.ratePerSecond {
                due = start + .seconds(Double(ticket) / rate)
                try await Task.sleep(until: due, clock: .continuous)
            }
            try await submitOne(due: due, &outcome)
        }
        return outcome
    }

    private func submitOne(due: ContinuousClock.Instant, _ outcome: inout Outcome) async throws {
        var lastStatus = 0
        for _ in 0..<Self.maximumAttempts {
            switch await submit() {
            case .accepted(let id):
                outcome.acknowledged.append(id)
                outcome.latencySeconds.append((ContinuousClock.now - due).inSeconds)
                return
            case .failed(let reason):
                outcome.failures[reason, default: 0] += 1
                return
            case .refused(let status):
                outcome.refusals += 1
                lastStatus = status
                try await Task.sleep(for: Self.pauseAfterRefusal)
            }
        }
        outcome.failures["status \(lastStatus), \(Self.maximumAttempts) times", default: 0] += 1
    }
}

/// Numbers from zero, each handed out once.
private final class Tickets: Sendable {
    private let count: Int
    private let given = Atomic<Int>(0)

    init(count: Int) { self.count = count }

    func next() -> Int? {
        let number = given.wrappingAdd(1, ordering: .relaxed).oldValue
        return number < count ? number : nil
    }
}
