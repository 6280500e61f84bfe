/// Measured values, kept whole so that every quantile is one of them.
package struct Samples: Sendable, Equatable {
    /// Ascending.
    package let sorted: [Double]

    package init(_ values: some Sequence<Double>) {
        sorted = values.sorted()
    }

    package var count: Int { sorted.count }
    package var maximum: Double? { sorted.last }

    /// The smallest value that at least this share of all values does not exceed (the nearest-rank definition).
    ///
    /// - Parameter share: above 0 and at most 1.
    /// - Returns: `nil` without values.
    package func quantile(_ share: Double) -> Double? {
        precondition(share > 0 && share <= 1, "share is \(share); allowed is above 0 and at most 1")
        guard !sorted.isEmpty else { return nil }
        // A share such as 0.07 times 100 is a little more than 7 in binary and must not reach the next rank.
        let rank = (share * Double(sorted.count) - 1e-9).rounded(.up)
        return sorted[min(max(Int(rank), 1), sorted.count) - 1]
    }
}
