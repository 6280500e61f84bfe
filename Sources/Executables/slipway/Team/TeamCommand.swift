internal import ArgumentParser

struct TeamCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "team",
        abstract: "Store and show teams: what they may use, who is in them.",
        subcommands: [
            TeamApply.self, TeamList.self, TeamShow.self, TeamDelete.self, TeamSuspend.self, TeamResume.self,
            TeamCredits.self, TeamMember.self,
        ]
    )
}

/// Names a team.
struct TeamOptions: ParsableArguments {
    @Argument(help: "The team's name.", completion: Candidates.teams)
    var name: String

    /// Its path below the API.
    func path() throws -> String { "/teams/\(try Self.checked(name, "the team's name"))" }

    /// A name that can stand in a path.
    static func checked(_ value: String, _ what: String) throws -> String {
        guard !value.isEmpty, value.allSatisfy({ $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "-") }) else {
            throw Failure(.usage, "\(what) is \"\(value)\"; allowed are lower-case letters, digits and -")
        }
        return value
    }
}
