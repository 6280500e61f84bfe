/// Everything a decision about admission depends on, besides the time.
package struct AdmissionSnapshot: Sendable, Hashable {
    package var pending: [PendingRun] = []
    package var live: [LiveRun] = []
    package var teams: [AdmissionTeam] = []
    package var jobs: [AdmissionJob] = []
    package var clusters: [AdmissionCluster] = []
    /// The decayed usage of teams, by name, as ``UsageHistory`` keeps it.
    package var usage: [String: Double] = [:]
    /// The names of invalid credentials, by team.
    package var invalidCredentials: [String: Set<String>] = [:]
    package var settings = AdmissionSettings()

    package init() {}

    /// Plans one cycle, and says of each run that is left waiting why.
    ///
    /// - Parameter maximum: of admitted, of skipped and of paused runs, each.
    package func plan(
        now: Timestamp,
        maximum: Int,
        limits: AdmissionLimits = .standard
    ) -> (plan: AdmissionPlan, held: [RunID: WaitExplanation]) {
        let queue = AdmissionQueue(self, limits: limits)
        let plan = queue.plan(now: now, maximum: maximum)
        let byID = Dictionary(pending.map { ($0.id, $0) }, uniquingKeysWith: { _, last in last })
        for id in plan.admitted {
            if let run = byID[id] { queue.apply(.live(LiveRun(run, admittedAt: now))) }
        }
        for id in plan.skips.map(\.run) + plan.pauses.map(\.run) { queue.apply(.gone(id)) }
        var held: [RunID: WaitExplanation] = [:]
        for id in byID.keys { held[id] = queue.explain(id, now: now) }
        return (plan, held)
    }
}

/// One thing that has changed. Each tells the whole new value, so that repeating it changes nothing.
package enum AdmissionEvent: Sendable, Hashable {
    /// It waits, or waits again.
    case pending(PendingRun)
    /// It counts from now on, or has come further.
    case live(LiveRun)
    /// It is neither waiting nor live any more.
    case gone(RunID)
    case team(AdmissionTeam)
    case teamRemoved(String)
    case job(AdmissionJob)
    case jobRemoved(JobID)
    case cluster(AdmissionCluster)
    case clusterRemoved(String)
    /// The decayed usage of a team.
    case usage(team: String, Double)
    /// All credentials of a team that are invalid.
    case invalidCredentials(team: String, Set<String>)
    case settings(AdmissionSettings)
}
