internal import Synchronization

/// Brings one pod through its life: looks at what is known, asks `PodPlan` what comes next, does it, and reports.
///
/// Everything that happens — a container's end, a probe's result, a change of the pod, a time that has come — rings one
/// bell; each ring looks at everything again. So it does not matter whether a process was started by this localkube or
/// by one before it.
actor PodWorker {
    /// Why a pod ends before its containers do.
    enum Ending: Sendable, Equatable {
        case deletion
        case deadline
        case eviction(message: String)
        case shutdown
    }

    /// What others tell the worker.
    private struct Notes {
        var pod: StoredObject
        var isGone = false
        var ending: Ending?
    }

    /// How far a postStart hook is; the container does not count as running before it is done.
    enum Hook: Sendable {
        case none, running, done
    }

    /// A container with its process and the tasks around it.
    struct Running {
        var record: ContainerRecord
        var process: ContainerProcess?
        var session: Int32?
        var isStopping = false
        var postStart = Hook.none
        var probes: [Task<Void, Never>] = []
        /// When a start may be tried (again).
        var startAt: ContinuousClock.Instant?
        var imageFailures = 0
    }

    let kubelet: ProcessKubelet
    let uid: String
    let key: ObjectKey
    let podPath: String
    let bell = Bell()
    private let notes: Mutex<Notes>
    var containers: [Running] = []
    private var startTime = Timestamp.now
    private var hasVolumes = false
    private var lastWritten: PodStatus?
    private var wakeAt: ContinuousClock.Instant?

    init(pod: StoredObject, kubelet: ProcessKubelet) {
        self.kubelet = kubelet
        uid = pod.uid
        key = pod.key
        podPath = kubelet.podPath(pod.uid)
        notes = Mutex(Notes(pod: pod))
    }

    // MARK: What others tell

    nonisolated func pod(isNow pod: StoredObject) {
        notes.withLock { $0.pod = pod }
        bell.ring()
    }

    nonisolated func pod(isGone pod: StoredObject) {
        notes.withLock { $0.isGone = true }
        bell.ring()
    }

    nonisolated func end(_ ending: Ending) {
        notes.withLock { notes in if notes.ending == nil { notes.ending = ending } }
        bell.ring()
    }

    nonisolated var pod: StoredObject { notes.withLock { $0.pod } }
    private nonisolated var isGone: Bool { notes.withLock { $0.isGone } }

    nonisolated var podIP: String { kubelet.addresses.address(for: uid) }

    /// Deletion goes before all other reasons: it carries the grace that the client asked for.
    nonisolated var ending: Ending? {
        notes.withLock { $0.ending == .shutdown ? .shutdown : $0.pod.isTerminating ? .deletion : $0.ending }
    }

    // MARK: The loop

    func run() async {
        recover()
        let stateFolder = ContainerFiles.stateFolder(podPath)
        let watched: (bell: Bell, token: Int32)
        do {
            try makeFolder(stateFolder)
            watched = try kubelet.files.watch(stateFolder)
        } catch {
            kubelet.events.record(.warning, "FailedCreatePodSandBox", "\(error)", about: pod)
            return
        }
        // why: passes the file watcher's rings on to the one bell; ends with the watch
        let forwarding = Task { [bell] in
            for await _ in watched.bell.rings { bell.ring() }
        }
        bell.ring()
        for await _ in bell.rings {
            if Task.isCancelled { break }
            if await step() { break }
        }
        kubelet.files.end(watched.bell, watched.token)
        forwarding.cancel()
        for index in containers.indices { stopWatching(index) }
    }

    /// One look at everything. Returns true when the pod's life is over.
    private func step() async -> Bool {
        observe()
        if isGone {
            abandon()
            return true
        }
        watchDeadline()
        let isEnding = ending != nil
        let decision = PodPlan.decide(
            containers.map { running in
                PodPlan.Container(
                    running.record,
                    isBusy: running.isStopping || running.isStarting,
                    secondsToStart: secondsToStart(running)
                )
            },
            restartPolicy: restartPolicy,
            isEnding: isEnding
        )
        for action in decision.actions { perform(action) }
        if decision.isFinished {
            finish()
            return true
        }
        report()
        return false
    }

    var restartPolicy: String { pod.value[path: "spec", "restartPolicy"]?.text ?? "Always" }

    private func perform(_ action: PodPlan.Action) {
        switch action {
        case .start(let name): if let index = index(name) { start(index) }
        case .stop(let name): if let index = index(name) { stop(index, because: "Stopping container \(name)") }
        case .backOff(let name, let seconds): if let index = index(name) { backOff(index, seconds) }
        }
    }

    func index(_ name: String) -> Int? { containers.firstIndex { $0.record.name == name } }

    func specification(_ name: String) -> JSONValue {
        let spec = pod.value["spec"] ?? [:]
        return ((spec["initContainers"]?.elements ?? []) + (spec["containers"]?.elements ?? []))
            .first { $0.text("name") == name } ?? [:]
    }

    // MARK: Time

    private func secondsToStart(_ running: Running) -> Double {
        guard let startAt = running.startAt else { return 0 }
        return max(0, (startAt - .now) / .seconds(1))
    }

    /// Rings the bell at a time; a sooner one replaces a later one.
    func wake(after seconds: Double) {
        // Whoever waits longer looks again in an hour.
        let time = ContinuousClock.now + .seconds(min(seconds, 3600))
        if let wakeAt, wakeAt <= time, wakeAt > .now { return }
        wakeAt = time
        // why: it only rings a bell; one too many does no harm
        Task { [bell] in
            do { try await Task.sleep(until: time, clock: .continuous) } catch { return }
            bell.ring()
        }
    }

    private func watchDeadline() {
        guard ending == nil, let seconds = pod.value[path: "spec", "activeDeadlineSeconds"]?.integer else { return }
        let left = Double(seconds) - Timestamp.now.seconds(since: startTime)
        if left > 0 { return wake(after: left) }
        end(.deadline)
        kubelet.events.record(
            .normal,
            "DeadlineExceeded",
            "Pod was active on the node longer than the specified deadline",
            about: pod
        )
    }

    private func backOff(_ index: Int, _ seconds: Double) {
        wake(after: seconds)
        guard let end = containers[index].record.end else { return }
        let name = containers[index].record.name
        containers[index].record.lastEnd = end
        containers[index].record.state = .waiting(
            reason: "CrashLoopBackOff",
            message: "back-off restarting failed container=\(name) pod=\(key.name)_\(key.namespace)(\(uid))"
        )
        kubelet.events.record(
            .warning,
            "BackOff",
            "Back-off restarting failed container \(name) in pod \(key.name)_\(key.namespace)(\(uid))",
            about: pod,
            container: name,
            isInit: containers[index].record.role != .main
        )
    }

    // MARK: Recovery

    /// Takes over what an earlier localkube knew and started.
    private func recover() {
        let status = pod.value["status"] ?? [:]
        if let text = status["startTime"]?.text, let time = Timestamp(text) { startTime = time }
        let statuses = (status["initContainerStatuses"]?.elements ?? []) + (status["containerStatuses"]?.elements ?? [])
        containers = ContainerRecord.initial(pod: pod.value).map { record in
            var running = Running(record: record)
            let known = statuses.first { $0.text("name") == record.name } ?? [:]
            running.record.restartCount = Int(clamping: known["restartCount"]?.integer ?? 0)
            running.record.wasStarted = known["started"]?.boolean ?? false
            guard let process = lastStarted(record.name, from: running.record.restartCount) else { return running }
            running.record.restartCount = process.files.attempt
            running.process = process
            if let mark = process.running {
                running.record.state = .running(since: mark.startedAt)
                running.record.containerID = "localkube://\(process.id)"
                running.record.isStarted = known["started"]?.boolean ?? false
                running.record.isReady = known["ready"]?.boolean ?? false
            }
            return running
        }
        for index in containers.indices
        where containers[index].record.isRunning && containers[index].process?.end == nil {
            begin(index)
        }
    }

    /// The last start of a container. It may be one that no status tells of: a container is started before that is
    /// reported, and a second start of the same would run its work twice.
    private func lastStarted(_ container: String, from known: Int) -> ContainerProcess? {
        func process(_ attempt: Int) -> ContainerProcess? {
            ContainerProcess.adopt(ContainerFiles(podPath: podPath, container: container, attempt: attempt))
        }
        return process(known + 1) ?? process(known)
    }

    // MARK: The end

    /// Writes the last status; a pod being deleted goes.
    private func finish() {
        let wasShutdown = ending == .shutdown
        report(isFinal: true)
        if wasShutdown { return }
        remove(pod.isTerminating)
        if !pod.isTerminating { return }
        volumes.remove(pod.value)
    }

    private func remove(_ isTerminating: Bool) {
        guard isTerminating else { return }
        ignoringAbsence { () throws(APIError) in
            try kubelet.store.update(.pods, key) { (present) throws(APIError) in
                guard present.uid == uid, !present.value.hasFinalizers else { return .keep }
                return .delete(present.value)
            }
        }
    }

    /// The object is gone: nothing may be left of it.
    private func abandon() {
        for running in containers {
            running.process?.kill()
            running.process?.reap()
        }
        volumes.remove(pod.value)
    }

    var volumes: PodVolumes { kubelet.volumes(uid) }

    /// Makes the volumes once.
    func prepareVolumes() throws(ConfigurationProblem) {
        if hasVolumes { return }
        try volumes.make(pod.value)
        hasVolumes = true
    }

    // MARK: Reporting

    /// Writes the pod's status if it says something new.
    private func report(isFinal: Bool = false) {
        let records = containers.map(\.record)
        var status = PodStatus(
            phase: PodStatus.phase(records, restartPolicy: restartPolicy),
            startTime: startTime,
            records: records
        )
        status.podIP = podIP
        switch ending {
        case .deadline:
            status.reason = "DeadlineExceeded"
            status.message = "Pod was active on the node longer than the specified deadline"
        case .eviction(let message):
            status.reason = "Evicted"
            status.message = message
        case .deletion, .shutdown, nil: break
        }
        if isFinal, ending != nil, !status.phase.isTerminal || !status.reason.isEmpty {
            let hasFailed = !status.reason.isEmpty || records.contains { $0.role == .main && $0.end?.exitCode != 0 }
            status.phase = hasFailed ? .failed : .succeeded
        }
        guard status != lastWritten else { return }
        lastWritten = status
        let now = Timestamp.now
        ignoringAbsence { () throws(APIError) in
            try kubelet.store.update(.pods, key) { (present) throws(APIError) in
                guard present.uid == uid else { return .keep }
                var value = present.value
                value.updateStatus { status.write(into: &$0, now: now) }
                return .replace(value)
            }
        }
    }

    // MARK: What the cluster asks

    func killProcesses() {
        for running in containers where running.record.isRunning { running.process?.kill() }
    }

    func usage() -> [ContainerUsage] {
        containers.compactMap { running -> ContainerUsage? in
            guard running.record.isRunning, let session = running.session else { return nil }
            let usage = kubelet.sampler.usage(session: session)
            guard let measured = usage.measured else { return nil }
            return ContainerUsage(
                name: running.record.name,
                milliCPU: usage.milliCPU,
                memoryBytes: usage.memoryBytes,
                at: measured.at,
                windowSeconds: measured.windowSeconds
            )
        }
    }
}
