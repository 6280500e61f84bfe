internal import ArgumentParser
internal import NIOHTTP1

struct ClusterDrain: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "drain",
        abstract: "Send no more runs to a cluster.",
        discussion: """
            Runs that are not placed are moved to other clusters where their job allows it; those that run end undisturbed.
            """
    )

    @OptionGroup var wanting: ClusterWanting

    func run() async throws { try await wanting.perform(.POST, "/drain", done: "draining") }
}
