internal import ArgumentParser
internal import SlipwayCore

struct CredentialApply: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "apply",
        abstract: "Store what is known about a credential. Safe to repeat.",
        discussion: """
            A new one counts as valid. The job of its check is one of the same team: when its run succeeds the credential is \
            valid, when it fails by its own doing it is not, and a failure of the infrastructure says nothing.

              slipway credential apply warehouse --kind postgres --secret warehouse/user,password
              slipway credential apply lake --kind s3 --check-job check-lake --check-every 1h
            """
    )

    @OptionGroup var credential: CredentialOptions
    @Option(help: "A label, such as postgres or oauth.")
    var kind: String
    @Option(help: ArgumentHelp("The Kubernetes secret with its value.", valueName: "name[/key,key]"))
    var secret: String?
    @Option(help: "The job that checks it.")
    var checkJob: String?
    @Option(help: "How often it is checked, such as 30m or 6h.")
    var checkEvery: String?
    @Flag(
        inversion: .prefixedNo,
        help: "When a check finds it valid, runs that were paused for it wait again."
    )
    var checkResumesRuns = true
    @Option(help: "Only if it has this revision; 0: only if it does not exist.")
    var revision: Int?
    @OptionGroup var change: ChangeOptions
    @OptionGroup var output: OutputOptions
    @OptionGroup var server: ServerOptions

    func validate() throws {
        guard (checkJob == nil) == (checkEvery == nil) else {
            throw ValidationError("--check-job and --check-every go together.")
        }
    }

    func run() async throws {
        var body: [String: JSONValue] = ["kind": .string(kind)]
        if let secret { body["secret"] = secretDocument(secret) }
        if let checkJob, let checkEvery {
            body["check"] = .object([
                "job": .string(checkJob), "every": .string(checkEvery), "resume_paused_runs": .bool(checkResumesRuns),
            ])
        }
        let answer = try await server.client(change, output).put(credential.path(), .object(body), ifRevision: revision)
        let sentence = "credential \(credential.team)/\(credential.name) \(answer.text("change"))"
        output.format.show(answer, name: credential.name, sentence: sentence)
    }
}
