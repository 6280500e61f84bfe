internal import PostgresClient

extension RunStore {
    /// Notes runs that were not over when their job's `sla` expected them to be, each once: those that go on, and those that
    /// ended since the last look; and jobs of which so many runs in a row failed that their team is to be told, each once until a
    /// run succeeds.
    ///
    /// - Returns: how many runs were late.
    package func noteAlerts() async throws -> Int {
        try await pool.transaction { transaction in
            // One process at a time. From the oldest transaction on that was under way at the last look: what is seen twice is noted
            // once.
            let spans = try await transaction.query(
                """
                SELECT up_to::text, pg_snapshot_xmin(pg_current_snapshot())::text FROM followed
                WHERE name = 'ends for alerts' FOR UPDATE
                """
            ).decode(String.self, String.self)
            guard let (since, until) = spans.first else { return 0 }
            let late = try await transaction.query(Self.lateRuns).affectedRows
            let ended = try await transaction.query(Self.lateEnds(since: since)).affectedRows
            try await transaction.query(Self.endedRows(since: since))
            try await transaction.query(
                "UPDATE followed SET up_to = \(until)::text::xid8 WHERE name = 'ends for alerts'"
            )
            return late + ended
        }
    }

    /// When a run was expected to be over; `r` is the run, `v` its version. Of a run that follows another by its job's policy the
    /// time is that of the first.
    private static let due = """
        LATERAL (SELECT CASE WHEN r.origin_kind = 'automatic'
            THEN coalesce((SELECT f.created_at FROM finished_runs f WHERE f.id = r.root_id), r.created_at)
            ELSE r.created_at END AS created_at) AS made,
        LATERAL (SELECT CASE v.spec #>> '{sla,from}' WHEN 'started' THEN r.running_at
            WHEN 'scheduled' THEN coalesce(r.tick, made.created_at) ELSE made.created_at END
            + make_interval(secs => (v.spec #>> '{sla,within_seconds}')::float8) AS at) AS due
        """

    private static let notedMisses = """
        noted AS (
            INSERT INTO sla_misses (run_id, due_at) SELECT id, at FROM late ON CONFLICT DO NOTHING RETURNING run_id, due_at
        )
        INSERT INTO run_events (run_id, kind, state, at, message)
        SELECT n.run_id, 'sla_missed', l.state, clock_timestamp(), 'it was expected to be over by ' || rfc3339(n.due_at)
        FROM noted n JOIN late l ON l.id = n.run_id
        """

    private static let lateRuns: PostgresQuery = """
        WITH late AS MATERIALIZED (
            SELECT r.id, r.state, due.at
            FROM job_versions v JOIN live_runs r ON r.job_id = v.job_id AND r.job_version = v.version,
                \(unescaped: due)
            WHERE v.spec ? 'sla' AND due.at <= clock_timestamp()
                AND NOT EXISTS (SELECT FROM sla_misses m WHERE m.run_id = r.id)
        ), \(unescaped: notedMisses)
        """

    /// A run that was cancelled is not late: nobody expects it any more.
    private static func lateEnds(since: String) -> PostgresQuery {
        """
        WITH late AS MATERIALIZED (
            SELECT r.id, r.state, due.at
            FROM finished_runs r JOIN job_versions v ON v.job_id = r.job_id AND v.version = r.job_version,
                \(unescaped: due)
            WHERE r.changed_in >= \(since)::text::xid8
                AND v.spec ? 'sla' AND r.ended_at > due.at AND r.state <> 'cancelled'
                AND NOT EXISTS (SELECT FROM sla_misses m WHERE m.run_id = r.id)
        ), \(unescaped: notedMisses)
        """
    }

    /// Of the runs of a job in the order in which they were made; cancelled ones say nothing.
    private static func endedRows(since: String) -> PostgresQuery {
        """
        WITH wanted AS MATERIALIZED (
            SELECT j.id, j.team, j.name, (v.spec #>> '{alerts,failures_in_a_row}')::int AS threshold
            FROM jobs j JOIN job_versions v ON v.job_id = j.id AND v.version = j.current_version
            WHERE v.spec ? 'alerts' AND j.id IN (
                SELECT job_id FROM finished_runs
                WHERE changed_in >= \(since)::text::xid8)
        ), rows AS MATERIALIZED (
            SELECT w.*, l.run_id, l.reason, l.message, l.state, l.ended_at
            FROM wanted w, LATERAL (
                SELECT count(*) FILTER (WHERE state <> 'succeeded') AS failures, (array_agg(id))[1] AS run_id,
                    (array_agg(reason))[1] AS reason, (array_agg(message))[1] AS message,
                    (array_agg(state))[1] AS state, (array_agg(ended_at))[1] AS ended_at
                FROM (
                    SELECT id, state, reason, message, ended_at FROM finished_runs
                    WHERE job_id = w.id AND state <> 'cancelled' ORDER BY id DESC LIMIT w.threshold
                ) AS latest
            ) AS l
            WHERE l.failures >= w.threshold
        ), noted AS (
            INSERT INTO job_alerts AS a (job_id, run_id, failures) SELECT id, run_id, threshold FROM rows
            -- Told before, unless one succeeded since.
            ON CONFLICT (job_id) DO UPDATE SET run_id = excluded.run_id, failures = excluded.failures,
                    told_at = clock_timestamp()
                WHERE EXISTS (
                    SELECT FROM finished_runs f
                    WHERE f.job_id = a.job_id AND f.state = 'succeeded' AND f.id > a.run_id)
            RETURNING a.job_id
        ), events AS (
            INSERT INTO run_events (run_id, kind, at, reason, message)
            SELECT r.run_id, 'repeated_failure', clock_timestamp(), r.reason,
                r.threshold || ' runs of the job in a row failed'
            FROM rows r JOIN noted n ON n.job_id = r.id
        )
        SELECT tell_team(r.team, 'job.repeated_failure', clock_timestamp(), jsonb_build_object(
            'job', jsonb_build_object('id', r.id, 'name', r.name), 'failures', jsonb_build_object('in_a_row', r.threshold),
            'run', jsonb_strip_nulls(jsonb_build_object('id', r.run_id, 'job', r.name, 'state', r.state, 'reason', r.reason,
                'message', left(r.message, 2000), 'ended_at', rfc3339(r.ended_at)))))
        FROM rows r JOIN noted n ON n.job_id = r.id
        """
    }
}
