package import SlipwayCore

/// The clocks and the waiting of a process, given to whatever acts in time so that a test can run them.
package struct TimeSource: Sendable {
    /// For spans and deadlines within the process.
    package var instant: @Sendable () -> ContinuousClock.Instant
    /// For moments that are stored or compared with those of other machines.
    package var now: @Sendable () -> Timestamp
    /// Returns after a span, or throws `CancellationError` when the task is cancelled.
    package var sleep: @Sendable (Duration) async throws -> Void
    /// Where tasks run that belong to no other task; `nil`: wherever Swift runs them.
    package var executor: (any TaskExecutor)?
    /// Evenly spread from 0 to 1, for jitter.
    package var random: @Sendable () -> Double

    package init(
        instant: @escaping @Sendable () -> ContinuousClock.Instant,
        now: @escaping @Sendable () -> Timestamp,
        sleep: @escaping @Sendable (Duration) async throws -> Void,
        executor: (any TaskExecutor)? = nil,
        random: @escaping @Sendable () -> Double
    ) {
        self.instant = instant
        self.now = now
        self.sleep = sleep
        self.executor = executor
        self.random = random
    }

    /// Runs `body` each `interval` until the task is cancelled or `body` throws. A round that takes longer delays the next.
    package func every(_ interval: Duration, _ body: () async throws -> Void) async throws {
        while true {
            try await sleep(interval)
            try await body()
        }
    }
}
