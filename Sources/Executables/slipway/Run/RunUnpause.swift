internal import ArgumentParser
internal import SlipwayCore

struct RunUnpause: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "unpause",
        abstract: "Have paused runs wait for admission again. Safe to repeat.",
        discussion: """
            What paused a run pauses it again if it still holds. Runs that wait for more credits come back by themselves; those \
            of a credential best with `slipway credential update NAME --valid --resume-paused-runs`.

              slipway run unpause 0192b1c4
              slipway run unpause --team finance --yes
            """
    )

    @OptionGroup var selection: RunSelection
    @OptionGroup var output: OutputOptions
    @OptionGroup var server: ServerOptions

    func run() async throws {
        let client = try server.client()
        _ = try await RunActing(action: .unpause, selection: selection, format: output.format, client: client).run()
    }
}
