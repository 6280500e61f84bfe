internal import Hummingbird
internal import RunMessaging
internal import RunStore
internal import SlipwayCore

/// What clients do with schedules.
struct ScheduleOperations: Sendable {
    private static let jobPath = "/jobs/{team}/{name}"
    private static let path = jobPath + "/schedules/{schedule}"
    private static let fileTypes = [
        "application/json", "application/yaml", "application/x-yaml", "text/yaml", "text/plain",
    ]

    let store: RunStore
    let directory: JobDirectory
    let clusters: ClusterDirectory
    let intake: RunIntake
    let submissions: SubmissionGate
    let identifiers: RunIdentifiers
    let signals: ControlSignals
    let limits: ControlAPILimits

    var all: [Operation] {
        [
            Operation("ListSchedules", .get, "/schedules", allows: .team(.viewer), listAll),
            Operation("ListUpcomingRuns", .get, "/upcoming-runs", allows: .team(.viewer), upcoming),
            Operation("ListJobSchedules", .get, Self.jobPath + "/schedules", allows: .team(.viewer), list),
            Operation("CreateSchedule", .post, Self.jobPath + "/schedules", allows: .team(.operator), create),
            Operation(
                "DryRunNewSchedule",
                .post,
                Self.jobPath + "/schedules:dry-run",
                allows: .team(.viewer),
                dryRunNew
            ),
            Operation("DescribeSchedule", .get, Self.path, allows: .team(.viewer), describe),
            Operation("ReplaceSchedule", .put, Self.path, allows: .team(.operator), replace),
            Operation("DeleteSchedule", .delete, Self.path, allows: .team(.operator), delete),
            Operation("PauseSchedule", .post, Self.path + "/pause", allows: .team(.operator)) {
                try await pause($0, true)
            },
            Operation("ResumeSchedule", .post, Self.path + "/resume", allows: .team(.operator)) {
                try await pause($0, false)
            },
            Operation("DryRunSchedule", .get, Self.path + "/dry-run", allows: .team(.viewer), dryRun),
            Operation(
                "BackfillSchedule",
                .post,
                Self.path + "/backfill",
                allows: .team(.operator),
                isOnce: true,
                backfill
            ),
            Operation("TriggerSchedule", .post, Self.path + "/trigger", allows: .team(.submitter), trigger),
            Operation("ListScheduleTicks", .get, Self.path + "/ticks", allows: .team(.viewer), scheduleTicks),
            Operation("ListJobTicks", .get, Self.jobPath + "/ticks", allows: .team(.viewer), jobTicks),
        ]
    }

    // MARK: Reading

    @Sendable private func listAll(_ call: Call) async throws -> Response {
        let query = try call.query("team", "job", "paused", "filter", "limit", "after")
        let filter = ScheduleFilter(
            teams: call.teams(.viewer).narrowed(to: query.list("team")),
            jobName: try query.text("job"),
            isPaused: try query.text("paused") == nil ? nil : query.flag("paused"),
            condition: try query.filter("filter", ScheduleFilter.schema)
        )
        return try await list(filter, call, query)
    }

    @Sendable private func list(_ call: Call) async throws -> Response {
        let query = try call.query("limit", "after")
        let job = try await call.job(.viewer, in: store)
        return try await list(ScheduleFilter(teams: [job.team], jobName: job.name), call, query)
    }

    private func list(_ filter: ScheduleFilter, _ call: Call, _ query: QueryReader) async throws -> Response {
        let page = try await call.page(query, default: 100)
        let after = try page.place { $0.count == 3 ? (team: $0[0], job: $0[1], name: $0[2]) : nil }
        let schedules = try await store.schedules(filter, after: after, limit: page.limit)
        let views = schedules.map { ScheduleView($0, store.zones) }
        return .json { json in
            json.object { json in
                json.array("schedules", views) { json, view in json.object { view.write(to: &$0) } }
                json.member("next", page.next(schedules) { [$0.team, $0.jobName, $0.name] })
            }
        }
    }

    @Sendable private func describe(_ call: Call) async throws -> Response {
        _ = try call.query()
        return answer(try await schedule(call, .viewer))
    }

    private func answer(_ schedule: ScheduleRecord, change: String? = nil, runs: Int = 0) -> Response {
        let view = ScheduleView(schedule, store.zones)
        var headers = HTTPFields.revision(schedule.revision)
        let isNew = change == "created"
        if isNew { headers[.location] = view.link }
        return .json(isNew ? .created : .ok, headers: headers) { json in
            json.object { json in
                view.write(to: &json)
                json.member("change", change)
                if runs > 0 { json.member("runs_created", runs) }
            }
        }
    }

    // MARK: Changing

    @Sendable private func create(_ call: Call) async throws -> Response {
        let query = try call.query("paused")
        let isPaused = try query.flag("paused")
        let (job, document) = try await document(call, .operator)
        guard let name = document.name else {
            throw Problem.invalidSchedule([FieldError(field: "name", message: "is required")])
        }
        let editing = ScheduleEditing(job: job.id, name: name, actor: try call.actor())
        return try await result(of: store.createSchedule(editing, document.spec, isPaused: isPaused), job, name)
    }

    /// Makes it if it is not there and no revision is expected.
    @Sendable private func replace(_ call: Call) async throws -> Response {
        _ = try call.query()
        let (job, document) = try await document(call, .operator, replacing: call.segment("schedule"))
        var editing = try editing(call, job)
        if let name = document.name, name != editing.name {
            let error = FieldError(field: "name", value: name, message: "is not the path's", allowed: [editing.name])
            throw Problem.invalidSchedule([error])
        }
        var edit = try await store.replaceSchedule(editing, document.spec)
        if case .notFound = edit, editing.revision == nil, call.request.headers[.ifMatch] == nil {
            editing.revision = nil
            edit = try await store.createSchedule(editing, document.spec)
        }
        return try result(of: edit, job, editing.name)
    }

