package import RunStore
package import SlipwayCore

/// A run as the tables keep it, live or over.
package struct MemoryRun: Sendable, Hashable {
    package var id: RunID
    package var job: JobVersionKey
    package var team: String
    package var jobName: String
    package var cluster: String
    package var priority = 0
    package var variables: [String: JSONValue]
    package var originID: RunID?
    package var originKind: NewRun.OriginKind?
    package var rootID: RunID?
    package var attempt: Int
    package var overrides: RunOverrides
    package var retriesUsed = RetriesUsed()
    package var eligibleAt: Timestamp?
    package var isPromoted = false
    package var releasedAt: Timestamp?
    package var state = RunState.pending
    package var stateSince: Timestamp
    package var holderID: HolderID?
    package var leaseEpoch: Int64 = 0
    package var placement = 0
    package var placementStartedAt: Timestamp?
    package var reportRevision: Int64 = 0
    package var streamSequence: Int64 = 0
    package var sailLines: Int64 = 0
    package var taskSequence: Int64 = 0
    package var runningAt: Timestamp?
    package var reason: ReasonCode?
    package var message: String?
    package var node: String?
    package var podUID: String?
    package var warnings = 0
    package var hintedAt: Timestamp
    package var admission = AdmissionRequest()
    package var createdAt: Timestamp
    package var admittedAt: Timestamp?
    /// The number of the change that last concerned admission.
    package var change: Int64 = 0
    /// Of a run that is over.
    package var endedAt: Timestamp?
    package var failureClass: FailureClass?
}

/// A run and one of its placements.
package struct PlacementKey: Sendable, Hashable, Comparable {
    package var run: RunID
    package var placement: Int

    package init(run: RunID, placement: Int) {
        self.run = run
        self.placement = placement
    }

    package static func < (left: PlacementKey, right: PlacementKey) -> Bool {
        (left.run, left.placement) < (right.run, right.placement)
    }
}

