internal import ArgumentParser
internal import SlipwayCore

struct RunRetry: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "retry",
        abstract: "Run again what has ended: same version, same variables.",
        discussion: """
            While a retry is not over, asking again gives that one. Without names and states, only what did not succeed is meant.

            With --from-task the new run begins with that task: it and all that follows from it are executed, the results of \
            other tasks that had succeeded are carried over, and the rest is skipped. With --incomplete it executes all that \
            had not succeeded, as `slipway run resume` does.

              slipway run retry 0192b1c4 --wait
              slipway run retry 0192b1c4 --from-task load
              slipway run retry --job report --newer-than 2h --yes
            """
    )

    @Option(help: "Begin with this task.")
    var fromTask: String?

    @Flag(help: "Execute only what had not succeeded.")
    var incomplete = false

    @Flag(help: "Wait until the new runs are over.")
    var wait = false

    @OptionGroup var selection: RunSelection
    @OptionGroup var output: OutputOptions
    @OptionGroup var server: ServerOptions

    func validate() throws {
        if incomplete, fromTask != nil {
            throw ValidationError("Say --from-task or --incomplete; both at once is not allowed.")
        }
    }

    func run() async throws {
        let client = try server.client()
        var request: [String: JSONValue] = [:]
        if let fromTask { request["from_task"] = .string(fromTask) }
        let results = try await RunActing(
            action: incomplete ? .resume : .retry,
            selection: selection,
            format: output.format,
            client: client,
            request: request
        ).run()
        let made = results.compactMap { $0["run"]?.text("id") }
        if wait, !made.isEmpty { try await RunWait.wait(for: made, client, timeoutSeconds: nil) }
    }
}
