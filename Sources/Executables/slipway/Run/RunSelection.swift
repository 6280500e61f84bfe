internal import ArgumentParser
internal import SlipwayCore

/// Which runs an action is for: named ones, or those that fit what is said about them.
struct RunSelection: ParsableArguments {
    @Argument(help: "The runs; without any, the options below say which are meant.", completion: Candidates.runs)
    var ids: [String] = []

    @Option(
        help: "Only runs in these states; several are separated by commas. By default those the action is for.",
        completion: Candidates.states
    )
    var state: String?
    @Option(help: "Only runs of this job.", completion: Candidates.jobs)
    var job: String?
    @Option(help: "Only this team's; several are separated by commas.", completion: Candidates.teams)
    var team: String?
    @Option(help: "Only runs whose job has this kind.")
    var kind: String?
    @Option(help: "Only runs made from this run.", completion: Candidates.runs)
    var origin: String?
    @Option(help: "Only runs created longer ago than this, such as 30m, 12h or 7d.")
    var olderThan: String?
    @Option(help: "Only runs created since so long ago.")
    var newerThan: String?
    @Option(help: "At most so many, the newest ones.")
    var limit: Int?
    @Flag(help: "All runs that the action is for.")
    var all = false

    @Option(help: "Why, for those who look at it later.")
    var why: String?
    @Flag(help: "Show what would happen and change nothing.")
    var dryRun = false
    @Flag(name: [.short, .long], help: "Do not ask before acting on runs that were not named.")
    var yes = false

    /// Whether runs are chosen by what is said about them.
    var isFilter: Bool { ids.isEmpty }

    private var criteria: [String?] { [state, job, team, kind, origin, olderThan, newerThan] }

    func validate() throws {
        let isNarrowed = criteria.contains { $0 != nil }
        if ids.isEmpty, !isNarrowed, !all {
            throw ValidationError("Name the runs, or say which with --job, --state and the like, or --all.")
        }
        if !ids.isEmpty, isNarrowed || all || limit != nil {
            throw ValidationError("Name the runs or say which are meant; both at once is not allowed.")
        }
        if let limit, limit < 1 { throw ValidationError("--limit is \(limit); allowed is 1 or more.") }
        _ = try Self.moment(olderThan, "--older-than")
        _ = try Self.moment(newerThan, "--newer-than")
    }

    /// The states that were asked for.
    var onlyStates: JSONValue? { state.map { .array(Self.words($0)) } }

    /// The API's form of what was said.
    func filter(_ client: APIClient) async throws -> Document {
        var filter: [String: JSONValue] = [:]
        filter["state"] = onlyStates
        if let team { filter["team"] = .array(Self.words(team)) }
        if let job { filter["job"] = .string(job) }
        if let kind { filter["kind"] = .string(kind) }
        if let origin { filter["origin"] = .string(try await RunReference.resolve(origin, client)) }
        if let before = try Self.moment(olderThan, "--older-than") { filter["before"] = .string(before) }
        if let after = try Self.moment(newerThan, "--newer-than") { filter["after"] = .string(after) }
        return .object(filter)
    }

    private static func words(_ text: String) -> [JSONValue] {
        text.split(separator: ",").map { .string(String($0)) }
    }

    private static func moment(_ text: String?, _ option: String) throws -> String? {
        guard let text else { return nil }
        guard let seconds = DurationText.seconds(text), seconds <= 36_500 * 86_400 else {
            throw ValidationError(
                "\(option) is \"\(text)\"; allowed is a duration such as 30m, 12h or 7d, up to 36500d."
            )
        }
        return (Moments.now() + .seconds(-seconds)).description
    }
}
