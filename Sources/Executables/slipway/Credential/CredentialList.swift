internal import ArgumentParser
internal import SlipwayCore

struct CredentialList: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "list", abstract: "List credentials.")

    @Option(help: "Only this team's; several are separated by commas.", completion: Candidates.teams)
    var team: String?
    @Flag(help: "Only those that are not valid.")
    var invalid = false
    @OptionGroup var watching: WatchOptions
    @OptionGroup var output: OutputOptions
    @OptionGroup var server: ServerOptions

    func run() async throws {
        let client = try server.client()
        let filter = [("team", team), ("valid", invalid ? "false" : nil)]
        let empty = "There are no such credentials. Store one with `slipway credential apply NAME --kind KIND`."
        try await Listing.credentials.show("credentials", watching, output.format, empty: empty) {
            try await client.all("/credentials", filter, of: "credentials")
        }
    }
}
