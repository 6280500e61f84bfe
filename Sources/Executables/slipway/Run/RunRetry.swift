internal import ArgumentParser
internal import SlipwayCore

struct RunRetry: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "retry",
        abstract: "Run again what has ended: same version, same variables.",
        discussion: """
            While a retry is not over, asking again gives that one. Without names and states, only what did not succeed is meant.

              slipway run retry 0192b1c4 --wait
              slipway run retry --job report --newer-than 2h --yes
            """
    )

    @Flag(help: "Wait until the new runs are over.")
    var wait = false

    @OptionGroup var selection: RunSelection
    @OptionGroup var output: OutputOptions
    @OptionGroup var server: ServerOptions

    func run() async throws {
        let client = try server.client()
        let results = try await RunActing(
            action: .retry,
            selection: selection,
            format: output.format,
            client: client
        ).run()
        let made = results.compactMap { $0["run"]?.text("id") }
        if wait, !made.isEmpty { try await RunWait.wait(for: made, client, timeoutSeconds: nil) }
    }
}
