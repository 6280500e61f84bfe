/// What keeps a run from being admitted, and until when if time ends it.
struct Gate: Equatable {
    var reason: HoldReason
    var opensAt: Int64?

    init(_ reason: HoldReason, opensAt: Int64? = nil) {
        self.reason = reason
        self.opensAt = opensAt
    }
}

// The limits, each asked for by itself. A plan asks in the order of its tree, an explanation in the order of the
// reasons.
extension AdmissionQueue {
    func teamGate(_ team: TeamNode) -> Gate? {
        if team.settings.isSuspended { return Gate(.teamSuspended) }
        if !team.settings.hasCredits { return Gate(.creditsExhausted) }
        return nil
    }

    func clusterGate(_ cluster: ClusterNode) -> Gate? {
        switch cluster.settings?.state {
        case .active: nil
        case .draining: Gate(.clusterDraining)
        case .provisioning, .failed, .destroying, nil: Gate(.clusterUnavailable)
        }
    }

    /// Whether the cluster of a band takes runs, those of its team at that.
    func clusterGate(_ band: Band) -> Gate? {
        allows(band) ? clusterGate(band.cluster) : Gate(.clusterForbidden)
    }

    func allows(_ band: Band) -> Bool { band.cluster.settings?.allows(team: band.team.name) ?? true }

    func windowGate(_ job: JobNode, now: Int64) -> Gate? {
        let time = Timestamp(microsecondsSince1970: now)
        if job.settings.isOpen(at: time) { return nil }
        return Gate(.outsideWindow, opensAt: job.settings.nextOpening(after: time)?.microsecondsSince1970)
    }

    func rateGate(_ job: JobNode, now: Int64) -> Gate? {
        job.rateOpens(after: now, maximum: limits.rateLimitCount).map { Gate(.rateLimit, opensAt: $0) }
    }

    func concurrencyGate(_ job: JobNode) -> Gate? {
        job.count < job.settings.maximumLive ? nil : Gate(.jobConcurrency)
    }

    func roomGate(_ band: Band) -> Gate? {
        roomGate(band.team, for: band.shape.request) ?? roomGate(band.cluster, for: band.shape.request)
    }

    /// Whether a team's quotas and its cohort have room for a request.
    func roomGate(_ team: TeamNode, for request: ResourceAmounts) -> Gate? {
        var isBeyondPool = false
        for dimension in ResourceDimension.allCases {
            guard let quota = team.settings.quota(dimension), request[dimension] > 0 else { continue }
            let used = team.used[dimension]
            let wanted = used &+ request[dimension]
            guard let cohort = team.cohort else {
                if wanted > quota.nominal.amount { return Gate(Self.ownReason(dimension)) }
                continue
            }
            if let ceiling = quota.ceiling, wanted > ceiling { return Gate(Self.ownReason(dimension)) }
            let taken = quota.poolUse(at: wanted) &- quota.poolUse(at: used)
            if taken > 0, cohort.poolUsed[dimension] &+ taken > cohort.pool[dimension] { isBeyondPool = true }
        }
        return isBeyondPool ? Gate(.cohortExhausted) : nil
    }

    /// Whether a cluster has room for a request.
    func roomGate(_ cluster: ClusterNode, for request: ResourceAmounts) -> Gate? {
        for dimension in ResourceDimension.allCases {
            guard let capacity = cluster.settings?.capacity(dimension)?.amount, request[dimension] > 0 else { continue }
            if cluster.used[dimension] &+ request[dimension] > capacity { return Gate(.clusterFull) }
        }
        if let window = cluster.settings?.placementWindow, cluster.placing >= window { return Gate(.clusterWindow) }
        return nil
    }

    private static func ownReason(_ dimension: ResourceDimension) -> HoldReason {
        switch dimension {
        case .runs: .teamRunsLimit
        case .cpu: .teamCPUQuota
        case .memory: .teamMemoryQuota
        }
    }

    /// The first reason for which a run of a lane is held; `nil` if nothing forbids it.
    func gate(_ lane: Lane, since: Int64, now: Int64) -> Gate? {
        if since > now { return Gate(.notYetEligible, opensAt: since) }
        return gate(lane, now: now)
    }

    /// The same for all runs of a lane that are eligible.
    func gate(_ lane: Lane, now: Int64) -> Gate? {
        let line = lane.line
        let band = line.band
        if let gate = teamGate(band.team) { return gate }
        if line.credentials.contains(where: \.isInvalid) { return Gate(.credentialInvalid) }
        if let gate = windowGate(line.job, now: now) ?? clusterGate(band) { return gate }
        if let gate = rateGate(line.job, now: now) ?? concurrencyGate(line.job) { return gate }
        if lane.closedKey != nil { return Gate(.limitKey) }
        return roomGate(band)
    }
}
