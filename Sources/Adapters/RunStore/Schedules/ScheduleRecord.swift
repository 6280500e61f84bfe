internal import PostgresClient
package import SlipwayCore

/// A schedule as it is stored.
package struct ScheduleRecord: Sendable {
    package var id: ScheduleID
    package var jobID: JobID
    package var team: String
    package var jobName: String
    package var name: String
    package var spec: ScheduleSpec
    package var isPaused: Bool
    /// When its ticks were changed last, or it was resumed: ticks before are never considered.
    package var effectiveSince: Timestamp
    /// The last tick in the ledger.
    package var lastSettled: Timestamp?
    /// When it is decided again; `nil`: only an event can make it due.
    package var nextDue: Timestamp?
    /// The run of its last tick that made one.
    package var lastRunID: RunID?
    /// Why it could not be decided; `nil`: it can.
    package var problem: String?
    package var isFromJobFile: Bool
    package var revision: Int64
    package var createdBy: String?
    package var createdAt: Timestamp
    package var updatedAt: Timestamp
    /// Its job is paused: its ticks are skipped.
    package var isJobPaused: Bool

    /// Of `schedules s JOIN jobs j`.
    static let columns = """
        s.id, s.job_id, j.team, j.name AS job_name, s.name, s.spec, s.is_paused, s.effective_since, s.last_settled, \
        s.next_due, s.last_run_id, s.problem, s.is_from_job_file, s.revision, s.created_by, s.created_at, s.updated_at, \
        j.paused_at IS NOT NULL AS is_job_paused
        """

    init(row: PostgresRow) throws {
        id = try row.value("id")
        jobID = try row.value("job_id")
        team = try row.value("team")
        jobName = try row.value("job_name")
        name = try row.value("name")
        spec = try decoded(row.value("spec"))
        isPaused = try row.value("is_paused")
        effectiveSince = try row.value("effective_since")
        lastSettled = try row.value("last_settled")
        nextDue = try row.value("next_due")
        lastRunID = try row.value("last_run_id")
        problem = try row.value("problem")
        isFromJobFile = try row.value("is_from_job_file")
        revision = try row.value("revision")
        createdBy = try row.value("created_by")
        createdAt = try row.value("created_at")
        updatedAt = try row.value("updated_at")
        isJobPaused = try row.value("is_job_paused")
    }

    /// What decides its ticks.
    ///
    /// - Throws: if its zone is unknown.
    package func schedule(_ zones: ZoneCatalog) throws(ScheduleError) -> Schedule {
        spec.schedule(id, zone: try zones.zone(spec.zone), isPaused: isPaused, effectiveSince: effectiveSince)
    }
}

/// What became of a tick, or of many in a row that ended alike.
package struct TickRecord: Sendable {
    package var scheduleID: ScheduleID
    package var scheduleName: String
    /// The only or the first tick.
    package var tick: Timestamp
    /// The only or the last tick.
    package var through: Timestamp
    package var ticks: Int
    package var isCountExact: Bool
    /// `fired`, `caught_up` or `skipped`.
    package var outcome: String
    package var reason: TickSkipReason?
    package var message: String?
    package var runID: RunID?
    package var decidedAt: Timestamp
    /// The run that somebody asked for later.
    package var backfillRunID: RunID?

    init(row: PostgresRow) throws {
        scheduleID = try row.value("schedule_id")
        scheduleName = try row.value("schedule_name")
        tick = try row.value("tick")
        through = try row.value("through")
        ticks = try row.value("ticks")
        isCountExact = try row.value("is_count_exact")
        outcome = try row.value("outcome")
        reason = try row.value("reason", as: String?.self).flatMap(TickSkipReason.init)
        message = try row.value("message")
        runID = try row.value("run_id")
        decidedAt = try row.value("decided_at")
        backfillRunID = try row.value("backfill_run_id")
    }
}
