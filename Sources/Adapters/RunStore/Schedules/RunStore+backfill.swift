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
    /// - Returns: `nil` if there is no such schedule.
    /// - Throws: `RunVariableErrors` if the schedule's variables do not fit the job; `ClusterRefusal` if no cluster takes it; `ScheduleError` if its zone is unknown
    ///   or its job archived.
    package func backfill(_ editing: ScheduleEditing, _ request: BackfillRequest) async throws -> BackfillResult? {
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
            let known = try await Self.known(record.id, request.range, in: transaction)
            let backfill = Backfill(
                of: schedule,
                in: request.range,
                now: try row.value("now"),
                selection: request.selection,
                order: request.order
            ) { known.outcome(of: $0) }
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
            let ticks = runs.compactMap { $0.trigger.tick?.at }
            try await transaction.query(
                """
                INSERT INTO schedule_backfills (schedule_id, tick, run_id)
                SELECT \(record.id), t.tick, t.run_id FROM unnest(\(ticks), \(runs.map(\.id))) AS t (tick, run_id)
                ON CONFLICT (schedule_id, tick) DO UPDATE SET run_id = excluded.run_id, created_at = excluded.created_at
                """
            )
            try await transaction.query(Self.creation(of: runs))
            try await transaction.query(
                """
                INSERT INTO audit_log (actor, action, team, subject_kind, subject, why, details)
                VALUES (\(nullable: editing.actor)::text, 'backfill', \(record.team), 'schedule', \(record.id.description),
                    \(nullable: editing.why)::text, jsonb_build_object('job', \(record.jobName)::text,
                    'name', \(record.name)::text, 'from', \(request.range.lowerBound), 'until', \(request.range.upperBound),
                    'runs', \(runs.count)))
                """
            )
            return result
        }
    }

    private static func known(
        _ schedule: ScheduleID,
        _ range: Range<Timestamp>,
        in transaction: PostgresTransaction
    ) async throws -> KnownTicks {
        let rows = try await transaction.query(
            """
            SELECT tick, through, outcome, reason FROM schedule_ticks
            WHERE schedule_id = \(schedule) AND tick < \(range.upperBound) AND through >= \(range.lowerBound)
            UNION ALL
            SELECT tick, tick, 'caught_up', NULL FROM schedule_backfills
            WHERE schedule_id = \(schedule) AND tick < \(range.upperBound) AND tick >= \(range.lowerBound)
            """
        ).decode(Timestamp.self, Timestamp.self, String.self, String?.self)
        var known = KnownTicks()
        for (tick, through, outcome, reason) in rows {
            let outcome: TickOutcome =
                switch outcome {
                case "fired": .fired
                case "caught_up": .caughtUp
                default: .skipped(reason.flatMap(TickSkipReason.init) ?? .missed)
                }
            if tick == through, !(known.single[tick]?.createsRun ?? false) { known.single[tick] = outcome }
            if tick != through { known.spans.append((tick...through, outcome)) }
        }
        return known
    }
}

/// What the ledger has of the ticks in a range.
private struct KnownTicks {
    var single: [Timestamp: TickOutcome] = [:]
    /// Rows that stand for many.
    var spans: [(ClosedRange<Timestamp>, TickOutcome)] = []

    func outcome(of tick: Timestamp) -> TickOutcome? {
        single[tick] ?? spans.first { $0.0.contains(tick) }?.1
    }
}
