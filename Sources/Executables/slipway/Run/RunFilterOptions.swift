internal import ArgumentParser
internal import SlipwayCore

/// What runs are narrowed by, in lists as in actions on many.
struct RunFilterOptions: ParsableArguments {
    @Option(help: "Only runs in these states; several are separated by commas.", completion: Candidates.states)
    var state: String?
    @Option(help: "Only runs of this job.", completion: Candidates.jobs)
    var job: String?
    @Option(help: "Only this team's; several are separated by commas.", completion: Candidates.teams)
    var team: String?
    @Option(help: "Only runs whose job has this kind.")
    var kind: String?
    @Option(help: "Only runs made from this run, such as its retries.", completion: Candidates.runs)
    var origin: String?
    @Option(help: "Only runs that were made so: manual, schedule, backfill; several are separated by commas.")
    var trigger: String?
    @Option(help: "Only runs of the schedules with this name.", completion: Candidates.schedules)
    var schedule: String?
    @Option(help: ArgumentHelp("What else must hold, such as 'duration>1h AND NOT tags:test'.", valueName: "condition"))
    var filter: String?
    @Option(help: ArgumentHelp("Words that are all found in the run, or begin what is.", valueName: "words"))
    var search: String?
    @Flag(help: "Only runs that somebody has let go of.")
    var released = false
    @Option(
        name: .customLong("with-variable"),
        parsing: .singleValue,
        help: ArgumentHelp("Only runs with this value of a variable; may be repeated.", valueName: "name=value")
    )
    var variable: [String] = []

    /// Whether anything is said.
    var isNarrowed: Bool {
        [state, job, team, kind, origin, trigger, schedule, filter, search].contains { $0 != nil } || released
            || !variable.isEmpty
    }

    /// Whether a run may begin or cease to be meant while it is.
    var followsChanges: Bool { state != nil || filter != nil || search != nil || released }

    func validate() throws {
        _ = try VariableOptions.pairs(variable, option: "--with-variable")
    }

    /// - Throws: `ValidationError` if something is left blank: it would mean every run, and a script whose variable is empty does not.
    func refuseBlanks() throws {
        for (name, text) in [
            ("state", state), ("job", job), ("team", team), ("kind", kind), ("origin", origin), ("trigger", trigger),
            ("schedule", schedule), ("filter", filter), ("search", search),
        ] where text?.allSatisfy({ $0.isWhitespace || $0 == "," }) == true {
            throw ValidationError("--\(name) is \"\(text ?? "")\"; leave it out, or say which runs are meant.")
        }
    }

    /// As parameters of a list.
    func query(_ client: APIClient) async throws -> [(String, String?)] {
        var originID: String?
        if let origin { originID = try await RunReference.resolve(origin, client) }
        return [
            ("state", state), ("job", job), ("team", team), ("kind", kind), ("origin", originID),
            ("trigger", trigger), ("schedule", schedule), ("released", released ? "true" : nil), ("filter", filter),
            ("search", search),
        ] + variable.map { ("variable", $0) }
    }

    /// The states that were asked for.
    var states: JSONValue? { state.map(Self.words) }

    /// As members of the filter of an action.
    func members(_ client: APIClient) async throws -> [String: JSONValue] {
        var members: [String: JSONValue] = [:]
        members["state"] = states
        members["team"] = team.map(Self.words)
        members["job"] = job.map(JSONValue.string)
        members["kind"] = kind.map(JSONValue.string)
        if let origin { members["origin"] = .string(try await RunReference.resolve(origin, client)) }
        members["trigger"] = trigger.map(Self.words)
        members["schedule"] = schedule.map(JSONValue.string)
        members["where"] = filter.map(JSONValue.string)
        members["search"] = search.map(JSONValue.string)
        if released { members["released"] = .bool(true) }
        let variables = try VariableOptions.pairs(variable, option: "--with-variable")
        if !variables.isEmpty { members["variables"] = .object(variables.mapValues(JSONValue.string)) }
        return members
    }

    private static func words(_ text: String) -> JSONValue {
        .array(text.split(separator: ",").map { .string(String($0)) })
    }
}
