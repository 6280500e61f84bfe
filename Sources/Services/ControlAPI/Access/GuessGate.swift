internal import Hummingbird
internal import RunStore
internal import Synchronization
internal import WebhookClient

/// Keeps those who come without valid credentials to a rate, by address, as this process sees them: so guessing is slow, and costs
/// the database little.
///
/// Credentials that were accepted lately are let through whatever else comes from their address. All others are looked at only as
/// long as the address has not used up its rate: beyond that nobody learns whether they are right.
final class GuessGate: Sendable {
    private struct Bucket {
        var tokens: Double
        var at: ContinuousClock.Instant
    }

    private struct State {
        var buckets: [[UInt8]: Bucket] = [:]
        var accepted: [[UInt8]: ContinuousClock.Instant] = [:]
        var sweptAt: ContinuousClock.Instant?
    }

    /// How long credentials count as accepted lately.
    private static let memory = Duration.seconds(600)
    private static let shortestSweep = Duration.seconds(1)
    /// All addresses that there is no room for, together.
    private static let others: [UInt8] = []

    private let state = Mutex(State())
    private let rate: RequestRate?
    private let capacity: Int

    /// - Parameters:
    ///   - rate: of an address; `nil`: any.
    ///   - capacity: addresses, and credentials, that are remembered.
    init(rate: RequestRate?, capacity: Int = 20_000) {
        self.rate = rate
        self.capacity = capacity
    }

    /// Counts a request whose credentials are not known to be valid.
    ///
    /// - Returns: seconds until one more is looked at; `nil`: this one is.
    func enter(_ address: String?, at now: ContinuousClock.Instant = .now) -> Double? {
        guard let rate else { return nil }
        return state.withLock { state in
            let key = place(Self.key(address), &state, rate, now)
            var bucket = Self.filled(state.buckets[key], rate, now)
            let isAllowed = bucket.tokens >= 1
            if isAllowed { bucket.tokens -= 1 }
            state.buckets[key] = bucket
            return isAllowed ? nil : (1 - bucket.tokens) / rate.perSecond
        }
    }

    /// A request that was counted had valid credentials after all, or nobody could tell.
    func giveBack(_ address: String?, at now: ContinuousClock.Instant = .now) {
        guard let rate else { return }
        state.withLock { state in
            let key = place(Self.key(address), &state, rate, now)
            var bucket = Self.filled(state.buckets[key], rate, now)
            bucket.tokens += 1
            state.buckets[key] = bucket.tokens >= Double(rate.burst) ? nil : bucket
        }
    }

    // MARK: Credentials

    /// - Parameter credential: a hash of it.
    func isKnown(_ credential: [UInt8], at now: ContinuousClock.Instant = .now) -> Bool {
        guard rate != nil else { return true }
        return state.withLock { $0.accepted[credential].map { now - $0 < Self.memory } ?? false }
    }

    func accepted(_ credential: [UInt8], at now: ContinuousClock.Instant = .now) {
        guard rate != nil else { return }
        state.withLock { state in
            if state.accepted.count >= capacity, state.accepted[credential] == nil {
                state.accepted = state.accepted.filter { now - $0.value < Self.memory }
                if state.accepted.count >= capacity { state.accepted.removeAll() }
            }
            state.accepted[credential] = now
        }
    }

    func refused(_ credential: [UInt8]) {
        guard rate != nil else { return }
        state.withLock { $0.accepted[credential] = nil }
    }

    // MARK: Buckets

    /// An address's own, or if there is no room the one for all others.
    private func place(
        _ key: [UInt8],
        _ state: inout State,
        _ rate: RequestRate,
        _ now: ContinuousClock.Instant
    ) -> [UInt8] {
        guard state.buckets[key] == nil, state.buckets.count >= capacity else { return key }
        if state.sweptAt.map({ now - $0 >= Self.shortestSweep }) ?? true {
            state.sweptAt = now
            // Who has all that there is need not be remembered.
            state.buckets = state.buckets.filter {
                Self.filled($0.value, rate, now).tokens < Double(rate.burst)
            }
        }
        return state.buckets.count < capacity ? key : Self.others
    }

    private static func filled(_ bucket: Bucket?, _ rate: RequestRate, _ now: ContinuousClock.Instant) -> Bucket {
        guard let bucket else { return Bucket(tokens: Double(rate.burst), at: now) }
        let passed = max(0, (now - bucket.at) / .seconds(1))
        return Bucket(tokens: min(Double(rate.burst), bucket.tokens + passed * rate.perSecond), at: now)
    }

    /// An IPv4 address, or the first half of an IPv6 address: a customer has as many of the second half as they like.
    private static func key(_ address: String?) -> [UInt8] {
        guard let address, let parsed = NetworkAddress(address) else { return others }
        let plain = parsed.mapped ?? parsed
        return plain.bytes.count == 4 ? plain.bytes : Array(plain.bytes.prefix(8))
    }
}

extension Problem {
    static func tooManyRefusals(waitSeconds: Double) -> Problem {
        let wait = max(1, Int(waitSeconds.rounded(.up)))
        var problem = Problem(
            .tooManyRequests,
            .tooManyRequests,
            title: "There are too many requests",
            detail: "too many requests from your address had no valid credentials; try again in \(wait) s"
        )
        problem.headers[.retryAfter] = String(wait)
        return problem
    }
}
