/// Decides when to connect, to wait and to give up. It performs nothing and knows no clock and no chance.
struct Recovery: ~Copyable {
    enum State: Equatable {
        /// To `connecting`.
        case idle
        /// To `connected`, `pausing` or `ended`.
        case connecting(attempt: Int)
        /// To `pausing` or `ended`.
        case connected(attempt: Int)
        /// To `connecting` or `ended`.
        case pausing(attempt: Int)
        /// Stays.
        case ended
    }

    enum Action: Equatable {
        case connect(attempt: Int)
        case serve
        case pause(Duration)
        /// With an error if it cannot work at all.
        case end(AMQPError?)
    }

    /// A connection that held so long is not blamed for the attempts before it.
    static let stableAfter: Duration = .seconds(5)

    private(set) var state = State.idle
    private let backoff: AMQPBackoff
    private var hasEverConnected = false

    init(backoff: AMQPBackoff) { self.backoff = backoff }

    mutating func start() -> Action {
        guard case .idle = state else { return .end(AMQPError(.closed, "it has run already")) }
        state = .connecting(attempt: 1)
        return .connect(attempt: 1)
    }

    mutating func connected() -> Action {
        guard case .connecting(let attempt) = state else { return .end(nil) }
        hasEverConnected = true
        state = .connected(attempt: attempt)
        return .serve
    }

    /// An attempt failed. Only at the start a misconfiguration ends all: later it may be a rotation under way.
    mutating func failed(_ error: AMQPError, random: Double) -> Action {
        guard case .connecting(let attempt) = state else { return .end(nil) }
        if error.isMisconfiguration, !hasEverConnected {
            state = .ended
            return .end(error)
        }
        return pause(after: attempt, random: random)
    }

    /// A connection was lost after `lifetime`.
    mutating func lost(after lifetime: Duration, random: Double) -> Action {
        guard case .connected(let attempt) = state else { return .end(nil) }
        return pause(after: lifetime >= Self.stableAfter ? 1 : attempt, random: random)
    }

    mutating func pauseEnded() -> Action {
        guard case .pausing(let attempt) = state else { return .end(nil) }
        state = .connecting(attempt: attempt + 1)
        return .connect(attempt: attempt + 1)
    }

    mutating func stop() -> Action {
        state = .ended
        return .end(nil)
    }

    private mutating func pause(after attempt: Int, random: Double) -> Action {
        state = .pausing(attempt: attempt)
        return .pause(backoff.pause(afterAttempt: attempt, random: random))
    }
}
