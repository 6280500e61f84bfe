/// How deliveries are tried, and when that is given up. All of it is decided here, without a clock or randomness.
package struct WebhookPolicy: Sendable, Hashable {
    /// The wait after the first failed attempt; each later one is longer by ``factor``.
    package var firstDelaySeconds = 5.0
    package var factor = 3.0
    package var longestDelaySeconds = 6 * 3600.0
    /// A wait is longer or shorter by up to this part of it, so that receivers which come back are not met by all at once.
    package var jitter = 0.2
    /// No attempt is planned for later than this after the delivery was asked for.
    package var lifetimeSeconds = 86_400.0
    /// An endpoint of which every attempt failed for so long is not delivered to any more, once a delivery is given up.
    package var failingSeconds = 86_400.0

    package init() {}

    package static let standard = WebhookPolicy()

    /// How an attempt ended.
    package enum Outcome: Sendable, Hashable {
        /// The receiver took it: a status from 200 to 299.
        case delivered
        /// The receiver says that the endpoint is gone for good: status 410.
        case gone
        /// Anything else; another attempt may succeed.
        case failed
    }

    package static func outcome(status: Int?) -> Outcome {
        switch status {
        case .some(200...299): .delivered
        case 410?: .gone
        default: .failed
        }
    }

    /// What becomes of a delivery and of its endpoint after an attempt.
    package struct Decision: Sendable, Hashable {
        package enum Next: Sendable, Hashable {
            case delivered
            case givenUp
            case again(afterSeconds: Double)
        }

        package var next: Next
        /// Why the endpoint is turned off; `nil`: it is not.
        package var disables: DisabledReason?
    }

    /// Why an endpoint is off.
    package enum DisabledReason: String, Sendable, Hashable, Codable, CaseIterable {
        /// A person turned it off.
        case byPerson = "by_person"
        /// Every attempt failed for a day.
        case failing
        /// It answered with status 410.
        case gone
    }

    /// - Parameters:
    ///   - attempt: the number of the attempt that ended, from 1.
    ///   - ageSeconds: how long ago the delivery was asked for.
    ///   - failingForSeconds: since the first failed attempt to the endpoint after which none succeeded; `nil`: this one is it.
    ///   - random: 0 to 1, evenly spread.
    package func decide(
        _ outcome: Outcome,
        attempt: Int,
        ageSeconds: Double,
        failingForSeconds: Double?,
        random: Double
    ) -> Decision {
        switch outcome {
        case .delivered: return Decision(next: .delivered, disables: nil)
        case .gone: return Decision(next: .givenUp, disables: .gone)
        case .failed:
            let isLong = (failingForSeconds ?? 0) >= failingSeconds
            let delay = delaySeconds(after: attempt, random: random)
            let next: Decision.Next = ageSeconds + delay > lifetimeSeconds ? .givenUp : .again(afterSeconds: delay)
            // One that fails for the first time in a week has not failed for a week.
            return Decision(next: next, disables: isLong && next == .givenUp ? .failing : nil)
        }
    }

    /// How long to wait after so many failed attempts.
    package func delaySeconds(after attempt: Int, random: Double) -> Double {
        var delay = firstDelaySeconds
        for _ in 1..<max(1, min(attempt, 64)) { delay = min(delay * factor, longestDelaySeconds) }
        return delay * (1 + jitter * (2 * random - 1))
    }
}
