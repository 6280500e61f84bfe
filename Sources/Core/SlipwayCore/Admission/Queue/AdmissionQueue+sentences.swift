extension AdmissionQueue {
    /// The facts behind a reason in one sentence. It tells numbers of the run's own team only.
    func sentence(_ gate: Gate, _ lane: Lane, runsAhead: Int) -> String {
        let line = lane.line
        let team = line.band.team
        let cluster = line.band.cluster
        let request = lane.shape.band.request
        let opening = gate.opensAt.map { Timestamp(microsecondsSince1970: $0).description }
        switch gate.reason {
        case .notYetEligible: return "It does not go before \(opening ?? "its time")."
        case .teamSuspended: return "An operator has stopped admitting runs of team \(team.name)."
        case .creditsExhausted: return "Team \(team.name) has no credits left."
        case .credentialInvalid:
            let names = line.credentials.filter(\.isInvalid).map(\.name).sorted().prefix(limits.blockers)
            return "It needs what is not valid now: credential \(names.joined(separator: ", "))."
        case .outsideWindow:
            return opening.map { "The next window of its job opens at \($0)." }
                ?? "Its job has no window now, and none that is known to come."
        case .clusterForbidden: return "Cluster \(cluster.name) is not for team \(team.name)."
        case .clusterUnavailable:
            let state = cluster.settings.map { "is \($0.state.rawValue)" } ?? "is not registered"
            return "Cluster \(cluster.name) \(state)."
        case .clusterDraining: return "Cluster \(cluster.name) is being drained and takes no more runs."
        case .rateLimit:
            let limit = line.job.settings.rateLimit
            let span = DurationText.text(seconds: limit?.seconds ?? 0)
            return "Its job may start \(runs(limit?.count ?? 0)) in \(span); the next at \(opening ?? "its time")."
        case .jobConcurrency:
            return "\(runs(line.job.count)) of its job \(areLive(line.job.count)), and "
                + "\(line.job.settings.maximumLive) may be at a time."
        case .limitKey:
            guard let key = lane.closedKey, let limit = lane.shape.limitKeys.first(where: { $0.key == key.name }) else {
                return "A limit key that it has is taken."
            }
            return
                "\(runs(key.count)) with the key \(key.name) \(areLive(key.count)), and "
                + "\(limit.maximum) may be at a time."
        case .teamRunsLimit:
            return "Team \(team.name) has \(runs(team.used.runs)) live, and may have \(limit(team, .runs))."
        case .teamCPUQuota:
            return "Team \(team.name) uses \(team.used.cpuMillicores)m of cpu and may use \(limit(team, .cpu))m; "
                + "the run asks for \(request.cpuMillicores)m."
        case .teamMemoryQuota:
            return "Team \(team.name) uses \(mebibytes(team.used.memoryBytes)) of memory and may use "
                + "\(mebibytes(limit(team, .memory))); the run asks for \(mebibytes(request.memoryBytes))."
        case .cohortExhausted:
            return "All that cohort \(team.settings.cohort ?? "") lends is in use."
        case .clusterFull:
            return "Cluster \(cluster.name) has no room for \(request.cpuMillicores)m of cpu and "
                + "\(mebibytes(request.memoryBytes)) of memory."
        case .clusterWindow:
            return "On cluster \(cluster.name) as many runs are being placed as may be at a time "
                + "(\(cluster.settings?.placementWindow ?? 0))."
        case .behindOthers:
            if runsAhead == 0 { return "Nothing holds it: it goes when its team's turn comes." }
            let verb = runsAhead == 1 ? "goes" : "go"
            return "Nothing holds it but its turn: \(runs(runsAhead)) of its team \(verb) before it."
        }
    }

    private func runs(_ count: Int) -> String { count == 1 ? "1 run" : "\(count) runs" }
    private func areLive(_ count: Int) -> String { count == 1 ? "is live" : "are live" }

    /// What a team may use, borrowing included if that is bounded.
    private func limit(_ team: TeamNode, _ dimension: ResourceDimension) -> Int {
        let quota = team.settings.quota(dimension)
        return (team.cohort == nil ? nil : quota?.ceiling) ?? quota?.nominal.amount ?? 0
    }

    private func mebibytes(_ bytes: Int) -> String { "\(bytes >> 20)Mi" }
}
