internal import ArgumentParser

struct ClusterCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "cluster",
        abstract: "Register clusters, take them out of use, see them and the processes that serve them.",
        subcommands: [
            ClusterApply.self, ClusterList.self, ClusterShow.self, ClusterDrain.self, ClusterUndrain.self,
            ClusterRemove.self, ClusterHolders.self,
        ]
    )
}
