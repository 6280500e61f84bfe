internal import PostgresClient
package import SlipwayCore

// Rows that go although their partition stays: of teams that keep less than others, and of runs that were kept when their
// partition went. A bounded number at once.

extension RunStore {
    /// Whose rows are meant: a team's, or with an empty name all but those of the teams that have numbers of their own.
    package struct RetentionScope: Sendable, Hashable {
        package var team: String
        /// The teams with numbers of their own.
        package var others: [String]

        package init(team: String, policy: RetentionPolicy) {
            self.team = team
            others = policy.teams.keys.sorted()
        }
    }

    /// Removes what belongs to runs that ended long enough ago, from where it was left off before.
    ///
    /// - Returns: how many runs were looked at; as many as it takes at once if there may be more, none if others were in the way.
    package func removeOldRows(
        _ kind: RetentionKind,
        of scope: RetentionScope,
        days: Int
    ) async throws -> Int {
        try await unlessInUse { transaction in
            let due = try await transaction.query(Self.due(kind, scope, days: days, limit: limits.batch))
                .decode(RunID.self, Timestamp.self, Bool.self)
            guard let last = due.last else { return 0 }
            let going = due.filter { !$0.2 }.map(\.0)
            try await Self.remove(kind, of: going, in: transaction)
            try await transaction.query(
                """
                INSERT INTO retention_progress (team, kind, ended_at, run_id)
                VALUES (\(scope.team), \(kind.rawValue), \(last.1), \(last.0))
                ON CONFLICT (team, kind) DO UPDATE SET ended_at = excluded.ended_at, run_id = excluded.run_id
                """
            )
            return due.count
        }
    }

    /// Removes rows of runs that nobody pins meanwhile.
    ///
    /// - Returns: 0 also if a lock was not to be had soon: then it is done in the next round.
    private func unlessInUse(_ body: (PostgresTransaction) async throws -> Int) async throws -> Int {
        do {
            return try await pool.transaction { transaction in
                try await Self.holdPins(in: transaction)
                return try await body(transaction)
            }
        } catch let error as PostgresError where error.isLockTimeout {
            return 0
        }
    }

    /// The runs that come next, with whether each is pinned.
    private static func due(_ kind: RetentionKind, _ scope: RetentionScope, days: Int, limit: Int) -> PostgresQuery {
        """
        WITH progress AS MATERIALIZED (
            SELECT coalesce(max(ended_at), '-infinity') AS ended_at,
                coalesce((array_agg(run_id))[1], '00000000-0000-0000-0000-000000000000') AS run_id
            FROM retention_progress WHERE team = \(scope.team) AND kind = \(kind.rawValue)
        )
        SELECT f.id, f.ended_at, EXISTS (SELECT FROM run_pins p WHERE p.run_id = f.id)
        FROM finished_runs f
        WHERE f.ended_at >= (SELECT ended_at FROM progress)
            AND (f.ended_at, f.id) > (SELECT ended_at, run_id FROM progress)
            AND f.ended_at <= now() - make_interval(days => \(days)::int)
            AND CASE WHEN \(scope.team) = '' THEN f.team <> ALL(\(scope.others)) ELSE f.team = \(scope.team) END
        ORDER BY f.ended_at, f.id LIMIT \(limit)
        """
    }

    /// Removes all of a kind that belongs to these runs; with ``RetentionKind/runs`` all there is of them.
    private static func remove(
        _ kind: RetentionKind,
        of runs: [RunID],
        in transaction: PostgresTransaction
    ) async throws {
        guard !runs.isEmpty else { return }
        if kind == .logs || kind == .runs {
            try await transaction.query(
                """
                WITH gone AS (
                    DELETE FROM run_log_chunks WHERE run_id = ANY(\(runs)) RETURNING run_id, object_key
                )
                INSERT INTO log_removals (run_id) SELECT DISTINCT run_id FROM gone WHERE object_key IS NOT NULL
                ON CONFLICT DO NOTHING
                """
            )
        }
        for table in kind == .runs ? RunTable.allCases : kind.runTables {
            try await transaction.query(
                "DELETE FROM \(unescaped: table.rawValue) WHERE \(unescaped: table.key) = ANY(\(runs))"
            )
        }
    }

    /// How many runs ``removeOldRows(_:of:days:)`` would look at, at most so many.
    package func countOldRows(
        _ kind: RetentionKind,
        of scope: RetentionScope,
        days: Int,
        most: Int
    ) async throws -> Int {
        try await pool.query(Self.due(kind, scope, days: days, limit: most)).decode(
            RunID.self,
            Timestamp.self,
            Bool.self
        )
        .count { !$0.2 }
    }

