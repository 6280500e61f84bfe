internal import ArgumentParser
internal import SlipwayCore

struct CredentialList: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "list", abstract: "List credentials.")

    @Option(help: "Only this team's; several are separated by commas.")
    var team: String?
    @Flag(help: "Only those that are not valid.")
    var invalid = false
    @OptionGroup var output: OutputOptions
    @OptionGroup var server: ServerOptions

    func run() async throws {
        let found = try await server.client().all(
            "/credentials",
            [("team", team), ("valid", invalid ? "false" : nil)],
            of: "credentials"
        )
        Listing.credentials.show(
            found,
            document: .object(["credentials": .array(found)]),
            format: output.format,
            empty: "There are no such credentials. Store one with `slipway credential apply NAME --kind KIND`."
        )
    }
}
