import PostgresClient
import RunStore
import Simulation
import SlipwayCore
import Testing

/// The same random operations on the memory's ledger and on the one in Postgres.
struct LedgerComparison {
    let store: RunStore
    let memory: MemoryRunStore
    let shared: MemoryRunStore.Shared
    let clock: SharedClock
    let job: JobVersionKey
    var dice: SeededRandom
    private var holders: [Holder] = []
    private var runs: [RunID] = []
    private var term: Int64 = 1

    /// - Parameter flaws: planted in the memory's ledger.
    init(
        store: RunStore,
        clock: SharedClock,
        retries: RetrySource,
        job: JobVersionKey,
        spec: JobSpec,
        seed: UInt64,
        flaws: Flaws = []
    ) {
        self.store = store
        self.clock = clock
        self.job = job
        dice = SeededRandom(seed: seed)
        var tables = MemoryTables(now: clock.now, retrySource: retries, flaws: flaws)
        tables.add(job, spec)
        shared = MemoryRunStore.Shared(
            tables,
            now: { clock.now },
            report: { if flaws.isEmpty { Issue.record("seed \(seed): \($0)") } }
        )
        memory = MemoryRunStore(shared)
    }

    /// Does one thing to both. - Returns: what differs, if anything does.
    mutating func step() async throws -> String? {
        switch dice.below(24) {
        case 0, 1: return try await create()
        case 2: return try await cancel()
        case 3, 4: return try await passTime()
        case 5: return try await promote()
        default:
            let operation = pick()
            let expected = try await operation.perform(on: store, now: .now)
            let told = try await operation.perform(on: memory, now: clock.now)
            term = shared.read { $0.currentTerm } ?? term
            let tables = try await Self.tables(of: store)
            let own = shared.read { Self.tables(of: $0) }
            if expected != told { return "\(operation)\n  Postgres: \(expected)\n  memory:   \(told)" }
            return Self.difference(tables, own).map { "after \(operation)\n\($0)" }
        }
    }

    // MARK: What is done beside the ledger

    private mutating func create() async throws -> String? {
        let new = (0..<dice.within(1...3)).map { _ -> NewRun in
            let id = identifier()
            runs.append(id)
            return NewRun(
                id: id,
                jobID: job.job,
                jobVersion: job.version,
                team: "default",
                jobName: "report",
                kind: nil,
                cluster: "default",
                variables: [:]
            )
        }
        try await store.create(new)
        shared.change { $0.create(new) }
        return nil
    }

    private mutating func cancel() async throws -> String? {
        guard let run = anyRun() else { return nil }
        let expected = try await store.cancel(run, by: nil)
        let told = shared.change { $0.cancel(run) }
        return expected == told ? nil : "cancelled \(run)\n  Postgres: \(expected)\n  memory:   \(told)"
    }

    private mutating func promote() async throws -> String? {
        guard let run = anyRun() else { return nil }
        try await store.pool.query("UPDATE live_runs SET is_promoted = true WHERE id = \(run)")
        shared.change { $0.live[run]?.isPromoted = true }
        return nil
    }

    /// Postgres has no clock that can be set: what it knows of the past is moved back instead.
    private mutating func passTime() async throws -> String? {
        let seconds = [200, 400, 800][dice.below(3)]
        clock.advance(.seconds(seconds))
        let interval = "interval '\(seconds) seconds'"
        let columns = [
            "holders": ["expires_at", "renewed_at"], "terms": ["expires_at"], "sweeps": ["swept_at"],
            "live_runs": [
                "state_since", "hinted_at", "eligible_at", "placement_started_at", "running_at", "created_at",
                "admitted_at",
            ],
        ]
        for (table, names) in columns {
            let changes = names.map { "\($0) = \($0) - \(interval)" }.joined(separator: ", ")
            try await store.pool.query("UPDATE \(unescaped: table) SET \(unescaped: changes)")
        }
        return nil
    }

    // MARK: Choosing

    private mutating func identifier() -> Identifier {
        Identifier(millisecondsSince1970: 1_772_359_200_000, randomHigh: dice.next(), randomLow: dice.next())
    }

    private mutating func anyRun() -> RunID? {
        let known = runs + shared.read { Array($0.live.keys) + Array($0.finished.keys) }.sorted()
        return known.isEmpty ? nil : known[dice.below(known.count)]
    }

    private mutating func anyHolder() -> HolderID {
        guard !holders.isEmpty, !dice.happens(0.05) else { return identifier() }
        return holders[dice.below(holders.count)].id
    }

    private mutating func leases() -> [LedgerOperation.Lease] {
        (0..<dice.within(1...4)).compactMap { _ in
            guard let run = anyRun() else { return nil }
            let epoch = shared.read { $0.live[run]?.leaseEpoch ?? $0.finished[run]?.leaseEpoch ?? 0 }
            return LedgerOperation.Lease(run: run, epoch: max(0, epoch - (dice.happens(0.2) ? 1 : 0)))
        }
    }

    private mutating func placements() -> [PlacementKey] {
        (0..<dice.within(1...4)).compactMap { _ in
            anyRun().map { PlacementKey(run: $0, placement: dice.within(1...3)) }
        }
    }