/// The tables of ``RunStore`` as values, and its statements as functions of them; each is described there. Time is a field that
/// is set before each statement.
package struct MemoryTables: Sendable {
    struct HolderRow: Sendable {
        var holder: Holder
        var expiresAt: Timestamp
    }

    struct TermRow: Sendable {
        var holder: HolderID?
        var term: Int64
        var expiresAt: Timestamp
    }

    package struct CleanupRow: Sendable, Hashable {
        package var cluster: String
        package var team: String
        package var holder: HolderID?
    }

    package struct PlacementRow: Sendable, Hashable {
        package var outcome: PlacementEnd.Outcome?
        package var reason: ReasonCode?
        package var hasLateEnd = false
    }

    package struct StreamKey: Sendable, Hashable {
        package var placement: PlacementKey
        package var stream: String
    }

    package let limits: StoreLimits
    package var now: Timestamp
    let retrySource: RetrySource
    let flaws: Flaws

    var jobs: [JobVersionKey: JobSpec] = [:]
    /// Teams that have limits.
    package var teams: [AdmissionTeam] = []
    var usage: [String: UsageHistory] = [:]
    var settings: AdmissionSettings?
    /// Changes of runs so far.
    var changes: Int64 = 0
    var holders: [HolderID: HolderRow] = [:]
    var terms: [String: TermRow] = [:]
    var sweptAt: Timestamp
    package var live: [RunID: MemoryRun] = [:]
    package var finished: [RunID: MemoryRun] = [:]
    package var cleanups: [PlacementKey: CleanupRow] = [:]
    package var placements: [PlacementKey: PlacementRow] = [:]
    /// The tasks of each run by name.
    package var tasks: [RunID: [String: TaskRow]] = [:]
    /// The numbers of the stored lines, in the order of storing.
    package var lines: [StreamKey: [Int64]] = [:]
    /// Kinds of events by run, in order.
    package var events: [RunID: [String]] = [:]
    /// What must never happen and did, as the tables see it.
    var findings: [String] = []
    /// Reports whose transaction was committed, for the check that none is acknowledged before.
    var committed: Set<ReportKey> = []

    package init(
        limits: StoreLimits = StoreLimits(),
        now: Timestamp,
        retrySource: RetrySource,
        flaws: Flaws = []
    ) {
        self.limits = limits
        self.now = now
        self.retrySource = retrySource
        self.flaws = flaws
        sweptAt = now
    }

    /// Makes a job version known.
    package mutating func add(_ key: JobVersionKey, _ spec: JobSpec) { jobs[key] = spec }

    /// Who has the duty of scheduling, and under which number.
    package var currentTerm: Int64? { terms["scheduling"]?.term }
    package var currentTermHolder: HolderID? { terms["scheduling"]?.holder }

    /// The processes that nobody has declared dead.
    package var livingHolders: [Holder] { holders.values.map(\.holder) }

    // MARK: What the statements share

    static let cluster = "default"
    static let installation = "00000000-0000-7000-8000-000000000000"
    static let unplaced: Set<RunState> = [.pending, .paused, .ready]

    func isAlive(_ holder: HolderID) -> Bool { holders[holder].map { $0.expiresAt > now } ?? false }

    /// Live runs for which a condition holds, by id.
    func liveRuns(_ condition: (MemoryRun) -> Bool) -> [MemoryRun] {
        live.values.filter(condition).sorted { $0.id < $1.id }
    }

    /// Changes one live run and checks what the table's constraints check.
    mutating func update(_ id: RunID, _ body: (inout MemoryRun) -> Void) {
        guard var run = live[id] else { return }
        let before = run.state
        body(&run)
        if run.state != before, !RunTransition.legalPairs.contains(.init(from: before, to: run.state)) {
            findings.append("P2: run \(id) went from \(before) to \(run.state)")
        }
        if run.holderID != nil, Self.unplaced.contains(run.state) || run.releasedAt != nil {
            findings.append("P5: run \(id) is \(run.state) and held")
        }
        if run.state != before { note(&run) }
        live[id] = run
    }

    /// Lets those that follow changes see that a run was changed.
    mutating func note(_ run: inout MemoryRun) {
        changes += 1
        run.change = changes
    }

    /// Ends the tasks of a run that is over.
    mutating func settleTasks(of run: MemoryRun) {
        for (name, task) in tasks[run.id] ?? [:] where !task.state.isTerminal {
            let hasFailed = task.state == .running && [.failed, .timeout].contains(run.state)
            tasks[run.id]?[name]?.state = hasFailed ? .failed : .cancelled
        }
    }

    mutating func tell(_ run: RunID, _ kind: String) { events[run, default: []].append(kind) }

    /// Takes the lease of a run away, so that another process can adopt it.
    mutating func free(_ run: MemoryRun) -> Unsupervised {
        let now = now
        update(run.id) {
            $0.holderID = nil
            $0.leaseEpoch += 1
            $0.hintedAt = now
        }
        return Unsupervised(id: run.id, cluster: run.cluster, leaseEpoch: run.leaseEpoch + 1)
    }
}

/// One report, as far as it can be told from others.
struct ReportKey: Sendable, Hashable {
    var run: RunID
    var epoch: Int64
    var revision: Int64
    var isEnd: Bool

    init(_ report: PlacementReport) {
        run = report.runID
        epoch = report.leaseEpoch
        revision = report.revision
        isEnd = report.end != nil
    }
}

/// Planted faults: each takes one defence away, and the simulation must notice.
package struct Flaws: OptionSet, Sendable, Hashable {
    package let rawValue: Int

    package init(rawValue: Int) { self.rawValue = rawValue }

    /// The store does not compare lease epochs of reports and of log lines.
    package static let withoutFencing = Flaws(rawValue: 1)
    /// A consumer's messages are acknowledged before its handler has returned.
    package static let earlyAcknowledgement = Flaws(rawValue: 2)
    /// No sweep finds what a lost message left behind.
    package static let withoutSweeps = Flaws(rawValue: 4)
    /// The cluster does not compare uids when it is asked to delete.
    package static let withoutUIDs = Flaws(rawValue: 8)
    /// The store does not compare the numbers of terms.
    package static let withoutTerms = Flaws(rawValue: 16)
}
