internal import ArgumentParser
internal import SlipwayCore

struct TeamMember: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "member",
        abstract: "See and change who is in a team, and as what.",
        subcommands: [TeamMemberList.self, TeamMemberSet.self, TeamMemberRemove.self]
    )
}

struct TeamMemberList: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "list", abstract: "List a team's members.")

    @OptionGroup var team: TeamOptions
    @OptionGroup var watching: WatchOptions
    @OptionGroup var output: OutputOptions
    @OptionGroup var server: ServerOptions

    func run() async throws {
        let client = try server.client()
        let path = try team.path() + "/members"
        try await Listing.members.show("members", watching, output.format, empty: "The team has no members.") {
            try await client.all(path, of: "members")
        }
    }
}

struct TeamMemberSet: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "set",
        abstract: "Give somebody a role in a team. Safe to repeat.",
        discussion: """
            Roles: viewer, submitter, operator, admin; each may do what those before it may.

              slipway team member set finance ann@example.org --role operator
            """
    )

    @OptionGroup var team: TeamOptions
    @Argument(help: "Who, as the credential they come with names them.")
    var subject: String
    @Option(help: "viewer, submitter, operator or admin.")
    var role: String
    @OptionGroup var change: ChangeOptions
    @OptionGroup var output: OutputOptions
    @OptionGroup var server: ServerOptions

    func validate() throws {
        let roles = TeamRole.allCases.map(\.rawValue)
        guard roles.contains(role) else {
            throw ValidationError("--role is \"\(role)\"; allowed are \(roles.joined(separator: ", ")).")
        }
    }

    func run() async throws {
        let path = try team.path() + "/members/\(APIClient.encoded(subject))"
        let answer = try await server.client(change, output).put(path, .object(["role": .string(role)]))
        output.format.show(answer, name: subject, sentence: "\(subject) is \(role) of team \(team.name)")
    }
}

struct TeamMemberRemove: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "remove", abstract: "Take somebody out of a team.")

    @OptionGroup var team: TeamOptions
    @Argument(help: "Who.")
    var subject: String
    @OptionGroup var change: ChangeOptions
    @OptionGroup var output: OutputOptions
    @OptionGroup var server: ServerOptions

    func run() async throws {
        let path = try team.path() + "/members/\(APIClient.encoded(subject))"
        let answer = try await server.client(change, output).delete(path)
        output.format.show(answer, name: subject, sentence: "\(subject) is not in team \(team.name) any more")
    }
}

extension Listing {
    static let members = Listing(
        columns: [
            Column(title: "MEMBER", isElastic: true) { $0.text("subject") },
            Column(title: "ROLE") { $0.text("role") },
            Column(title: "SINCE") { Moments.age($0.text("created_at")) },
        ],
        name: { $0.text("subject") }
    )
}
