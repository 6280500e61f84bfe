/// Where a run goes: a cluster now, and the ones it may be moved to while it is not placed.
package struct ChosenCluster: Sendable, Hashable {
    package var name: String
    /// `nil`: it stays where it is.
    package var candidates: [String]?

    package init(name: String, candidates: [String]?) {
        self.name = name
        self.candidates = candidates
    }
}

/// Why no cluster can be chosen. Each description is a sentence that is safe to show.
package enum ClusterRefusal: Error, Sendable, Hashable, CustomStringConvertible {
    case notRegistered(String)
    case notForTeam(cluster: String, team: String)
    case leaving(String)
    /// A newer version wrote something of it that this one does not know.
    case unreadable(String)
    case noneMatches(selector: [String: String], team: String)

    package var description: String {
        switch self {
        case .notRegistered(let name): "cluster \"\(name)\" is not registered"
        case .notForTeam(let cluster, let team): "cluster \"\(cluster)\" is not for team \"\(team)\""
        case .leaving(let name): "cluster \"\(name)\" is being removed"
        case .unreadable(let name): "cluster \"\(name)\" is registered with what this version cannot read"
        case .noneMatches(let selector, let team):
            "no registered cluster that team \"\(team)\" may use has the labels "
                + selector.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }.joined(separator: ", ")
        }
    }
}

