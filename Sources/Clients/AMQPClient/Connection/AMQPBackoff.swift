/// Growing random pauses: the cap doubles with each attempt up to a limit, the pause lies between half the cap and the cap.
///
/// Half is random so that many clients of a restarted broker do not return in step.
package struct AMQPBackoff: Sendable, Hashable {
    package let first: Duration
    package let limit: Duration

    package init(first: Duration, limit: Duration) {
        precondition(first > .zero && limit >= first, "a backoff grows from a positive pause to its limit")
        self.first = first
        self.limit = limit
    }

    /// - Parameters:
    ///   - attempt: 1 for the pause after the first failed attempt.
    ///   - random: in 0..<1.
    package func pause(afterAttempt attempt: Int, random: Double) -> Duration {
        var cap = first
        var doublings = max(1, attempt) - 1
        while doublings > 0, cap < limit {
            cap = min(cap * 2, limit)
            doublings -= 1
        }
        return cap / 2 + (cap / 2) * random
    }
}
