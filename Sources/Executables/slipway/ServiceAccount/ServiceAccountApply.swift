internal import ArgumentParser
internal import SlipwayCore

struct ServiceAccountApply: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "apply",
        abstract: "Make a service account, or change its role. Safe to repeat.",
        discussion: """
              slipway service-account apply finance/nightly --role submitter
              slipway token create ci --service-account finance/nightly
            """
    )

    @OptionGroup var account: ServiceAccountOptions
    @Option(help: "viewer, submitter, operator or admin of its team.")
    var role: String
    @Option(help: "What it is for.")
    var description: String?
    @Option(help: "Only if it has this revision.")
    var revision: Int?
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
        var body: [String: Document] = ["role": .string(role)]
        if let description { body["description"] = .string(description) }
        let answer = try await server.client(change, output).put(account.path(), .object(body), ifRevision: revision)
        let sentence = "service account \(account.account) \(answer.text("change")): \(role)"
        output.format.show(answer, name: account.account, sentence: sentence)
    }
}
