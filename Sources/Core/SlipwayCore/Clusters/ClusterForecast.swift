/// Whether a run could be placed now, as far as clusters are concerned, and what stands in its way.
package struct ClusterForecast: Sendable, Hashable {
    package enum Verdict: String, Sendable, Hashable, CaseIterable {
        /// Nothing that is known keeps it from being placed.
        case now
        /// It would wait.
        case later
        /// It would wait until somebody changes the job or the clusters.
        case never
    }

    /// One thing that stands in the way, with the sentence to show.
    package struct Finding: Sendable, Hashable {
        package enum Code: String, Sendable, Hashable, CaseIterable {
            case noCluster = "no_cluster"
            case clusterUnavailable = "cluster_unavailable"
            case clusterDraining = "cluster_draining"
            case clusterTooSmall = "cluster_too_small"
            case clusterFull = "cluster_full"
            case nodeTooSmall = "node_too_small"
        }

        package var code: Code
        package var message: String
    }

    package var verdict: Verdict
    /// The cluster it would go to; `nil` if there is none.
    package var cluster: String?
    /// All that it might go to.
    package var candidates: [String]
    package var findings: [Finding]
}

extension ClusterChoice {
    /// What would become of a run of a job that was submitted now.
    ///
    /// Nodes are looked at as if they were empty, and without regard to the job's node selector.
    package func forecast(team: String, cluster: String, selector: [String: String]?, demand: ResourceAmounts)
        -> ClusterForecast
    {
        var copy = self
        let chosen: ChosenCluster
        do throws(ClusterRefusal) {
            chosen = try copy.choose(team: team, cluster: cluster, selector: selector, demand: demand)
        } catch {
            let finding = ClusterForecast.Finding(code: .noCluster, message: "\(error)")
            return ClusterForecast(verdict: .never, cluster: nil, candidates: [], findings: [finding])
        }
        let candidates = chosen.candidates ?? [chosen.name]
        let findings = clusters[chosen.name].map { Self.findings(on: $0, demand) } ?? []
        let isHopeless = candidates.allSatisfy { clusters[$0]?.couldHold(demand) == false }
        return ClusterForecast(
            verdict: findings.isEmpty ? .now : isHopeless ? .never : .later,
            cluster: chosen.name,
            candidates: candidates,
            findings: findings
        )
    }

    private static func findings(on cluster: Cluster, _ demand: ResourceAmounts) -> [ClusterForecast.Finding] {
        var findings: [ClusterForecast.Finding] = []
        func add(_ code: ClusterForecast.Finding.Code, _ what: String) {
            findings.append(ClusterForecast.Finding(code: code, message: "cluster \"\(cluster.name)\" \(what)"))
        }
        switch cluster.state {
        case .active: break
        case .draining: add(.clusterDraining, "is being drained: no run goes to it")
        case .provisioning, .failed, .destroying: add(.clusterUnavailable, "is \(cluster.state.rawValue)")
        }
        if !cluster.couldHold(demand) {
            add(.clusterTooSmall, "is allowed less than one run asks for: \(text(of: demand))")
        } else if !cluster.hasRoom(for: demand) {
            add(.clusterFull, "has no room for another run now")
        }
        if let nodes = cluster.nodes,
            !nodes.fits(cpuMillicores: demand.cpuMillicores, memoryBytes: demand.memoryBytes)
        {
            let largest = nodes.largest.first.map {
                "the largest of its \(nodes.nodes) nodes offers \(text(cpu: $0.cpuMillicores, memory: $0.memoryBytes))"
            }
            add(.nodeTooSmall, "has no node for \(text(of: demand)); \(largest ?? "it has none that takes pods")")
        }
        return findings
    }

    private static func text(of demand: ResourceAmounts) -> String {
        text(cpu: demand.cpuMillicores, memory: demand.memoryBytes)
    }

    private static func text(cpu: Int, memory: Int) -> String { "\(cpu)m cpu and \(memory >> 20)Mi memory" }
}