    private mutating func pick() -> LedgerOperation {
        if holders.isEmpty { return register() }
        switch dice.below(26) {
        case 0: return register()
        case 1: return .renew(anyHolder())
        case 2: return .retire(anyHolder())
        case 3: return .takeTerm(anyHolder())
        case 4, 5, 6: return decide()
        case 7: return .sweepLeases(isThorough: dice.happens(0.5))
        case 8: return .overdueForSupervision
        case 9: return .overdueForDispatch
        case 10, 11, 12: return .claim(anyHolder(), limit: dice.within(1...5), window: dice.within(0...6))
        case 13: return dice.happens(0.5) ? .standing(leases()) : .noteCreated(leases())
        case 14, 15: return .adopt(leases(), anyHolder())
        case 16: return .held(anyHolder(), Array(runs.prefix(dice.below(3))))
        case 17: return dice.happens(0.5) ? .cancelling(anyHolder()) : .ended(leases())
        case 18: return flush()
        case 19: return .streamPositions(leases())
        case 20: return .takeCleanups(anyHolder())
        case 21: return dice.happens(0.5) ? .finishCleanups(placements()) : .givenUp(placements())
        default: return .apply(reports())
        }
    }

    private mutating func register() -> LedgerOperation {
        let kind = Holder.Kind.allCases[dice.below(3)]
        let holder = Holder(id: identifier(), kind: kind, name: "test", version: "0", clusters: ["default"])
        holders.append(holder)
        return .register(holder)
    }

    private mutating func decide() -> LedgerOperation {
        let holder = shared.read(\.currentTermHolder) ?? anyHolder()
        let held = SchedulingTerm(holder: holder, number: dice.happens(0.1) ? term - 1 : term)
        if dice.happens(0.6) { return .admissionCycle(held) }
        if dice.happens(0.1) { return .renewTerm(held) }
        let chosen = Set((0..<dice.within(1...4)).compactMap { _ in anyRun() }).sorted()
        let choices = chosen.map { AdmissionChoice(id: $0, cluster: dice.happens(0.9) ? "default" : "other") }
        let decisions = LedgerOperation.Decision.allCases
        return .decide(choices, decisions[dice.below(decisions.count)], held)
    }

    private mutating func flush() -> LedgerOperation {
        let unique = Set(leases().map(\.run)).sorted()
        let flushes = unique.map { run -> StreamFlush in
            let row = shared.read { $0.live[run] }
            let stored = (row?.streamSequence ?? 0) + (dice.happens(0.1) ? 1 : 0)
            let last = stored + Int64(dice.within(1...4))
            let lines = (stored + 1...last).map {
                LogLine(sequence: $0, milliseconds: 1_772_359_200_000, channel: .stdout, text: "line")
            }
            let tasks = (0..<dice.below(3)).map { number in
                TaskRow(
                    name: number == 0 ? "only" : "only[\(number)]",
                    position: 0,
                    itemIndex: number == 0 ? nil : number,
                    state: TaskState.allCases[dice.below(TaskState.allCases.count)],
                    attempt: dice.within(1...3),
                    warnings: dice.below(2)
                )
            }
            return StreamFlush(
                run: run,
                leaseEpoch: (row?.leaseEpoch ?? 1) - (dice.happens(0.2) ? 1 : 0),
                placement: row?.placement ?? 1,
                previousStreamSequence: stored,
                previousSailLines: row?.sailLines ?? 0,
                streamSequence: last,
                sailLines: (row?.sailLines ?? 0) + Int64(dice.below(2)),
                chunks: [LogChunk(stream: "runner", lines: lines)],
                outputs: [],
                tasks: tasks,
                countedWarnings: dice.below(3)
            )
        }
        return .store(flushes)
    }

    private static let ends: [(PlacementEnd.Outcome, ReasonCode)] = [
        (.succeeded, .completed), (.failed, .taskFailed), (.failed, .runnerOutOfMemory), (.lost, .podLost),
        (.lost, .podLost),
        (.lost, .evicted), (.timeout, .runTimeout), (.cancelled, .cancelRequested), (.failed, .runnerCrashed),
    ]

    private mutating func reports() -> [PlacementReport] {
        let chosen = Set(leases())
        let perRun = Dictionary(chosen.map { ($0.run, $0) }) { left, right in left.epoch < right.epoch ? right : left }
        return perRun.values.sorted { $0.run < $1.run }.map { lease in
            let placement = shared.read { $0.live[lease.run]?.placement ?? $0.finished[lease.run]?.placement ?? 1 }
            let reached = dice.below(4)
            let states = [RunState.starting] + [.creatingSail, .creatingRunner, .running].prefix(reached)
            let (outcome, reason) = Self.ends[dice.below(Self.ends.count)]
            let end = PlacementEnd(outcome: outcome, at: .now, hasUserCodeRun: reached == 3, reason: reason)
            let waiting = WaitingReason(reason: .imagePullFailed, message: "no image")
            return PlacementReport(
                runID: lease.run,
                placement: max(1, placement - (dice.happens(0.1) ? 1 : 0)),
                leaseEpoch: lease.epoch,
                revision: Int64(dice.within(1...6)),
                timeline: states.map { ObservedState(state: $0, at: .now) },
                waiting: dice.happens(0.2) ? waiting : nil,
                node: dice.happens(0.7) ? "node-1" : nil,
                podUID: dice.happens(0.7) ? "uid-1" : nil,
                warnings: dice.below(3),
                end: dice.happens(0.5) ? end : nil
            )
        }
    }
}
