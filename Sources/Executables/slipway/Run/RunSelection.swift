internal import ArgumentParser
internal import SlipwayCore

/// Which runs an action is for: named ones, or those that fit what is said about them.
struct RunSelection: ParsableArguments {
    @Argument(help: "The runs; without any, the options below say which are meant.", completion: Candidates.runs)
    var ids: [String] = []

    /// Without states those are meant that the action is for.
    @OptionGroup var filter: RunFilterOptions
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

    func validate() throws {
        try filter.refuseBlanks()
        let isNarrowed = filter.isNarrowed || olderThan != nil || newerThan != nil
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

    /// The API's form of what was said.
    func members(_ client: APIClient) async throws -> Document {
        var members = try await filter.members(client)
        if let before = try Self.moment(olderThan, "--older-than") { members["before"] = .string(before) }
        if let after = try Self.moment(newerThan, "--newer-than") { members["after"] = .string(after) }
        return .object(members)
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
