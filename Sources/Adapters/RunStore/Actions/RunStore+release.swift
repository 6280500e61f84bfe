internal import PostgresClient
package import SlipwayCore

/// A run to be released, with what its job allows its own code.
package struct Release: Sendable, Hashable {
    package var id: RunID
    /// The job's `timeouts.run`, as this run has it.
    package var runTimeout: Duration

    package init(id: RunID, runTimeout: Duration) {
        self.id = id
        self.runTimeout = runTimeout
    }
}

extension RunStore {
    /// How long a released run whose own code did not run stays before it is ended.
    package static let releasePatience = Duration.seconds(600)

    /// Lets go of placed runs without cancelling them: the state stays, nobody holds the run any more, and what its placement
    /// still tells is not accepted. A pod whose code runs is left to finish until what is left of the run's time has passed;
    /// any other pod is removed. Safe to repeat.
    ///
    /// - Returns: for each id: changed, with the holder that should be told; already so; not possible for a run that is not
    ///   placed, cancelling or over; or not found.
    ///
    /// - Parameter states: if given, a run that is in another state by now is left alone.
    package func release(
        _ releases: [Release],
        by actor: String?,
        why: String?,
        in states: [RunState]? = nil
    ) async throws -> [ActionResult] {
        guard !releases.isEmpty else { return [] }
        let ids = releases.map(\.id)
        let answer = try await pool.query(
            """
            WITH allowed AS (
                SELECT * FROM unnest(\(ids), \(releases.map(\.runTimeout.postgresInterval))) AS a (id, run_timeout)
            ), before AS MATERIALIZED (
                SELECT id, state, team, cluster, holder_id, lease_epoch, released_at, release_deadline FROM live_runs
                WHERE id = ANY(\(ids)) ORDER BY id FOR UPDATE
            ), changed AS (
                UPDATE live_runs r SET holder_id = NULL, lease_epoch = r.lease_epoch + 1, released_at = clock_timestamp(),
                    release_deadline = CASE r.state
                        WHEN 'running' THEN greatest(clock_timestamp(),
                            coalesce(r.running_at, r.state_since) + a.run_timeout)
                        ELSE clock_timestamp() + \(Self.releasePatience.postgresInterval) END
                FROM before b JOIN allowed a USING (id)
                WHERE r.id = b.id AND b.state = ANY(\(RunState.placed)) AND b.released_at IS NULL
                    AND (\(nullable: states)::text[] IS NULL OR b.state = ANY(\(nullable: states)::text[]))
                RETURNING r.*
            ), cleaned AS (
                INSERT INTO cleanups (run_id, placement, cluster, team, namespace)
                SELECT id, placement, cluster, team, namespace FROM changed WHERE state <> 'running'
                ON CONFLICT DO NOTHING
            ), placements AS (
                INSERT INTO run_placements (run_id, placement, cluster, node, pod_uid, started_at, ended_at, outcome, reason,
                    message)
                SELECT id, placement, cluster, node, pod_uid, placement_started_at, released_at, 'released', 'released',
                    \(nullable: why)::text
                FROM changed
                ON CONFLICT (run_id, placement) DO UPDATE SET ended_at = excluded.ended_at, outcome = excluded.outcome,
                    reason = excluded.reason, message = excluded.message
            ), told AS (
                INSERT INTO run_events (run_id, kind, state, at, reason, message, actor, placement, lease_epoch)
                SELECT id, 'released', state, released_at, 'released', \(nullable: why)::text, \(nullable: actor)::text,
                    placement, lease_epoch
                FROM changed
            ), audited AS (
                INSERT INTO audit_log (origin, actor, action, team, subject_kind, subject, why, details)
                SELECT \(nullable: AuditOrigin.json)::jsonb, \(nullable: actor)::text, 'release', team, 'run', id::text, \(nullable: why)::text,
                    jsonb_build_object('state', state, 'placement', placement)
                FROM changed
            )
            SELECT b.id, b.state, c.id IS NOT NULL AS is_changed, b.released_at IS NOT NULL AS is_already_so, b.cluster,
                b.holder_id, coalesce(c.lease_epoch, b.lease_epoch) AS lease_epoch,
                coalesce(c.release_deadline, b.release_deadline) AS release_deadline
            FROM before b LEFT JOIN changed c USING (id)
            """
        )
        return try await results(answer, of: ids, finished: .impossible)
    }

    /// Ends released runs whose deadline has passed; their pods are to be removed.
    ///
    /// - Returns: how many; `limits.batch` at most.
    package func endReleased() async throws -> Int {
        try await pool.query(
            """
            WITH due AS (
                SELECT id FROM live_runs WHERE released_at IS NOT NULL AND release_deadline <= clock_timestamp()
                ORDER BY id LIMIT \(limits.batch) FOR UPDATE SKIP LOCKED
            ), gone AS (
                DELETE FROM live_runs r USING due WHERE r.id = due.id
                RETURNING r.*, clock_timestamp() AS now
            ), cleaned AS (
                INSERT INTO cleanups (run_id, placement, cluster, team, namespace)
                SELECT id, placement, cluster, team, namespace FROM gone
                ON CONFLICT DO NOTHING
            ), told AS (
                INSERT INTO run_events (run_id, kind, from_state, state, at, reason, message, placement, lease_epoch)
                SELECT id, 'state', state, 'cancelled', now, 'released', \(Self.releaseEnd), placement, lease_epoch FROM gone
            ), over AS (
                SELECT id, 'cancelled' AS state, 'released' AS reason, now AS ended_at FROM gone
            ), \(unescaped: Self.settlement("settled", of: "over")), finished AS (
                INSERT INTO finished_runs (\(unescaped: Self.finishedColumns), state, ended_at, reason, failure_class, message)
                SELECT \(unescaped: Self.finishedColumns), 'cancelled', now, 'released', 'cancelled', \(Self.releaseEnd)
                FROM gone
            )
            SELECT id FROM gone
            """
        ).rowCount
    }

    private static let releaseEnd = "it was released, and the time it had to finish has passed"
}