    @Sendable private func delete(_ call: Call) async throws -> Response {
        _ = try call.query()
        let job = try await call.job(.operator, in: store)
        let editing = try editing(call, job)
        return try await result(of: store.deleteSchedule(editing), job, editing.name)
    }

    private func pause(_ call: Call, _ isPaused: Bool) async throws -> Response {
        _ = try call.query()
        let job = try await call.job(.operator, in: store)
        var editing = try editing(call, job)
        var reader = ObjectReader(try await call.optionalJSON())
        editing.why = reader.why()
        try reader.check()
        return try await result(of: store.pauseSchedule(editing, isPaused: isPaused), job, editing.name)
    }

    private func editing(_ call: Call, _ job: JobRecord) throws -> ScheduleEditing {
        ScheduleEditing(
            job: job.id,
            name: call.segment("schedule"),
            revision: try call.expectedRevision(),
            actor: try call.actor()
        )
    }

    private func result(of edit: ScheduleEdit, _ job: JobRecord, _ name: String) throws -> Response {
        switch edit {
        case .notFound: throw Problem.scheduleNotFound(job.name, name)
        case .alreadyExists: throw Problem.scheduleExists(job.name, name)
        case .otherRevision(let revision): throw Problem.otherRevision("schedule \"\(name)\"", now: revision)
        case .unchanged(let record): return answer(record, change: edit.word)
        case .changed(let record, let runs):
            signals.schedulesChanged()
            if runs > 0 { signals.runsSubmitted() }
            return answer(record, change: edit.word, runs: runs)
        case .created(let record), .deleted(let record):
            signals.schedulesChanged()
            return answer(record, change: edit.word)
        }
    }

    /// Runs the job now with the schedule's variables; the schedule's own ticks are not touched.
    @Sendable private func trigger(_ call: Call) async throws -> Response {
        _ = try call.query()
        let actor = try call.actor()
        var reader = ObjectReader(try await call.optionalJSON())
        let given = reader.values("variables")
        let why = reader.why()
        try reader.check()
        let schedule = try await schedule(call, .submitter)
        let job = try await call.job(.submitter, in: store)
        guard job.archivedAt == nil else { throw Problem.jobArchived(team: job.team, name: job.name) }
        let zone = try zone(of: schedule.spec)
        let now = try await store.databaseTime()
        let variables = try RunFactory.variables { () throws(RunVariableErrors) in
            try schedule.spec.variables(of: job.spec, at: now, in: zone, run: given)
        }
        let demand = AdmissionRequest(job.spec, variables: variables.values).demand
        let chosen = try await clusters.choose(for: job.spec, demand: demand)
        let run = NewRun(
            id: call.repeated?.identifier(0) ?? identifiers.next(),
            of: job.id,
            version: job.currentVersion,
            spec: job.spec,
            variables: variables,
            on: chosen,
            submittedBy: actor,
            why: why ?? "triggered schedule \(schedule.name)"
        )
        try await submissions.enter([run])
        try await intake.submit([run])
        return .json(.created, headers: [.location: Links.run(run.id)]) { $0.object { $0.members(of: run) } }
    }

    // MARK: What is asked for

    /// - Throws: ``Problem`` if there is none, or the caller has not this role in its team.
    func schedule(_ call: Call, _ role: TeamRole) async throws -> ScheduleRecord {
        let (team, job, name) = (call.segment("team"), call.segment("name"), call.segment("schedule"))
        try call.require(role, in: team, orElse: Problem.jobNotFound(team: team, name: job))
        if let schedule = try await store.schedule(team: team, job: job, name: name) { return schedule }
        _ = try await call.job(role, in: store)
        throw Problem.scheduleNotFound(job, name)
    }

    func zone(of spec: ScheduleSpec) throws(Problem) -> ZoneRules {
        do throws(ScheduleError) {
            return try store.zones.zone(spec.zone)
        } catch {
            throw Problem.invalidSchedule(error)
        }
    }

    /// The schedule in the body, checked against the job and the zones there are.
    ///
    /// - Parameter replacing: the schedule that it may be already: then its moment may have passed.
    func document(
        _ call: Call,
        _ role: TeamRole,
        replacing name: String? = nil
    ) async throws -> (JobRecord, ScheduleDocument) {
        let text = try await call.text(contentTypes: Self.fileTypes)
        let document: ScheduleDocument
        do throws(JobFileErrors) {
            document = try ScheduleFile.parse(text)
        } catch {
            throw Problem.invalidSchedule(error)
        }
        let job = try await call.job(role, in: store)
        for (field, given, known) in [("team", document.team, job.team), ("job", document.job, job.name)] {
            guard let given, given != known else { continue }
            throw Problem.invalidSchedule([
                FieldError(field: field, value: given, message: "is not the path's", allowed: [known])
            ])
        }
        _ = try zone(of: document.spec)
        if case .at(let moment) = document.spec.trigger, moment < (try await store.databaseTime()),
            try await spec(of: name, job) != document.spec
        {
            throw Problem.invalidSchedule([
                FieldError(field: "at", value: moment.description, message: "has passed", allowed: ["a time to come"])
            ])
        }
        do throws(RunVariableErrors) {
            try document.spec.checkVariables(of: job.spec)
        } catch {
            throw Problem.invalidSchedule(error)
        }
        return (job, document)
    }

    private func spec(of name: String?, _ job: JobRecord) async throws -> ScheduleSpec? {
        guard let name else { return nil }
        return try await store.schedule(team: job.team, job: job.name, name: name)?.spec
    }
}
