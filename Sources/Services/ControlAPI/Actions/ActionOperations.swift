internal import Hummingbird
internal import RunStore
internal import SlipwayCore

/// What clients do to runs that exist, one by one and many at a time.
struct ActionOperations: Sendable {
    let store: RunStore
    let actions: RunActions
    let limits: ControlAPILimits

    var all: [Operation] { RunAction.allCases.flatMap(operations) }

    private func operations(_ action: RunAction) -> [Operation] {
        let verb = action.rawValue
        let name = verb.prefix(1).uppercased() + verb.dropFirst()
        let one: @Sendable (Call) async throws -> Response = { try await actOnOne(action, $0) }
        let rule = AccessRule.team(action.neededRole)
        let many = Operation("\(name)JobRuns", .post, "/runs:\(verb)", allows: rule) { try await actOnMany(action, $0) }
        guard action != .delete else {
            return [Operation("DeleteJobRun", .delete, "/runs/{id}", allows: rule, one), many]
        }
        return [
            Operation("\(name)JobRun", .post, "/runs/{id}/\(verb)", allows: rule, one),
            Operation("\(name)JobRun", .post, "/runs/{id}:\(verb)", allows: rule, one),
            many,
        ]
    }

    // MARK: One

    private func actOnOne(_ action: RunAction, _ call: Call) async throws -> Response {
        _ = try call.query()
        let id = try call.runID()
        var reader = ObjectReader(try await call.optionalJSON())
        let request = try ActionRequest(action, &reader, by: call)
        try reader.check()
        guard let answer = try await actions.perform(action, request, on: [id]).first else {
            throw Problem.runNotFound(id)
        }
        if let problem = answer.problem { throw problem }
        if let follower = answer.follower { return try await Self.followed(answer, follower, store) }
        return .json(answer.state == .cancelling ? .accepted : .ok) { answer.write(to: &$0) }
    }

    /// The new run, or the one that is there already.
    private static func followed(_ answer: ActionAnswer, _ id: RunID, _ store: RunStore) async throws -> Response {
        if let created = answer.created {
            return .json(.created, headers: [.location: Links.run(id)]) { json in
                json.object { json in
                    json.members(of: created)
                    json.member("change", answer.word)
                }
            }
        }
        let existing = try await store.run(id)
        return .json(headers: [.location: Links.run(id)]) { json in
            json.object { json in
                json.member("id", id)
                json.member("team", existing?.team)
                json.member("job", existing?.jobName)
                json.member("version", existing?.jobVersion)
                json.member("state", existing?.state)
                json.member("origin", answer.id)
                json.member("change", answer.word)
            }
        }
    }

    // MARK: Many

    private func actOnMany(_ action: RunAction, _ call: Call) async throws -> Response {
        _ = try call.query()
        let body = try await call.json()
        let cursors = try await call.cursors()
        let bulk = try BulkActionRequest(action, body, by: call, limits: limits, cursors: cursors)
        let ids: [RunID]
        var next: RunID?
        switch bulk.selection {
        case .ids(let given):
            var seen: Set<RunID> = []
            ids = given.filter { seen.insert($0).inserted }
        case .filter(let filter):
            (ids, next) = try await actions.select(filter, after: bulk.after, limit: bulk.limit)
        }
        let answers = try await actions.perform(action, bulk.request, on: ids, isDryRun: bulk.isDryRun)
        return .json { json in
            json.object { json in
                json.member("dry_run", bulk.isDryRun)
                json.array("runs", answers) { json, answer in answer.write(to: &json) }
                json.member("more", next != nil)
                json.member("next", next.map { cursors.text([$0.description]) })
            }
        }
    }
}

extension RunAction {
    /// What whoever asks for it must be in the run's team. What makes a run needs no more than making it anew.
    var neededRole: TeamRole { makesRun ? .submitter : .operator }
}
