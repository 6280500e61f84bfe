internal import ArgumentParser

struct ClusterCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "cluster",
        abstract: "See clusters and the processes that serve them.",
        subcommands: [ClusterList.self, ClusterHolders.self]
    )
}
