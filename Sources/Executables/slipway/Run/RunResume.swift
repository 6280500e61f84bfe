internal import ArgumentParser
internal import SlipwayCore

struct RunResume: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "resume",
        abstract: "Go on with what has ended: same version, same variables.",
        discussion: """
            The results of the tasks that had succeeded are carried over, the others are executed. A task with for_each that \
            did not succeed as a whole is executed for all its items; one with `always` is executed again if anything before \
            it is.

              slipway run resume 0192b1c4 --wait
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
            action: .resume,
            selection: selection,
            format: output.format,
            client: client
        ).run()
        let made = results.compactMap { $0["run"]?.text("id") }
        if wait, !made.isEmpty { try await RunWait.wait(for: made, client, timeoutSeconds: nil) }
    }
}
