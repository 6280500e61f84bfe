internal import Hummingbird
internal import SlipwayCore
internal import Synchronization

/// Keeps callers and their teams to a rate of requests, as this process sees them. The installation's own token and callers of an
/// API that asks for no credentials are not counted.
final class RateGate: Sendable {
    /// What is left to somebody at a moment.
    struct Allowance: Sendable {
        var policy: String
        var rate: RequestRate
        var remaining: Double
        /// Seconds until one more request is allowed; 0 if one is.
        var waitSeconds: Double

        /// As the draft of RFC "RateLimit header fields for HTTP" has them.
        func write(to headers: inout HTTPFields) {
            let window = max(1, Int((Double(rate.burst) / rate.perSecond).rounded(.up)))
            headers[HeaderNames.rateLimitPolicy] = "\"\(policy)\";q=\(rate.burst);w=\(window)"
            let seconds = max(Int(waitSeconds.rounded(.up)), remaining < 1 ? 1 : 0)
            headers[HeaderNames.rateLimit] = "\"\(policy)\";r=\(Int(max(0, remaining)));t=\(seconds)"
        }
    }

    private struct Bucket {
        var tokens: Double
        var at: ContinuousClock.Instant
    }

    private static let capacity = 50_000

    private let buckets = Mutex<[String: Bucket]>([:])
    private let caller: RequestRate?
    private let team: RequestRate?

    /// - Parameters:
    ///   - caller: of each; `nil`: any.
    ///   - team: of all callers of a team together; `nil`: any.
    init(caller: RequestRate?, team: RequestRate?) {
        self.caller = caller
        self.team = team
    }

    /// Counts a request.
    ///
    /// - Returns: what is left where least is; `nil` if nobody counts.
    func enter(_ principal: Principal, at now: ContinuousClock.Instant = .now) -> Allowance? {
        guard !principal.isShared else { return nil }
        var allowances: [Allowance] = []
        if let caller { allowances.append(take("caller", caller, Self.key(of: principal), now)) }
        if let team, let name = Self.team(of: principal) { allowances.append(take("team", team, "team " + name, now)) }
        return allowances.min { ($0.waitSeconds, $1.remaining) > ($1.waitSeconds, $0.remaining) }
    }

    private func take(_ policy: String, _ rate: RequestRate, _ key: String, _ now: ContinuousClock.Instant) -> Allowance
    {
        buckets.withLock { buckets in
            if buckets.count >= Self.capacity, buckets[key] == nil { buckets.removeAll() }
            var bucket = buckets[key] ?? Bucket(tokens: Double(rate.burst), at: now)
            let passed = (now - bucket.at) / .seconds(1)
            bucket.tokens = min(Double(rate.burst), bucket.tokens + max(0, passed) * rate.perSecond)
            bucket.at = now
            let isAllowed = bucket.tokens >= 1
            if isAllowed { bucket.tokens -= 1 }
            buckets[key] = bucket
            let wait = isAllowed ? 0 : (1 - bucket.tokens) / rate.perSecond
            return Allowance(policy: policy, rate: rate, remaining: bucket.tokens, waitSeconds: wait)
        }
    }

    private static func key(of principal: Principal) -> String {
        principal.tokenID?.description ?? principal.subject ?? principal.name
    }

    /// The only team that somebody is in.
    private static func team(of principal: Principal) -> String? {
        principal.grants.everywhere == nil && principal.grants.teams.count == 1
            ? principal.grants.teams.keys.first : nil
    }
}

/// A steady rate, and how many may come at once.
package struct RequestRate: Sendable, Hashable {
    package var perSecond: Double
    package var burst: Int

    /// - Returns: `nil` for a rate of 0, which is none.
    package init?(perSecond: Double, burst: Int) {
        guard perSecond > 0 else { return nil }
        self.perSecond = perSecond
        self.burst = max(burst, 1)
    }
}

extension Problem {
    static func tooManyRequests(_ allowance: RateGate.Allowance) -> Problem {
        let wait = max(1, Int(allowance.waitSeconds.rounded(.up)))
        var problem = Problem(
            .tooManyRequests,
            .tooManyRequests,
            title: "There are too many requests",
            detail:
                "a \(allowance.policy) may send \(Int(allowance.rate.perSecond)) requests a second; try again in \(wait) s"
        )
        problem.headers[.retryAfter] = String(wait)
        return problem
    }
}
