internal import SlipwayCore

/// What goes on at one moment.
struct TopSnapshot: Sendable {
    var holds: [Document]
    var runs: [Document]
    /// Whether there are other active runs than those that were looked at.
    var hasMoreRuns: Bool
    var clusters: [Document]
    /// `nil` for those who may not see the processes: they are no team's.
    var holders: [Document]?

    /// The most active runs that are looked at.
    private static let mostRuns = 500
    private static let mostPages = 5
    private static let mostClusters = 1000

    private static let activeStates = RunState.allCases.filter { !$0.isTerminal && $0 != .pending && $0 != .paused }

    static func take(_ client: APIClient, team: String?) async throws -> TopSnapshot {
        let states = activeStates.map(\.rawValue).joined(separator: ",")
        let query = [("state", states), ("team", team)]
        async let holds = client.get("/admission/holds", [("team", team)])
        async let runs = client.first(mostRuns, "/runs", query, of: "runs", pages: mostPages)
        async let clusters = client.all("/clusters", of: "clusters", limit: mostClusters)
        async let holders = holders(client)
        let active = try await runs
        return TopSnapshot(
            holds: try await holds.elements("holds"),
            runs: active.rows,
            hasMoreRuns: active.hasMore,
            clusters: try await clusters,
            holders: try await holders
        )
    }

    private static func holders(_ client: APIClient) async throws -> [Document]? {
        do {
            return try await client.get("/holders").elements("holders")
        } catch let failure as Failure where failure.problem == "forbidden" {
            return nil
        }
    }

    var document: Document {
        var members: [String: JSONValue] = [
            "holds": .array(holds), "runs": .array(runs), "more_runs": .bool(hasMoreRuns), "clusters": .array(clusters),
        ]
        members["holders"] = holders.map(JSONValue.array)
        return .object(members)
    }

    /// How many runs wait.
    var waiting: Int { holds.reduce(0) { $0 + ($1.integer("runs") ?? 0) } }

    /// How many runs are active, or that there are more than so many.
    var runCount: String { "\(runs.count)\(hasMoreRuns ? "+" : "")" }

    /// All of it, one part below the other.
    func text(_ format: OutputFormat) -> String {
        let width = format == .wide ? nil : Terminal.width
        var parts: [(title: String, count: String, listing: Listing, rows: [Document])] = [
            ("QUEUE", String(holds.count), .holds, holds), ("RUNS", runCount, .runs, runs),
            ("CLUSTERS", String(clusters.count), .clusters, clusters),
        ]
        if let holders { parts.append(("PROCESSES", String(holders.count), .holders, holders)) }
        return parts.map { title, count, listing, rows in
            let table = rows.isEmpty ? "none" : listing.table(rows, format).text(width: width)
            return "\(title) (\(count))\n\(table)"
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
