internal import KubernetesClient
internal import Placement
internal import SlipwayCore
internal import Synchronization

/// A Kubernetes cluster under virtual time: its pods live, are watched, and are ended by whom they are ended in life.
final class SimulatedCluster: Sendable {
    static let namespace = "default"
    private static let nodes = 3

    struct State: Sendable {
        var pods: [String: SimulatedPod] = [:]
        var watches: [PodWatch] = []
        var uids = 0
        /// Pods ever created, by run and placement.
        var created: [PlacementKey: Int] = [:]
        /// Placements whose user code executes now.
        var executing: Set<PlacementKey> = []
        /// Placements whose user code has begun, and those in which it ended well.
        var begun: Set<PlacementKey> = []
        var succeeded: Set<PlacementKey> = []
        /// Pods that took something of what they wrote with them when they were removed.
        var truncated: Set<PlacementKey> = []
        /// The numbers of all lines of a placement's log, kept when the pod is gone.
        var written: [PlacementKey: [Int64]] = [:]
    }

    let world: SimulationWorld
    let flaws: Flaws
    private let behaviours: [String: PodBehaviour]
    private let state = Mutex(State())

    /// - Parameter behaviours: by the job's name.
    init(world: SimulationWorld, behaviours: [String: PodBehaviour], flaws: Flaws) {
        self.world = world
        self.behaviours = behaviours
        self.flaws = flaws
    }

    func read<Value: Sendable>(_ body: (State) -> Value) -> Value { state.withLock { body($0) } }
    func change<Value: Sendable>(_ body: (inout State) -> Value) -> Value { state.withLock { body(&$0) } }

    /// Whole seconds, as Kubernetes tells time.
    var time: KubernetesTime {
        KubernetesTime(microsecondsSince1970: world.now.microsecondsSince1970 / 1_000_000 * 1_000_000)
    }

    private var milliseconds: Int64 { world.now.microsecondsSince1970 / 1000 }

    // MARK: What the API server does

    func create(_ pod: Pod) throws {
        let name = pod.metadata.name
        if read({ $0.pods[name] != nil }) {
            throw KubernetesError(.refused, code: 409, reason: "AlreadyExists", message: "\(name) exists")
        }
        let job = pod.metadata.labels[PodNaming.jobLabel] ?? ""
        let owner = PodNaming.owner(of: pod.metadata).map { PlacementKey(run: $0.run, placement: $0.placement) }
        add(
            name,
            owner: owner,
            labels: pod.metadata.labels,
            behaviours[job] ?? PodBehaviour(),
            graceSeconds: pod.spec.terminationGracePeriodSeconds ?? 30
        )
        guard let owner else { return }
        let count = change { state -> Int in
            state.created[owner, default: 0] += 1
            return state.created[owner] ?? 0
        }
        if count > 1 { world.violated("P1: \(count) pods were created for \(owner.run.short)/\(owner.placement)") }
    }

    private func add(
        _ name: String,
        owner: PlacementKey?,
        labels: [String: String],
        _ behaviour: PodBehaviour,
        graceSeconds: Int
    ) {
        let uid = change { state -> String in
            state.uids += 1
            return "uid-\(state.uids)"
        }
        let pod = SimulatedPod(
            key: name,
            uid: uid,
            owner: owner,
            labels: labels,
            behaviour: behaviour,
            graceSeconds: graceSeconds,
            createdAt: time
        )
        change { $0.pods[name] = pod }
        world.trace("pod \(pod.text) is created")
        notify(.applied(pod.snapshot), of: pod)
        if let span = behaviour.schedule, owner != nil { later(pod, span) { $0.schedule($1) } }
    }

    func pod(_ name: String) throws -> PodSnapshot {
        guard let pod = read({ $0.pods[name] }) else { throw Self.notFound(name) }
        return pod.snapshot
    }

    func remove(_ name: String, uid: String?, isForced: Bool) throws {
        guard let pod = read({ $0.pods[name] }) else { throw Self.notFound(name) }
        if let uid, uid != pod.uid, !flaws.contains(.withoutUIDs) {
            throw KubernetesError(.refused, code: 409, reason: "Conflict", message: "the uid is another")
        }
        if pod.owner == nil { world.violated("pod \(name) of somebody else was deleted") }
        delete(name, isForced: isForced)
    }

    static func notFound(_ name: String) -> KubernetesError {
        KubernetesError(.refused, code: 404, reason: "NotFound", message: "no pod \(name)")
    }

    /// Asks for a pod's end, by whomever.
    func delete(_ name: String, isForced: Bool) {
        guard let pod = read({ $0.pods[name] }) else { return }
        if isForced {
            if !pod.isEnded { truncate(pod) }
            return vanish(pod)
        }
        guard pod.deletedAt == nil else { return }
        world.trace("pod \(pod.text) is to go")
        if !pod.isEnded { truncate(pod) }
        update(pod) { $0.deletedAt = time }
        guard !pod.isFrozen else { return }
        if pod.stage == .running {
            let grace = pod.graceSeconds * 1000
            later(pod, pod.behaviour.isStubborn ? grace...grace : 20...400) { cluster, pod in
                cluster.stop(pod)
                cluster.later(pod, 20...300) { $0.vanish($1) }
            }
        } else {
            later(pod, 10...200) { $0.vanish($1) }
        }
    }

