internal import Clusters
internal import Dispatcher
internal import Logging
internal import Observability
internal import Placement
internal import RunStore
internal import Scheduler
internal import SlipwayCore
internal import Synchronization
internal import Worker

/// The processes of the control plane: the real services over simulated ports. Each place is filled again after its process ended.
final class Fleet: Sendable {
    private struct Member: Sendable {
        var process: SimulatedProcess
        var task: Task<Void, Never>
    }

    let world: SimulationWorld
    let weather: Weather
    let ledger: MemoryRunStore.Shared
    let broker: SimulatedBroker
    let cluster: SimulatedCluster
    /// What stands at each place.
    let kinds: [Holder.Kind]
    private let flaws: Flaws
    private let window: Int
    private let isVerbose: Bool
    private let members = Mutex<[Int: Member]>([:])
    private let ended = Mutex<[Task<Void, Never>]>([])
    private let incarnations = Mutex(0)

    init(
        world: SimulationWorld,
        weather: Weather,
        ledger: MemoryRunStore.Shared,
        broker: SimulatedBroker,
        cluster: SimulatedCluster,
        kinds: [Holder.Kind],
        flaws: Flaws,
        window: Int,
        isVerbose: Bool
    ) {
        self.world = world
        self.weather = weather
        self.ledger = ledger
        self.broker = broker
        self.cluster = cluster
        self.kinds = kinds
        self.flaws = flaws
        self.window = window
        self.isVerbose = isVerbose
    }

    // MARK: What befalls it

    func start(_ place: Int) {
        guard members.withLock({ $0[place] == nil }) else { return }
        let number = incarnations.withLock { count -> Int in
            count += 1
            return count
        }
        let kind = kinds[place]
        let process = SimulatedProcess(name: "\(kind) \(number)", world: world, weather: weather)
        world.trace("\(process.name) starts")
        let serve = service(kind, process)
        // why: a process belongs to nobody in the simulation; its end is waited for at the end of the scenario.
        let task = Task(executorPreference: world.executor) {
            do {
                try await serve()
            } catch {
                self.world.trace("\(process.name) ended: \(error)")
            }
        }
        members.withLock { $0[place] = Member(process: process, task: task) }
    }

    /// Ends a process at once, as `kill -9` does.
    func kill(_ place: Int) {
        guard let member = take(place) else { return }
        world.trace("\(member.process.name) is killed")
        member.process.kill()
        member.task.cancel()
        world.executor.after(world.milliseconds(10...2000)) { [self] in broker.requeue(member.process.name) }
    }

    /// Asks a process to end, as a rolling upgrade does.
    func stop(_ place: Int) {
        guard let member = take(place) else { return }
        world.trace("\(member.process.name) is asked to stop")
        member.process.resume()
        member.task.cancel()
    }

    func pause(_ place: Int, for span: Duration) {
        guard let process = process(place) else { return }
        pause(process, for: span)
    }

    func pause(_ process: SimulatedProcess, for span: Duration) {
        guard !process.isPaused, !process.isDead else { return }
        world.trace("\(process.name) is paused for \(span)")
        process.pause()
        world.executor.after(span) {
            process.world.trace("\(process.name) goes on")
            process.resume()
        }
    }

    func cut(_ place: Int, from system: SimulatedProcess.System, for span: Duration) {
        guard let process = process(place) else { return }
        world.trace("\(process.name) does not reach the \(system) for \(span)")
        process.cut(system)
        if system == .broker { broker.requeue(process.name) }
        world.executor.after(span) { process.mend(system) }
    }

    func takeAway(_ system: SimulatedProcess.System, for span: Duration) {
        world.trace("nobody reaches the \(system) for \(span)")
        weather.change { $0.away.insert(system) }
        if system == .broker { for process in processes { broker.requeue(process.name) } }
        world.executor.after(span) { [weather] in weather.change { $0.away.remove(system) } }
    }

    /// Ends all that ails it and fills every place.
    func heal() {
        world.trace("all is well again")
        weather.clear()
        for process in processes {
            for system in SimulatedProcess.System.allCases { process.mend(system) }
            process.resume()
        }
        for place in kinds.indices { start(place) }
    }

    /// Stops every process in good order and waits for its end.
    func end() async {
        for place in kinds.indices { stop(place) }
        let tasks = ended.withLock { $0 }
        for task in tasks { await task.value }
    }

    private var processes: [SimulatedProcess] {
        members.withLock { $0.sorted { $0.key < $1.key }.map(\.value.process) }
    }

    private func process(_ place: Int) -> SimulatedProcess? { members.withLock { $0[place]?.process } }

    private func take(_ place: Int) -> Member? {
        let member = members.withLock { $0.removeValue(forKey: place) }
        if let member { ended.withLock { $0.append(member.task) } }
        return member
    }

    // MARK: The services

    private static let lease = LeaseSettings(
        timeToLive: .seconds(6),
        heartbeat: .seconds(2),
        margin: .milliseconds(1500)
    )

    private func service(_ kind: Holder.Kind, _ process: SimulatedProcess) -> @Sendable () async throws -> Void {
        let store = MemoryRunStore(ledger, process: process)
        let messages = ProcessMessages(broker: broker, process: process, flaws: flaws)
        let pods = ["default": ProcessPods(cluster: cluster, process: process)]
        let world = world
        let makeHolder: @Sendable () -> Holder = {
            Holder(
                id: world.identifier(),
                kind: kind,
                name: process.name,
                version: "0",
                clusters: kind == .scheduler ? [] : ["default"]
            )
        }
        let logger = isVerbose ? TracingLogHandler.logger(process) : Logger(label: "") { _ in SwiftLogNoOpLogHandler() }
        switch kind {
        case .scheduler:
            let service = SchedulerService(
                store: store,
                messaging: messages,
                settings: schedulerSettings,
                registry: MetricsRegistry(),
                logger: logger,
                time: process.time,
                makeHolder: makeHolder
            )
            return { try await service.serve() }
        case .dispatcher:
            let service = DispatcherService(
                store: store,
                messaging: messages,
                clusters: ServedClusters(always: pods),
                settings: dispatcherSettings,
                registry: MetricsRegistry(),
                logger: logger,
                time: process.time,
                makeHolder: makeHolder
            )
            return { try await service.serve() }
        case .worker:
            let service = WorkerService(
                store: store,
                messaging: messages,
                clusters: ServedClusters(always: pods),
                settings: workerSettings,
                registry: MetricsRegistry(),
                logger: logger,
                time: process.time,
                makeHolder: makeHolder
            )
            return { try await service.serve() }
        }
    }

    private var schedulerSettings: SchedulerSettings {
        var settings = SchedulerSettings()
        settings.lease = Self.lease
        settings.sweepInterval = .seconds(3)
        settings.hintAge = .seconds(2)
        return settings
    }

    private var dispatcherSettings: DispatcherSettings {
        var settings = DispatcherSettings()
        settings.lease = Self.lease
        settings.placementWindow = window
        settings.fullWindowPause = .seconds(1)
        settings.claimAge = .seconds(2)
        settings.createPatience = .seconds(8)
        settings.pod.terminationGraceSeconds = 10
        return settings
    }

    private var workerSettings: WorkerSettings {
        var settings = WorkerSettings()
        settings.metricsInterval = .zero
        settings.lease = Self.lease
        settings.sweepInterval = .seconds(3)
        settings.straySweepInterval = .seconds(6)
        settings.tickInterval = .seconds(1)
        settings.sailLogPatience = .seconds(1)
        settings.evidencePatience = .seconds(1)
        return settings
    }
}
