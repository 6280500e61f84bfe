internal import ArgumentParser
internal import SlipwayCore

struct WebhookDeliveries: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "deliveries",
        abstract: "List what a webhook was told, the newest first, and how each attempt ended."
    )

    @OptionGroup var webhook: WebhookOptions
    @Option(help: "Only those that are waiting, delivered or failed.")
    var state: String?
    @Option(help: "How many.")
    var limit = 50
    @OptionGroup var watching: WatchOptions
    @OptionGroup var output: OutputOptions
    @OptionGroup var server: ServerOptions

    func run() async throws {
        let client = try server.client()
        let path = try webhook.path() + "/deliveries"
        let empty = "There are no such deliveries. Make one with `slipway webhook test \(webhook.name)`."
        try await Listing.deliveries.show("deliveries", watching, output.format, empty: empty) {
            try await client.all(path, [("state", state)], of: "deliveries", limit: limit)
        }
    }
}
