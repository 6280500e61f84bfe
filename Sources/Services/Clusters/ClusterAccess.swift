package import Placement
package import RunStore

/// How a process gets at registered clusters beside the one it is made for.
package protocol ClusterAccess: Sendable {
    /// A word that changes whenever the way to a cluster does; `nil`: there is none.
    func version(of cluster: RegisteredCluster) -> String?

    /// A client for it.
    ///
    /// - Throws: an error whose description says what is wrong with the way to it.
    func open(_ cluster: RegisteredCluster) throws -> any ClusterPods
}

/// How a process serves clusters.
package struct ServedClustersSettings: Sendable {
    /// How often the registry and each cluster's health are looked at.
    package var interval: Duration = .seconds(3)
    /// How long an API server may take to say that it is ready.
    package var probeLimit: Duration = .seconds(3)
    /// How often the nodes are counted.
    package var nodesInterval: Duration = .seconds(30)
    /// The longest pause before work for a cluster that ended with an error begins again.
    package var longestPause: Duration = .seconds(5)

    package init() {}
}
