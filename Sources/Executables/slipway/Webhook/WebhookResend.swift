internal import ArgumentParser

struct WebhookResend: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "resend",
        abstract: "Have something delivered again, under the id it had."
    )

    @OptionGroup var webhook: WebhookOptions
    @Argument(help: "The delivery's id.")
    var delivery: String
    @OptionGroup var change: ChangeOptions
    @OptionGroup var output: OutputOptions
    @OptionGroup var server: ServerOptions

    func run() async throws {
        let id = APIClient.encoded(delivery)
        let answer = try await server.client(change, output).post(webhook.path() + "/deliveries/\(id)/resend")
        let sentence = "\(webhook.told) is being told again; see `slipway webhook deliveries \(webhook.name)`"
        output.format.show(answer, name: answer.text("id"), sentence: sentence)
    }
}
