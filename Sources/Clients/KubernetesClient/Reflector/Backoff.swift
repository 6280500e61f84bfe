/// Waits that double up to a limit. Randomness is a parameter.
struct Backoff: Sendable {
    private let initial: Duration
    private let maximum: Duration
    private var failures = 0

    init(initial: Duration, maximum: Duration) {
        self.initial = initial
        self.maximum = maximum
    }

    /// The wait before the next attempt.
    ///
    /// - Parameter fraction: from 0 to 1; shortens the wait by up to a half.
    mutating func next(fraction: Double) -> Duration {
        let whole = min(maximum, initial * Double(1 << min(failures, 20)))
        failures += 1
        return whole * (1 - fraction / 2)
    }

    /// Begins again with the shortest wait, after a success.
    mutating func reset() { failures = 0 }
}
