package import SlipwayCore

/// What the scheduler, the dispatcher and the worker ask of the place where runs and leases are kept. ``RunStore`` keeps
/// them in Postgres; each function is described there.
package protocol RunLedger: AdmissionFeed {
    var limits: StoreLimits { get }
    func installationID() async throws -> String

    // Holders.
    func register(_ holder: Holder, timeToLive: Duration) async throws
    func renew(_ holder: HolderID, timeToLive: Duration) async throws -> Bool
    func retire(_ holder: HolderID) async throws -> [Unsupervised]

    // The scheduler.
    func takeTerm(duty: String, holder: HolderID, timeToLive: Duration) async throws -> Int64?
    func renewTerm(_ term: SchedulingTerm) async throws -> Int64?
    func admit(_ runs: [AdmissionChoice], under term: SchedulingTerm) async throws -> [AdmittedRun]
    func pause(_ runs: [PausedRun], under term: SchedulingTerm) async throws -> [RunID]
    func skip(_ skips: [AdmissionPlan.Skip], under term: SchedulingTerm) async throws -> [RunID]
    func supersede(
        _ replacements: [AdmissionPlan.Replacement],
        under term: SchedulingTerm
    ) async throws -> [ActionResult]
    func sendBack(_ runs: [AdmissionPlan.Preemption], under term: SchedulingTerm) async throws -> [RunID]
    func keepUsage(_ usage: [String: UsageHistory], under term: SchedulingTerm) async throws -> Bool
    func keepAdmissionSettings(_ settings: AdmissionSettings, under term: SchedulingTerm) async throws
    func sweepLeases(timeToLive: Duration, expected: Duration, isThorough: Bool) async throws -> [Unsupervised]
    func overdueForSupervision(age: Duration) async throws -> [Unsupervised]
    func overdueForDispatch(age: Duration) async throws -> [String]
    func apply(_ reports: [PlacementReport]) async throws -> AppliedReports
    func endReleased() async throws -> Int

    // The dispatcher.
    func claim(cluster: String, holder: HolderID, limit: Int, window: Int) async throws -> Claim
    func carriedTasks(_ ids: [RunID], limitBytes: Int) async throws -> [RunID: [CarriedTask]]
    func standing(_ leases: [(id: RunID, epoch: Int64)]) async throws -> Set<RunID>

    // The worker.
    func adopt(_ runs: [(id: RunID, epoch: Int64)], holder: HolderID) async throws -> [SupervisedRun]
    func held(holder: HolderID, cluster: String, beyond known: [RunID]) async throws -> [SupervisedRun]
    func cancelling(holder: HolderID) async throws -> [RunID]
    func ended(_ leases: [(id: RunID, epoch: Int64)]) async throws -> Set<RunID>
    func store(_ flushes: [StreamFlush]) async throws -> Set<RunID>
    func storedStreams(_ ids: [RunID]) async throws -> [RunID: [String: StoredStream]]
    func streamPositions(
        _ leases: [(id: RunID, epoch: Int64)]
    ) async throws -> [RunID: (sequence: Int64, sailLines: Int64)]
    func storeUsage(_ samples: [UsageSample]) async throws -> Int
    func takeCleanups(clusters: [String], holder: HolderID) async throws -> [Cleanup]
    func finishCleanups(_ cleanups: [(run: RunID, placement: Int)]) async throws
    func unknown(_ runs: [RunID]) async throws -> Set<RunID>
    func givenUp(_ placements: [(run: RunID, placement: Int)]) async throws -> [(run: RunID, placement: Int)]

    // Jobs.
    func specs(_ versions: Set<JobVersionKey>) async throws -> [JobVersionKey: JobSpec]
}

extension RunStore: RunLedger {}
