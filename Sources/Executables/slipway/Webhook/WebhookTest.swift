internal import ArgumentParser

struct WebhookTest: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "test",
        abstract: "Have a webhook told that this is a test. Does not wait for the answer."
    )

    @OptionGroup var webhook: WebhookOptions
    @OptionGroup var change: ChangeOptions
    @OptionGroup var output: OutputOptions
    @OptionGroup var server: ServerOptions

    func run() async throws {
        let answer = try await server.client(change, output).post(webhook.path() + "/test")
        let sentence = "\(webhook.told) is being told; see `slipway webhook deliveries \(webhook.name)`"
        output.format.show(answer, name: answer.text("id"), sentence: sentence)
    }
}
