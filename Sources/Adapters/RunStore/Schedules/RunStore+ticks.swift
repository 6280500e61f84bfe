internal import PostgresClient
package import SlipwayCore

/// Which rows of the ledger a list shows. All that is set must hold.
package struct TickFilter: Sendable {
    package var job: JobID
    package var schedule: ScheduleID?
    package var scheduleName: String?
    /// `fired`, `caught_up`, `skipped`.
    package var outcomes: [String]?
    package var reasons: [String]?
    /// From this tick on.
    package var since: Timestamp?
    /// Before this tick.
    package var until: Timestamp?

    package init(
        job: JobID,
        schedule: ScheduleID? = nil,
        scheduleName: String? = nil,
        outcomes: [String]? = nil,
        reasons: [String]? = nil,
        since: Timestamp? = nil,
        until: Timestamp? = nil
    ) {
        self.job = job
        self.schedule = schedule
        self.scheduleName = scheduleName
        self.outcomes = outcomes
        self.reasons = reasons
        self.since = since
        self.until = until
    }
}

extension RunStore {
    /// Rows of the ledger, latest first, those of deleted schedules included.
    ///
    /// - Parameter position: only what comes behind it in this order.
    package func ticks(
        _ filter: TickFilter,
        after position: (tick: Timestamp, schedule: ScheduleID)? = nil,
        limit: Int
    ) async throws -> [TickRecord] {
        let result = try await pool.query(
            """
            SELECT t.schedule_id, t.schedule_name, t.tick, t.through, t.ticks, t.is_count_exact, t.outcome, t.reason,
                t.message, t.run_id, t.decided_at, b.run_id AS backfill_run_id
            FROM schedule_ticks t
            LEFT JOIN schedule_backfills b ON b.schedule_id = t.schedule_id AND b.tick = t.tick
            WHERE t.job_id = \(filter.job)
                AND (\(nullable: filter.schedule)::uuid IS NULL OR t.schedule_id = \(nullable: filter.schedule))
                AND (\(nullable: filter.scheduleName)::text IS NULL OR t.schedule_name = \(nullable: filter.scheduleName))
                AND (\(nullable: filter.outcomes)::text[] IS NULL OR t.outcome = ANY(\(nullable: filter.outcomes)))
                AND (\(nullable: filter.reasons)::text[] IS NULL OR t.reason = ANY(\(nullable: filter.reasons)))
                AND (\(nullable: filter.since)::timestamptz IS NULL OR t.through >= \(nullable: filter.since))
                AND (\(nullable: filter.until)::timestamptz IS NULL OR t.tick < \(nullable: filter.until))
                AND (\(nullable: position?.tick)::timestamptz IS NULL
                    OR (t.tick, t.schedule_id) < (\(nullable: position?.tick), \(nullable: position?.schedule)::uuid))
            ORDER BY t.tick DESC, t.schedule_id DESC LIMIT \(min(max(limit, 1), limits.page))
            """
        )
        return try result.rows.map(TickRecord.init(row:))
    }
}
