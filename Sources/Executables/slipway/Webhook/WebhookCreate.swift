internal import ArgumentParser
internal import SlipwayCore

struct WebhookCreate: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "create",
        abstract: "Have a receiver told of what happens. Its secret is shown once.",
        discussion: """
            Without --events it is told of failures: failed runs and timeouts, missed expectations, jobs that fail again and \
            again, credentials that are not valid, paused schedules, failed clusters.

              slipway webhook create pager --url https://pager.example.org/in
              slipway webhook create chat --form slack --url https://hooks.example.org/T0/B0 --events run.failed,run.timeout
              slipway webhook create lineage --form openlineage --url https://lineage.example.org/api/v1/lineage
            """
    )

    @OptionGroup var webhook: WebhookOptions
    @Option(help: "The receiver's address.")
    var url: String
    @OptionGroup var spec: WebhookSpecOptions
    @Flag(help: "It is not told of anything until it is turned on.")
    var disabled = false
    @OptionGroup var change: ChangeOptions
    @OptionGroup var output: OutputOptions
    @OptionGroup var server: ServerOptions

    func run() async throws {
        var body = spec.members
        body["team"] = .string(webhook.team)
        body["name"] = .string(webhook.name)
        body["url"] = .string(url)
        if disabled { body["enabled"] = .bool(false) }
        let answer = try await server.client(change, output).postOnce("/webhooks", .object(body))
        let sentence = """
            \(webhook.told) created
            Its secret, shown only now: \(answer.text("secret"))
            """
        output.format.show(answer, name: webhook.name, sentence: sentence)
    }
}
