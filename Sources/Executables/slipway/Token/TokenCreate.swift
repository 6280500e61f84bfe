internal import ArgumentParser
internal import SlipwayCore

struct TokenCreate: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "create",
        abstract: "Make an API token. It is shown once, now.",
        discussion: """
            It may do what you may do, or its service account; --role and --team make that less.

              slipway token create laptop --expires-in 90d
              slipway token create ci --service-account finance/nightly
              export SLIPWAY_TOKEN=$(slipway token create ci -o name)
            """
    )

    @Argument(help: "What it is for, so that it is recognised later.")
    var name: String
    @Option(help: ArgumentHelp("Whose it is; else yours.", valueName: "team/name"))
    var serviceAccount: String?
    @OptionGroup var grants: GrantOptions
    @Option(help: "How long it lives, such as 12h or 90d; else until it is revoked.")
    var expiresIn: String?
    @OptionGroup var change: ChangeOptions
    @OptionGroup var output: OutputOptions
    @OptionGroup var server: ServerOptions

    func run() async throws {
        var body = try grants.members()
        body["name"] = .string(name)
        if let serviceAccount { body["service_account"] = .string(serviceAccount) }
        if let expiresIn { body["expires_in"] = .string(expiresIn) }
        let answer = try await server.client(change, output).postOnce("/tokens", .object(body))
        let token = answer.text("token")
        output.format.show(answer, name: token, sentence: token)
        guard output.format.isForPeople else { return }
        Terminal.note("This is token \(answer.text("id")). It is not shown again: keep it where secrets are kept.")
    }
}
