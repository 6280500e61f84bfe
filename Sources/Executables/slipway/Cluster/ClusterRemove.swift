internal import ArgumentParser
internal import NIOHTTP1

struct ClusterRemove: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "remove",
        abstract: "Send no more runs to a cluster, and forget it once nothing is left on it.",
        discussion: """
            There is no way back: register it again afterwards.
            """
    )

    @OptionGroup var wanting: ClusterWanting

    func run() async throws { try await wanting.perform(.DELETE, "", done: "being removed") }
}
