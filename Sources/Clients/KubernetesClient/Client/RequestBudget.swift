internal import Synchronization

/// A token bucket. Time is a parameter.
struct TokenBucket: Sendable {
    private let perSecond: Double
    private let capacity: Double
    private var tokens: Double
    private var updated: ContinuousClock.Instant

    init(perSecond: Double, burst: Int, now: ContinuousClock.Instant) {
        self.perSecond = max(perSecond, 0.001)
        capacity = Double(max(1, burst))
        tokens = capacity
        updated = now
    }

    /// Takes a token, on credit if none is left.
    ///
    /// - Returns: how long to wait before the request may go. Requests go in the order of their calls.
    mutating func take(now: ContinuousClock.Instant) -> Duration {
        tokens = min(capacity, tokens + max(0, (now - updated) / .seconds(1)) * perSecond)
        updated = now
        tokens -= 1
        return tokens >= 0 ? .zero : .seconds(-tokens / perSecond)
    }

    /// Gives back the token of a request that did not go.
    mutating func giveBack() { tokens = min(capacity, tokens + 1) }
}

/// The requests a client may still make.
final class RequestBudget: Sendable {
    private let bucket: Mutex<TokenBucket>

    init(perSecond: Double, burst: Int) {
        bucket = Mutex(TokenBucket(perSecond: perSecond, burst: burst, now: .now))
    }

    /// Waits until a request may go.
    ///
    /// - Throws: `.deadlineExceeded` at once if that is after the deadline, `.cancelled`.
    func waitForTurn(before deadline: ContinuousClock.Instant) async throws(KubernetesError) {
        let now = ContinuousClock.now
        let wait = bucket.withLock { $0.take(now: now) }
        guard wait > .zero else { return }
        guard now + wait < deadline else {
            bucket.withLock { $0.giveBack() }
            throw KubernetesError(
                .deadlineExceeded,
                message: "the request budget allows this request only after its deadline"
            )
        }
        do {
            try await Task.sleep(for: wait)
        } catch {
            bucket.withLock { $0.giveBack() }
            throw KubernetesError(.cancelled, message: "cancelled while waiting for the request budget")
        }
    }
}
