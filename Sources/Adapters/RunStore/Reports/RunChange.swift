package import SlipwayCore

/// A live run, locked, as the decision about a report needs it.
package struct LockedRun: Sendable, Hashable {
    package var id: RunID
    package var state: RunState
    package var stateSince: Timestamp
    package var leaseEpoch: Int64
    package var placement: Int
    package var reportRevision: Int64
    package var runningAt: Timestamp?
    package var cluster: String
    package var jobID: JobID
    package var jobVersion: Int
    package var holderID: HolderID?
    /// JSON texts, read only if the run may be retried.
    package var overrides: String
    package var retriesUsed: String

    package init(
        id: RunID,
        state: RunState,
        stateSince: Timestamp,
        leaseEpoch: Int64,
        placement: Int,
        reportRevision: Int64,
        runningAt: Timestamp?,
        cluster: String,
        jobID: JobID,
        jobVersion: Int,
        holderID: HolderID?,
        overrides: String,
        retriesUsed: String
    ) {
        self.id = id
        self.state = state
        self.stateSince = stateSince
        self.leaseEpoch = leaseEpoch
        self.placement = placement
        self.reportRevision = reportRevision
        self.runningAt = runningAt
        self.cluster = cluster
        self.jobID = jobID
        self.jobVersion = jobVersion
        self.holderID = holderID
        self.overrides = overrides
        self.retriesUsed = retriesUsed
    }
}

/// What is to be written for one run: decided purely, written in bulk.
package struct RunChange: Sendable {
    package enum Next: Sendable {
        /// The run goes on in this state.
        case live(RunState, since: Timestamp)
        /// The placement was lost before user code ran: back to `ready`, its pod to be removed.
        case replace(WaitingReason)
        /// The run is over.
        case finished(RunState, at: Timestamp, end: PlacementEnd)
    }

    package var run: LockedRun
    package var next: Next
    /// The states entered since, in order, each at or after the one before.
    package var entered: [ObservedState]
    package var report: PlacementReport

    package init(run: LockedRun, next: Next, entered: [ObservedState], report: PlacementReport) {
        self.run = run
        self.next = next
        self.entered = entered
        self.report = report
    }
}

/// What became of a batch of reports.
package struct AppliedReports: Sendable {
    /// Runs that are over or go back to `ready`, by the holder that must now remove their pods.
    package var settled: [HolderID: [LockedRun]] = [:]
    /// Clusters with runs to place anew.
    package var replaced: Set<String> = []
    package var replacedRuns = 0
    /// Ended runs, with how.
    package var finished: [(run: RunID, state: RunState)] = []
    /// Runs that their job's policy lets follow others, now pending.
    package var retried = 0
    /// Ends told too late, by workers whose lease another had taken; kept as evidence only.
    package var lateEnds = 0
    /// Reports dropped because another lease holds the run, or it is over.
    package var stale = 0
    /// Reports that hold something the database does not take, with what it said; they are left out.
    package var refused: [(run: RunID, cause: String)] = []

    package init() {}
    /// Failed runs that were not followed, since this version cannot read their jobs: a newer one wrote them.
    package var unread: [(run: RunID, cause: String)] = []

    mutating func add(_ other: AppliedReports) {
        settled.merge(other.settled, uniquingKeysWith: +)
        replaced.formUnion(other.replaced)
        replacedRuns += other.replacedRuns
        finished += other.finished
        retried += other.retried
        lateEnds += other.lateEnds
        stale += other.stale
        refused += other.refused
        unread += other.unread
    }
}
