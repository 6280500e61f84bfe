internal import PostgresClient
internal import SlipwayCore

extension RunStore {
    /// What became of the placements that did not end well. It goes before the statements that move their runs on.
    static func placementStatements(_ changes: [RunChange]) throws -> [PostgresQuery] {
        let ended = changes.compactMap { change -> (change: RunChange, end: PlacementEnd)? in
            guard let end = change.report.end else { return nil }
            switch change.next {
            case .live: return nil
            case .replace: return (change, end)
            case .finished(let state, _, let told): return state == .succeeded ? nil : (change, told)
            }
        }
        guard !ended.isEmpty else { return [] }
        let evidence = try ended.map { try $0.end.evidence.map(postgresJSON) }
        return [
            """
            INSERT INTO run_placements (run_id, placement, cluster, node, pod_uid, started_at, ended_at, outcome, reason,
                message, evidence)
            SELECT r.id, r.placement, r.cluster, p.node, p.pod_uid, r.placement_started_at, p.ended_at, p.outcome, p.reason,
                p.message, p.evidence
            FROM unnest(\(ended.map(\.change.run.id)), \(ended.map(\.change.report.node))::text[],
                \(ended.map(\.change.report.podUID))::text[], \(ended.map(\.end.at)),
                \(ended.map(\.end.outcome.rawValue)), \(ended.map(\.end.reason))::text[],
                \(ended.map(\.end.message))::text[], \(evidence)::jsonb[])
                AS p (id, node, pod_uid, ended_at, outcome, reason, message, evidence)
            JOIN live_runs r ON r.id = p.id
            ON CONFLICT (run_id, placement) DO UPDATE SET node = excluded.node, pod_uid = excluded.pod_uid,
                started_at = excluded.started_at, ended_at = excluded.ended_at, outcome = excluded.outcome,
                reason = excluded.reason, message = excluded.message, evidence = excluded.evidence
            """
        ]
    }

    /// Keeps ends that come too late to count: of a placement that another one followed, or a success of a run that ended
    /// otherwise under another lease.
    ///
    /// - Returns: how many were kept.
    static func keepLateEnds(_ reports: [PlacementReport], in transaction: PostgresTransaction) async throws -> Int {
        guard !reports.isEmpty else { return 0 }
        let ends = try reports.map { try $0.end.map(postgresJSON) }
        let kept = try await transaction.query(
            """
            WITH told AS (
                SELECT * FROM unnest(\(reports.map(\.runID)), \(reports.map(\.placement))::int[],
                    \(reports.map(\.leaseEpoch)), \(reports.map { $0.end?.outcome.rawValue })::text[], \(ends)::jsonb[])
                    AS t (id, placement, epoch, outcome, late_end)
            ), kept AS (
                INSERT INTO run_placements (run_id, placement, cluster, late_end)
                SELECT r.id, t.placement, r.cluster, t.late_end FROM told t JOIN runs r ON r.id = t.id
                WHERE r.placement > t.placement OR (r.released_at IS NOT NULL AND r.lease_epoch > t.epoch)
                    OR (r.ended_at IS NOT NULL AND r.lease_epoch > t.epoch
                    AND t.outcome = 'succeeded' AND r.state <> 'succeeded')
                ON CONFLICT (run_id, placement) DO UPDATE SET late_end = excluded.late_end
                    WHERE run_placements.late_end IS NULL
                RETURNING run_id, placement, late_end
            )
            INSERT INTO run_events (run_id, kind, at, placement, reason, message)
            SELECT run_id, 'late_end', clock_timestamp(), placement, late_end ->> 'reason',
                'a placement that was given up ended as ' || (late_end ->> 'outcome')
            FROM kept
            """
        )
        return kept.affectedRows
    }
}
