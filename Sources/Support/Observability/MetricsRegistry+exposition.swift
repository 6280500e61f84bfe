extension MetricsRegistry {
    /// The content type of `exposition()`.
    package static let expositionContentType = "text/plain; version=0.0.4; charset=utf-8"

    /// All metrics in Prometheus' text format 0.0.4, sorted by name and labels.
    package func exposition() -> String {
        var text = ""
        for (name, family) in snapshot() {
            text += "# HELP \(name) \(Self.escapedHelp(family.help))\n"
            text += "# TYPE \(name) \(family.kind.rawValue)\n"
            let lines = family.series.map { (labels: Self.text(of: $0.key), instrument: $0.value) }
            for (labels, instrument) in lines.sorted(by: { $0.labels < $1.labels }) {
                Self.write(name, labels, instrument, to: &text)
            }
        }
        return text
    }

    private static func write(_ name: String, _ labels: String, _ instrument: Instrument, to text: inout String) {
        switch instrument {
        case .counter(let counter):
            text += line(name, labels, counter.value)
        case .gauge(let gauge):
            text += line(name, labels, gauge.value)
        case .observed(let read):
            if let value = read() { text += line(name, labels, value) }
        case .histogram(let histogram):
            let state = histogram.snapshot()
            var cumulative: UInt64 = 0
            for (bound, count) in zip(histogram.buckets.bounds + [.infinity], state.counts) {
                cumulative += count
                let le = "le=\"\(number(bound))\""
                text += line("\(name)_bucket", labels.isEmpty ? le : "\(labels),\(le)", Double(cumulative))
            }
            text += line("\(name)_sum", labels, state.sum)
            text += line("\(name)_count", labels, Double(cumulative))
        }
    }

    private static func line(_ name: String, _ labels: String, _ value: Double) -> String {
        labels.isEmpty ? "\(name) \(number(value))\n" : "\(name){\(labels)} \(number(value))\n"
    }

    private static func number(_ value: Double) -> String {
        if value.isNaN { return "NaN" }
        if value.isInfinite { return value < 0 ? "-Inf" : "+Inf" }
        if let whole = Int64(exactly: value) { return String(whole) }
        return String(value)
    }

    private static func text(of labels: MetricLabels) -> String {
        labels.pairs.map { "\($0.name)=\"\(escapedValue($0.value))\"" }.joined(separator: ",")
    }

    private static func escapedValue(_ value: String) -> String {
        escapedHelp(value).replacing("\"", with: "\\\"")
    }

    private static func escapedHelp(_ help: String) -> String {
        help.replacing("\\", with: "\\\\").replacing("\n", with: "\\n")
    }
}