    // MARK: A pod's life

    private func schedule(_ pod: SimulatedPod) {
        let node = world.roll { $0.below(Self.nodes) }
        update(pod) {
            $0.stage = .creating
            $0.node = "node-\(node)"
            $0.scheduledAt = time
        }
        guard let span = pod.behaviour.start else { return }
        later(pod, span) { $1.behaviour.hasSail ? $0.startSail($1) : $0.startRunner($1) }
    }

    private func startSail(_ pod: SimulatedPod) {
        update(pod) {
            $0.stage = .sailStarting
            $0.sailStartedAt = time
            $0.sailLines = ["\(time) starting\n"]
        }
        later(pod, 50...800) { cluster, pod in
            cluster.update(pod) {
                $0.stage = .sailReady
                $0.sailReadyAt = cluster.time
                $0.sailLines.append("\(cluster.time) ready\n")
            }
            cluster.later(pod, 20...200) { $0.startRunner($1) }
        }
    }

    private func startRunner(_ pod: SimulatedPod) {
        guard pod.deletedAt == nil else { return }
        update(pod) {
            $0.stage = .running
            $0.runningAt = time
            $0.write(milliseconds, "\"started\":{\"version\":\"0\"}")
            $0.write(milliseconds, "\"task\":{\"name\":\"only\",\"state\":\"running\",\"attempt\":1}")
        }
        if let owner = pod.owner { begin(owner) }
        let span = world.roll { $0.within(pod.behaviour.run) }
        let lines = world.roll { $0.within(pod.behaviour.lines) }
        for line in 1...max(1, lines) {
            later(pod, span * line / (lines + 1)...span * line / (lines + 1)) { cluster, pod in
                guard pod.stage == .running else { return }
                cluster.update(pod, isTold: false) {
                    $0.write(cluster.milliseconds, "\"log\":{\"task\":\"only\",\"text\":\"line \(line)\"}", isLog: true)
                }
            }
        }
        if pod.behaviour.ending != .never { later(pod, span...span) { $0.end($1) } }
    }

    private func begin(_ owner: PlacementKey) {
        world.trace("user code of \(owner.run.short)/\(owner.placement) begins")
        let others = change { state -> [PlacementKey] in
            let others = state.executing.filter { $0.run == owner.run }.sorted()
            state.executing.insert(owner)
            state.begun.insert(owner)
            return others
        }
        if let other = others.first {
            world.violated(
                "P1: placements \(other.placement) and \(owner.placement) of \(owner.run.short) both execute"
            )
        }
    }

    private func end(_ pod: SimulatedPod) {
        guard pod.stage == .running else { return }
        switch pod.behaviour.ending {
        case .never: return
        case .success:
            finish(pod, exitCode: 0, reason: "Completed", state: "succeeded") { $0.summary("succeeded") }
        case .failure:
            let failure =
                ",\"failure\":{\"reason\":\"task_failed\",\"failure_class\":\"user\",\"message\":\"no\"},\"failed_task\":\"only\""
            finish(pod, exitCode: 1, reason: "Error", state: "failed") { $0.summary("failed", failure: failure) }
        case .outOfMemory: finish(pod, exitCode: 137, reason: "OOMKilled", state: nil) { _ in nil }
        case .crash: finish(pod, exitCode: 139, reason: "Error", state: nil) { _ in nil }
        }
    }

    /// The runner is asked to stop, and its grace is over at the latest.
    private func stop(_ pod: SimulatedPod) {
        guard pod.stage == .running else { return }
        if pod.behaviour.isStubborn {
            finish(pod, exitCode: 137, reason: "Error", state: nil) { _ in nil }
        } else {
            finish(pod, exitCode: 143, reason: "Error", state: "cancelled") { $0.summary("cancelled") }
        }
    }

    private func finish(
        _ pod: SimulatedPod,
        exitCode: Int,
        reason: String,
        state: String?,
        _ summary: (SimulatedPod) -> String?
    ) {
        world.trace("user code of \(pod.text) ends with \(exitCode)")
        if let owner = pod.owner {
            change { state in
                state.executing.remove(owner)
                if exitCode == 0 { state.succeeded.insert(owner) }
            }
        }
        update(pod) {
            if let state {
                $0.write(milliseconds, "\"task\":{\"name\":\"only\",\"state\":\"\(state)\",\"attempt\":1}")
            }
            let told = summary($0)
            if let told { $0.write(milliseconds, "\"finished\":\(told)") }
            $0.stage = .ended
            $0.hasSucceeded = exitCode == 0
            $0.runnerEnd = ContainerState.Terminated(
                exitCode: exitCode,
                reason: reason,
                message: told,
                startedAt: $0.runningAt,
                finishedAt: time
            )
        }
    }

