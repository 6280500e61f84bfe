internal import RunMessaging
internal import RunStore
internal import SlipwayCore

/// The schedules that a job's own file makes.
struct JobSchedules: Sendable {
    struct Change {
        var name: String
        /// `created`, `updated`, `unchanged` or `deleted`.
        var change: String
    }

    private static let most = 500

    let store: RunStore
    let signals: ControlSignals

    /// - Throws: ``Problem`` if a schedule's zone is unknown.
    func check(_ schedules: [ScheduleDocument]) throws(Problem) {
        for (index, schedule) in schedules.enumerated() {
            do throws(ScheduleError) {
                _ = try store.zones.zone(schedule.spec.zone)
            } catch {
                throw Problem.invalidSchedule([
                    FieldError(
                        field: "schedules[\(index)].\(error.field)",
                        value: error.value,
                        message: "must be \(error.allowed)"
                    )
                ])
            }
        }
    }

    /// What ``apply(_:to:by:)`` would do to the schedules of a job; `nil` for one that does not exist yet.
    func plan(_ wanted: [ScheduleDocument]?, for job: JobRecord?) async throws -> [Change] {
        guard let wanted else { return [] }
        var known: [String: ScheduleRecord] = [:]
        if let job {
            let filter = ScheduleFilter(teams: [job.team], jobName: job.name)
            for schedule in try await store.schedules(filter, limit: Self.most) { known[schedule.name] = schedule }
        }
        let named = Set(wanted.compactMap(\.name))
        let kept = wanted.map { schedule in
            let name = schedule.name ?? ""
            guard let record = known[name] else { return Change(name: name, change: "created") }
            let isSame = record.spec == schedule.spec && record.isFromJobFile
            return Change(name: name, change: isSame ? "unchanged" : "updated")
        }
        let gone = known.values.filter { $0.isFromJobFile && !named.contains($0.name) }.map(\.name).sorted()
        return kept + gone.map { Change(name: $0, change: "deleted") }
    }

    /// Makes, changes and removes a job's schedules so that those made by its file are as the file has them. Others are
    /// left alone, and so are all if the file says nothing of schedules.
    func apply(_ wanted: [ScheduleDocument]?, to job: JobID, by actor: String?) async throws -> [Change] {
        guard let wanted else { return [] }
        var changes: [Change] = []
        for schedule in wanted {
            let editing = ScheduleEditing(job: job, name: schedule.name ?? "", actor: actor, why: "applied its job")
            var edit = try await store.replaceSchedule(editing, schedule.spec, isFromJobFile: true)
            if case .notFound = edit {
                edit = try await store.createSchedule(editing, schedule.spec, isFromJobFile: true)
            }
            changes.append(Change(name: editing.name, change: edit.word))
        }
        guard let known = try await store.job(job) else { return changes }
        let filter = ScheduleFilter(teams: [known.team], jobName: known.name)
        for schedule in try await store.schedules(filter, limit: Self.most)
        where schedule.isFromJobFile && !wanted.contains(where: { $0.name == schedule.name }) {
            let editing = ScheduleEditing(
                job: job,
                name: schedule.name,
                actor: actor,
                why: "its job's file has it no more"
            )
            let edit = try await store.deleteSchedule(editing)
            changes.append(Change(name: schedule.name, change: edit.word))
        }
        if changes.contains(where: { $0.change != "unchanged" }) { signals.schedulesChanged() }
        return changes
    }
}

extension ScheduleEdit {
    /// As answers tell it.
    var word: String {
        switch self {
        case .created: "created"
        case .changed: "updated"
        case .deleted: "deleted"
        case .unchanged, .alreadyExists, .notFound, .otherRevision: "unchanged"
        }
    }
}
