internal import ArgumentParser
internal import SlipwayCore

struct RunRelease: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "release",
        abstract: "Let go of placed runs without cancelling them. Safe to repeat.",
        discussion: """
            Nobody watches a released run any more, and nothing its pod tells is taken. Code that runs may go on for \
            what is left of timeouts.run; any other pod is removed. When the time has passed the run ends as cancelled.

              slipway run release 0192b1c4 --why "its node does not answer"
            """
    )

    @OptionGroup var selection: RunSelection
    @OptionGroup var output: OutputOptions
    @OptionGroup var server: ServerOptions

    func run() async throws {
        let client = try server.client()
        _ = try await RunActing(action: .release, selection: selection, format: output.format, client: client).run()
    }
}
