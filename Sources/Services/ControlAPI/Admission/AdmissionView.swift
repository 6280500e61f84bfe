internal import RunStore
internal import SlipwayCore

/// What admission knows, for questions about it. It is read when somebody asks, followed while questions come, and forgotten
/// after a while without any; nothing is polled.
actor AdmissionView {
    private let store: RunStore
    private let zones: @Sendable (String) -> ZoneRules?
    private let limits: ControlAPILimits
    private var follower: AdmissionFollower?
    private var lookedAt: ContinuousClock.Instant?
    private var askedAt = ContinuousClock.now
    private var look: Task<Void, any Error>?
    private var forgetting: Task<Void, Never>?

    init(store: RunStore, zones: @escaping @Sendable (String) -> ZoneRules?, limits: ControlAPILimits) {
        self.store = store
        self.zones = zones
        self.limits = limits
    }

    /// Answers a question about what waits, as it was at most a second ago.
    ///
    /// - Parameter isFresh: whether a look from before the question will not do.
    func answer<Answer: Sendable>(
        isFresh: Bool = false,
        _ body: @Sendable (AdmissionFollower) -> Answer
    ) async throws -> Answer {
        askedAt = .now
        if let look { try await look.value }
        if isFresh || lookedAt.map({ $0.duration(to: .now) > limits.admissionAge }) ?? true {
            // why: all who ask meanwhile wait for the same look, and it goes on if the first of them leaves.
            let task = look ?? Task { try await self.follow() }
            look = task
            try await task.value
        }
        guard let follower else { throw Problem.overloaded("what waits is just being forgotten") }
        return body(follower)
    }

    /// The same if not everything has to be read for it, since somebody has asked of late; otherwise `nil`.
    func answerIfAtHand<Answer: Sendable>(
        _ body: @Sendable (AdmissionFollower) -> Answer?
    ) async throws -> Answer? {
        guard follower != nil, lookedAt != nil else { return nil }
        return try await answer(body)
    }

    private func follow() async throws {
        defer { look = nil }
        let follower = self.follower ?? AdmissionFollower(store, zones: zones)
        self.follower = follower
        try await follower.follow()
        lookedAt = .now
        if forgetting == nil {
            // why: what is kept is large, and nobody else would let go of it.
            forgetting = Task { await self.forgetWhenUnused() }
        }
    }

    private func forgetWhenUnused() async {
        while askedAt.duration(to: .now) < limits.admissionMemory {
            // why: who is cancelled is let go of with the process.
            try? await Task.sleep(for: limits.admissionMemory - askedAt.duration(to: .now))
        }
        follower = nil
        lookedAt = nil
        forgetting = nil
    }
}
