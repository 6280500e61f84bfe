/// What a chain of runs has used of its job's ``RetryPolicy``; each run carries it to the next.
package struct RetriesUsed: Sendable, Hashable, Codable {
    package var infrastructure = 0
    package var timeout = 0
    package var user = 0
    /// After evictions and preemptions.
    package var free = 0

    package init() {}

    /// What is not told is 0.
    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        infrastructure = try container.decodeIfPresent(Int.self, forKey: .infrastructure) ?? 0
        timeout = try container.decodeIfPresent(Int.self, forKey: .timeout) ?? 0
        user = try container.decodeIfPresent(Int.self, forKey: .user) ?? 0
        free = try container.decodeIfPresent(Int.self, forKey: .free) ?? 0
    }

    package var total: Int { infrastructure + timeout + user + free }
}

/// The next run of a chain.
package struct RetryPlan: Sendable, Hashable {
    package var delay: Duration
    package var used: RetriesUsed
    package var overrides: RunOverrides
}

/// Whether a run that has ended is followed by another one by itself: a pure decision.
package enum RetryDecision {
    /// Evictions and preemptions cost no attempt, but a chain is not endless.
    package static let maximumFree = 20

    /// - Parameters:
    ///   - spec: the job version, without the run's overrides.
    ///   - state: terminal.
    ///   - random: 0 to 1, for the jitter.
    /// - Returns: `nil` if the chain ends here.
    package static func decide(
        spec: JobSpec,
        overrides: RunOverrides,
        used: RetriesUsed,
        state: RunState,
        end: PlacementEnd,
        random: Double
    ) -> RetryPlan? {
        guard let policy = spec.retries, state == .failed || state == .timeout, let failureClass = end.failureClass,
            policy.retryOn?.contains(end.reason) ?? true
        else { return nil }
        var plan = RetryPlan(delay: .zero, used: used, overrides: overrides)
        if isOutOfMemory(end.reason), let growth = policy.memoryGrowth {
            guard used.infrastructure < policy.infrastructure, let grown = grow(spec, overrides, end.reason, growth)
            else { return nil }
            plan.used.infrastructure += 1
            plan.overrides = grown
        } else if end.reason == .evicted || end.reason == .preempted {
            guard policy.infrastructure > 0, used.free < maximumFree else { return nil }
            plan.used.free += 1
        } else {
            switch failureClass {
            case .infrastructure:
                guard used.infrastructure < policy.infrastructure else { return nil }
                plan.used.infrastructure += 1
            case .timeout:
                guard used.timeout < policy.timeout else { return nil }
                plan.used.timeout += 1
            case .user:
                guard used.user < policy.user else { return nil }
                plan.used.user += 1
            case .cancelled:
                return nil
            }
        }
        plan.delay = policy.backoff.delay(afterRetries: used.total, random: random)
        return plan
    }

    private static func isOutOfMemory(_ reason: ReasonCode) -> Bool {
        reason == .runnerOutOfMemory || reason == .sailOutOfMemory
    }

    /// More memory for the container that ran out of it; `nil` if it has all it may get.
    private static func grow(
        _ spec: JobSpec,
        _ overrides: RunOverrides,
        _ reason: ReasonCode,
        _ growth: RetryPolicy.MemoryGrowth
    ) -> RunOverrides? {
        func larger(than bytes: Int) -> Int? {
            let wanted = min((Double(bytes) * growth.factor).rounded(.up), Double(growth.maximumBytes))
            return Int(wanted) > bytes ? Int(wanted) : nil
        }
        var grown = overrides
        let resources = spec.applying(overrides).resources
        if reason == .runnerOutOfMemory {
            guard let bytes = larger(than: resources.runner.memoryBytes) else { return nil }
            grown.runnerMemoryBytes = bytes
        } else {
            guard let bytes = larger(than: resources.sail.memoryBytes) else { return nil }
            grown.sailMemoryBytes = bytes
        }
        return grown
    }
}
