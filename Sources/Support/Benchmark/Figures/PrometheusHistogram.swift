/// Counts over fixed buckets: all that is known of values that another process measured.
package struct PrometheusHistogram: Sendable, Equatable {
    /// How many values were at most the bound, by bound; the last bound is infinity.
    private var cumulative: [(bound: Double, count: Double)]

    package init(cumulative counts: [Double: Double] = [:]) {
        cumulative = counts.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
    }

    package static func == (left: PrometheusHistogram, right: PrometheusHistogram) -> Bool {
        left.cumulative.elementsEqual(right.cumulative) { $0 == $1 }
    }

    /// How many values there are.
    package var count: Double { cumulative.last?.count ?? 0 }

    /// What was added after an earlier look at the same histogram.
    package func since(_ earlier: PrometheusHistogram) -> PrometheusHistogram { combined(with: earlier, -) }

    /// The values of two processes together.
    package func adding(_ other: PrometheusHistogram) -> PrometheusHistogram { combined(with: other, +) }

    private func combined(
        with other: PrometheusHistogram,
        _ operation: (Double, Double) -> Double
    ) -> PrometheusHistogram {
        var counts: [Double: Double] = [:]
        for bound in Set(cumulative.map(\.bound) + other.cumulative.map(\.bound)) {
            counts[bound] = operation(count(upTo: bound), other.count(upTo: bound))
        }
        return PrometheusHistogram(cumulative: counts)
    }

    /// A histogram without this very bound has the count of the largest below.
    private func count(upTo bound: Double) -> Double {
        cumulative.last { $0.bound <= bound }?.count ?? 0
    }

    /// An estimate of a quantile.
    package struct Estimate: Sendable, Equatable {
        package var value: Double
        /// The quantile lies beyond the last bucket: nothing but this bound is known.
        package var isLowerBound: Bool
    }

    /// Interpolates within the bucket in which the quantile lies, taking its values for evenly spread.
    ///
    /// - Parameter share: above 0 and at most 1.
    /// - Returns: `nil` without values.
    package func quantile(_ share: Double) -> Estimate? {
        precondition(share > 0 && share <= 1, "share is \(share); allowed is above 0 and at most 1")
        guard count > 0 else { return nil }
        let rank = share * count
        var lower = (bound: 0.0, count: 0.0)
        for bucket in cumulative {
            if bucket.count >= rank {
                guard bucket.bound.isFinite else { return Estimate(value: lower.bound, isLowerBound: true) }
                let part = (rank - lower.count) / (bucket.count - lower.count)
                return Estimate(value: lower.bound + part * (bucket.bound - lower.bound), isLowerBound: false)
            }
            lower = bucket
        }
        return Estimate(value: lower.bound, isLowerBound: true)
    }
}
