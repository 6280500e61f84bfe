/// Who may run, decided over and over while things change.
///
/// It holds the runs that wait and those that are live, is told each change by ``apply(_:)``, and plans a cycle without
/// changing anything that can be seen: what came of a plan is told to it like any other change. The same state gives
/// the same plan, whatever led to it.
///
/// The order: first the higher priority, with age added; then teams that do not borrow; then the team with the smaller
/// share of what is scarce, its past counted, for its weight; then the longer wait. A run that a limit holds does not
/// hold those behind it.
///
/// A cycle's cost depends on the number of teams with waiting runs, on how many sizes, priorities and clusters the runs
/// of each have, on what changed and on what is admitted; not on how many runs wait.
package final class AdmissionQueue {
    let limits: AdmissionLimits
    var settings = AdmissionSettings()
    var teams: [String: TeamNode] = [:]
    var cohorts: [String: CohortNode] = [:]
    var clusters: [String: ClusterNode] = [:]
    var jobs: [JobID: JobNode] = [:]
    var pending: [RunID: PendingEntry] = [:]
    var live: [RunID: LiveEntry] = [:]
    /// Jobs with waiting runs that end those beyond their maximum.
    var surplusJobs: Set<JobID> = []
    /// Waiting runs by their own priority.
    var priorities: [Int: Int] = [:]
    /// When lines parked at a job are looked at again.
    var alarms = MinimumHeap<Alarm>()
    var plannedUntil = Int64.min

    struct PendingEntry {
        unowned let lane: Lane
        let since: Int64
    }

    struct Alarm: Comparable {
        var at: Int64
        var job: JobID

        static func < (left: Alarm, right: Alarm) -> Bool { (left.at, left.job) < (right.at, right.job) }
    }

    package init(limits: AdmissionLimits = .standard) {
        self.limits = limits
    }

    package convenience init(_ snapshot: AdmissionSnapshot, limits: AdmissionLimits = .standard) {
        self.init(limits: limits)
        apply(.settings(snapshot.settings))
        for team in snapshot.teams { apply(.team(team)) }
        for job in snapshot.jobs { apply(.job(job)) }
        for cluster in snapshot.clusters { apply(.cluster(cluster)) }
        for (team, share) in snapshot.usage { apply(.usage(team: team, share)) }
        for (team, names) in snapshot.invalidCredentials { apply(.invalidCredentials(team: team, names)) }
        for run in snapshot.live { apply(.live(run)) }
        pending.reserveCapacity(min(snapshot.pending.count, limits.pendingRuns))
        for run in snapshot.pending { apply(.pending(run)) }
    }

    package var pendingCount: Int { pending.count }
    package var liveCount: Int { live.count }

    package func isPending(_ id: RunID) -> Bool { pending[id] != nil }

    /// Whether it counts against limits, and how far it is.
    package func phase(of id: RunID) -> LiveRun.Phase? { live[id]?.run.phase }

    /// A waiting run, with its age as its creation and each limit key once; `nil` if it does not wait.
    package func waitingRun(_ id: RunID) -> PendingRun? {
        guard let entry = pending[id] else { return nil }
        let shape = entry.lane.shape
        return PendingRun(
            id: id,
            team: entry.lane.line.band.team.name,
            job: shape.line.job,
            cluster: shape.band.cluster,
            priority: shape.band.priority,
            createdAt: Timestamp(microsecondsSince1970: entry.since),
            cpuMillicores: shape.band.request.cpuMillicores,
            memoryBytes: shape.band.request.memoryBytes,
            limitKeys: shape.limitKeys,
            credentials: shape.line.credentials
        )
    }

    /// The facts behind what holds a waiting run, at this moment, as a plan pauses it for; `nil` if nothing holds it.
    package func holdSentence(_ id: RunID, now: Timestamp) -> String? {
        guard let entry = pending[id],
            let gate = gate(entry.lane, since: entry.since, now: now.microsecondsSince1970)
        else { return nil }
        return sentence(gate, entry.lane, runsAhead: 0)
    }

    /// Whether a team was told, and not that it was removed.
    package func knowsTeam(_ name: String) -> Bool { teams[name]?.isTold ?? false }

    /// The teams that have live runs, in order.
    package var teamsWithLiveRuns: [String] { teams.values.filter { !$0.live.isEmpty }.map(\.name).sorted() }

    /// A team's present share of what is scarce: the largest of its shares of runs, cpu and memory. This is what
    /// ``UsageHistory`` takes in.
    package func share(ofTeam name: String) -> Double {
        teams[name]?.used.dominantShare(of: capacity) ?? 0
    }

    /// Takes in one change.
    ///
    /// - Returns: `false` for a waiting run that is beyond ``AdmissionLimits/pendingRuns``: tell it again when others
    ///   are gone.
    @discardableResult
    package func apply(_ event: AdmissionEvent) -> Bool {
        switch event {
        case .pending(let run): return add(run)
        case .live(let run): add(run)
        case .gone(let id):
            removePending(id)
            removeLive(id)
        case .team(let settings): change(team(settings.name), to: settings, isTold: true)
        case .teamRemoved(let name):
            guard let team = teams[name] else { break }
            change(team, to: AdmissionTeam(name: name), isTold: false)
            dropIfUnused(team)
        case .job(let settings): change(job(settings.id), to: settings, isTold: true)
        case .jobRemoved(let id):
            guard let job = jobs[id] else { break }
            change(job, to: AdmissionJob(id: id), isTold: false)
            dropIfUnused(job)
        case .cluster(let settings): cluster(settings.name).settings = settings
        case .clusterRemoved(let name): clusters[name]?.settings = nil
        case .usage(let name, let share):
            let team = team(name)
            team.history = share.isFinite ? max(0, share) : 0
            dropIfUnused(team)
        case .invalidCredentials(let name, let names): changeCredentials(of: team(name), invalid: names)
        case .settings(let new): settings = new
        }
        return true
    }

    /// What shares are shares of: the capacity of all clusters that state one, else the standard.
    var capacity: ResourceAmounts {
        var whole = settings.standardCapacity
        for dimension in ResourceDimension.allCases {
            var sum = 0
            for cluster in clusters.values { sum &+= cluster.settings?.capacity(dimension)?.amount ?? 0 }
            if sum > 0 { whole[dimension] = sum }
        }
        return whole
    }
}
