internal import ArgumentParser
internal import SlipwayCore

struct WebhookDelete: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "delete",
        abstract: "Forget a webhook, with what was to be delivered to it."
    )

    @OptionGroup var webhook: WebhookOptions
    @Option(help: "Why, for those who look at it later.")
    var why: String?
    @Option(help: "Only if it has this revision.")
    var revision: Int?
    @OptionGroup var change: ChangeOptions
    @OptionGroup var output: OutputOptions
    @OptionGroup var server: ServerOptions

    func run() async throws {
        let body = JSONValue.object(why.map { ["why": .string($0)] } ?? [:])
        let answer = try await server.client(change, output).delete(webhook.path(), body, ifRevision: revision)
        output.format.show(answer, name: webhook.name, sentence: "\(webhook.told) deleted")
    }
}
