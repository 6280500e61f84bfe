internal import Hummingbird
internal import RunStore
internal import SlipwayCore

/// How clients create runs and read about them.
struct RunOperations: Sendable {
    let store: RunStore
    let factory: RunFactory
    let intake: RunIntake
    let submissions: SubmissionGate
    let description: RunDescription
    let limits: ControlAPILimits
    let now: @Sendable () -> Timestamp

    var all: [Operation] {
        [
            Operation("CreateJobRun", .post, "/runs", allows: .team(.submitter), create),
            Operation("CreateJobRuns", .post, "/runs:batch", allows: .team(.submitter), createMany),
            Operation("ListJobRuns", .get, "/runs", allows: .team(.viewer), list),
            Operation("DescribeJobRun", .get, "/runs/{id}", allows: .team(.viewer), describe),
            Operation("ListJobRunEvents", .get, "/runs/{id}/events", allows: .team(.viewer), events),
        ]
    }

    // MARK: Creating

    @Sendable private func create(_ call: Call) async throws -> Response {
        _ = try call.query()
        let request = try Self.request(in: try await call.json())
        let run = try await factory.run(request, for: call)
        try await submissions.enter([run])
        try await intake.submit([run])
        return Self.created(run)
    }

    // Inlined into an asynchronous function, reading a request makes the optimiser of Swift 6.3.1 crash.
    @inline(never)
    private static func request(in body: JSONValue) throws(Problem) -> RunRequest {
        var errors: [FieldError] = []
        let request = RunRequest(body, errors: &errors)
        guard errors.isEmpty else { throw Problem.invalid(errors) }
        return request
    }

    /// All of them or none.
    @Sendable private func createMany(_ call: Call) async throws -> Response {
        _ = try call.query()
        let runs = try await runs(for: requests(in: try await call.json()), call)
        try await submissions.enter(runs)
        try await intake.submit(runs)
        return Self.created(runs)
    }

    @inline(never)
    private func requests(in body: JSONValue) throws(Problem) -> [RunRequest] {
        var reader = ObjectReader(body)
        let wanted = reader.array("runs", count: 1...limits.runsPerRequest)
        var errors = reader.finish()
        let requests = wanted.prefix(limits.runsPerRequest).enumerated().map { index, value in
            RunRequest(value, path: "runs[\(index)]", errors: &errors)
        }
        guard errors.isEmpty else { throw Problem.invalid(Array(errors.prefix(100))) }
        return requests
    }

    private func runs(for requests: [RunRequest], _ call: Call) async throws -> [NewRun] {
        var runs: [NewRun] = []
        for request in requests { runs.append(try await factory.run(request, for: call)) }
        return runs
    }

    private static func created(_ run: NewRun) -> Response {
        .json(.created, headers: [.location: Links.run(run.id)]) { $0.created(run) }
    }

    private static func created(_ runs: [NewRun]) -> Response {
        .json(.created) { json in
            json.object { json in
                json.array("runs", runs) { $0.created($1) }
            }
        }
    }

    // MARK: Reading

    @Sendable private func list(_ call: Call) async throws -> Response {
        let query = try call.query(
            "team",
            "job",
            "state",
            "kind",
            "origin",
            "released",
            "variable",
            "trigger",
            "schedule",
            "limit",
            "after"
        )
        let limit = try query.integer("limit", default: 50, allowed: 1...limits.pageRows)
        let filter = RunFilter(
            teams: call.teams(.viewer).narrowed(to: query.list("team")),
            jobName: try query.text("job"),
            states: try query.states("state"),
            kind: try query.text("kind"),
            originID: try query.identifier("origin"),
            isReleased: try query.text("released") == nil ? nil : query.flag("released"),
            variables: try query.pairs("variable"),
            triggerKinds: try query.words("trigger", of: ["manual", "schedule", "backfill"]),
            scheduleName: try query.text("schedule")
        )
        let runs = try await store.runs(filter, before: query.identifier("after"), limit: limit)
        return .json { json in
            json.object { json in
                json.array("runs", runs) { $0.run($1) }
                if runs.count == limit { json.member("next", runs.last?.id) }
            }
        }
    }

    @Sendable private func describe(_ call: Call) async throws -> Response {
        _ = try call.query()
        let body = try await description.text(call.runID(), now: now(), for: call)
        return .json { $0.value(VerbatimJSON(text: body)) }
    }

    @Sendable private func events(_ call: Call) async throws -> Response {
        let query = try call.query("after", "limit")
        let limit = try query.integer("limit", default: limits.pageRows, allowed: 1...limits.pageRows)
        let after = try query.integer("after", default: Int64(0), allowed: 0...Int64.max)
        let run = try await call.run(.viewer, in: store)
        let events = try await store.events(run.id, after: after, limit: limit)
        return .json { json in
            json.object { json in
                json.array("events", events) { $0.event($1) }
                if events.count == limit { json.member("next", events.last?.sequence) }
            }
        }
    }
}

extension JSONWriter {
    /// A run that was just created.
    fileprivate mutating func created(_ run: NewRun) {
        object { $0.members(of: run) }
    }

    mutating func members(of run: NewRun) {
        member("id", run.id)
        member("team", run.team)
        member("job", run.jobName)
        member("version", run.jobVersion)
        member("state", RunState.pending)
        member("origin", run.originID)
        plan(run.plan)
    }
}
