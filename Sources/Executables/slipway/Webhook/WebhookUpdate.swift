internal import ArgumentParser
internal import SlipwayCore

struct WebhookUpdate: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "update",
        abstract: "Change a webhook, turn it off or on again.",
        discussion: """
              slipway webhook update pager --events run.failed,run.sla_missed
              slipway webhook update pager --enable
            """
    )

    @OptionGroup var webhook: WebhookOptions
    @Option(help: "The receiver's address.")
    var url: String?
    @OptionGroup var spec: WebhookSpecOptions
    @Flag(help: "Turn it on.")
    var enable = false
    @Flag(help: "Turn it off.")
    var disable = false
    @Option(help: "Why, for those who look at it later.")
    var why: String?
    @Option(help: "Only if it has this revision.")
    var revision: Int?
    @OptionGroup var change: ChangeOptions
    @OptionGroup var output: OutputOptions
    @OptionGroup var server: ServerOptions

    func validate() throws {
        guard !(enable && disable) else { throw ValidationError("Say one of --enable and --disable.") }
        guard enable || disable || url != nil || !spec.members.isEmpty else {
            throw ValidationError("Say what changes, such as --url, --events, --enable or --disable.")
        }
    }

    func run() async throws {
        var body = spec.members
        if let url { body["url"] = .string(url) }
        if enable || disable { body["enabled"] = .bool(enable) }
        if let why { body["why"] = .string(why) }
        let answer = try await server.client(change, output).patch(webhook.path(), .object(body), ifRevision: revision)
        output.format.show(answer, name: webhook.name, sentence: "\(webhook.told) updated")
    }
}
