internal import ArgumentParser
internal import SlipwayCore

struct RunPromote: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "promote",
        abstract: "Send waiting runs past admission, before all others. Safe to repeat.",
        discussion: """
            A paused run waits again; one that waits for its next attempt does not wait for its time any more.

              slipway run promote 0192b1c4
              slipway run promote --job report --state pending,paused --yes
            """
    )

    @OptionGroup var selection: RunSelection
    @OptionGroup var output: OutputOptions
    @OptionGroup var server: ServerOptions

    func run() async throws {
        let client = try server.client()
        _ = try await RunActing(action: .promote, selection: selection, format: output.format, client: client).run()
    }
}
