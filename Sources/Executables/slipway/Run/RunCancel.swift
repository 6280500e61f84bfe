internal import ArgumentParser
internal import SlipwayCore

struct RunCancel: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "cancel",
        abstract: "Ask runs to end. Safe to repeat.",
        discussion: """
            A run that was not placed yet ends at once; a placed one is over when its pod is gone.

              slipway run cancel 0192b1c4
              slipway run cancel --job report --state running --older-than 12h --dry-run
              slipway run cancel --job report --yes --why "wrong month"
            """
    )

    @OptionGroup var selection: RunSelection
    @OptionGroup var output: OutputOptions
    @OptionGroup var server: ServerOptions

    func run() async throws {
        let client = try server.client()
        _ = try await RunActing(action: .cancel, selection: selection, format: output.format, client: client).run()
    }
}
