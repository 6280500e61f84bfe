internal import PostgresClient
package import SlipwayCore

/// What a live process holds.
package struct Holdings: Sendable, Hashable {
    /// Leases of runs.
    package var runs = 0
    /// What it alone performs, by name.
    package var duties: [String] = []
}

extension RunStore {
    /// What each process holds; those that hold nothing are missing.
    package func holdings() async throws -> [HolderID: Holdings] {
        let runs = try await pool.query(
            "SELECT holder_id, count(*)::bigint FROM live_runs WHERE holder_id IS NOT NULL GROUP BY holder_id"
        ).decode(HolderID.self, Int.self)
        let duties = try await pool.query(
            "SELECT holder_id, duty FROM terms WHERE holder_id IS NOT NULL AND expires_at > clock_timestamp() ORDER BY duty"
        ).decode(HolderID.self, String.self)
        var holdings: [HolderID: Holdings] = [:]
        for (holder, count) in runs { holdings[holder, default: Holdings()].runs = count }
        for (holder, duty) in duties { holdings[holder, default: Holdings()].duties.append(duty) }
        return holdings
    }
}
