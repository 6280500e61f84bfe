internal import PostgresClient
package import SlipwayCore

/// What became of an edit of a schedule.
package enum ScheduleEdit: Sendable {
    case created(ScheduleRecord)
    /// - runs: made for ticks that were in time and not decided yet.
    case changed(ScheduleRecord, runs: Int)
    /// It was so already.
    case unchanged(ScheduleRecord)
    case deleted(ScheduleRecord)
    case notFound
    case alreadyExists
    /// It was changed since the caller saw it: it has this revision now.
    case otherRevision(Int64)

    package var record: ScheduleRecord? {
        switch self {
        case .created(let record), .changed(let record, _), .unchanged(let record), .deleted(let record): record
        case .notFound, .alreadyExists, .otherRevision: nil
        }
    }
}

/// Which schedule is edited, by whom and why.
package struct ScheduleEditing: Sendable {
    package var job: JobID
    package var name: String
    /// Nothing is done if the schedule has another one.
    package var revision: Int64?
    package var actor: String?
    package var why: String?

    package init(job: JobID, name: String, revision: Int64? = nil, actor: String? = nil, why: String? = nil) {
        self.job = job
        self.name = name
        self.revision = revision
        self.actor = actor
        self.why = why
    }
}

extension RunStore {
    /// Makes a schedule. Its ticks are those from now on.
    ///
    /// - Throws: `ScheduleError` if its zone is unknown.
    package func createSchedule(
        _ editing: ScheduleEditing,
        _ spec: ScheduleSpec,
        isPaused: Bool = false,
        isFromJobFile: Bool = false
    ) async throws -> ScheduleEdit {
        let zone = try zones.zone(spec.zone)
        return try await pool.transaction { transaction in
            let now = try await Self.time(in: transaction)
            let id = retrySource.nextID()
            let schedule = spec.schedule(id, zone: zone, isPaused: isPaused, effectiveSince: now)
            let made = try await transaction.query(
                """
                INSERT INTO schedules (id, job_id, name, spec, is_paused, effective_since, next_due, is_from_job_file,
                    created_by)
                SELECT \(id), id, \(editing.name), \(try postgresJSON(spec)), \(isPaused), \(now),
                    \(nullable: schedule.nextDue(lastSettled: nil))::timestamptz, \(isFromJobFile),
                    \(nullable: editing.actor)::text
                FROM jobs WHERE id = \(editing.job)
                ON CONFLICT (job_id, name) DO NOTHING RETURNING id
                """
            )
            guard let record = try await Self.locked(editing, in: transaction) else { return .notFound }
            guard made.first != nil else { return .alreadyExists }
            try await Self.audit("create", from: nil, to: record, editing, in: transaction)
            return .created(record)
        }
    }

    /// Changes a schedule. If its ticks become others, those up to now are settled as they were, and it is effective from
    /// now on: nothing of the past is run by surprise.
    ///
    /// - Throws: `ScheduleError` if its zone is unknown.
    package func replaceSchedule(
        _ editing: ScheduleEditing,
        _ spec: ScheduleSpec,
        isFromJobFile: Bool = false
    ) async throws -> ScheduleEdit {
        let zone = try zones.zone(spec.zone)
        return try await edit(editing, "replace") { record, now in
            guard record.spec != spec || (isFromJobFile && !record.isFromJobFile) else { return nil }
            let old = Self.schedule(record, zones)
            var changed = record
            changed.spec = spec
            changed.isFromJobFile = record.isFromJobFile || isFromJobFile
            changed.problem = nil
            var new = spec.schedule(
                record.id,
                zone: zone,
                isPaused: record.isPaused,
                effectiveSince: record.effectiveSince
            )
            if old.map({ new.hasOtherTicks(than: $0) }) ?? true {
                changed.effectiveSince = now
                new.effectiveSince = now
            }
            return ScheduleChange(record: changed, schedule: new, old: old, settling: .edit)
        }
    }

    /// Stops a schedule from making runs, or lets it go on. Ticks up to now are settled; what lies between is skipped.
    package func pauseSchedule(_ editing: ScheduleEditing, isPaused: Bool) async throws -> ScheduleEdit {
        try await edit(editing, isPaused ? "pause" : "resume") { record, now in
            guard record.isPaused != isPaused else { return nil }
            var changed = record
            changed.isPaused = isPaused
            if !isPaused { changed.effectiveSince = now }
            let zone = Self.schedule(record, zones)?.zone ?? .utc
            let schedule = record.spec.schedule(
                record.id,
                zone: zone,
                isPaused: isPaused,
                effectiveSince: changed.effectiveSince
            )
            return ScheduleChange(
                record: changed,
                schedule: schedule,
                old: Self.schedule(record, zones),
                settling: isPaused ? .pause : .resume
            )
        }
    }

