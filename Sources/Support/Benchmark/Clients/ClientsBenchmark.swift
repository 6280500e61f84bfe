internal import FoundationEssentials

/// Measures the three clients, each against its own server's limits.
package struct ClientsBenchmark: Sendable {
    let plan: ClientsPlan
    let report: @Sendable (String) -> Void

    /// - Parameter report: gets a line for each step, to show to a person.
    package init(plan: ClientsPlan, report: @escaping @Sendable (String) -> Void) {
        self.plan = plan
        self.report = report
    }

    package func run() async throws -> ClientsReport {
        var best: [Comparison] = []
        for number in 1...plan.rounds {
            report("round \(number) of \(plan.rounds)")
            let round = try await measure()
            best = best.isEmpty ? round : zip(best, round).map { $0.best(with: $1) }
        }
        return ClientsReport(seconds: plan.seconds, rounds: plan.rounds, comparisons: best)
    }

    private func measure() async throws -> [Comparison] {
        var comparisons: [Comparison] = []
        if let url = plan.postgresURL {
            comparisons += try await PostgresMeasurements(url: url, seconds: plan.seconds).run(report)
        }
        if let url = plan.amqpURL {
            comparisons += try await AMQPMeasurements(url: url, seconds: plan.seconds).run(report)
        }
        if let address = plan.kubernetes {
            comparisons += try await KubernetesMeasurements(address: address, seconds: plan.seconds).run(report)
        }
        return comparisons
    }
}

/// What the clients reach beside what their servers allow.
package struct ClientsReport: Codable, Sendable, Equatable {
    /// How long each figure was measured in a round.
    package var seconds: Int
    /// Of which the best counts.
    package var rounds: Int
    package var comparisons: [Comparison]

    /// For people, at most 100 columns wide.
    package var text: String {
        Self.clients(of: comparisons).map { client in
            var table = FigureTable(client, "PER SECOND", "UNIT", "LIMIT", "BY", "RATIO")
            for comparison in comparisons where comparison.client == client {
                table.add(
                    comparison.what,
                    FigureText.rate(comparison.perSecond),
                    comparison.unit,
                    FigureText.rate(comparison.limitPerSecond),
                    comparison.limitName,
                    comparison.ratio.map { FigureText.decimal($0, places: 2) } ?? "-"
                )
            }
            return table.text
        }.joined(separator: "\n\n")
    }

    private static func clients(of comparisons: [Comparison]) -> [String] {
        comparisons.map(\.client).reduce(into: []) { names, name in
            if !names.contains(name) { names.append(name) }
        }
    }

    /// Every figure, for programs.
    package func json() throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        encoder.keyEncodingStrategy = .convertToSnakeCase
        return String(decoding: try encoder.encode(self), as: UTF8.self)
    }
}
