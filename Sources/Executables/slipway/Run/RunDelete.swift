internal import ArgumentParser
internal import SlipwayCore

struct RunDelete: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "delete",
        abstract: "Delete runs that are over, with their logs, outputs and events. Safe to repeat.",
        discussion: """
            Who deleted what, when and why stays on record.

              slipway run delete 0192b1c4
              slipway run delete --job report --older-than 90d --dry-run
            """
    )

    @OptionGroup var selection: RunSelection
    @OptionGroup var output: OutputOptions
    @OptionGroup var server: ServerOptions

    func run() async throws {
        let client = try server.client()
        _ = try await RunActing(action: .delete, selection: selection, format: output.format, client: client).run()
    }
}
