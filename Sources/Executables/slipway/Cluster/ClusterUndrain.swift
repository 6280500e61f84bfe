internal import ArgumentParser
internal import NIOHTTP1

struct ClusterUndrain: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "undrain",
        abstract: "Send runs to a drained cluster again.",
        discussion: """
            It is active as soon as a process finds it healthy.
            """
    )

    @OptionGroup var wanting: ClusterWanting

    func run() async throws { try await wanting.perform(.POST, "/undrain", done: "wanted active") }
}
