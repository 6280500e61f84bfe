package import SlipwayCore

/// A registered cluster.
package struct ClusterRecord: Sendable, Hashable {
    package var name: String
    package var spec: ClusterSpec
    package var wanted: WantedCluster
    package var state: AdmissionCluster.State
    package var stateSince: Timestamp
    /// What is wrong with it; `nil`: nothing is known to be.
    package var message: String?
    /// Grows with each change that a person makes.
    package var revision: Int64
    package var createdAt: Timestamp
    package var updatedAt: Timestamp
    /// What its nodes offer, as the latest report that knows tells; `nil`: not known.
    package var nodes: NodeSummary?
    /// Runs that are admitted to it and have not begun.
    package var placing: Int
    /// Runs that have a pod or may have one.
    package var placed: Int
    /// What all of these ask for together.
    package var used: ResourceAmounts
}

/// What one process says of a cluster.
package struct ClusterReporter: Sendable, Hashable {
    package var holder: HolderID
    /// `nil`: it is not alive any more.
    package var kind: String?
    package var name: String?
    package var report: ClusterReport
}

/// What became of a change to a cluster.
package enum ClusterChange: Sendable, Hashable {
    case created(revision: Int64)
    case updated(revision: Int64)
    /// It is like that already.
    case unchanged(revision: Int64)
    case notFound
    /// Somebody changed it since: it has this revision now.
    case outdated(revision: Int64)
    /// It is being removed, so it takes no changes.
    case leaving
    /// These teams do not exist.
    case unknownTeams([String])
}
