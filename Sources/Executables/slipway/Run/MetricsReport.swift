internal import SlipwayCore

/// What a run took, told to a person.
struct MetricsReport {
    let metrics: Document
    /// In terminal columns; `nil` cuts nothing.
    let width: Int?

    private static let barWidth = 30
    private static let courseWidth = 30

    var text: String {
        [facts, states, resources, tasks].filter { !$0.isEmpty }.joined(separator: "\n\n")
    }

    private var facts: String {
        var facts = Facts()
        facts.add("Run", metrics.text("run"))
        facts.add("Job", "\(metrics.text("team"))/\(metrics.text("job"))")
        facts.add("State", metrics.text("state"))
        facts.add("Time", metrics.seconds("seconds").map(Moments.duration) ?? "")
        let samples = metrics.elements("containers").compactMap { $0["used"]?.integer("samples") }.max()
        facts.add("Samples", samples.map(String.init) ?? "none: it was too short, or its cluster tells no metrics")
        facts.add("Cost", metrics["cost"].map(CostText.of) ?? "")
        return facts.text
    }

    /// A state entered again is added up.
    private var states: String {
        var order: [String] = []
        var seconds: [String: Double] = [:]
        for stay in metrics.elements("states") {
            guard let length = stay.seconds("seconds") else { continue }
            let state = stay.text("state")
            if seconds[state] == nil { order.append(state) }
            seconds[state, default: 0] += length
        }
        guard !order.isEmpty else { return "" }
        return bars(title: "STATE", order.map { ($0, [], seconds[$0] ?? 0) }, extraTitles: [])
    }

    /// The longest first.
    private var tasks: String {
        let tasks = metrics.elements("tasks").filter { $0.seconds("seconds") != nil }
            .sorted { ($0.seconds("seconds") ?? 0) > ($1.seconds("seconds") ?? 0) }
        guard !tasks.isEmpty else { return "" }
        return bars(
            title: "TASK",
            tasks.map { ($0.text("name"), [$0.text("state")], $0.seconds("seconds") ?? 0) },
            extraTitles: ["STATE"]
        )
    }

    private func bars(
        title: String,
        _ rows: [(name: String, extra: [String], seconds: Double)],
        extraTitles: [String]
    ) -> String {
        let longest = rows.map(\.seconds).max() ?? 0
        return Table(
            titles: [title] + extraTitles + ["TIME", ""],
            rows: rows.map { row in
                [row.name] + row.extra
                    + [Moments.duration(row.seconds), Bars.bar(row.seconds, of: longest, width: Self.barWidth)]
            },
            elastic: [0],
            rightAligned: [1 + extraTitles.count]
        ).text(width: width)
    }

    /// A row for each resource of each container. A course goes from nothing to the peak.
    private var resources: String {
        let rows = metrics.elements("containers").flatMap { container -> [[String]] in
            let (limit, used) = (container["requested"] ?? .null, container["used"] ?? .null)
            return [
                [
                    "\(container.text("name")) cpu", Amounts.cores(limit.integer("cpu_millicores")),
                    Amounts.cores(used.integer("average_cpu_millicores")),
                    Amounts.cores(used.integer("peak_cpu_millicores")),
                    used.seconds("cpu_seconds").map(Moments.duration) ?? "", course("cpu_millicores", of: container),
                ],
                [
                    "\(container.text("name")) memory", Amounts.bytes(limit.integer("memory_bytes")),
                    Amounts.bytes(used.integer("average_memory_bytes")),
                    Amounts.bytes(used.integer("peak_memory_bytes")), "", course("memory_bytes", of: container),
                ],
            ]
        }
        guard !rows.isEmpty else { return "" }
        let titles = ["RESOURCE", "LIMIT", "AVERAGE", "PEAK", "TOTAL", "COURSE"]
        return Table(titles: titles, rows: rows, elastic: [0, 5], rightAligned: [1, 2, 3, 4]).text(width: width)
    }

    private func course(_ key: String, of container: Document) -> String {
        let values = container["series"]?.elements(key).compactMap { value -> Double? in
            if case .integer(let number) = value { Double(number) } else { nil }
        }
        guard let values, values.count > 1 else { return "" }
        return Bars.course(values, width: Self.courseWidth)
    }
}

/// Resources as people read them.
enum Amounts {
    /// Cores, such as `0.25` or `2`; empty if unknown.
    static func cores(_ millicores: Int?) -> String {
        guard let millicores else { return "" }
        let fraction = String(1000 + millicores % 1000).dropFirst()
        let digits = fraction.reversed().drop { $0 == "0" }.reversed()
        return "\(millicores / 1000)" + (digits.isEmpty ? "" : ".\(String(digits))")
    }

    /// Such as `512Mi` or `1.5Gi`; empty if unknown.
    static func bytes(_ bytes: Int?) -> String {
        guard let bytes else { return "" }
        for (unit, shift) in [("Gi", 30), ("Mi", 20), ("Ki", 10)] where bytes >= 1 << shift {
            let tenths = (Double(bytes) / Double(1 << shift) * 10).rounded()
            let whole = Int(tenths) / 10
            return Int(tenths) % 10 == 0 || whole >= 100 ? "\(whole)\(unit)" : "\(whole).\(Int(tenths) % 10)\(unit)"
        }
        return "\(bytes)"
    }
}

/// What a run cost, in a few words.
enum CostText {
    static func of(_ cost: Document) -> String {
        let currency = cost.text("currency")
        func money(_ key: String) -> String? {
            cost.seconds(key).map { amount(of: $0) + (currency.isEmpty ? "" : " \(currency)") }
        }
        guard let reserved = money("reserved") else { return "" }
        return "\(reserved) reserved" + (money("used").map { ", \($0) used" } ?? "")
    }

    /// Two digits behind the point, or for little as many as show two that are not 0, six at the most.
    static func amount(of value: Double) -> String {
        var digits = 2
        var scale = 100.0
        while digits < 6, value > 0, value * scale < 10 {
            digits += 1
            scale *= 10
        }
        let whole = Int64((value * scale).rounded())
        let fraction = String(whole % Int64(scale))
        return "\(whole / Int64(scale)).\(String(repeating: "0", count: digits - fraction.count))\(fraction)"
    }
}

/// Lengths drawn with letters.
enum Bars {
    /// Plain letters where a terminal may not know others.
    private static var isPlain: Bool { !Terminal.knowsBlocks }

    /// A length out of a longest one; anything above nothing shows.
    static func bar(_ value: Double, of longest: Double, width: Int) -> String {
        guard longest > 0, value > 0 else { return "" }
        let length = max(1, Int((value / longest * Double(width)).rounded()))
        return String(repeating: isPlain ? "#" : "█", count: length)
    }

    /// A course over time, of at most this many letters: in each the largest of its values, as high as its part of the largest.
    static func course(_ values: [Double], width: Int) -> String {
        let count = min(values.count, width)
        guard count > 0 else { return "" }
        let heights = (0..<count).map { index in
            values[(index * values.count / count)..<((index + 1) * values.count / count)].max() ?? 0
        }
        let most = heights.max() ?? 0
        let levels = Array(isPlain ? "_.-=+*%#" : "▁▂▃▄▅▆▇█")
        return String(
            heights.map { height in
                guard most > 0 else { return levels[0] }
                return levels[min(levels.count - 1, Int(height / most * Double(levels.count)))]
            }
        )
    }
}
