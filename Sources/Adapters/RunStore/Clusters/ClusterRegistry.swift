package import SlipwayCore

/// What the processes ask of the place where clusters are registered, beside ``RunLedger``. ``RunStore`` keeps them in Postgres;
/// each function is described there.
package protocol ClusterRegistry: Sendable {
    // The processes that serve clusters.
    func registeredClusters() async throws -> [RegisteredCluster]
    func reportHealth(_ findings: [ClusterFinding], serving: [String], holder: HolderID) async throws
    func handBack(cluster: String, holder: HolderID) async throws -> [Unsupervised]

    // The scheduler that has the term.
    func clusterConditions() async throws -> (now: Timestamp, clusters: [ClusterCondition])
    func setStates(_ states: [ClusterStateChange], holder: HolderID, term: Int64) async throws -> [String]
    func moveRuns(after last: MovedRuns.Position?, holder: HolderID, term: Int64) async throws -> MovedRuns
    func noteUnavailable(holder: HolderID, term: Int64) async throws
    func forgetDestroyed(holder: HolderID, term: Int64) async throws -> [String]
}

/// A cluster that a process may serve if it has access to it.
package struct RegisteredCluster: Sendable, Hashable {
    package var name: String
    /// The name of its kubeconfig.
    package var kubeconfigFile: String
    /// `nil`: as the process is set.
    package var requestsPerSecond: Int?

    package init(name: String, kubeconfigFile: String, requestsPerSecond: Int? = nil) {
        self.name = name
        self.kubeconfigFile = kubeconfigFile
        self.requestsPerSecond = requestsPerSecond
    }
}

/// How a process found a cluster just now.
package struct ClusterFinding: Sendable, Hashable {
    package var cluster: String
    package var isHealthy: Bool
    package var message: String?
    /// `nil`: what was known stays.
    package var nodes: NodeSummary?

    package init(cluster: String, isHealthy: Bool, message: String? = nil, nodes: NodeSummary? = nil) {
        self.cluster = cluster
        self.isHealthy = isHealthy
        self.message = message
        self.nodes = nodes
    }
}

/// A state that a cluster is to have instead of another.
package struct ClusterStateChange: Sendable, Hashable {
    package var cluster: String
    package var from: AdmissionCluster.State
    package var wanted: WantedCluster
    package var to: AdmissionCluster.State
    package var message: String?

    package init(
        cluster: String,
        from: AdmissionCluster.State,
        wanted: WantedCluster,
        to: AdmissionCluster.State,
        message: String?
    ) {
        self.cluster = cluster
        self.from = from
        self.wanted = wanted
        self.to = to
        self.message = message
    }
}

/// What one look for runs to move did.
package struct MovedRuns: Sendable, Hashable {
    /// The end of a batch: clusters are looked at by name, and the runs of each by id.
    package struct Position: Sendable, Hashable {
        package var cluster: String
        package var run: RunID

        package init(cluster: String, run: RunID) {
            self.cluster = cluster
            self.run = run
        }
    }

    /// How many runs each cluster has more to place.
    package var runs: [String: Int] = [:]
    /// Where to go on; `nil`: all were looked at.
    package var next: Position?
}

extension RunStore: ClusterRegistry {}
