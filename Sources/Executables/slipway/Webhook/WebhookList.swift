internal import ArgumentParser
internal import SlipwayCore

struct WebhookList: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "list", abstract: "List webhooks.")

    @Option(help: "Only this team's; several are separated by commas.")
    var team: String?
    @OptionGroup var output: OutputOptions
    @OptionGroup var server: ServerOptions

    func run() async throws {
        let found = try await server.client().all("/webhooks", [("team", team)], of: "webhooks")
        Listing.webhooks.show(
            found,
            document: .object(["webhooks": .array(found)]),
            format: output.format,
            empty: "There are no such webhooks. Create one with `slipway webhook create NAME --url URL`."
        )
    }
}
