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
        let run = try await factory.run(request, as: call.repeated?.identifier(0), for: call)
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
        for (index, request) in requests.enumerated() {
            runs.append(try await factory.run(request, as: call.repeated?.identifier(index), for: call))
        }
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
        let list = try RunListRequest(
            try call.query(RunListRequest.parameters + ["limit", "after"]),
            for: call.teams(.viewer)
        )
        let page = try await call.page(list.query, default: 50)
        let place = try page.place(list.place)
        let found = try await store.runs(list.filter, list.order, after: place, limit: page.limit)
        return .json { json in
            json.object { json in
                json.array("runs", found.runs) { $0.run($1) }
                json.member("next", found.next.map { page.cursor(list.text($0)) })
            }
        }
    }

    @Sendable private func describe(_ call: Call) async throws -> Response {
        _ = try call.query()
        let body = try await description.text(call.runID(), now: now(), for: call)
        return .json { $0.value(VerbatimJSON(text: body)) }
    }

    @Sendable private func events(_ call: Call) async throws -> Response {
        let page = try await call.page(try call.query("after", "limit"), default: limits.pageRows)
        let after = try page.place { Int64($0[0]) } ?? 0
        let run = try await call.run(.viewer, in: store)
        let events = try await store.events(run.id, after: after, limit: page.limit)
        return .json { json in
            json.object { json in
                json.array("events", events) { $0.event($1) }
                json.member("next", page.next(events) { [String($0.sequence)] })
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
