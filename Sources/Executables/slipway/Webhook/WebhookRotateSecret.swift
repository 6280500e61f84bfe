internal import ArgumentParser
internal import SlipwayCore

struct WebhookRotateSecret: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rotate-secret",
        abstract: "Give a webhook another secret, shown once. Both sign for a while."
    )

    @OptionGroup var webhook: WebhookOptions
    @Option(help: "For how long the present secret signs, too, such as 24h; 0s: not at all.")
    var keepPrevious = "24h"
    @OptionGroup var change: ChangeOptions
    @OptionGroup var output: OutputOptions
    @OptionGroup var server: ServerOptions

    func run() async throws {
        let answer = try await server.client(change, output).postOnce(
            webhook.path() + "/rotate-secret",
            .object(["keep_previous": .string(keepPrevious)])
        )
        let until = answer.text("previous_secret_until")
        let sentence = """
            \(webhook.told) has another secret, shown only now: \(answer.text("secret"))
            \(until.isEmpty ? "The one before does not sign any more." : "The one before signs beside it until \(until).")
            """
        output.format.show(answer, name: webhook.name, sentence: sentence)
    }
}
