internal import Synchronization

/// The measurements of one process, in the Prometheus data model.
///
/// A registry is passed to whoever measures; there is no global one. Asking twice for the same name and labels
/// gives the same instrument. Instruments are cheap to update from any thread.
package final class MetricsRegistry: Sendable {
    /// Bounds of a registry.
    package struct Limits: Sendable {
        /// Label combinations kept for one name. Further ones are measured into nothing and counted in
        /// `slipway_metrics_dropped_series_total`.
        package var seriesPerMetric = 1000

        package init() {}
    }

    struct Family {
        let help: String
        let kind: MetricKind
        var series: [MetricLabels: Instrument] = [:]
    }

    enum Instrument {
        case counter(Counter)
        case gauge(Gauge)
        case observed(@Sendable () -> Double?)
        case histogram(Histogram)
    }

    private let limits: Limits
    private let families = Mutex<[String: Family]>([:])
    private let droppedSeries = Counter()

    package init(limits: Limits = Limits()) {
        self.limits = limits
        let dropped = Instrument.counter(droppedSeries)
        families.withLock { families in
            families["slipway_metrics_dropped_series_total"] = Family(
                help: "Label combinations refused because their metric had too many.",
                kind: .counter,
                series: [MetricLabels([:]): dropped]
            )
        }
    }

    /// A count that only grows. The name ends in `_total`.
    package func counter(_ name: String, help: String, labels: [String: String] = [:]) -> Counter {
        precondition(name.hasSuffix("_total"), "a counter's name ends in _total: \(name)")
        let instrument = instrument(name, help, .counter, labels) { .counter(Counter()) }
        guard case .counter(let counter) = instrument else { return Counter() }
        return counter
    }

    /// A value that goes up and down.
    package func gauge(_ name: String, help: String, labels: [String: String] = [:]) -> Gauge {
        let instrument = instrument(name, help, .gauge, labels) { .gauge(Gauge()) }
        guard case .gauge(let gauge) = instrument else { return Gauge() }
        return gauge
    }

    /// A value that is read when someone looks. `read` must be quick; `nil` leaves the series out.
    package func observedGauge(
        _ name: String,
        help: String,
        labels: [String: String] = [:],
        _ read: @escaping @Sendable () -> Double?
    ) {
        _ = instrument(name, help, .gauge, labels) { .observed(read) }
    }

    /// A count kept elsewhere that is read when someone looks. `read` must be quick; `nil` leaves the series out.
    package func observedCounter(
        _ name: String,
        help: String,
        labels: [String: String] = [:],
        _ read: @escaping @Sendable () -> Double?
    ) {
        precondition(name.hasSuffix("_total"), "a counter's name ends in _total: \(name)")
        _ = instrument(name, help, .counter, labels) { .observed(read) }
    }

    /// A distribution over fixed buckets, usually of seconds; the name ends in its unit.
    ///
    /// - Parameter buckets: ascending upper bounds, without the infinite one.
    package func histogram(
        _ name: String,
        help: String,
        labels: [String: String] = [:],
        buckets: HistogramBuckets = .latencySeconds
    ) -> Histogram {
        let instrument = instrument(name, help, .histogram, labels) { .histogram(Histogram(buckets)) }
        guard case .histogram(let histogram) = instrument else { return Histogram(buckets) }
        return histogram
    }

    /// Forgets one label combination, for example of a cluster that was removed.
    package func remove(_ name: String, labels: [String: String]) {
        families.withLock { _ = $0[name]?.series.removeValue(forKey: MetricLabels(labels)) }
    }

    /// Everything measured, by name.
    func snapshot() -> [(name: String, family: Family)] {
        families.withLock { families in
            families.map { (name: $0.key, family: $0.value) }
        }.sorted { $0.name < $1.name }
    }

    private func instrument(
        _ name: String,
        _ help: String,
        _ kind: MetricKind,
        _ labels: [String: String],
        _ make: () -> Instrument
    ) -> Instrument {
        precondition(MetricLabels.isValidMetricName(name), "not a metric's name: \(name)")
        let labels = MetricLabels(labels)
        return families.withLock { families in
            var family = families[name] ?? Family(help: help, kind: kind)
            precondition(family.kind == kind, "the metric \(name) is a \(family.kind), not a \(kind)")
            if let existing = family.series[labels] { return existing }
            let made = make()
            guard family.series.count < limits.seriesPerMetric else {
                droppedSeries.increment()
                return made
            }
            family.series[labels] = made
            families[name] = family
            return made
        }
    }
}

/// What a metric is, in the words of the exposition format.
enum MetricKind: String {
    case counter
    case gauge
    case histogram
}

/// Label names and values in a fixed order.
struct MetricLabels: Hashable {
    let pairs: [Pair]

    struct Pair: Hashable {
        let name: String
        let value: String
    }

    init(_ labels: [String: String]) {
        for name in labels.keys {
            precondition(Self.isValidLabelName(name), "not a label's name: \(name)")
        }
        pairs = labels.sorted { $0.key < $1.key }.map { Pair(name: $0.key, value: $0.value) }
    }

    static func isValidMetricName(_ name: String) -> Bool {
        isWord(name) { $0 == ":" }
    }

    private static func isValidLabelName(_ name: String) -> Bool {
        isWord(name) { _ in false } && !name.hasPrefix("__") && name != "le"
    }

    private static func isWord(_ name: String, or isExtra: (Character) -> Bool) -> Bool {
        guard let first = name.first, !first.isNumber else { return false }
        return name.allSatisfy { ($0.isASCII && ($0.isLetter || $0.isNumber)) || $0 == "_" || isExtra($0) }
    }
}
