internal import PostgresClient
package import SlipwayCore

extension RunStore {
    /// Has paused runs wait again; what paused them pauses them again if it still holds. Safe to repeat.
    ///
    /// - Parameter states: if given, a run that is in another state by now is left alone.
    /// - Returns: for each id: changed; already so, if it is pending; not possible for any other run; or not found.
    package func unpause(
        _ ids: [RunID],
        by actor: String?,
        why: String?,
        in states: [RunState]? = nil
    ) async throws -> [ActionResult] {
        guard !ids.isEmpty else { return [] }
        let answer = try await pool.query(
            """
            WITH before AS MATERIALIZED (
                SELECT id, state, reason, team, cluster, holder_id, lease_epoch FROM live_runs
                WHERE id = ANY(\(ids)) ORDER BY id FOR UPDATE
            ), changed AS (
                UPDATE live_runs r SET state = 'pending', state_since = greatest(clock_timestamp(), r.state_since),
                    reason = NULL, message = NULL
                FROM before b
                WHERE r.id = b.id AND b.state = 'paused'
                    AND (\(nullable: states)::text[] IS NULL OR b.state = ANY(\(nullable: states)::text[]))
                RETURNING r.id, r.state, r.state_since
            ), told AS (
                INSERT INTO run_events (run_id, kind, from_state, state, at, message, actor)
                SELECT id, 'state', 'paused', state, state_since, \(nullable: why)::text, \(nullable: actor)::text FROM changed
            ), audited AS (
                INSERT INTO audit_log (origin, actor, action, team, subject_kind, subject, why, details)
                SELECT \(nullable: AuditOrigin.json)::jsonb, \(nullable: actor)::text, 'unpause', b.team, 'run', b.id::text, \(nullable: why)::text,
                    jsonb_strip_nulls(jsonb_build_object('state', b.state, 'reason', b.reason))
                FROM changed c JOIN before b USING (id)
            )
            SELECT b.id, coalesce(c.state, b.state) AS state, c.id IS NOT NULL AS is_changed,
                b.state = 'pending' AS is_already_so, b.cluster, b.holder_id, b.lease_epoch,
                NULL::timestamptz AS release_deadline
            FROM before b LEFT JOIN changed c USING (id)
            """
        )
        return try await results(answer, of: ids, finished: .impossible)
    }
}
