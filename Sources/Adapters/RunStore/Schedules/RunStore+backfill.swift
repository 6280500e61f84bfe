internal import PostgresClient
package import SlipwayCore

/// Ticks of a time that has passed, for which somebody wants runs.
package struct BackfillRequest: Sendable {
    package var range: Range<Timestamp>
    package var selection: Backfill.Selection
    package var order: Backfill.Order
    /// Tells what would be made and makes nothing.
    package var isDryRun: Bool

    package init(
        range: Range<Timestamp>,
        selection: Backfill.Selection = .withoutRun,
        order: Backfill.Order = .oldestFirst,
        isDryRun: Bool = false
    ) {
        self.range = range
        self.selection = selection
        self.order = order
        self.isDryRun = isDryRun
    }
}

/// What a backfill made, or would make.
package struct BackfillResult: Sendable {
    package var backfill: Backfill
    /// The new runs by tick; empty for a dry run.
    package var runs: [Timestamp: RunID]
}

extension RunStore {
    /// Makes a run for each of a schedule's ticks in a range of the past that had none, in one transaction. Whoever asks
    /// again finds that they had.
    ///
    /// - Parameter submission: what so many runs take from the budget of their team; `nil`: nothing. Not asked for a dry run.
    /// - Returns: `nil` if there is no such schedule.
    /// - Throws: `RunVariableErrors` if the schedule's variables do not fit the job; `ClusterRefusal` if no cluster takes it; `ScheduleError` if its zone is unknown
    ///   or its job archived; ``SubmissionRefusal`` if its team has submitted as many runs as it may.
    package func backfill(
        _ editing: ScheduleEditing,
        _ request: BackfillRequest,
        submission: (Int) throws -> Submission? = { _ in nil }
    ) async throws -> BackfillResult? {
        try await pool.transaction { transaction in
            let found = try await transaction.query(
                """
                SELECT \(unescaped: ScheduleRecord.columns), j.current_version, v.spec AS job_spec, clock_timestamp() AS now,
                    j.archived_at IS NOT NULL AS is_archived
                FROM schedules s JOIN jobs j ON j.id = s.job_id
                JOIN job_versions v ON v.job_id = j.id AND v.version = j.current_version
                WHERE s.job_id = \(editing.job) AND s.name = \(editing.name) FOR UPDATE OF s
                """
            )
            guard let row = found.first else { return nil }
            let record = try ScheduleRecord(row: row)
            guard try !row.value("is_archived", as: Bool.self) else {
                throw ScheduleError(field: "job", value: record.jobName, allowed: "one that is not archived")
            }
            let schedule = try record.schedule(zones)
            let ticks = Backfill.ticks(of: schedule, in: request.range, now: try row.value("now"))
            let known = try await Self.known(record.id, ticks, in: transaction)
            let backfill = Backfill(ticks, selection: request.selection, order: request.order) { known[$0] }
            var result = BackfillResult(backfill: backfill, runs: [:])
            let job = ScheduledJob(
                id: record.jobID,
                version: try row.value("current_version"),
                spec: try decoded(row.value("job_spec")),
                isPaused: record.isJobPaused,
                isArchived: false
            )
            var clusters = try await clusterChoice(in: transaction)
            var runs: [NewRun] = []
            for item in backfill.items where item.createsRun {
                let run: NewRun
                do throws(TickRefusal) {
                    run = try record.newRun(
                        of: job,
                        at: item.tick,
                        schedule: schedule,
                        trigger: .backfill(record.id, tick: item.tick),
                        on: &clusters,
                        retrySource,
                        by: editing.actor,
                        why: editing.why
                            ?? "backfill of \(record.text(of: item.tick, schedule)) of schedule \(record.name)"
                    )
                } catch {
                    throw error.cause
                }
                runs.append(run)
                result.runs[item.tick] = run.id
            }
            guard !request.isDryRun, !runs.isEmpty else {
                result.runs = [:]
                return result
            }
            if let submission = try submission(runs.count) { try await Self.take([submission], in: transaction) }
            let made = runs.compactMap { $0.trigger.tick?.at }
            try await transaction.query(
                """
                INSERT INTO schedule_backfills (schedule_id, tick, run_id)
                SELECT \(record.id), t.tick, t.run_id FROM unnest(\(made), \(runs.map(\.id))) AS t (tick, run_id)
                ON CONFLICT (schedule_id, tick) DO UPDATE SET run_id = excluded.run_id, created_at = excluded.created_at
                """
            )
            try await transaction.query(Self.creation(of: runs))
            try await transaction.query(
                """
                INSERT INTO audit_log (origin, actor, action, team, subject_kind, subject, why, details)
                VALUES (\(nullable: AuditOrigin.json)::jsonb, \(nullable: editing.actor)::text, 'backfill', \(record.team), 'schedule', \(record.id.description),
                    \(nullable: editing.why)::text, jsonb_build_object('job', \(record.jobName)::text,
                    'name', \(record.name)::text, 'from', \(request.range.lowerBound), 'until', \(request.range.upperBound),
                    'runs', \(runs.count)))
                """
            )
            return result
        }
    }

    /// What the ledger has of ticks. A row may stand for many: then it is the last one before the tick.
    private static func known(
        _ schedule: ScheduleID,
        _ ticks: [Timestamp],
        in transaction: PostgresTransaction
    ) async throws -> [Timestamp: TickOutcome] {
        guard !ticks.isEmpty else { return [:] }
        let rows = try await transaction.query(
            """
            SELECT w.tick, CASE WHEN l.through >= w.tick THEN l.outcome END, l.reason, b.run_id IS NOT NULL
            FROM unnest(\(ticks)) AS w (tick)
            LEFT JOIN LATERAL (
                SELECT through, outcome, reason FROM schedule_ticks WHERE schedule_id = \(schedule) AND tick <= w.tick
                ORDER BY tick DESC LIMIT 1) AS l ON true
            LEFT JOIN schedule_backfills b ON b.schedule_id = \(schedule) AND b.tick = w.tick
            """
        ).decode(Timestamp.self, String?.self, String?.self, Bool.self)
        var known: [Timestamp: TickOutcome] = [:]
        for (tick, outcome, reason, isBackfilled) in rows {
            switch outcome {
            case "fired": known[tick] = .fired
            case "caught_up": known[tick] = .caughtUp
            case _ where isBackfilled: known[tick] = .caughtUp
            case nil: break
            default: known[tick] = .skipped(reason.flatMap(TickSkipReason.init) ?? .missed)
            }
        }
        return known
    }
}