    /// Removes what was kept when its partition went, and is not to be kept any longer.
    ///
    /// - Returns: how many rows.
    package func removeKeptRows(_ policy: RetentionPolicy) async throws -> Int {
        var count = try await removeDanglingPins()
        for table in RunTable.allCases where table != .runs {
            guard let days = policy.partitionDays(table.kind) else { continue }
            count += try await unlessInUse { transaction in
                try await transaction.query(
                    """
                    DELETE FROM \(unescaped: table.rawValue)_default WHERE ctid = ANY(ARRAY(
                        SELECT d.ctid FROM \(unescaped: table.rawValue)_default d
                        WHERE d.run_id < first_id_at(now() - make_interval(days => \(days)::int))
                            AND NOT EXISTS (SELECT FROM live_runs r WHERE r.id = d.run_id)
                            AND NOT EXISTS (SELECT FROM run_pins p WHERE p.run_id = d.run_id)
                            AND NOT EXISTS (SELECT FROM finished_runs f
                                WHERE f.id = d.run_id AND f.ended_at > now() - make_interval(days => \(days)::int))
                        LIMIT \(Self.rowsAtOnce)))
                    """
                ).affectedRows
            }
        }
        if let days = policy.partitionDays(.logs) {
            count += try await unlessInUse { transaction in
                try await transaction.query(
                    """
                    WITH gone AS (
                        DELETE FROM run_log_chunks_default WHERE ctid = ANY(ARRAY(
                            SELECT d.ctid FROM run_log_chunks_default d
                            WHERE d.stored_on < (now() AT TIME ZONE 'UTC')::date - \(days)::int
                                AND NOT EXISTS (SELECT FROM run_pins p WHERE p.run_id = d.run_id)
                            LIMIT \(Self.rowsAtOnce)))
                        RETURNING run_id, object_key
                    ), noted AS (
                        INSERT INTO log_object_removals (object_key, run_id)
                        SELECT DISTINCT object_key, run_id FROM gone WHERE object_key IS NOT NULL
                        ON CONFLICT DO NOTHING
                    )
                    SELECT count(*) FROM gone
                    """
                ).decode(Int.self)[0]
            }
        }
        guard let days = policy.partitionDays(.runs) else { return count }
        return try await count
            + unlessInUse { transaction in
                let runs = try await transaction.query(
                    """
                    SELECT id FROM finished_runs_default f
                    WHERE f.ended_at <= now() - make_interval(days => \(days)::int)
                        AND NOT EXISTS (SELECT FROM run_pins p WHERE p.run_id = f.id)
                    LIMIT \(limits.batch)
                    """
                ).decode(RunID.self)
                try await Self.remove(.runs, of: runs, in: transaction)
                return runs.count
            }
    }

    /// Forgets that runs are pinned that are not there.
    private func removeDanglingPins() async throws -> Int {
        try await pool.query(
            """
            DELETE FROM run_pins WHERE run_id IN (
                SELECT p.run_id FROM run_pins p
                WHERE NOT EXISTS (SELECT FROM live_runs r WHERE r.id = p.run_id)
                    AND NOT EXISTS (SELECT FROM finished_runs f WHERE f.id = p.run_id)
                LIMIT \(limits.batch))
            """
        ).affectedRows
    }

    /// Rows that one statement takes away or changes.
    package static let rowsAtOnce = 5000

    /// Removes old rows of the ledger of ticks or of the audit log.
    ///
    /// - Returns: how many, a bounded number at once.
    package func removeOldEntries(_ kind: RetentionKind, of scope: RetentionScope, days: Int) async throws -> Int {
        switch kind {
        case .ticks:
            return try await pool.query(
                """
                WITH old AS (
                    SELECT t.schedule_id, t.tick FROM schedule_ticks t JOIN jobs j ON j.id = t.job_id
                    WHERE t.decided_at < clock_timestamp() - make_interval(days => \(days)::int)
                        AND CASE WHEN \(scope.team) = '' THEN j.team <> ALL(\(scope.others)) ELSE j.team = \(scope.team) END
                    ORDER BY t.decided_at LIMIT \(Self.rowsAtOnce)
                ), backfills AS (
                    DELETE FROM schedule_backfills b USING schedules s, jobs j
                    WHERE s.id = b.schedule_id AND j.id = s.job_id
                        AND b.created_at < clock_timestamp() - make_interval(days => \(days)::int)
                        AND CASE WHEN \(scope.team) = '' THEN j.team <> ALL(\(scope.others)) ELSE j.team = \(scope.team) END
                )
                DELETE FROM schedule_ticks t USING old WHERE t.schedule_id = old.schedule_id AND t.tick = old.tick
                """
            ).affectedRows
        case .audit:
            return try await pool.query(
                """
                WITH old AS (
                    SELECT id FROM audit_log
                    WHERE at < clock_timestamp() - make_interval(days => \(days)::int)
                        AND CASE WHEN \(scope.team) = '' THEN coalesce(team, '') <> ALL(\(scope.others))
                            ELSE team = \(scope.team) END
                    ORDER BY id LIMIT \(Self.rowsAtOnce)
                )
                DELETE FROM audit_log a USING old WHERE a.id = old.id
                """
            ).affectedRows
        case .runs, .events, .tasks, .outputs, .metrics, .logs, .deliveries: return 0
        }
    }
}
