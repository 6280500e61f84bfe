/// A team's usage in the past, fading: its dominant share, averaged with weights that halve with each half-life.
package struct UsageHistory: Sendable, Hashable, Codable {
    /// 0 to 1 and, where shares can be more than the whole, beyond.
    package private(set) var value: Double
    package private(set) var updatedAt: Timestamp

    package init(value: Double = 0, updatedAt: Timestamp) {
        self.value = value.isFinite ? max(0, value) : 0
        self.updatedAt = updatedAt
    }

    /// Takes in a span until `now` in which the share did not change. A time before the last one changes nothing.
    ///
    /// - Parameter halfLife: more than nothing.
    package mutating func advance(to now: Timestamp, share: Double, halfLife: Duration) {
        precondition(halfLife > .zero, "a half-life is longer than nothing")
        guard now > updatedAt, share.isFinite else { return }
        let kept = Self.remainder(of: (now - updatedAt) / halfLife)
        value = value * kept + max(0, share) * (1 - kept)
        updatedAt = now
    }

    /// Two to the power of minus `halfLives`, to about nine digits, the same on every machine.
    static func remainder(of halfLives: Double) -> Double {
        guard halfLives < 60 else { return 0 }
        let whole = halfLives.rounded(.down)
        let exponent = (halfLives - whole) * 0.693_147_180_559_945_3
        var term = 1.0
        var sum = 1.0
        for index in 1...10 {
            term *= -exponent / Double(index)
            sum += term
        }
        return sum / Double(UInt64(1) << UInt64(whole))
    }
}
