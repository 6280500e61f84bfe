internal import Placement
internal import RunMessaging
internal import RunStore
package import SlipwayCore
internal import Synchronization

/// One scenario: the real services over simulated ports, with faults, all of it decided by the seed.
package struct Simulation: Sendable {
    /// What came of a scenario in which all that must hold held.
    package struct Outcome: Sendable, Hashable {
        package var traceHash: UInt64
        package var steps: Int
        package var virtualSeconds: Int
        package var runs: Int
        /// Runs whose user code began in more than one placement, one after the other.
        package var executedAgain: Int
        /// Why the runs ended.
        package var reasons: Set<ReasonCode>
        /// The end of the record, if it was asked for.
        package var tail: [String]
    }

    /// What was found, with the way to see it again.
    package struct Failure: Error, CustomStringConvertible {
        package var seed: UInt64
        package var cause: String
        package var tail: [String]

        package var description: String {
            "seed \(seed): \(cause)\n" + tail.suffix(60).joined(separator: "\n") + "\nreplay with SLIPWAY_SEED=\(seed)"
        }
    }

    private static let faultSeconds = 25
    private static let healingSeconds = 240

    private let seed: UInt64
    private let flaws: Flaws
    private let isVerbose: Bool
    private let world: SimulationWorld
    private let weather = Weather()
    private let ledger: MemoryRunStore.Shared
    private let cluster: SimulatedCluster
    private let broker: SimulatedBroker
    private let fleet: Fleet
    private let people = People()

    /// Runs the scenario of a seed.
    ///
    /// - Parameters:
    ///   - flaws: faults planted on purpose.
    ///   - isVerbose: whether what the processes log goes into the record, at the price of speed.
    /// - Throws: ``Failure``.
    package static func run(seed: UInt64, flaws: Flaws = [], isVerbose: Bool = false) throws -> Outcome {
        let simulation = Simulation(seed: seed, flaws: flaws, isVerbose: isVerbose)
        do {
            return try simulation.world.executor.run { try await simulation.play() }
        } catch {
            throw Failure(seed: seed, cause: "\(error)", tail: simulation.world.tail)
        }
    }

    private init(seed: UInt64, flaws: Flaws, isVerbose: Bool) {
        self.seed = seed
        self.flaws = flaws
        self.isVerbose = isVerbose
        let world = SimulationWorld(seed: seed, tailLength: isVerbose ? 20_000 : 300)
        self.world = world
        let identifiers = RunIdentifiers(now: { world.now }, random: { world.roll { $0.next() } })
        people.identifiers.withLock { $0 = identifiers }
        var tables = MemoryTables(
            now: world.now,
            retrySource: RetrySource(nextID: { identifiers.next() }, random: { world.roll { $0.unit() } }),
            flaws: flaws
        )
        for job in SimulatedJob.all { tables.add(job.key, job.spec) }
        let quota = ResourceQuota(nominal: world.roll { $0.within(2...12) })
        tables.teams = [AdmissionTeam(name: "default", runs: quota)]
        let ledger = MemoryRunStore.Shared(tables, now: { world.now }, report: { world.violated($0) })
        self.ledger = ledger
        let behaviours = Dictionary(SimulatedJob.all.map { ($0.spec.name, $0.behaviour) }) { first, _ in first }
        cluster = SimulatedCluster(world: world, behaviours: behaviours, flaws: flaws)
        broker = SimulatedBroker(world: world, weather: weather) { reports in
            let early = ledger.read { tables in reports.first { !tables.committed.contains(ReportKey($0)) } }
            if let early { world.violated("a report of run \(early.runID.short) was acknowledged before its commit") }
        }
        let kinds = world.roll { dice in
            [Holder.Kind.scheduler, .dispatcher, .worker].flatMap { Array(repeating: $0, count: dice.within(1...3)) }
        }
        fleet = Fleet(
            world: world,
            weather: weather,
            ledger: ledger,
            broker: broker,
            cluster: cluster,
            kinds: kinds,
            flaws: flaws,
            window: world.roll { $0.within(1...8) },
            isVerbose: isVerbose
        )
    }

    // MARK: The play

    private func play() async throws -> Outcome {
        weather.onStumble { [fleet, world] in fleet.pause($0, for: world.milliseconds(500...12_000)) }
        for place in fleet.kinds.indices {
            world.executor.after(world.milliseconds(0...1500)) { [fleet] in fleet.start(place) }
        }
        for _ in 0..<world.roll({ $0.within(3...12) }) { planRun() }
        for _ in 0..<world.roll({ $0.within(1...8) }) { planFault() }
        try await watch(for: Self.faultSeconds) { false }
        fleet.heal()
        try await watch(for: Self.healingSeconds) {
            ledger.read { tables in cluster.read { Invariants.isAtRest(tables, $0) } }
        }
        let leftovers = ledger.read { tables in
            cluster.read { Invariants.isAtRest(tables, $0) ? nil : Invariants.leftovers(tables, $0) }
        }
        if let leftovers { throw InvariantViolation(what: leftovers) }
        let cancelled = people.cancelled.withLock { $0 }
        let problem = ledger.read { tables in
            cluster.read { Invariants.atRest(tables, $0, cancelled: cancelled) }
        }
        if let problem { throw InvariantViolation(what: problem) }
        await fleet.end()
        return outcome
    }

    /// Looks at what must hold each second, until `isOver` or the time is up.
    private func watch(for seconds: Int, until isOver: () -> Bool) async throws {
        for _ in 0..<seconds {
            try await world.executor.sleep(.seconds(1))
            let accepted = people.accepted.withLock { $0 }
            if let problem = ledger.read({ Invariants.always($0, accepted: accepted) }) {
                throw InvariantViolation(what: problem)
            }
            if isOver() { return }
        }
    }

    private var outcome: Outcome {
        let begun = cluster.read(\.begun)
        let counts = Dictionary(begun.map { ($0.run, 1) }, uniquingKeysWith: +)
        return Outcome(
            traceHash: world.traceHash,
            steps: world.executor.steps,
            virtualSeconds: Int(world.executor.now.components.seconds),
            runs: ledger.read { $0.finished.count },
            executedAgain: counts.values.count { $0 > 1 },
            reasons: ledger.read { Set($0.finished.values.compactMap(\.reason)) },
            tail: isVerbose ? world.tail : []
        )
    }

    // MARK: What people do

    private func planRun() {
        let job = world.roll { SimulatedJob.pick(&$0) }
        world.executor.after(world.milliseconds(0...15_000)) {
            guard let id = people.identifiers.withLock({ $0?.next() }) else { return }
            let key = job.key
            let run = NewRun(
                id: id,
                jobID: key.job,
                jobVersion: key.version,
                team: "default",
                jobName: job.spec.name,
                kind: nil,
                cluster: "default",
                variables: [:],
                admission: AdmissionRequest(job.spec, variables: [:])
            )
            world.trace("run \(id.short) of \(job.spec.name) is submitted")
            ledger.change { $0.create([run]) }
            people.accepted.withLock { $0.append(id) }
            broker.publishToSchedulers(ControlMessage(admit: true))
            if world.happens(0.2) { planCancel(id) }
        }
    }

    private func planCancel(_ id: RunID) {
        world.executor.after(world.milliseconds(0...12_000)) {
            world.trace("run \(id.short) is to be cancelled")
            people.cancelled.withLock { _ = $0.insert(id) }
            let outcome = ledger.change { $0.cancel(id) }
            guard case .cancelling(let holder?, _) = outcome else { return }
            broker.publish(.control(ControlMessage(cancel: [id])), to: .control(holder))
        }
    }

    // MARK: What befalls them

    private func planFault() {
        let span = world.milliseconds(500...15_000)
        let place = world.roll { $0.below(fleet.kinds.count) }
        let system = world.roll { SimulatedProcess.System.allCases[$0.below(3)] }
        let kind = world.roll { $0.below(flaws.contains(.withoutUIDs) ? 22 : 19) }
        world.executor.after(world.milliseconds(0...(Self.faultSeconds * 1000 - 1000))) {
            switch kind {
            case 0, 1:
                fleet.kill(place)
                again(place)
            case 2:
                fleet.stop(place)
                again(place)
            case 3, 4: fleet.pause(place, for: span)
            case 5: fleet.cut(place, from: system, for: span)
            case 6: fleet.takeAway(system, for: span)
            case 7:
                for place in fleet.kinds.indices { fleet.kill(place) }
                world.executor.after(.seconds(18)) { for place in fleet.kinds.indices { fleet.start(place) } }
            case 8...11: storm(for: span)
            case 12: broker.purge()
            case 13: for watch in cluster.read(\.watches) { watch.end() }
            case 14: befall { cluster.evict($0) }
            case 15: befall { cluster.deleteByHand($0) }
            case 16: cluster.loseNode(world.roll { $0.below(3) })
            case 17: occupy()
            default: befall { cluster.replace($0) }
            }
        }
    }

    private func again(_ place: Int) {
        world.executor.after(world.milliseconds(100...12_000)) { [fleet] in fleet.start(place) }
    }

    /// Does something to a pod that is there.
    private func befall(_ body: (String) -> Void) {
        let names = cluster.read { state in state.pods.values.filter { $0.owner != nil }.map(\.key).sorted() }
        guard !names.isEmpty else { return }
        body(names[world.roll { $0.below(names.count) }])
    }

    /// Somebody's pod takes the name that the next placement of a run would have.
    private func occupy() {
        let waiting = ledger.read { tables in tables.liveRuns { MemoryTables.unplaced.contains($0.state) } }
        guard !waiting.isEmpty else { return }
        let run = waiting[world.roll { $0.below(waiting.count) }]
        cluster.occupy(PodNaming.podName(run: run.id, placement: run.placement + 1))
    }

    private func storm(for span: Duration) {
        world.trace("a storm for \(span)")
        let strength = world.roll { $0.unit() }
        weather.change { conditions in
            conditions.refusal = world.roll { dice in [0, 0, strength * 0.3 * dice.unit()] }
            conditions.lostAnswer = world.roll { dice in (0..<3).map { _ in strength * 0.2 * dice.unit() } }
            conditions.slowestMilliseconds = world.roll { dice in
                [dice.within(5...800), dice.within(5...400), dice.within(20...700)]
            }
            conditions.stumble = strength * 0.004
            conditions.lostMessage = strength * world.roll { $0.unit() } * 0.6
            conditions.repeatedMessage = strength * world.roll { $0.unit() } * 0.5
            conditions.lateMessage = strength * world.roll { $0.unit() } * 0.5
            conditions.brokenStream = strength * world.roll { $0.unit() } * 0.1
            conditions.lateEvent = strength * world.roll { $0.unit() } * 0.5
            conditions.repeatedEvent = strength * world.roll { $0.unit() } * 0.5
        }
        world.executor.after(span) { [weather] in weather.change { $0 = Weather.Conditions(away: $0.away) } }
    }
}

/// What people asked for.
private final class People: Sendable {
    let identifiers = Mutex<RunIdentifiers?>(nil)
    let accepted = Mutex<[RunID]>([])
    let cancelled = Mutex<Set<RunID>>([])
}
