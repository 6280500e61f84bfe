/// Growing random pauses: the cap doubles with each attempt up to a limit, the pause lies between half the cap and the cap.
///
/// Half is random so that many clients of a restarted server do not return in step.
package struct Backoff: Sendable, Equatable {
    package let first: Duration
    package let limit: Duration

    package init(first: Duration, limit: Duration) {
        precondition(first > .zero && limit >= first, "a backoff grows from a positive pause to its limit")
        self.first = first
        self.limit = limit
    }

    /// - Parameters:
    ///   - attempt: 0 for the first pause.
    ///   - random: in 0..<1.
    package func pause(attempt: Int, random: Double) -> Duration {
        var cap = first
        for _ in 0..<max(0, attempt) {
            cap *= 2
            guard cap < limit else {
                cap = limit
                break
            }
        }
        return cap / 2 + (cap / 2) * random
    }
}
