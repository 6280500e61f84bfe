internal import SlipwayCore

/// What goes on at one moment.
struct TopSnapshot: Sendable {
    var holds: [Document]
    var runs: [Document]
    var clusters: [Document]
    var holders: [Document]

    /// The most active runs that are looked at.
    private static let mostRuns = 500

    private static let activeStates = RunState.allCases.filter { !$0.isTerminal && $0 != .pending && $0 != .paused }

    static func take(_ client: APIClient, team: String?) async throws -> TopSnapshot {
        let states = activeStates.map(\.rawValue).joined(separator: ",")
        async let holds = client.get("/admission/holds", [("team", team)])
        async let runs = client.get("/runs", [("state", states), ("team", team), ("limit", String(mostRuns))])
        async let clusters = client.get("/clusters", [("limit", "100")])
        async let holders = client.get("/holders")
        return TopSnapshot(
            holds: try await holds.elements("holds"),
            runs: try await runs.elements("runs"),
            clusters: try await clusters.elements("clusters"),
            holders: try await holders.elements("holders")
        )
    }

    var document: Document {
        .object([
            "holds": .array(holds), "runs": .array(runs), "clusters": .array(clusters), "holders": .array(holders),
        ])
    }

    /// How many runs wait.
    var waiting: Int { holds.reduce(0) { $0 + ($1.integer("runs") ?? 0) } }

    /// All of it, one part below the other.
    func text(_ format: OutputFormat) -> String {
        let width = format == .wide ? nil : Terminal.width
        let parts: [(title: String, listing: Listing, rows: [Document])] = [
            ("QUEUE", .holds, holds), ("RUNS", .runs, runs), ("CLUSTERS", .clusters, clusters),
            ("PROCESSES", .holders, holders),
        ]
        return parts.map { title, listing, rows in
            let table = rows.isEmpty ? "none" : listing.table(rows, format).text(width: width)
            return "\(title) (\(rows.count))\n\(table)"
        }.joined(separator: "\n\n")
    }

    /// Those in which the text occurs.
    func filtered(_ text: String) -> TopSnapshot {
        guard !text.isEmpty else { return self }
        let wanted = text.lowercased()
        var filtered = self
        filtered.runs = runs.filter { run in
            ["id", "job", "team", "state", "cluster"].contains { run.text($0).lowercased().contains(wanted) }
        }
        filtered.holds = holds.filter { hold in
            ["team", "reason", "state"].contains { hold.text($0).lowercased().contains(wanted) }
        }
        return filtered
    }
}
