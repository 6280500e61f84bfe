/// A process's metrics at one moment, read from Prometheus' text format 0.0.4.
package struct PrometheusText: Sendable {
    private struct Series: Sendable {
        var name: String
        var labels: [String: String]
        var value: Double
    }

    private var series: [Series] = []

    /// No metrics at all.
    package init() {}

    /// - Throws: `BenchmarkError` naming the first line that is not of the format.
    package init(_ text: String) throws(BenchmarkError) {
        for (index, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
            guard !line.isEmpty, line.first != "#" else { continue }
            guard let parsed = Self.parse(line) else {
                throw BenchmarkError("line \(index + 1) of the metrics is not in Prometheus' text format")
            }
            series.append(parsed)
        }
    }

    /// The sum over all series of this name; zero if there is none.
    package func sum(_ name: String) -> Double {
        series.reduce(0) { $0 + ($1.name == name ? $1.value : 0) }
    }

    /// The values of a name by one of its labels.
    package func sums(_ name: String, by label: String) -> [String: Double] {
        var sums: [String: Double] = [:]
        for series in series where series.name == name { sums[series.labels[label] ?? "", default: 0] += series.value }
        return sums
    }

    /// The histogram of this name, all its label values together; empty if there is none.
    package func histogram(_ name: String) -> PrometheusHistogram {
        var counts: [Double: Double] = [:]
        for series in series where series.name == "\(name)_bucket" {
            guard let bound = series.labels["le"].flatMap(Self.number) else { continue }
            counts[bound, default: 0] += series.value
        }
        return PrometheusHistogram(cumulative: counts)
    }

    // MARK: Reading

    /// `name value`, `name{a="b",c="d"} value`; a time at the end is passed over.
    private static func parse(_ line: Substring) -> Series? {
        var rest = line
        let name = rest.prefix { $0 != "{" && $0 != " " && $0 != "\t" }
        rest = rest.dropFirst(name.count)
        var labels: [String: String] = [:]
        if rest.first == "{" {
            guard let parsed = parseLabels(&rest) else { return nil }
            labels = parsed
        }
        guard !name.isEmpty, let value = rest.split(whereSeparator: { $0 == " " || $0 == "\t" }).first,
            let number = number(String(value))
        else { return nil }
        return Series(name: String(name), labels: labels, value: number)
    }

    private static func parseLabels(_ rest: inout Substring) -> [String: String]? {
        var labels: [String: String] = [:]
        rest.removeFirst()
        while let first = rest.first {
            if first == "}" {
                rest.removeFirst()
                return labels
            }
            if first == "," || first == " " {
                rest.removeFirst()
                continue
            }
            let name = rest.prefix { $0 != "=" }
            rest = rest.dropFirst(name.count + 1)
            guard rest.first == "\"", let value = parseQuoted(&rest) else { return nil }
            labels[String(name)] = value
        }
        return nil
    }

    private static func parseQuoted(_ rest: inout Substring) -> String? {
        var text = ""
        rest.removeFirst()
        while let character = rest.popFirst() {
            switch character {
            case "\"": return text
            case "\\":
                guard let escaped = rest.popFirst() else { return nil }
                text.append(escaped == "n" ? "\n" : escaped)
            default: text.append(character)
            }
        }
        return nil
    }

    private static func number(_ text: String) -> Double? {
        switch text {
        case "+Inf": .infinity
        case "-Inf": -.infinity
        case "NaN": .nan
        default: Double(text)
        }
    }
}
