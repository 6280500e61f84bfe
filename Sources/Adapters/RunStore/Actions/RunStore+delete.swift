internal import PostgresClient
package import SlipwayCore

extension RunStore {
    /// Removes runs that are over, with their events, tasks, logs, outputs, use and placements. The record of who did it stays, and
    /// so does a pod's pending clean-up. What they took since their teams were charged last is charged here. Safe to repeat.
    ///
    /// - Returns: for each id: changed, with the state it had; already so, if it was deleted before; not possible for a run that
    ///   is not over; or not found.
    package func delete(_ ids: [RunID], by actor: String?, why: String?) async throws -> [ActionResult] {
        guard !ids.isEmpty else { return [] }
        let answer = try await pool.transaction { transaction in
            // A statement of its own, so that the next one sees what was written about them before they were locked.
            try await transaction.query("SELECT FROM finished_runs WHERE id = ANY(\(ids)) ORDER BY id FOR UPDATE")
            // Whoever charges these teams beside this has done so, or does not find the runs any more.
            try await transaction.query(
                """
                SELECT FROM teams WHERE credits IS NOT NULL
                    AND name IN (SELECT team FROM finished_runs WHERE id = ANY(\(ids)))
                ORDER BY name FOR NO KEY UPDATE
                """
            )
            return try await transaction.query(Self.deletion(ids, actor, why))
        }.decode(RunID.self, RunState.self, Bool.self)
        var known: [RunID: ActionResult] = [:]
        for (id, state, isChanged) in answer {
            known[id] = ActionResult(id: id, change: isChanged ? .changed : .impossible, state: state)
        }
        let deleted = try await deletedBefore(ids.filter { known[$0] == nil })
        return ids.map {
            known[$0] ?? ActionResult(id: $0, change: deleted.contains($0) ? .alreadySo : .notFound)
        }
    }

    private static func deletion(_ ids: [RunID], _ actor: String?, _ why: String?) -> PostgresQuery {
        """
        WITH live AS (
            SELECT id, state FROM live_runs WHERE id = ANY(\(ids))
        ), gone AS (
            DELETE FROM finished_runs f WHERE f.id = ANY(\(ids))
            RETURNING f.id, f.team, f.job_name, f.job_version, f.state, f.created_at, f.cpu_millicores,
                f.placement_started_at, f.ended_at
        ), used AS (
            SELECT g.team, sum(g.cpu_millicores / 1000.0 * extract(epoch FROM
                g.ended_at - greatest(g.placement_started_at, t.credits_charged_at))::float8) AS cpu_seconds
            FROM gone g JOIN teams t ON t.name = g.team
            WHERE t.credits IS NOT NULL AND g.placement_started_at IS NOT NULL
                AND g.ended_at > greatest(g.placement_started_at, t.credits_charged_at)
            GROUP BY g.team
        ), charged AS (
            UPDATE teams t SET credits = t.credits - u.cpu_seconds FROM used u WHERE t.name = u.team
        ), events AS (
            DELETE FROM run_events x USING gone WHERE x.run_id = gone.id
        ), tasks AS (
            DELETE FROM run_tasks x USING gone WHERE x.run_id = gone.id
        ), warnings AS (
            DELETE FROM run_warnings x USING gone WHERE x.run_id = gone.id
        ), plans AS (
            DELETE FROM run_plans x USING gone WHERE x.run_id = gone.id
        ), logs AS (
            DELETE FROM run_log_chunks x USING gone WHERE x.run_id = gone.id
        ), objects AS (
            INSERT INTO log_removals (run_id)
            SELECT id FROM gone WHERE EXISTS (SELECT FROM log_moves m WHERE m.run_id = gone.id)
                OR EXISTS (SELECT FROM run_log_chunks c WHERE c.run_id = gone.id AND c.object_key IS NOT NULL)
            ON CONFLICT DO NOTHING
        ), outputs AS (
            DELETE FROM run_outputs x USING gone WHERE x.run_id = gone.id
        ), usage AS (
            DELETE FROM run_usage_chunks x USING gone WHERE x.run_id = gone.id
        ), placements AS (
            DELETE FROM run_placements x USING gone WHERE x.run_id = gone.id
        ), pins AS (
            DELETE FROM run_pins x USING gone WHERE x.run_id = gone.id
        ), misses AS (
            DELETE FROM sla_misses x USING gone WHERE x.run_id = gone.id
        ), audited AS (
            INSERT INTO audit_log (origin, actor, action, team, subject_kind, subject, why, details)
            SELECT \(nullable: AuditOrigin.json)::jsonb, \(nullable: actor)::text, 'delete', team, 'run', id::text, \(nullable: why)::text,
                jsonb_build_object('state', state, 'job', job_name, 'version', job_version, 'created_at', created_at)
            FROM gone
        )
        SELECT id, state, true AS is_changed FROM gone
        UNION ALL SELECT id, state, false FROM live
        """
    }

    /// Which of these runs somebody has deleted.
    ///
    /// - Parameter teams: only runs of these; `nil`: of all.
    package func deletedBefore(_ ids: [RunID], teams: [String]? = nil) async throws -> Set<RunID> {
        guard !ids.isEmpty else { return [] }
        let rows = try await pool.query(
            """
            SELECT w.id FROM unnest(\(ids)) AS w (id) WHERE EXISTS (
                SELECT FROM audit_log a
                WHERE a.subject_kind = 'run' AND a.subject = w.id::text AND a.action = 'delete'
                    AND (\(nullable: teams)::text[] IS NULL OR a.team = ANY(\(nullable: teams)::text[])))
            """
        ).decode(RunID.self)
        return Set(rows)
    }
}
