internal import PostgresClient
package import SlipwayCore

/// What became of a request to cancel one run.
package enum CancelOutcome: Sendable, Hashable {
    /// It was not placed: it is over.
    case ended
    /// Its pod is being removed. The holder, if there is one, should be told.
    case cancelling(holder: HolderID?, cluster: String)
    /// It had ended before, in this state.
    case alreadyOver(RunState)
    case notFound
}

extension RunStore {
    /// Asks for one run's end. Safe to repeat.
    package func cancel(_ id: RunID, by actor: String?) async throws -> CancelOutcome {
        guard let result = try await cancel([id], by: actor, why: nil).first, let state = result.state else {
            return .notFound
        }
        if state == .cancelling { return .cancelling(holder: result.holder, cluster: result.cluster ?? "") }
        return result.change == .changed ? .ended : .alreadyOver(state)
    }

    /// Asks for the end of runs. What is not placed is over at once, what is placed becomes `cancelling`; a released run
    /// is wanted back for that. Safe to repeat.
    ///
    /// - Parameters:
    ///   - states: if given, a run that is in another state by now is left alone.
    ///   - term: if given, all are left alone once it is over.
    /// - Returns: for each id: changed; already so, if it was over or cancelling; not possible, if it is left alone; or not found.
    package func cancel(
        _ ids: [RunID],
        by actor: String?,
        why: String?,
        in states: [RunState]? = nil,
        under term: SchedulingTerm? = nil
    ) async throws -> [ActionResult] {
        guard !ids.isEmpty else { return [] }
        let answer = try await pool.query(
            """
            WITH before AS MATERIALIZED (
                SELECT id, state, team, cluster, holder_id, placement, lease_epoch FROM live_runs
                WHERE id = ANY(\(ids)) ORDER BY id FOR UPDATE
            ), meant AS (
                SELECT id, state FROM before
                WHERE (\(nullable: states)::text[] IS NULL OR state = ANY(\(nullable: states)::text[]))
                    AND (\(nullable: term?.number)::bigint IS NULL OR EXISTS (
                        SELECT FROM terms WHERE duty = 'scheduling' AND holder_id = \(nullable: term?.holder)
                            AND term = \(nullable: term?.number) AND expires_at > clock_timestamp() FOR SHARE))
            ), gone AS (
                DELETE FROM live_runs r USING meant b WHERE r.id = b.id AND b.state IN ('pending', 'paused', 'ready')
                RETURNING r.*, clock_timestamp() AS now
            ), finished AS (
                INSERT INTO finished_runs (\(unescaped: Self.finishedColumns), state, ended_at, reason, failure_class, message)
                SELECT \(unescaped: Self.finishedColumns), 'cancelled', now, 'cancel_requested', 'cancelled',
                    'cancelled before it was placed'
                FROM gone
            ), over AS (
                SELECT id, 'cancelled' AS state, 'cancel_requested' AS reason, now AS ended_at FROM gone
            ), \(unescaped: Self.settlement("settled", of: "over")), asked AS (
                UPDATE live_runs r SET state = 'cancelling', state_since = greatest(clock_timestamp(), r.state_since),
                    cancel_requested_by = \(nullable: actor), released_at = NULL, release_deadline = NULL
                FROM meant b WHERE r.id = b.id AND b.state = ANY(\(RunState.placed))
                RETURNING r.id, r.state_since
            ), changed AS (
                SELECT id, 'cancelled' AS state, now AS at FROM gone
                UNION ALL SELECT id, 'cancelling', state_since FROM asked
            ), told AS (
                INSERT INTO run_events (run_id, kind, from_state, state, at, reason, message, actor, placement, lease_epoch)
                SELECT b.id, 'state', b.state, c.state, c.at, 'cancel_requested', \(nullable: why)::text,
                    \(nullable: actor)::text, nullif(b.placement, 0), b.lease_epoch
                FROM changed c JOIN before b USING (id)
            ), audited AS (
                INSERT INTO audit_log (origin, actor, action, team, subject_kind, subject, why, details)
                SELECT \(nullable: AuditOrigin.json)::jsonb, \(nullable: actor)::text, 'cancel', b.team, 'run', b.id::text, \(nullable: why)::text,
                    jsonb_build_object('state', b.state)
                FROM changed c JOIN before b USING (id)
            )
            SELECT b.id, coalesce(c.state, b.state) AS state, c.id IS NOT NULL AS is_changed,
                c.id IS NULL AND b.state = 'cancelling' AS is_already_so, b.cluster, b.holder_id, b.lease_epoch, NULL::timestamptz AS release_deadline
            FROM before b LEFT JOIN changed c USING (id)
            """
        )
        return try await results(answer, of: ids, finished: .alreadySo)
    }
}
