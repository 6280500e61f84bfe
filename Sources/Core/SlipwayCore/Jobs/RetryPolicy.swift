/// When a run that ended badly is followed by another one by itself.
///
/// Each class of failure has a budget of its own. What befalls a run for the cluster's convenience, an eviction or a
/// preemption, costs none of it.
package struct RetryPolicy: Sendable, Hashable, Codable {
    /// Further runs after failures below the job.
    package var infrastructure: Int
    /// Further runs after the run's own deadline passed.
    package var timeout: Int
    /// Further runs after an error of the job itself.
    package var user: Int
    /// If given, only these reasons lead to another run.
    package var retryOn: [ReasonCode]?
    package var backoff: RetryBackoff
    /// If given, a run that ran out of memory is followed by one with more of it.
    package var memoryGrowth: MemoryGrowth?

    package enum CodingKeys: String, CodingKey {
        case infrastructure, timeout, user
        case retryOn = "retry_on"
        case backoff
        case memoryGrowth = "memory"
    }

    package init(
        infrastructure: Int = 0,
        timeout: Int = 0,
        user: Int = 0,
        retryOn: [ReasonCode]? = nil,
        backoff: RetryBackoff = RetryBackoff(),
        memoryGrowth: MemoryGrowth? = nil
    ) {
        self.infrastructure = infrastructure
        self.timeout = timeout
        self.user = user
        self.retryOn = retryOn
        self.backoff = backoff
        self.memoryGrowth = memoryGrowth
    }

    /// How much more memory the container that ran out of it gets.
    package struct MemoryGrowth: Sendable, Hashable, Codable {
        /// More than 1, at most 10.
        package var factor: Double
        package var maximumBytes: Int

        package enum CodingKeys: String, CodingKey {
            case factor
            case maximumBytes = "max_bytes"
        }

        package init(factor: Double = 1.5, maximumBytes: Int) {
            self.factor = factor
            self.maximumBytes = maximumBytes
        }
    }
}

/// How long the next run of a chain waits.
package struct RetryBackoff: Sendable, Hashable, Codable {
    package enum Kind: String, Sendable, Hashable, Codable, CaseIterable {
        /// Always the initial wait.
        case constant
        /// The initial wait times the factor for each run before it.
        case exponential
    }

    package var kind: Kind
    package var initialSeconds: Int
    package var factor: Double
    package var maximumSeconds: Int
    /// 0 to 1: the wait is spread evenly by up to this share to either side, so that many runs do not come back at once.
    package var jitter: Double

    package enum CodingKeys: String, CodingKey {
        case kind
        case initialSeconds = "initial_seconds"
        case factor
        case maximumSeconds = "max_seconds"
        case jitter
    }

    package init(
        kind: Kind = .exponential,
        initialSeconds: Int = 10,
        factor: Double = 2,
        maximumSeconds: Int = 300,
        jitter: Double = 0.2
    ) {
        self.kind = kind
        self.initialSeconds = initialSeconds
        self.factor = factor
        self.maximumSeconds = maximumSeconds
        self.jitter = jitter
    }

    /// The wait before the next run.
    ///
    /// - Parameters:
    ///   - retries: how many runs of the chain were retries before it.
    ///   - random: 0 to 1, evenly spread.
    package func delay(afterRetries retries: Int, random: Double) -> Duration {
        var seconds = Double(initialSeconds)
        if kind == .exponential {
            var left = retries
            while left > 0, factor > 1, seconds < Double(maximumSeconds) {
                seconds *= factor
                left -= 1
            }
        }
        seconds = min(seconds, Double(maximumSeconds))
        seconds *= 1 + jitter * (2 * random - 1)
        return .milliseconds(Int64((seconds * 1000).rounded()))
    }
}
