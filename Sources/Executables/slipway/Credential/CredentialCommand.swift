internal import ArgumentParser
internal import SlipwayCore

struct CredentialCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "credential",
        abstract: "Tell which credentials of a team are valid, and have runs wait for those that are not.",
        discussion: "Values live in Kubernetes secrets and are never seen here.",
        subcommands: [
            CredentialApply.self, CredentialList.self, CredentialShow.self, CredentialUpdate.self, CredentialCheck.self,
            CredentialDelete.self,
        ]
    )
}

/// Names a credential.
struct CredentialOptions: ParsableArguments {
    @Argument(help: "The credential's name.", completion: Candidates.credentials)
    var name: String

    @Option(
        name: .customLong("team"),
        help: "The team that owns it. The context's unless given, else default.",
        completion: Candidates.teams
    )
    var givenTeam: String?

    var team: String { givenTeam ?? Surroundings.team }

    /// Its path below the API.
    func path() throws -> String {
        let team = try TeamOptions.checked(team, "--team")
        return "/credentials/\(team)/\(try TeamOptions.checked(name, "the credential's name"))"
    }
}

/// `NAME` or `NAME/KEY,KEY` as the API takes a secret.
func secretDocument(_ text: String) -> JSONValue {
    let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
    var secret: [String: JSONValue] = ["name": .string(String(parts[0]))]
    if parts.count == 2 {
        secret["keys"] = .array(parts[1].split(separator: ",").map { .string(String($0)) })
    }
    return .object(secret)
}

extension Listing {
    static let credentials = Listing(
        columns: [
            Column(title: "NAME", isElastic: true) { $0.text("name") },
            Column(title: "TEAM") { $0.text("team") },
            Column(title: "KIND") { $0.text("kind") },
            Column(title: "VALID") { $0.text("valid") == "true" ? "yes" : "no" },
            Column(title: "CHECKED") { Moments.age($0.text("checked_at")) },
            Column(title: "MESSAGE", isElastic: true) { $0.text("message") },
            Column(title: "SECRET", isWide: true) { $0["secret"]?.text("name") ?? "" },
            Column(title: "CHECK", isWide: true) { $0["check"]?.text("job") ?? "" },
            Column(title: "REVISION", isWide: true) { $0.text("revision") },
        ],
        name: { $0.text("name") },
        identity: { "\($0.text("team"))/\($0.text("name"))" }
    )
}
