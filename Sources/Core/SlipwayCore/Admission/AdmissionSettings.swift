/// What an operator chooses about admission as a whole.
package struct AdmissionSettings: Sendable, Hashable, Codable {
    /// Which admitted runs that have not begun may make room for a run of higher priority.
    package enum Preemption: String, Sendable, Hashable, Codable, CaseIterable {
        case never
        /// Only those of the same team.
        case withinTeam = "within_team"
        /// Also those of other teams, where the cluster or the cohort has no room.
        case acrossTeams = "across_teams"
    }

    /// A run gains one level of priority each time it has waited so long. At least a millisecond.
    package var ageingStep: Duration
    /// So many levels at most. Besides, age never lifts a run above the highest priority that any waiting run was
    /// given: it catches up with those who overtook it, and does not overtake its equals.
    package var maximumAgeing: Int
    /// How much a team's decayed usage counts beside its present one.
    package var historyWeight: Double
    /// What shares are shares of, in dimensions in which no cluster states its capacity.
    package var standardCapacity: ResourceAmounts
    package var preemption: Preemption
    /// A run preempts those whose priority is lower by so much.
    package var preemptionMargin: Int

    package init(
        ageingStep: Duration = .seconds(600),
        maximumAgeing: Int = 2000,
        historyWeight: Double = 1,
        standardCapacity: ResourceAmounts = ResourceAmounts(
            runs: 1000,
            cpuMillicores: 1_000_000,
            memoryBytes: 4 << 40
        ),
        preemption: Preemption = .never,
        preemptionMargin: Int = 1
    ) {
        self.ageingStep = ageingStep
        self.maximumAgeing = maximumAgeing
        self.historyWeight = historyWeight
        self.standardCapacity = standardCapacity
        self.preemption = preemption
        self.preemptionMargin = preemptionMargin
    }
}

/// The bounds of admission, in one place.
package struct AdmissionLimits: Sendable, Hashable {
    package static let standard = AdmissionLimits()

    /// Runs that a queue holds; what is beyond is not taken in until others have gone.
    package var pendingRuns = 2_000_000
    /// Runs whose identifiers an explanation names.
    package var blockers = 5
    package var priorities = -1000...1000
    /// Runs that make room for one run.
    package var victims = 8
    /// Runs for which room is looked for in one plan.
    package var preemptions = 50
    package var rateLimitCount = 1000

    package init() {}
}
