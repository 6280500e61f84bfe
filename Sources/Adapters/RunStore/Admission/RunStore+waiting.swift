internal import PostgresClient
package import SlipwayCore

/// Where a run stands that is admitted and not claimed.
package struct DispatchPosition: Sendable, Hashable {
    /// Runs of its cluster that are claimed before it; counted up to a bound.
    package var ahead: Int
    /// Runs of its cluster that are being placed.
    package var starting: Int
}

/// Runs that are held as `paused`, by why.
package struct PausedCount: Sendable, Hashable {
    package var team: String
    package var reason: ReasonCode?
    package var runs: Int
}

// What explains a wait besides the queue.
extension RunStore {
    /// Ends that are looked at to tell how fast a team's runs go.
    private static let pace = 2000
    /// Runs that are counted before one.
    private static let counted = 10_000

    package func dispatchPosition(of run: RunRecord) async throws -> DispatchPosition {
        let rows = try await pool.query(
            """
            SELECT (SELECT count(*) FROM (
                    SELECT FROM live_runs
                    WHERE (state = 'ready' OR (state = 'pending' AND is_promoted)) AND cluster = \(run.cluster)
                        AND (NOT is_promoted, -priority, id) < (\(!run.isPromoted), \(-run.priority), \(run.id))
                    LIMIT \(Self.counted)) AS before) AS ahead,
                (SELECT count(*) FROM live_runs
                    WHERE state = 'starting' AND cluster = \(run.cluster) AND released_at IS NULL) AS starting
            """
        ).decode(Int.self, Int.self)
        return DispatchPosition(ahead: rows.first?.0 ?? 0, starting: rows.first?.1 ?? 0)
    }

    /// How many runs of a team were admitted each second of the last hour, as far as live and lately ended ones tell; `nil`
    /// if too few were to say.
    package func admissionRate(ofTeam team: String) async throws -> Double? {
        let rows = try await pool.query(
            """
            SELECT count(*), extract(epoch FROM clock_timestamp() - min(admitted_at))::float8 FROM (
                SELECT admitted_at FROM live_runs WHERE team = \(team) AND admitted_at IS NOT NULL
                UNION ALL
                SELECT admitted_at FROM (
                    SELECT team, admitted_at FROM finished_runs ORDER BY changed_in DESC LIMIT \(Self.pace)) AS latest
                WHERE team = \(team)) AS admitted
            WHERE admitted_at > clock_timestamp() - interval '1 hour'
            """
        ).decode(Int.self, Double?.self)
        guard let (count, seconds) = rows.first, let seconds, count > 1, seconds > 0 else { return nil }
        return Double(count) / seconds
    }

    /// Paused runs by team and reason.
    package func pausedCounts(teams: [String]? = nil) async throws -> [PausedCount] {
        try await pool.query(
            """
            SELECT team, reason, count(*) FROM live_runs
            WHERE state = 'paused' AND (\(nullable: teams)::text[] IS NULL OR team = ANY(\(nullable: teams)::text[]))
            GROUP BY team, reason ORDER BY team, reason
            """
        ).decode(String.self, ReasonCode?.self, Int.self).map { PausedCount(team: $0.0, reason: $0.1, runs: $0.2) }
    }

    /// The demand of the time since a moment: runs made since then that were admitted, ended by a concurrency policy, or wait.
    ///
    /// Runs take as long as they took; those that are not over as long as their job's others, else a minute.
    /// - Parameter limit: as many at most, the oldest.
    package func demands(since: Timestamp, limit: Int) async throws -> [QuotaSimulation.Demand] {
        let first = Identifier(
            millisecondsSince1970: UInt64(max(0, since.microsecondsSince1970 / 1000)),
            randomHigh: 0,
            randomLow: 0
        )
        let columns = "id, team, job_id, cluster, priority, created_at, cpu_millicores, memory_bytes, limit_keys"
        let rows = try await pool.query(
            """
            SELECT \(unescaped: columns), extract(epoch FROM ended_at - admitted_at)::float8 AS seconds, true AS is_over
            FROM finished_runs
            WHERE id >= \(first) AND (admitted_at IS NOT NULL OR reason IN ('concurrency_skipped', 'superseded'))
            UNION ALL
            SELECT \(unescaped: columns), extract(epoch FROM clock_timestamp() - admitted_at)::float8, false
            FROM live_runs WHERE id >= \(first) AND NOT is_promoted AND state <> 'paused'
            ORDER BY id LIMIT \(limit)
            """
        ).rows
        var demands: [(run: PendingRun, seconds: Double?, isOver: Bool)] = []
        var known: [JobID: (sum: Double, count: Int)] = [:]
        for row in rows {
            let limitKeys: PostgresJSON = try row.value("limit_keys")
            let run = PendingRun(
                id: try row.value("id"),
                team: try row.value("team"),
                job: try row.value("job_id"),
                cluster: try row.value("cluster"),
                priority: try row.value("priority"),
                createdAt: try row.value("created_at"),
                cpuMillicores: try row.value("cpu_millicores"),
                memoryBytes: try row.value("memory_bytes"),
                limitKeys: limitKeys.text == "[]" ? [] : try decoded(limitKeys)
            )
            let seconds: Double? = try row.value("seconds")
            let isOver: Bool = try row.value("is_over")
            if isOver, let seconds {
                known[run.job, default: (0, 0)].sum += seconds
                known[run.job, default: (0, 0)].count += 1
            }
            demands.append((run, seconds, isOver))
        }
        return demands.map { demand in
            let average = known[demand.run.job].map { $0.sum / Double($0.count) } ?? 60
            let seconds = demand.isOver ? demand.seconds ?? average : max(demand.seconds ?? 0, average)
            return QuotaSimulation.Demand(run: demand.run, duration: .milliseconds(Int64(max(0, seconds) * 1000)))
        }
    }
}
