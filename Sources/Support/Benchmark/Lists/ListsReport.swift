internal import FoundationEssentials

/// How long pages of lists take.
package struct ListsReport: Codable, Sendable, Equatable {
    /// One kind of page.
    package struct Row: Codable, Sendable, Equatable {
        package var name: String
        /// The fewest on a page.
        package var runs: Int
        package var seconds: Quantiles
    }

    package var runs: Int
    package var clients: Int
    package var requiredP99Seconds: Double?
    package var rows: [Row]

    package var isPassed: Bool {
        guard let bar = requiredP99Seconds else { return true }
        return rows.allSatisfy { $0.seconds.p99 <= bar }
    }

    /// For people, at most 100 columns wide.
    package var text: String {
        var table = FigureTable("PAGE", "RUNS", "P50", "P99", "MAX")
        for row in rows {
            table.add(
                row.name,
                "\(row.runs)",
                FigureText.seconds(row.seconds.median),
                FigureText.seconds(row.seconds.p99),
                FigureText.seconds(row.seconds.maximum)
            )
        }
        return "\(runs) runs are over; \(clients) at once\n\(table.text)"
    }

    package func json() throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
        return String(decoding: try encoder.encode(self), as: UTF8.self)
    }
}
