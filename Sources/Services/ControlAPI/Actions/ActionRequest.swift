internal import RunStore
internal import SlipwayCore

/// What a client says about an action besides the runs it is for.
struct ActionRequest: Sendable {
    var actor: String?
    /// What whoever asks may do, and where.
    var grants: Grants
    var why: String?
    /// Runs that are in another state by now are left alone: they are not what was looked at.
    var onlyStates: [RunState]?
    /// For a retry: the task it begins with; `nil`: all are executed.
    var fromTask: String?
    /// For a rerun; `nil` takes the newest.
    var version: Int?
    /// For a rerun: what differs from the run's own. `null` takes the version's default.
    var variables: [String: JSONValue] = [:]
    /// Gives new runs the ids that they had when the same request came before; `nil` if it is not known for the same.
    private var repeated: RepeatedCall?

    /// The id of the run that follows another.
    func identifier(after origin: RunID) -> Identifier? {
        repeated?.identifier(Int(truncatingIfNeeded: origin.low >> 2))
    }

    init(_ action: RunAction, _ reader: inout ObjectReader, by call: Call) throws(Problem) {
        actor = try call.actor()
        grants = call.principal.grants
        repeated = call.repeated
        why = reader.why()
        if action == .retry { fromTask = reader.optionalText("from_task", characters: 1...200) }
        guard action == .rerun else { return }
        version = reader.optionalInteger("version", allowed: 1...Int(Int32.max))
        variables = reader.values("variables")
    }
}

/// An action for many runs.
struct BulkActionRequest: Sendable {
    enum Selection: Sendable {
        case ids([RunID])
        case filter(RunFilter)
    }

    var selection: Selection
    /// The most runs that a filter takes.
    var limit: Int
    /// A filter goes on with the runs before this one.
    var after: RunID?
    /// Tells what would happen and changes nothing.
    var isDryRun: Bool
    var request: ActionRequest

    /// - Throws: ``Problem`` with all mistakes.
    init(
        _ action: RunAction,
        _ body: JSONValue,
        by call: Call,
        limits: ControlAPILimits,
        cursors: Cursors
    ) throws(Problem) {
        var reader = ObjectReader(body)
        request = try ActionRequest(action, &reader, by: call)
        isDryRun = reader.flag("dry_run") ?? false
        let bound = 1...limits.runsPerRequest
        request.onlyStates = reader.list("only_states", allowed: RunState.allCases.map(\.rawValue)) {
            RunState(rawValue: $0)
        }
        let given = reader.list("ids", allowed: ["a run's id, a UUID"]) { RunID($0) }
        let filter = reader.filter("filter")
        let limit = reader.optionalInteger("limit", allowed: bound)
        let cursor = reader.optionalText("after", characters: 1...2000)
        if let cursor { after = try Self.place(cursor, cursors) }
        self.limit = limit ?? limits.runsPerRequest
        if let ids = given {
            selection = .ids(ids)
            if filter != nil { reader.refuse("filter", message: "must not stand beside ids") }
            if limit != nil { reader.refuse("limit", message: "is only for a filter") }
            if cursor != nil { reader.refuse("after", message: "is only for a filter") }
            if !bound.contains(ids.count) {
                let allowed = "\(bound.lowerBound) to \(bound.upperBound)"
                reader.refuse("ids", message: "has the wrong number of elements", allowed: [allowed])
            }
        } else if var filter {
            filter.states = filter.states ?? action.usualStates
            filter.teams = request.grants.selection(action.neededRole).narrowed(to: filter.teams)
            request.onlyStates = request.onlyStates ?? filter.states
            selection = .filter(filter)
        } else {
            selection = .ids([])
            if !reader.has("ids"), !reader.has("filter") {
                reader.refuse("ids", message: "or filter is required")
            }
        }
        try reader.check()
    }

    private static func place(_ text: String, _ cursors: Cursors) throws(Problem) -> RunID? {
        guard let id = try cursors.place(text).first.flatMap(RunID.init) else { throw Cursors.wrong(text) }
        return id
    }
}
