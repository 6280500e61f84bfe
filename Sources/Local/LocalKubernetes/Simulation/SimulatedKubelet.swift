/// A kubelet for all nodes whose containers are timers, set by a pod's annotations.
///
/// It writes as few versions as a real short pod shows: a pod of zero milliseconds goes from placed to its end at once.
/// No events are recorded except those of failures.
actor SimulatedKubelet: Kubelet {
    private enum Step: Sendable {
        case start, end, remove
    }

    private struct Timer: Sendable {
        var key: ObjectKey
        var uid: String
        var step: Step
    }

    private struct Life {
        var startTime: Timestamp
        var isRemoving = false
        /// Readers of the log who wait for the end.
        var followers: [Bell] = []
    }

    private let store: ObjectStore
    private let events: EventRecorder
    private let addresses: PodAddresses
    private var lives: [String: Life] = [:]
    private var timers = DeadlineQueue<Timer>()
    private var armedDeadline: ContinuousClock.Instant?

    init(store: ObjectStore, events: EventRecorder, addresses: PodAddresses) {
        self.store = store
        self.events = events
        self.addresses = addresses
    }

    /// Works until the task is cancelled.
    func run() async {
        await store.follow(.pods) { self.note($0) }
    }

    private func note(_ change: Change) {
        let pod = change.object
        if change.type == .deleted {
            if let life = lives.removeValue(forKey: pod.uid) {
                addresses.free(pod.uid)
                for follower in life.followers { follower.finish() }
            }
            return
        }
        if pod.value.podPhase.isTerminal, let followers = lives[pod.uid]?.followers, !followers.isEmpty {
            for follower in followers { follower.finish() }
            lives[pod.uid]?.followers = []
        }
        if pod.isTerminating { return beginRemoval(pod) }
        guard lives[pod.uid] == nil, !(pod.value[path: "spec", "nodeName"]?.text ?? "").isEmpty,
            !pod.value.podPhase.isTerminal
        else { return }
        lives[pod.uid] = Life(startTime: .now)
        begin(pod)
    }

    private func begin(_ pod: StoredObject) {
        switch pod.value.simulation("outcome") {
        case "image-pull-error": failImage(pod)
        case "evicted":
            writeEviction(pod, "The node was low on resource: memory.")
        default:
            let milliseconds = pod.value.simulationMilliseconds("start-milliseconds")
            milliseconds == 0 ? start(pod) : after(milliseconds, pod, .start)
        }
    }

    private func writeEviction(_ pod: StoredObject, _ message: String) {
        write(pod, .failed, reason: "Evicted", message: message) { _ in }
        events.record(.warning, "Evicted", message, about: pod)
    }

    private func failImage(_ pod: StoredObject) {
        write(pod, .pending) { record in
            record.state = .waiting(
                reason: "ErrImagePull",
                message: "failed to pull image \"\(record.image)\": not found"
            )
        }
        events.record(.warning, "Failed", "Failed to pull image: not found", about: pod)
    }

    private func start(_ pod: StoredObject) {
        let milliseconds = pod.value.simulationMilliseconds("run-milliseconds")
        let isEndless = pod.value.simulation("outcome") == "hang"
        if milliseconds == 0, !isEndless { return end(pod) }
        let now = Timestamp.now
        write(pod, .running) { record in
            record.containerID = "localkube://\(pod.uid)"
            record.wasStarted = true
            if record.role == .initialization {
                record.state = .ended(.init(exitCode: 0, reason: "Completed", startedAt: now, finishedAt: now))
            } else {
                record.state = .running(since: now)
            }
            record.isStarted = record.role != .initialization
            record.isReady = true
        }
        if !isEndless { after(milliseconds, pod, .end) }
    }

    private func end(_ pod: StoredObject) {
        if pod.value.simulation("outcome") == "oom" { return end(pod, exitCode: 137, reason: "OOMKilled") }
        let exitCode = Int64(pod.value.simulation("exit-code") ?? "") ?? 0
        end(pod, exitCode: exitCode, reason: exitCode == 0 ? "Completed" : "Error")
    }

    private func end(_ pod: StoredObject, exitCode: Int64, reason: String) {
        let message = pod.value.simulation("termination-message") ?? ""
        let present = store.get(.pods, pod.key)
        let now = Timestamp.now
        write(pod, exitCode == 0 ? .succeeded : .failed) { record in
            var startedAt = now
            let statuses = record.role == .main ? "containerStatuses" : "initContainerStatuses"
            if let status = present?.value[path: "status", statuses]?.elements
                .first(where: { $0.text("name") == record.name }),
                let since = Timestamp(status[path: "state", "running", "startedAt"]?.text ?? "")
            {
                startedAt = since
            }
            let isMain = record.role == .main
            record.containerID = "localkube://\(pod.uid)"
            record.wasStarted = true
            record.isReady = record.role == .initialization
            record.state = .ended(
                .init(
                    exitCode: isMain ? exitCode : 0,
                    reason: isMain ? reason : "Completed",
                    message: isMain ? message : "",
                    startedAt: startedAt,
                    finishedAt: now,
                    containerID: "localkube://\(pod.uid)"
                )
            )
        }
    }

    private func write(
        _ pod: StoredObject,
        _ phase: PodPhase,
        reason: String = "",
        message: String = "",
        _ change: (inout ContainerRecord) -> Void
    ) {
        guard let life = lives[pod.uid] else { return }
        var records = reason == "Evicted" ? [] : ContainerRecord.initial(pod: pod.value)
        for index in records.indices { change(&records[index]) }
        var status = PodStatus(phase: phase, startTime: life.startTime, records: records)
        status.reason = reason
        status.message = message
        status.podIP = addresses.address(for: pod.uid)
        let now = Timestamp.now
        ignoringAbsence { () throws(APIError) in
            try store.update(.pods, pod.key) { (present) throws(APIError) in
                guard present.uid == pod.uid, !present.value.podPhase.isTerminal else { return .keep }
                var value = present.value
                value.updateStatus { status.write(into: &$0, now: now) }
                return .replace(value)
            }
        }
    }

    // MARK: Removal

    /// A pod that hangs uses up its grace; any other goes at once.
    private func beginRemoval(_ pod: StoredObject) {
        guard lives[pod.uid]?.isRemoving != true else { return }
        let isKnown = lives[pod.uid] != nil
        lives[pod.uid]?.isRemoving = true
        let isHanging = pod.value.simulation("outcome") == "hang" && !pod.value.podPhase.isTerminal
        let grace = pod.value[path: "metadata", "deletionGracePeriodSeconds"]?.integer ?? 0
        if isKnown, isHanging, grace > 0 {
            after(min(grace, 864_000) * 1000, pod, .remove)
        } else {
            remove(pod)
        }
    }

    private func remove(_ pod: StoredObject) {
        ignoringAbsence { () throws(APIError) in
            try store.update(.pods, pod.key) { (present) throws(APIError) in
                guard present.uid == pod.uid, present.isTerminating else { return .keep }
                return present.value.hasFinalizers ? .keep : .delete(present.value)
            }
        }
    }

    // MARK: What the cluster asks

    nonisolated func kill(_ pod: StoredObject) async throws {
        await end(pod, exitCode: 137, reason: "Error")
    }

    nonisolated func evict(_ pod: StoredObject, message: String) async throws {
        await writeEviction(pod, message)
    }

    nonisolated func abandon(_ pod: StoredObject) async {}

    nonisolated func shutDown() async {}

    /// A simulated container uses what it requests.
    nonisolated func usage(_ pod: StoredObject) async -> [ContainerUsage] {
        let sidecars = (pod.value[path: "spec", "initContainers"]?.elements ?? []).filter {
            $0.text("restartPolicy") == "Always"
        }
        let now = Timestamp.now
        return ((pod.value[path: "spec", "containers"]?.elements ?? []) + sidecars).map { container in
            func request(_ name: String) -> Quantity {
                container[path: "resources", "requests", name].flatMap(Quantity.init) ?? .zero
            }
            return ContainerUsage(
                name: container.text("name"),
                milliCPU: request("cpu").thousandths,
                memoryBytes: request("memory").units,
                at: now,
                windowSeconds: ProcessSampler.windowSeconds
            )
        }
    }

    /// The annotation's text for the main containers, nothing for others.
    func log(_ pod: StoredObject, container: String, isPrevious: Bool) throws(APIError) -> LogSource {
        let isMain = (pod.value[path: "spec", "containers"]?.elements ?? []).contains { $0.text("name") == container }
        guard pod.value.podPhase != .pending else {
            throw .badRequest(
                "container \"\(container)\" in pod \"\(pod.key.name)\" is waiting to start: ContainerCreating"
            )
        }
        guard !isPrevious else {
            throw .badRequest("previous terminated container \"\(container)\" in pod \"\(pod.key.name)\" not found")
        }
        var end: Bell?
        if let present = store.get(.pods, pod.key), present.uid == pod.uid, !present.value.podPhase.isTerminal,
            lives[pod.uid] != nil
        {
            let bell = Bell()
            lives[pod.uid]?.followers.append(bell)
            end = bell
        }
        return .text(isMain ? pod.value.simulation("logs") ?? "" : "", at: lives[pod.uid]?.startTime ?? .now, end: end)
    }

    // MARK: Timers

    private func after(_ milliseconds: Int64, _ pod: StoredObject, _ step: Step) {
        let deadline = ContinuousClock.now + .milliseconds(milliseconds)
        timers.insert(Timer(key: pod.key, uid: pod.uid, step: step), at: deadline)
        arm()
    }

    /// One sleeping task for the soonest deadline; a sooner one gets its own.
    private func arm() {
        guard let next = timers.soonest, armedDeadline.map({ next < $0 }) ?? true else { return }
        armedDeadline = next
        // why: a timer outlives the call that sets it; it holds the actor weakly and ends by itself
        Task { [weak self] in
            do { try await Task.sleep(until: next, clock: .continuous) } catch { return }
            await self?.fire()
        }
    }

    private func fire() {
        armedDeadline = nil
        while let timer = timers.popDue(.now) { perform(timer) }
        arm()
    }

    private func perform(_ timer: Timer) {
        guard let pod = store.get(.pods, timer.key), pod.uid == timer.uid, lives[pod.uid] != nil else { return }
        switch timer.step {
        case .start where !pod.isTerminating: start(pod)
        case .end where !pod.value.podPhase.isTerminal && !pod.isTerminating: end(pod)
        case .remove: remove(pod)
        default: break
        }
    }
}

extension JSONValue {
    /// A duration from the annotations: zero unless it is a number from 0 to ten days.
    fileprivate func simulationMilliseconds(_ name: String) -> Int64 {
        min(max(Int64(simulation(name) ?? "") ?? 0, 0), 864_000_000)
    }

    var hasFinalizers: Bool { !(self[path: "metadata", "finalizers"]?.elements.isEmpty ?? true) }
}
