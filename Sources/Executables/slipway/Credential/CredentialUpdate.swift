internal import ArgumentParser
internal import SlipwayCore

struct CredentialUpdate: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "update",
        abstract: "Say whether credentials are valid, or where their values are now; all of them or none.",
        discussion: """
              slipway credential update warehouse --invalid --message "the password has expired"
              slipway credential update warehouse --valid --resume-paused-runs
              slipway credential update --all-invalid --team finance --valid --resume-paused-runs
            """
    )

    @Argument(help: "The credentials' names.", completion: Candidates.credentials)
    var names: [String] = []
    @Option(
        name: .customLong("team"),
        help: "The team that owns them. The context's unless given, else default.",
        completion: Candidates.teams
    )
    var givenTeam: String?

    var team: String { givenTeam ?? Surroundings.team }
    @Flag(help: "All of the team that are not valid.")
    var allInvalid = false
    @Flag(help: "They are valid.")
    var valid = false
    @Flag(help: "They are not valid: runs that need them are paused.")
    var invalid = false
    @Option(help: "What to tell people about it.")
    var message: String?
    @Option(help: ArgumentHelp("The Kubernetes secret with the value.", valueName: "name[/key,key]"))
    var secret: String?
    @Flag(help: "Runs that were paused for them wait again, unless another one that they need is not valid.")
    var resumePausedRuns = false
    @Option(help: "Why, for those who look at it later.")
    var why: String?
    @Option(help: "Only if it has this revision; for one credential.")
    var revision: Int?
    @OptionGroup var change: ChangeOptions
    @OptionGroup var output: OutputOptions
    @OptionGroup var server: ServerOptions

    func validate() throws {
        guard names.isEmpty == allInvalid else {
            throw ValidationError("Name the credentials or say --all-invalid; both at once is not allowed.")
        }
        guard !(valid && invalid) else { throw ValidationError("Say one of --valid and --invalid.") }
        guard valid || invalid || message != nil || secret != nil || resumePausedRuns else {
            throw ValidationError("Say what changes: --valid, --invalid, --message, --secret or --resume-paused-runs.")
        }
        guard revision == nil || names.count == 1 else { throw ValidationError("--revision is for one credential.") }
    }

    func run() async throws {
        let client = try server.client(change, output)
        var body: [String: JSONValue] = [:]
        if valid || invalid { body["valid"] = .bool(valid) }
        if let message { body["message"] = .string(message) }
        if let secret { body["secret"] = secretDocument(secret) }
        if resumePausedRuns { body["resume_paused_runs"] = .bool(true) }
        if let why { body["why"] = .string(why) }
        let answer: Document
        if let revision {
            let path = "/credentials/\(try TeamOptions.checked(team, "--team"))"
            let name = try TeamOptions.checked(names[0], "the credential's name")
            let one = try await client.patch("\(path)/\(name)", .object(body), ifRevision: revision)
            answer = .object(["credentials": .array([one]), "resumed_runs": one["resumed_runs"] ?? .integer(0)])
        } else {
            body["team"] = .string(team)
            if allInvalid {
                body["all_invalid"] = .bool(true)
            } else {
                body["names"] = .array(names.map(JSONValue.string))
            }
            answer = try await client.post("/credentials:update", .object(body))
        }
        show(answer)
    }

    private func show(_ answer: Document) {
        let changed = answer.elements("credentials")
        var lines = changed.map { credential in
            "credential \(credential.text("team"))/\(credential.text("name")) is "
                + (credential.text("valid") == "true" ? "valid" : "not valid")
        }
        if changed.isEmpty { lines.append("no credential of team \(team) is invalid") }
        if resumePausedRuns {
            let count = answer.integer("resumed_runs") ?? 0
            lines.append("\(count) paused run\(count == 1 ? " waits" : "s wait") again")
        }
        let names = changed.map { $0.text("name") }.joined(separator: "\n")
        output.format.show(answer, name: names, sentence: lines.joined(separator: "\n"))
    }
}
