internal import ArgumentParser
internal import SlipwayCore

struct WebhookShow: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show",
        abstract: "Show a webhook: what it is told of, and whether that arrives."
    )

    @OptionGroup var webhook: WebhookOptions
    @OptionGroup var output: OutputOptions
    @OptionGroup var server: ServerOptions

    func run() async throws {
        let document = try await server.client().get(webhook.path())
        output.format.show(document, name: webhook.name, sentence: Self.text(document))
    }

    static func state(_ webhook: Document) -> String {
        guard webhook.text("enabled") == "true" else { return "off (\(webhook.text("disabled_reason")))" }
        return webhook.text("failing_since").isEmpty ? "on" : "failing"
    }

    static func text(_ webhook: Document) -> String {
        func moment(_ name: String) -> String {
            let text = webhook.text(name)
            return text.isEmpty ? "" : "\(text) (\(Moments.age(text)) ago)"
        }
        var facts = Facts()
        facts.add("Webhook", "\(webhook.text("team"))/\(webhook.text("name"))")
        facts.add("State", state(webhook))
        facts.add("Address", webhook.text("url"))
        facts.add("Form", webhook.text("form"))
        facts.add("Told of", webhook.elements("events").map(\.plainText).joined(separator: "\n"))
        facts.add("For", webhook.text("description"))
        facts.add("Namespace", webhook.text("namespace"))
        facts.add("Key", webhook.text("api_key"))
        facts.add("Delivered", moment("delivered_at"))
        facts.add("Failing since", moment("failing_since"))
        facts.add("Off since", moment("disabled_at"))
        facts.add("Old secret until", webhook.text("previous_secret_until"))
        return facts.text
    }
}
