internal import ArgumentParser
internal import SlipwayCore

struct WebhookList: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "list", abstract: "List webhooks.")

    @Option(help: "Only this team's; several are separated by commas.")
    var team: String?
    @OptionGroup var watching: WatchOptions
    @OptionGroup var output: OutputOptions
    @OptionGroup var server: ServerOptions

    func run() async throws {
        let client = try server.client()
        let empty = "There are no such webhooks. Create one with `slipway webhook create NAME --url URL`."
        try await Listing.webhooks.show("webhooks", watching, output.format, empty: empty) {
            try await client.all("/webhooks", [("team", team)], of: "webhooks")
        }
    }
}
