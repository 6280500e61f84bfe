package import RunStore
package import SlipwayCore
internal import Synchronization

/// ``RunLedger`` in memory, with the meaning of every statement of ``RunStore``. A test compares the two.
package struct MemoryRunStore: RunLedger {
    /// The tables, shared by all processes.
    package final class Shared: Sendable {
        private let tables: Mutex<MemoryTables>
        private let now: @Sendable () -> Timestamp
        private let report: @Sendable (String) -> Void

        /// - Parameter report: told what must never happen.
        package init(
            _ tables: MemoryTables,
            now: @escaping @Sendable () -> Timestamp,
            report: @escaping @Sendable (String) -> Void
        ) {
            self.tables = Mutex(tables)
            self.now = now
            self.report = report
        }

        package func read<Value: Sendable>(_ body: (MemoryTables) -> Value) -> Value { tables.withLock { body($0) } }

        package func change<Value: Sendable>(_ body: (inout MemoryTables) -> Value) -> Value {
            let now = now()
            let (value, findings) = tables.withLock { tables -> (Value, [String]) in
                tables.now = now
                let value = body(&tables)
                defer { tables.findings.removeAll() }
                return (value, tables.findings)
            }
            for finding in findings { report(finding) }
            return value
        }
    }

    private let shared: Shared
    private let process: SimulatedProcess?
    package let limits: StoreLimits

    package init(_ shared: Shared) { self.init(shared, process: nil) }

    /// - Parameter process: whose way to the store it is; `nil`: nothing is in the way.
    init(_ shared: Shared, process: SimulatedProcess?) {
        self.shared = shared
        self.process = process
        limits = shared.read { $0.limits }
    }

    func ask<Value: Sendable>(
        _ what: String,
        _ body: @escaping @Sendable (inout MemoryTables) -> Value
    ) async throws -> Value {
        guard let process else { return shared.change(body) }
        return try await process.exchange(.store) { [shared] in
            process.world.trace("\(process.name) \(what)")
            return shared.change(body)
        }
    }

    package func installationID() async throws -> String {
        try await ask("asks for the installation") { _ in MemoryTables.installation }
    }

    /// Nobody releases a run in a simulation.
    package func endReleased() async throws -> Int { 0 }

    package func register(_ holder: Holder, timeToLive: Duration) async throws {
        try await ask("registers") { $0.register(holder, timeToLive: timeToLive) }
    }

    package func renew(_ holder: HolderID, timeToLive: Duration) async throws -> Bool {
        try await ask("renews") { $0.renew(holder, timeToLive: timeToLive) }
    }

    package func retire(_ holder: HolderID) async throws -> [Unsupervised] {
        try await ask("retires") { $0.retire(holder) }
    }

    package func takeTerm(duty: String, holder: HolderID, timeToLive: Duration) async throws -> Int64? {
        try await ask("asks for the term") { $0.takeTerm(duty: duty, holder: holder, timeToLive: timeToLive) }
    }

    package func sweepLeases(
        timeToLive: Duration,
        expected: Duration,
        isThorough: Bool
    ) async throws -> [Unsupervised] {
        try await ask("sweeps leases") {
            $0.sweepLeases(timeToLive: timeToLive, expected: expected, isThorough: isThorough)
        }
    }

    package func overdueForSupervision(age: Duration) async throws -> [Unsupervised] {
        try await ask("looks for lost supervision") { $0.overdueForSupervision(age: age) }
    }

    package func overdueForDispatch(age: Duration) async throws -> [String] {
        try await ask("looks for lost dispatches") { $0.overdueForDispatch(age: age) }
    }

    package func apply(_ reports: [PlacementReport]) async throws -> AppliedReports {
        try await ask("applies \(reports.map(Self.text).joined(separator: ", "))") { $0.apply(reports) }
    }

    private static func text(_ report: PlacementReport) -> String {
        let state = report.timeline.last.map { "\($0.state)" } ?? "nothing"
        let end = report.end.map { " end \($0.outcome) \($0.reason)" } ?? ""
        return "\(report.runID.short)/\(report.placement) lease \(report.leaseEpoch) #\(report.revision) \(state)\(end)"
    }

    package func claim(cluster: String, holder: HolderID, limit: Int, window: Int) async throws -> Claim {
        let process = process
        return try await ask("claims") { tables in
            let claim = tables.claim(cluster: cluster, holder: holder, limit: limit, window: window)
            for run in claim.runs {
                process?.world.trace("  got \(run.id.short)/\(run.placement) lease \(run.leaseEpoch)")
            }
            return claim
        }
    }

    /// Nobody resumes a run in a simulation.
    package func carriedTasks(_ ids: [RunID], limitBytes: Int) async throws -> [RunID: [CarriedTask]] { [:] }

    package func standing(_ leases: [(id: RunID, epoch: Int64)]) async throws -> Set<RunID> {
        try await ask("asks what stands") { $0.standing(leases) }
    }

    package func adopt(_ runs: [(id: RunID, epoch: Int64)], holder: HolderID) async throws -> [SupervisedRun] {
        let process = process
        return try await ask("adopts") { tables in
            let adopted = tables.adopt(runs, holder: holder)
            for run in adopted {
                process?.world.trace("  got \(run.id.short)/\(run.placement) lease \(run.leaseEpoch)")
            }
            return adopted
        }
    }

    package func held(holder: HolderID, cluster: String, beyond known: [RunID]) async throws -> [SupervisedRun] {
        try await ask("asks what it holds") { $0.held(holder: holder, cluster: cluster, beyond: known) }
    }

    package func cancelling(holder: HolderID) async throws -> [RunID] {
        try await ask("asks what to cancel") { $0.cancelling(holder: holder) }
    }

    package func ended(_ leases: [(id: RunID, epoch: Int64)]) async throws -> Set<RunID> {
        try await ask("asks what ended") { $0.ended(leases) }
    }

    package func store(_ flushes: [StreamFlush]) async throws -> Set<RunID> {
        try await ask("stores lines of \(flushes.count)") { $0.store(flushes) }
    }

    /// Lines have no size in a simulation, so that no bound is ever reached.
    package func storedStreams(_ ids: [RunID]) async throws -> [RunID: [String: StoredStream]] { [:] }

    package func streamPositions(
        _ leases: [(id: RunID, epoch: Int64)]
    ) async throws -> [RunID: (sequence: Int64, sailLines: Int64)] {
        try await ask("asks for positions") { $0.streamPositions(leases) }
    }

    /// Nothing depends on what containers use.
    package func storeUsage(_ samples: [UsageSample]) async throws -> Int { 0 }

    package func takeCleanups(clusters: [String], holder: HolderID) async throws -> [Cleanup] {
        try await ask("takes cleanups") { $0.takeCleanups(clusters: clusters, holder: holder) }
    }

    package func finishCleanups(_ cleanups: [(run: RunID, placement: Int)]) async throws {
        guard !cleanups.isEmpty else { return }
        try await ask("finishes cleanups") { $0.finishCleanups(cleanups) }
    }

    package func unknown(_ runs: [RunID]) async throws -> Set<RunID> {
        try await ask("asks what is unknown") { $0.unknown(runs) }
    }

    package func givenUp(_ placements: [(run: RunID, placement: Int)]) async throws -> [(run: RunID, placement: Int)] {
        try await ask("asks what was given up") { $0.givenUp(placements) }
    }

    package func specs(_ versions: Set<JobVersionKey>) async throws -> [JobVersionKey: JobSpec] {
        try await ask("reads specs") { $0.specs(versions) }
    }
}

extension Identifier {
    /// Its last digits, enough to tell the few of one simulation apart.
    var short: String { String(low & 0xFFFF, radix: 16) }
}