/// The registered clusters at a moment, and which of them a run goes to.
///
/// A choice is counted at once, so that many runs chosen for in a row spread although the next look at the clusters is yet to come.
package struct ClusterChoice: Sendable, Hashable {
    package struct Cluster: Sendable, Hashable {
        package var name: String
        package var spec: ClusterSpec
        package var state: AdmissionCluster.State
        /// `nil`: not known.
        package var nodes: NodeSummary?
        /// By the runs that are admitted and not over.
        package var used: ResourceAmounts
        /// Those of them that have not begun.
        package var placing: Int

        package init(
            name: String,
            spec: ClusterSpec = ClusterSpec(),
            state: AdmissionCluster.State = .active,
            nodes: NodeSummary? = nil,
            used: ResourceAmounts = .zero,
            placing: Int = 0
        ) {
            self.name = name
            self.spec = spec
            self.state = state
            self.nodes = nodes
            self.used = used
            self.placing = placing
        }

        /// What Slipway may use of it in each dimension; 0: not known.
        package var capacity: ResourceAmounts {
            ResourceAmounts(
                runs: spec.capacity.runs ?? 0,
                cpuMillicores: spec.capacity.cpuMillicores ?? nodes?.cpuMillicores ?? 0,
                memoryBytes: spec.capacity.memoryBytes ?? nodes?.memoryBytes ?? 0
            )
        }

        /// Whether a run with these demands would stay within what operators allow.
        package func hasRoom(for demand: ResourceAmounts) -> Bool {
            let limits = spec.admission(name: name, state: state)
            if let window = spec.placementWindow, placing >= window { return false }
            return ResourceDimension.allCases.allSatisfy { dimension in
                guard let limit = limits.capacity(dimension), demand[dimension] > 0 else { return true }
                return used[dimension] &+ demand[dimension] <= limit
            }
        }

        /// Whether a run with these demands could ever be there.
        package func couldHold(_ demand: ResourceAmounts) -> Bool {
            let limits = spec.admission(name: name, state: state)
            return ResourceDimension.allCases.allSatisfy { demand[$0] <= limits.capacity($0) ?? .max }
        }
    }

    package private(set) var clusters: [String: Cluster]
    /// Those of which this version cannot read what they are registered with.
    package let unreadable: Set<String>

    package init(_ clusters: [Cluster], unreadable: Set<String> = []) {
        self.unreadable = unreadable
        self.clusters = Dictionary(clusters.map { ($0.name, $0) }, uniquingKeysWith: { $1 })
    }

    /// Chooses for a run of a job, and counts it.
    ///
    /// - Parameter selector: the job's `cluster_selector`; `nil`: it goes to `cluster`.
    package mutating func choose(
        team: String,
        cluster: String,
        selector: [String: String]?,
        demand: ResourceAmounts
    ) throws(ClusterRefusal) -> ChosenCluster {
        guard let selector else {
            try check(cluster, team: team)
            add(demand, to: cluster)
            return ChosenCluster(name: cluster, candidates: nil)
        }
        let names = candidates(team: team, selector: selector)
        guard let best = best(of: names, for: demand) else {
            throw .noneMatches(selector: selector, team: team)
        }
        add(demand, to: best)
        return ChosenCluster(name: best, candidates: names)
    }

    /// Chooses for a run of a job version, and counts it.
    package mutating func choose(
        for spec: JobSpec,
        variables: RunVariables
    ) throws(ClusterRefusal) -> ChosenCluster {
        try choose(
            team: spec.team,
            cluster: spec.cluster,
            selector: spec.clusterSelector,
            demand: AdmissionRequest(spec, variables: variables.values).demand
        )
    }

    /// Whether some cluster that a job's runs may go to is active.
    package func hasActive(for spec: JobSpec) -> Bool {
        let names = spec.clusterSelector.map { candidates(team: spec.team, selector: $0) } ?? [spec.cluster]
        return names.contains { clusters[$0]?.state == .active }
    }

    /// The clusters with these labels that a team may use, by name. Those that are being removed are none.
    package func candidates(team: String, selector: [String: String]) -> [String] {
        clusters.values
            .filter { $0.state != .destroying && $0.spec.allows(team: team) && $0.spec.matches(selector) }
            .map(\.name).sorted()
    }

    /// - Throws: why a team's runs cannot go to a cluster at all.
    package func check(_ name: String, team: String) throws(ClusterRefusal) {
        guard let cluster = clusters[name] else {
            throw unreadable.contains(name) ? .unreadable(name) : .notRegistered(name)
        }
        guard cluster.spec.allows(team: team) else { throw .notForTeam(cluster: name, team: team) }
        guard cluster.state != .destroying else { throw .leaving(name) }
    }

    /// The best of some clusters: an active one before others, one that can hold the run, one with room, the least used.
    package func best(of names: [String], for demand: ResourceAmounts) -> String? {
        let known = names.compactMap { clusters[$0] }
        // Shares can only be compared where all are known.
        let isComparable = known.allSatisfy { $0.capacity != .zero }
        return known.min { left, right in
            let ranks = [left, right].map { cluster in
                [
                    Self.rank(cluster.state), cluster.couldHold(demand) ? 0 : 1, cluster.hasRoom(for: demand) ? 0 : 1,
                ]
            }
            if ranks[0] != ranks[1] { return ranks[0].lexicographicallyPrecedes(ranks[1]) }
            let shares = [left, right].map { ($0.used + demand).dominantShare(of: $0.capacity) }
            if isComparable, shares[0] != shares[1] { return shares[0] < shares[1] }
            return (left.used.runs, left.name) < (right.used.runs, right.name)
        }?.name
    }

    /// Where to move a run that is not placed, if its cluster takes no runs now: an active candidate with room for it.
    ///
    /// - Parameter needsRoom: for a run that is admitted already; one that still waits for admission waits there as well.
    package mutating func destination(
        team: String,
        candidates: [String],
        demand: ResourceAmounts,
        needsRoom: Bool
    ) -> String? {
        let possible = candidates.filter { name in
            guard let cluster = clusters[name], cluster.state == .active, cluster.spec.allows(team: team) else {
                return false
            }
            return needsRoom ? cluster.hasRoom(for: demand) : cluster.couldHold(demand)
        }
        guard let best = best(of: possible, for: demand) else { return nil }
        add(demand, to: best)
        return best
    }

    private mutating func add(_ demand: ResourceAmounts, to name: String) {
        clusters[name]?.used += demand
        clusters[name]?.placing += 1
    }

    private static func rank(_ state: AdmissionCluster.State) -> Int {
        switch state {
        case .active: 0
        case .provisioning: 1
        case .failed: 2
        case .draining: 3
        case .destroying: 4
        }
    }
}

extension AdmissionRequest {
    /// What one run takes of a cluster.
    package var demand: ResourceAmounts {
        ResourceAmounts(runs: 1, cpuMillicores: cpuMillicores, memoryBytes: memoryBytes)
    }
}