    // MARK: What befalls pods

    /// What the pod wrote may not all be read.
    private func truncate(_ pod: SimulatedPod) {
        if let owner = pod.owner { change { _ = $0.truncated.insert(owner) } }
    }

    func deleteByHand(_ name: String) {
        guard let pod = read({ $0.pods[name] }), pod.owner != nil else { return }
        truncate(pod)
        delete(name, isForced: false)
    }

    func evict(_ name: String) {
        guard let pod = read({ $0.pods[name] }), pod.owner != nil, !pod.isEnded, !pod.isFrozen else { return }
        world.trace("pod \(pod.text) is evicted")
        truncate(pod)
        update(pod, isTold: false) {
            $0.phaseReason = "Evicted"
            $0.disruption = "TerminationByKubelet"
        }
        if pod.stage == .running, let now = read({ $0.pods[name] }) {
            finish(now, exitCode: 137, reason: "Error", state: nil) { _ in nil }
        } else {
            update(pod) { $0.stage = .ended }
        }
    }

    /// A node stops answering and what ran there stops; after a while the cluster gives its pods up.
    func loseNode(_ number: Int) {
        let name = "node-\(number)"
        world.trace("\(name) is lost")
        for pod in read({ $0.pods.values.filter { $0.node == name }.sorted { $0.key < $1.key } }) {
            truncate(pod)
            if let owner = pod.owner { change { _ = $0.executing.remove(owner) } }
            update(pod, isTold: false) { $0.isFrozen = true }
            world.executor.after(world.milliseconds(1000...5000)) { [self] in
                update(pod) {
                    $0.disruption = "DeletionByTaintManager"
                    $0.deletedAt = time
                }
            }
            world.executor.after(world.milliseconds(6000...15_000)) { [self] in vanish(pod) }
        }
    }

    /// Somebody puts another pod, not Slipway's, in the place of one.
    func replace(_ name: String) {
        guard let pod = read({ $0.pods[name] }), pod.owner != nil else { return }
        world.trace("pod \(pod.text) is replaced by somebody else's")
        truncate(pod)
        vanish(pod)
        add(name, owner: nil, labels: [:], PodBehaviour(), graceSeconds: 30)
    }

    /// Somebody makes a pod that is not Slipway's.
    func occupy(_ name: String) {
        guard read({ $0.pods[name] == nil }) else { return }
        add(name, owner: nil, labels: [:], PodBehaviour(), graceSeconds: 30)
    }

    /// The object goes, and whatever still ran with it.
    private func vanish(_ pod: SimulatedPod) {
        guard let gone = change({ $0.pods[pod.key]?.uid == pod.uid ? $0.pods.removeValue(forKey: pod.key) : nil })
        else {
            return
        }
        world.trace("pod \(gone.text) is gone")
        if let owner = gone.owner {
            change { state in
                state.executing.remove(owner)
                state.written[owner] = gone.logNumbers
            }
        }
        notify(.deleted(gone.snapshot), of: gone)
        for reply in gone.waiting { reply.settle() }
    }

    // MARK: Changes

    /// Does something to a pod after a while, unless it is gone or its node is.
    private func later(
        _ pod: SimulatedPod,
        _ span: ClosedRange<Int>,
        _ body: @escaping @Sendable (SimulatedCluster, SimulatedPod) -> Void
    ) {
        let (name, uid) = (pod.key, pod.uid)
        world.executor.after(world.milliseconds(span)) { [self] in
            guard let pod = read({ $0.pods[name] }), pod.uid == uid, !pod.isFrozen else { return }
            if pod.isEnded, pod.deletedAt == nil { return }
            body(self, pod)
        }
    }

    /// - Parameter isTold: whether the watches hear of it.
    private func update(_ pod: SimulatedPod, isTold: Bool = true, _ body: (inout SimulatedPod) -> Void) {
        let changed = change { state -> SimulatedPod? in
            guard var known = state.pods[pod.key], known.uid == pod.uid else { return nil }
            body(&known)
            let waiting = known.waiting
            known.waiting = []
            state.pods[pod.key] = known
            if let owner = known.owner { state.written[owner] = known.logNumbers }
            known.waiting = waiting
            return known
        }
        guard let changed else { return }
        for reply in changed.waiting { reply.settle() }
        if isTold { notify(.applied(changed.snapshot), of: changed) }
    }

    private func notify(_ event: ReflectorEvent<PodSnapshot>, of pod: SimulatedPod) {
        guard pod.owner != nil else { return }
        for watch in read(\.watches) { watch.add(event) }
    }
}

extension SimulatedPod {
    /// For the record.
    var text: String { owner.map { "\($0.run.short)/\($0.placement)" } ?? key }
}
