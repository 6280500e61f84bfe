/// What became of a tick; the raw values of ``kind`` and of the reasons are stored and public.
package enum TickOutcome: Sendable, Hashable {
    /// It created a run in time.
    case fired
    /// It was missed, and created a run later.
    case caughtUp
    /// It created none.
    case skipped(TickSkipReason)

    package var kind: String {
        switch self {
        case .fired: "fired"
        case .caughtUp: "caught_up"
        case .skipped: "skipped"
        }
    }

    /// Why it created none; `nil` if it did.
    package var skipReason: TickSkipReason? {
        if case .skipped(let reason) = self { reason } else { nil }
    }

    package var createsRun: Bool {
        switch self {
        case .fired, .caughtUp: true
        case .skipped: false
        }
    }
}

/// Why a tick created no run, as a closed set of machine codes.
package enum TickSkipReason: String, Sendable, Hashable, Codable, CaseIterable {
    /// Nobody decided it in time, and the policy does not make up for it.
    case missed
    /// Nobody decided it in time, and more were missed than the policy makes up for.
    case catchUpLimit = "catch_up_limit"
    case schedulePaused = "schedule_paused"
    /// The schedule was changed before anybody decided it.
    case scheduleChanged = "schedule_changed"
    case scheduleDeleted = "schedule_deleted"
    case jobPaused = "job_paused"
    /// The job has as many runs as it may, and its policy lets no other one wait.
    case concurrencyLimit = "concurrency_limit"
    case windowClosed = "window_closed"
    case noHealthyCluster = "no_healthy_cluster"
    /// The run was refused, such as for a quota of the team; the ledger has the message.
    case runRefused = "run_refused"

    /// For people, in one sentence.
    package var sentence: String {
        switch self {
        case .missed: "The tick was not decided in time, and missed ticks are not made up for."
        case .catchUpLimit: "More ticks were missed than the schedule makes up for."
        case .schedulePaused: "The schedule was paused."
        case .scheduleChanged: "The schedule was changed before the tick was decided."
        case .scheduleDeleted: "The schedule was deleted before the tick was decided."
        case .jobPaused: "The job was paused."
        case .concurrencyLimit: "The job had as many live runs as it may have."
        case .windowClosed: "The tick was outside the job's windows."
        case .noHealthyCluster: "No cluster was healthy that the run could have been placed on."
        case .runRefused: "The run was refused."
        }
    }
}

/// What the ledger keeps of a tick, or of many in a row that end alike.
package struct LedgerEntry: Sendable, Hashable {
    /// The only or the first tick.
    package var tick: Timestamp
    /// The only or the last tick.
    package var through: Timestamp
    package var outcome: TickOutcome
    /// How many ticks it stands for.
    package var ticks: Int
    /// False if there were more than were counted: `ticks` is the least then.
    package var isCountExact: Bool

    package init(
        tick: Timestamp,
        through: Timestamp? = nil,
        outcome: TickOutcome,
        ticks: Int = 1,
        isCountExact: Bool = true
    ) {
        self.tick = tick
        self.through = through ?? tick
        self.outcome = outcome
        self.ticks = ticks
        self.isCountExact = isCountExact
    }
}
