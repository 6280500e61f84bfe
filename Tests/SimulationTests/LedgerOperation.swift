import RunStore
import Simulation
import SlipwayCore

/// One thing asked of a ledger, chosen at random, with its answer as text. Times are given as spans, since the two ledgers that are
/// compared have clocks of their own.
enum LedgerOperation {
    case register(Holder), renew(HolderID), retire(HolderID), takeTerm(HolderID)
    case decide([AdmissionChoice], Decision, SchedulingTerm), renewTerm(SchedulingTerm), admissionCycle(SchedulingTerm)
    case sweepLeases(isThorough: Bool), overdueForSupervision, overdueForDispatch
    case claim(HolderID, limit: Int, window: Int), noteCreated([Lease]), standing([Lease])
    case adopt([Lease], HolderID), held(HolderID, [RunID])
    case cancelling(HolderID), ended([Lease]), store([StreamFlush]), streamPositions([Lease])
    case takeCleanups(HolderID), finishCleanups([PlacementKey]), givenUp([PlacementKey])
    case apply([PlacementReport])

    /// What admission may do with runs.
    enum Decision: CaseIterable { case admit, pause, skip, sendBack, supersede }

    struct Lease: Hashable {
        var run: RunID
        var epoch: Int64
    }

    /// Neither these, nor six times the age, come near to a sum of spans that pass: on a busy machine a sequence takes many
    /// seconds of the real clock, which the memory's does not see.
    static let timeToLive = Duration.seconds(500)
    static let age = Duration.seconds(320)
    static let expectedGap = Duration.seconds(700)

    /// What the ledger says, in an order that does not depend on it.
    func perform(on ledger: some RunLedger, now: Timestamp) async throws -> String {
        switch self {
        case .register(let holder):
            try await ledger.register(holder, timeToLive: Self.timeToLive)
            return ""
        case .renew(let id): return try await "\(ledger.renew(id, timeToLive: Self.timeToLive))"
        case .retire(let id): return Self.text(try await ledger.retire(id))
        case .takeTerm(let id):
            let term = try await ledger.takeTerm(duty: "scheduling", holder: id, timeToLive: Self.timeToLive)
            return "\(String(describing: term))"
        case .decide(let runs, let decision, let term): return try await perform(decision, on: runs, term, ledger)
        case .renewTerm(let term): return try await "\(String(describing: ledger.renewTerm(term)))"
        case .admissionCycle(let term):
            let outcome = try await AdmissionShell(ledger, under: term).cycle()
            return "\(outcome.admitted.map { "\($0.id) \($0.cluster)" }.sorted()) \(outcome.isCutShort)"
        case .sweepLeases(let isThorough):
            return Self.text(
                try await ledger.sweepLeases(
                    timeToLive: Self.timeToLive,
                    expected: Self.expectedGap,
                    isThorough: isThorough
                )
            )
        case .overdueForSupervision: return Self.text(try await ledger.overdueForSupervision(age: Self.age))
        case .overdueForDispatch: return try await "\(ledger.overdueForDispatch(age: Self.age))"
        case .claim(let id, let limit, let window):
            let claim = try await ledger.claim(cluster: "default", holder: id, limit: limit, window: window)
            let runs = claim.runs.map { "\($0.id)/\($0.placement)@\($0.leaseEpoch) \($0.overrides)" }
            return "\(runs.sorted()) \(claim.isWindowFull)"
        case .noteCreated(let leases):
            try await ledger.noteCreated(Self.pairs(leases))
            return ""
        case .standing(let leases): return try await "\(ledger.standing(Self.pairs(leases)).sorted())"
        case .adopt(let leases, let id): return Self.text(try await ledger.adopt(Self.pairs(leases), holder: id))
        case .held(let id, let known):
            return Self.text(try await ledger.held(holder: id, cluster: "default", beyond: known))
        case .cancelling(let id): return try await "\(ledger.cancelling(holder: id).sorted())"
        case .ended(let leases): return try await "\(ledger.ended(Self.pairs(leases)).sorted())"
        case .store(let flushes): return try await "\(ledger.store(flushes).sorted())"
        case .streamPositions(let leases):
            let positions = try await ledger.streamPositions(Self.pairs(leases))
            return "\(positions.map { "\($0.key) \($0.value)" }.sorted())"
        case .takeCleanups(let id):
            let cleanups = try await ledger.takeCleanups(clusters: ["default"], holder: id)
            return "\(cleanups.map { "\($0.runID)/\($0.placement) \($0.namespace)" }.sorted())"
        case .finishCleanups(let keys):
            try await ledger.finishCleanups(keys.map { ($0.run, $0.placement) })
            return ""
        case .givenUp(let keys):
            let pods = try await ledger.givenUp(keys.map { ($0.run, $0.placement) })
            return "\(pods.map { "\($0.run)/\($0.placement)" }.sorted())"
        case .apply(let reports): return Self.text(try await ledger.apply(reports.map { $0.moved(to: now) }))
        }
    }

