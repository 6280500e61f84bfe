internal import PostgresClient
package import SlipwayCore

extension RunStore {
    /// Lets runs go before all others: a dispatcher takes them first, also those that are still `pending`. A paused run is
    /// pending again. Safe to repeat.
    ///
    /// - Returns: for each id: changed, with the cluster whose dispatchers should be told; already so, also if a promoted run
    ///   was placed meanwhile; not possible for any other run that is placed or over; or not found.
    ///
    /// - Parameter states: if given, a run that is in another state by now is left alone.
    package func promote(
        _ ids: [RunID],
        by actor: String?,
        why: String?,
        in states: [RunState]? = nil
    ) async throws -> [ActionResult] {
        guard !ids.isEmpty else { return [] }
        let answer = try await pool.query(
            """
            WITH before AS MATERIALIZED (
                SELECT id, state, team, cluster, holder_id, lease_epoch, is_promoted FROM live_runs
                WHERE id = ANY(\(ids)) ORDER BY id FOR UPDATE
            ), changed AS (
                UPDATE live_runs r SET is_promoted = true, eligible_at = NULL,
                    state = CASE b.state WHEN 'paused' THEN 'pending' ELSE r.state END,
                    state_since = CASE b.state WHEN 'paused' THEN greatest(clock_timestamp(), r.state_since)
                        ELSE r.state_since END,
                    reason = CASE b.state WHEN 'ready' THEN r.reason END,
                    message = CASE b.state WHEN 'ready' THEN r.message END
                FROM before b
                WHERE r.id = b.id AND (b.state = 'paused' OR (b.state IN ('pending', 'ready') AND NOT b.is_promoted))
                    AND (\(nullable: states)::text[] IS NULL OR b.state = ANY(\(nullable: states)::text[]))
                RETURNING r.id, r.state, r.state_since, b.state AS from_state
            ), told AS (
                INSERT INTO run_events (run_id, kind, from_state, state, at, message, actor)
                SELECT id, kind, from_state, state, at, message, actor FROM (
                    SELECT id, 'state' AS kind, from_state, state, state_since AS at, NULL AS message,
                        \(nullable: actor)::text AS actor
                    FROM changed WHERE from_state <> state
                    UNION ALL
                    SELECT id, 'promoted', NULL, state, clock_timestamp(), \(nullable: why)::text, \(nullable: actor)::text
                    FROM changed
                ) AS e ORDER BY id, kind DESC
            ), audited AS (
                INSERT INTO audit_log (origin, actor, action, team, subject_kind, subject, why, details)
                SELECT \(nullable: AuditOrigin.json)::jsonb, \(nullable: actor)::text, 'promote', b.team, 'run', b.id::text, \(nullable: why)::text,
                    jsonb_build_object('state', b.state)
                FROM changed c JOIN before b USING (id)
            )
            SELECT b.id, coalesce(c.state, b.state) AS state, c.id IS NOT NULL AS is_changed,
                c.id IS NULL AND b.is_promoted AS is_already_so, b.cluster, b.holder_id, b.lease_epoch,
                NULL::timestamptz AS release_deadline
            FROM before b LEFT JOIN changed c USING (id)
            """
        )
        return try await results(answer, of: ids, finished: .impossible)
    }
}
