@testable import SlipwayCore

/// Admission as its rules say it, counting everything anew for each question: what the queue is compared with.
struct ReferencePlanner {
    let snapshot: AdmissionSnapshot
    let now: Timestamp
    let maximum: Int
    private(set) var pending: [PendingRun]
    private(set) var live: [LiveRun]
    private(set) var plan = AdmissionPlan()
    private var admissions: [JobID: [Timestamp]]
    private var closedJobs: Set<JobID> = []
    private let ceiling: Int

    init(_ snapshot: AdmissionSnapshot, now: Timestamp, maximum: Int) {
        self.snapshot = snapshot
        self.now = now
        self.maximum = maximum
        pending = snapshot.pending
        live = snapshot.live
        ceiling = snapshot.pending.map(\.priority).max() ?? 0
        admissions = [:]
        for job in snapshot.jobs { admissions[job.id] = job.recentAdmissions ?? [] }
        for run in live { admissions[run.job, default: []].append(run.admittedAt) }
        pause()
        surplus()
        while plan.admitted.count < maximum, let next = best() {
            plan.admitted.append(next.id)
            pending.removeAll { $0.id == next.id }
            live.append(LiveRun(next, admittedAt: now))
            admissions[next.job, default: []].append(now)
        }
    }

    /// Why a run of the snapshot would be held after the plan; `nil` if nothing forbids it.
    func reason(_ run: PendingRun) -> HoldReason? {
        let team = team(run.team)
        let job = job(run.job)
        if run.waitingSince > now { return .notYetEligible }
        if team.isSuspended { return .teamSuspended }
        if let credits = team.credits, credits <= 0 { return .creditsExhausted }
        let invalid = snapshot.invalidCredentials[run.team] ?? []
        if run.credentials.contains(where: invalid.contains) { return .credentialInvalid }
        if let windows = job.windows, !windows.contains(where: { $0.opens <= now && now < $0.closes }) {
            return .outsideWindow
        }
        let cluster = snapshot.clusters.last { $0.name == run.cluster }
        if let teams = cluster?.teams, !teams.contains(run.team) { return .clusterForbidden }
        if cluster?.state == .draining { return .clusterDraining }
        guard let cluster, cluster.state == .active else { return .clusterUnavailable }
        if let limit = job.rateLimit {
            let recent = admissions[run.job, default: []].filter { $0 + .seconds(limit.seconds) > now }
            if recent.count >= limit.count { return .rateLimit }
        }
        if live.filter({ $0.job == run.job }).count >= job.maximumLive { return .jobConcurrency }
        for key in run.limitKeys {
            let holders = live.filter { other in
                other.team == run.team && other.limitKeys.contains { $0.key == key.key }
            }
            if holders.count >= key.maximum { return .limitKey }
        }
        return roomReason(run, team, cluster)
    }

    private func roomReason(_ run: PendingRun, _ team: AdmissionTeam, _ cluster: AdmissionCluster) -> HoldReason? {
        var isBeyondPool = false
        for dimension in ResourceDimension.allCases where run.request[dimension] > 0 {
            guard let quota = team.quota(dimension) else { continue }
            let wanted = used(by: run.team, dimension) + run.request[dimension]
            let own: HoldReason =
                switch dimension {
                case .runs: .teamRunsLimit
                case .cpu: .teamCPUQuota
                case .memory: .teamMemoryQuota
                }
            if team.cohort == nil, wanted > quota.nominal { return own }
            if team.cohort != nil, let limit = quota.borrowingLimit, wanted > quota.nominal + limit { return own }
            if team.cohort != nil, !poolHolds(team, dimension, usage: wanted) { isBeyondPool = true }
        }
        if isBeyondPool { return .cohortExhausted }
        let here = live.filter { $0.cluster == run.cluster }
        for dimension in ResourceDimension.allCases where run.request[dimension] > 0 {
            guard let capacity = cluster.capacity(dimension) else { continue }
            if here.reduce(0, { $0 + $1.request[dimension] }) + run.request[dimension] > capacity {
                return .clusterFull
            }
        }
        if let window = cluster.placementWindow,
            here.filter({ $0.phase == .admitted || $0.phase == .placing }).count >= window
        {
            return .clusterWindow
        }
        return nil
    }

    /// Whether what the teams of a cohort use beyond their guaranteed parts is in the pool, or is not made more.
    private func poolHolds(_ team: AdmissionTeam, _ dimension: ResourceDimension, usage: Int) -> Bool {
        func taken(_ member: AdmissionTeam, _ usage: Int) -> Int {
            guard let quota = member.quota(dimension) else { return 0 }
            return max(0, usage - (quota.nominal - min(quota.nominal, quota.lendingLimit ?? .max)))
        }
        let before = taken(team, used(by: team.name, dimension))
        if taken(team, usage) == before { return true }
        let members = snapshot.teams.filter { $0.cohort == team.cohort }
        let pool = members.reduce(0) { sum, member in
            sum + (member.quota(dimension).map { min($0.nominal, $0.lendingLimit ?? .max) } ?? 0)
        }
        let others = members.filter { $0.name != team.name }
            .reduce(0) { $0 + taken($1, used(by: $1.name, dimension)) }
        return others + taken(team, usage) <= pool
    }

    func used(by team: String, _ dimension: ResourceDimension) -> Int {
        live.filter { $0.team == team }.reduce(0) { $0 + $1.request[dimension] }
    }

