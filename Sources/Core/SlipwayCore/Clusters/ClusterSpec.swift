/// What operators say of a registered cluster. Stored as JSON; a file is read by ``ClusterFile``, which checks every bound.
package struct ClusterSpec: Sendable, Hashable, Codable {
    package var description: String?
    /// What a job's `cluster_selector` asks for.
    package var labels: [String: String]
    package var capacity: Capacity
    /// How many runs may be admitted to it without having begun, so that an autoscaler is asked gradually; `nil`: any number.
    package var placementWindow: Int?
    /// The teams that may use it; `nil`: all.
    package var teams: [String]?
    /// The name of its kubeconfig in the folder that dispatchers and workers read; `nil`: the cluster's own name.
    package var kubeconfigFile: String?
    /// Requests that each process may send to its API server a second; `nil`: as the process is set.
    package var requestsPerSecond: Int?

    package enum CodingKeys: String, CodingKey {
        case description, labels, capacity
        case placementWindow = "placement_window"
        case teams
        case kubeconfigFile = "kubeconfig_file"
        case requestsPerSecond = "requests_per_second"
    }

    /// How much of Slipway's work it takes at once; `nil`: not limited by Slipway.
    package struct Capacity: Sendable, Hashable, Codable {
        package var runs: Int?
        package var cpuMillicores: Int?
        package var memoryBytes: Int?

        package enum CodingKeys: String, CodingKey {
            case runs
            case cpuMillicores = "cpu_millicores"
            case memoryBytes = "memory_bytes"
        }

        package init(runs: Int? = nil, cpuMillicores: Int? = nil, memoryBytes: Int? = nil) {
            self.runs = runs
            self.cpuMillicores = cpuMillicores
            self.memoryBytes = memoryBytes
        }
    }

    package init(
        description: String? = nil,
        labels: [String: String] = [:],
        capacity: Capacity = Capacity(),
        placementWindow: Int? = nil,
        teams: [String]? = nil,
        kubeconfigFile: String? = nil,
        requestsPerSecond: Int? = nil
    ) {
        self.description = description
        self.labels = labels
        self.capacity = capacity
        self.placementWindow = placementWindow
        self.teams = teams
        self.kubeconfigFile = kubeconfigFile
        self.requestsPerSecond = requestsPerSecond
    }

    /// What is missing has its default: a cluster that was made before there were specifications has `{}`.
    package init(from decoder: any Decoder) throws {
        let members = try decoder.container(keyedBy: CodingKeys.self)
        self.init(
            description: try members.decodeIfPresent(String.self, forKey: .description),
            labels: try members.decodeIfPresent([String: String].self, forKey: .labels) ?? [:],
            capacity: try members.decodeIfPresent(Capacity.self, forKey: .capacity) ?? Capacity(),
            placementWindow: try members.decodeIfPresent(Int.self, forKey: .placementWindow),
            teams: try members.decodeIfPresent([String].self, forKey: .teams),
            kubeconfigFile: try members.decodeIfPresent(String.self, forKey: .kubeconfigFile),
            requestsPerSecond: try members.decodeIfPresent(Int.self, forKey: .requestsPerSecond)
        )
    }

    package func allows(team: String) -> Bool { teams?.contains(team) ?? true }

    /// Whether it has every label of a selector.
    package func matches(_ selector: [String: String]) -> Bool {
        selector.allSatisfy { labels[$0.key] == $0.value }
    }

    /// The cluster as admission sees it.
    package func admission(name: String, state: AdmissionCluster.State) -> AdmissionCluster {
        AdmissionCluster(
            name: name,
            state: state,
            runs: capacity.runs,
            cpuMillicores: capacity.cpuMillicores,
            memoryBytes: capacity.memoryBytes,
            placementWindow: placementWindow,
            teams: teams
        )
    }
}

/// What operators want of a cluster; its state follows from that and from its health.
package enum WantedCluster: String, Sendable, Hashable, Codable, CaseIterable {
    /// Runs go to it while it is healthy.
    case active
    /// No run goes to it any more; those that run end undisturbed.
    case draining
    /// Likewise, and it is forgotten once nothing is left on it.
    case destroying
}