    /// Removes a schedule. Its ticks up to now are settled, and the ledger stays.
    package func deleteSchedule(_ editing: ScheduleEditing) async throws -> ScheduleEdit {
        try await pool.transaction { transaction in
            guard let record = try await Self.locked(editing, in: transaction) else { return .notFound }
            if let revision = editing.revision, revision != record.revision { return .otherRevision(record.revision) }
            let now = try await Self.time(in: transaction)
            if let schedule = Self.schedule(record, zones) {
                let entries = TickDecision.settle(
                    schedule,
                    lastSettled: record.lastSettled,
                    now: now,
                    before: .delete
                )
                let ticks = DecidedTicks(record: record, schedule: schedule, entries: entries)
                _ = try await settle(ticks, now: now, in: transaction)
            }
            try await transaction.query("DELETE FROM schedules WHERE id = \(record.id)")
            try await Self.audit("delete", from: record, to: nil, editing, in: transaction)
            return .deleted(record)
        }
    }

    // MARK: One edit

    /// What a schedule becomes.
    private struct ScheduleChange {
        var record: ScheduleRecord
        /// As it will be.
        var schedule: Schedule
        /// As it was; `nil` if that cannot be told here.
        var old: Schedule?
        var settling: TickDecision.Change
    }

    /// - Parameter change: what it becomes; `nil` if it is so already.
    private func edit(
        _ editing: ScheduleEditing,
        _ action: String,
        _ change: (ScheduleRecord, Timestamp) throws -> ScheduleChange?
    ) async throws -> ScheduleEdit {
        try await pool.transaction { transaction in
            guard let record = try await Self.locked(editing, in: transaction) else { return .notFound }
            if let revision = editing.revision, revision != record.revision { return .otherRevision(record.revision) }
            // The lock is held: no tick up to this moment is decided by anyone else.
            let now = try await Self.time(in: transaction)
            guard let change = try change(record, now) else { return .unchanged(record) }
            var written = WrittenTicks()
            var lastSettled = record.lastSettled
            let isSettled = change.record.effectiveSince != record.effectiveSince || change.settling == .pause
            if isSettled, let old = change.old {
                let entries = TickDecision.settle(old, lastSettled: lastSettled, now: now, before: change.settling)
                let ticks = DecidedTicks(record: record, schedule: old, entries: entries)
                written = try await settle(ticks, now: now, in: transaction)
                lastSettled = entries.last?.through ?? lastSettled
            }
            let lastRun = written.lastRuns[record.id] ?? record.lastRunID
            try await transaction.query(
                """
                UPDATE schedules SET spec = \(try postgresJSON(change.record.spec)), is_paused = \(change.record.isPaused),
                    effective_since = \(change.record.effectiveSince), last_settled = \(nullable: lastSettled)::timestamptz,
                    next_due = \(nullable: change.schedule.nextDue(lastSettled: lastSettled))::timestamptz,
                    last_run_id = \(nullable: lastRun)::uuid, problem = NULL, revision = revision + 1,
                    is_from_job_file = \(change.record.isFromJobFile), updated_at = \(now)
                WHERE id = \(record.id)
                """
            )
            try await Self.audit(action, from: record, to: change.record, editing, in: transaction)
            guard let changed = try await Self.locked(editing, in: transaction) else { return .notFound }
            return .changed(changed, runs: written.runs)
        }
    }

    private static func locked(
        _ editing: ScheduleEditing,
        in transaction: PostgresTransaction
    ) async throws -> ScheduleRecord? {
        try await transaction.query(
            """
            SELECT \(unescaped: ScheduleRecord.columns) FROM schedules s JOIN jobs j ON j.id = s.job_id
            WHERE s.job_id = \(editing.job) AND s.name = \(editing.name) FOR UPDATE OF s
            """
        ).first.map(ScheduleRecord.init(row:))
    }

    private static func time(in transaction: PostgresTransaction) async throws -> Timestamp {
        try await transaction.query("SELECT clock_timestamp()").decode(Timestamp.self)[0]
    }

    /// What decides its ticks; `nil` if its zone is not known here any more.
    private static func schedule(_ record: ScheduleRecord, _ zones: ZoneCatalog) -> Schedule? {
        // why: a schedule that nobody can decide has no ticks to settle, and must still be mended or deleted.
        try? record.schedule(zones)
    }

    /// - Parameters:
    ///   - before: `nil`: it is new.
    ///   - after: `nil`: it is deleted.
    private static func audit(
        _ action: String,
        from before: ScheduleRecord?,
        to after: ScheduleRecord?,
        _ editing: ScheduleEditing,
        in transaction: PostgresTransaction
    ) async throws {
        guard let record = after ?? before else { return }
        try await AuditEntry(
            action,
            team: record.team,
            kind: "schedule",
            subject: record.id.description,
            by: editing.actor,
            why: editing.why,
            details: .object(["job": .string(record.jobName), "name": .string(record.name)])
        ).changing(from: before.map(AuditedSchedule.init), to: after.map(AuditedSchedule.init)).write(in: transaction)
    }

    /// What people change of a schedule.
    private struct AuditedSchedule: Encodable {
        var spec: ScheduleSpec
        var paused: Bool

        init(_ record: ScheduleRecord) {
            spec = record.spec
            paused = record.isPaused
        }
    }
}