    private func team(_ name: String) -> AdmissionTeam {
        snapshot.teams.last { $0.name == name } ?? AdmissionTeam(name: name)
    }

    private func job(_ id: JobID) -> AdmissionJob { snapshot.jobs.last { $0.id == id } ?? AdmissionJob(id: id) }

    // MARK: Order

    private struct Candidate {
        var run: PendingRun
        var level: Int
        var borrows: Bool
        var share: Double
    }

    private func best() -> PendingRun? {
        let open = pending.filter { !closedJobs.contains($0.job) && reason($0) == nil }
        let byTeam = Dictionary(grouping: open, by: \.team).values.compactMap { runs in
            runs.map(candidate).min { $0.level != $1.level ? $0.level > $1.level : isOlder($0.run, $1.run) }
        }
        return byTeam.min(by: isBefore)?.run
    }

    private func isBefore(_ left: Candidate, _ right: Candidate) -> Bool {
        if left.level != right.level { return left.level > right.level }
        if left.borrows != right.borrows { return right.borrows }
        if left.share != right.share { return left.share < right.share }
        return isOlder(left.run, right.run)
    }

    private func isOlder(_ left: PendingRun, _ right: PendingRun) -> Bool {
        (left.waitingSince, left.id) < (right.waitingSince, right.id)
    }

    /// - Parameter ceiling: the highest priority that a waiting run was given.
    func level(_ run: PendingRun, ceiling: Int) -> Int {
        let waited = max(.zero, now - run.waitingSince)
        let gained = Int(waited / snapshot.settings.ageingStep)
        return max(run.priority, min(ceiling, run.priority + min(snapshot.settings.maximumAgeing, gained)))
    }

    private func candidate(_ run: PendingRun) -> Candidate {
        let team = team(run.team)
        var share = 0.0
        var borrows = false
        for dimension in ResourceDimension.allCases {
            let stated = snapshot.clusters.compactMap { $0.capacity(dimension) }.reduce(0, +)
            let whole = stated > 0 ? stated : snapshot.settings.standardCapacity[dimension]
            share = max(share, Double(used(by: run.team, dimension)) / Double(whole))
            if team.cohort != nil, let quota = team.quota(dimension) {
                borrows = borrows || used(by: run.team, dimension) >= quota.nominal
            }
        }
        let count = used(by: run.team, .runs)
        if count > 0 { share *= 1 + 0.5 / Double(count) }
        share = (share + snapshot.settings.historyWeight * (snapshot.usage[run.team] ?? 0)) / team.weight
        return Candidate(run: run, level: level(run, ceiling: ceiling), borrows: borrows, share: share)
    }

    // MARK: Ends

    private mutating func pause() {
        let eligible = pending.filter { $0.waitingSince <= now }.sorted(by: isOlder)
        for run in eligible {
            let invalid = snapshot.invalidCredentials[run.team] ?? []
            var reason: HoldReason?
            if run.credentials.contains(where: invalid.contains) { reason = .credentialInvalid }
            if let credits = team(run.team).credits, credits <= 0 { reason = .creditsExhausted }
            guard let reason, plan.pauses.count < maximum else { continue }
            plan.pauses.append(AdmissionPlan.Pause(run: run.id, reason: reason))
        }
    }

    private mutating func surplus() {
        for job in snapshot.jobs.sorted(by: { $0.id < $1.id }) {
            let waiting = pending.filter { $0.job == job.id && $0.waitingSince <= now }.sorted(by: isOlder)
            let busy = live.filter { $0.job == job.id }
            var ends: [PendingRun] = []
            var cause = AdmissionPlan.Skip.Cause.jobBusy
            switch job.concurrency {
            case .allow, .queue: continue
            case .skip: ends = waiting.dropFirst(max(0, job.maximumLive - busy.count)).reversed()
            case .replace:
                ends = Array(waiting.dropLast(job.maximumLive))
                cause = .superseded
            }
            let told = ends.prefix(maximum - plan.skips.count)
            for run in told { plan.skips.append(AdmissionPlan.Skip(run: run.id, cause: cause)) }
            pending.removeAll { run in told.contains { $0.id == run.id } }
            if told.count < ends.count { closedJobs.insert(job.id) }
            guard job.concurrency == .replace, told.count == ends.count else { continue }
            replace(job, kept: waiting.suffix(job.maximumLive), busy)
        }
    }

    private mutating func replace(_ job: AdmissionJob, kept: ArraySlice<PendingRun>, _ busy: [LiveRun]) {
        guard busy.count + kept.count > job.maximumLive else { return }
        let staying = busy.filter { $0.phase != .ending }.sorted { ($0.admittedAt, $0.id) < ($1.admittedAt, $1.id) }
        let needed = min(staying.count + kept.count - job.maximumLive, kept.count, maximum - plan.replacements.count)
        guard needed > 0 else { return }
        let successors = kept.suffix(needed).filter { run in
            switch reason(run) {
            case .teamSuspended, .creditsExhausted, .credentialInvalid, .outsideWindow, .clusterForbidden,
                .clusterUnavailable, .clusterDraining, .rateLimit:
                false
            default: true
            }
        }
        for (cancelled, successor) in zip(staying, successors) {
            plan.replacements.append(AdmissionPlan.Replacement(cancelled: cancelled.id, successor: successor.id))
        }
    }
}