    private func perform(
        _ decision: Decision,
        on runs: [AdmissionChoice],
        _ term: SchedulingTerm,
        _ ledger: some RunLedger
    ) async throws -> String {
        let ids = runs.map(\.id)
        switch decision {
        case .admit: return try await "\(ledger.admit(runs, under: term).map { "\($0.id) \($0.cluster)" }.sorted())"
        case .pause:
            let pauses = ids.map { PausedRun(id: $0, reason: .creditsExhausted, message: "none left") }
            return try await "\(ledger.pause(pauses, under: term).sorted())"
        case .skip:
            let skips = ids.map { AdmissionPlan.Skip(run: $0, cause: .superseded) }
            return try await "\(ledger.skip(skips, under: term).sorted())"
        case .sendBack:
            let victims = ids.map { AdmissionPlan.Preemption(victim: $0, beneficiary: $0) }
            return try await "\(ledger.sendBack(victims, under: term).sorted())"
        case .supersede:
            let replacements = ids.map { AdmissionPlan.Replacement(cancelled: $0, successor: $0) }
            let results = try await ledger.supersede(replacements, under: term)
            return "\(results.map { "\($0.id) \($0.change) \(String(describing: $0.state))" })"
        }
    }

    private static func pairs(_ leases: [Lease]) -> [(id: RunID, epoch: Int64)] { leases.map { ($0.run, $0.epoch) } }

    private static func text(_ runs: [Unsupervised]) -> String {
        "\(runs.map { "\($0.id)@\($0.leaseEpoch) \($0.cluster)" }.sorted())"
    }

    private static func text(_ runs: [SupervisedRun]) -> String {
        let texts = runs.map { run in
            "\(run.id)/\(run.placement)@\(run.leaseEpoch) \(run.state) \(run.streamSequence) \(run.sailLines) "
                + "\(run.runningAt != nil) \(run.namespace) \(run.overrides)"
        }
        return "\(texts.sorted())"
    }

    private static func text(_ applied: AppliedReports) -> String {
        let settled = applied.settled.map { holder, runs in
            "\(holder): \(runs.map { "\($0.id)@\($0.leaseEpoch)" }.sorted())"
        }
        let finished = applied.finished.map { "\($0.run) \($0.state)" }.sorted()
        return "settled \(settled.sorted()) replaced \(applied.replaced) \(applied.replacedRuns) finished \(finished) "
            + "retried \(applied.retried) late \(applied.lateEnds) stale \(applied.stale) refused \(applied.refused.count)"
    }
}

extension PlacementReport {
    /// The same report as told at a moment.
    fileprivate func moved(to now: Timestamp) -> PlacementReport {
        var moved = self
        for index in moved.timeline.indices { moved.timeline[index].at = now }
        moved.end?.at = now
        return moved
    }
}
