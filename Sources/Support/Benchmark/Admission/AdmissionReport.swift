internal import FoundationEssentials

/// What deciding about admission costs.
package struct AdmissionReport: Codable, Sendable, Equatable {
    /// What was measured with one number of waiting runs. Times are in seconds.
    package struct Row: Codable, Sendable, Equatable {
        package var pending: Int
        /// Telling the queue of all of them.
        package var loadingSeconds: Double
        /// Admitting until nothing more can go.
        package var firstSeconds: Double
        /// Taking in what changed, deciding, and taking in what was decided.
        package var cycleSeconds: Quantiles
        /// Deciding once more when nothing has changed.
        package var idleCycleSeconds: Quantiles
        /// Telling of one run why it waits; `nil` if none of the first ones still waits.
        package var explanationSeconds: Quantiles?
        package var admittedPerCycle: Double
        /// The reference: looking once at every run that waits.
        package var passSeconds: Double
        /// What the queue took of the process's memory, where earlier measurements left none to use.
        package var residentBytes: Int

        package var bytesPerRun: Double { Double(residentBytes) / Double(max(1, pending)) }

        /// A cycle's median in passes over all that wait.
        package var ratio: Double { passSeconds > 0 ? cycleSeconds.median / passSeconds : 0 }
    }

    package var teams: Int
    package var cycles: Int
    package var changes: Int
    package var requiredCycleSeconds: Double?
    package var rows: [Row]

    package var isPassed: Bool {
        guard let bar = requiredCycleSeconds else { return true }
        return rows.allSatisfy { $0.cycleSeconds.maximum <= bar }
    }

    /// For people, at most 100 columns wide.
    package var text: String {
        var table = FigureTable(
            "PENDING",
            "CYCLE P50",
            "P99",
            "MAX",
            "OF A PASS",
            "IDLE P99",
            "WHY P99",
            "LOADED IN",
            "A RUN"
        )
        for row in rows {
            table.add(
                "\(row.pending)",
                FigureText.seconds(row.cycleSeconds.median),
                FigureText.seconds(row.cycleSeconds.p99),
                FigureText.seconds(row.cycleSeconds.maximum),
                FigureText.threeDigits(row.ratio),
                FigureText.seconds(row.idleCycleSeconds.p99),
                FigureText.seconds(row.explanationSeconds?.p99),
                FigureText.seconds(row.loadingSeconds),
                FigureText.bytes(row.bytesPerRun)
            )
        }
        var lines = ["\(teams) teams; in each of \(cycles) cycles \(changes) runs end and \(changes) come", table.text]
        if let bar = requiredCycleSeconds {
            let verdict = isPassed ? "no cycle took longer than" : "MISSED: a cycle took longer than"
            lines.append("\(verdict) \(FigureText.seconds(bar))")
        }
        return lines.joined(separator: "\n\n")
    }

    /// Every figure, for programs.
    package func json() throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        encoder.keyEncodingStrategy = .convertToSnakeCase
        return String(decoding: try encoder.encode(self), as: UTF8.self)
    }
}

/// The usual three of some samples; 0 without any.
package struct Quantiles: Codable, Sendable, Equatable {
    package var median: Double
    package var p99: Double
    package var maximum: Double

    package init(_ values: [Double]) {
        let samples = Samples(values)
        median = samples.quantile(0.5) ?? 0
        p99 = samples.quantile(0.99) ?? 0
        maximum = samples.maximum ?? 0
    }
}
