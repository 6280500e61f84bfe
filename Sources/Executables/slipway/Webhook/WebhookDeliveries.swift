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
    @OptionGroup var output: OutputOptions
    @OptionGroup var server: ServerOptions

    func run() async throws {
        let document = try await server.client().get(
            webhook.path() + "/deliveries",
            [("state", state), ("limit", String(limit))]
        )
        Listing.deliveries.show(
            document.elements("deliveries"),
            document: document,
            format: output.format,
            empty: "There are no such deliveries. Make one with `slipway webhook test \(webhook.name)`."
        )
    }
}
