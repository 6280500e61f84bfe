internal import KubernetesClient
internal import Logging
internal import Observability
internal import Placement
internal import RunMessaging
internal import RunStore
internal import SlipwayCore

/// What a worker knows of one cluster: the placements it supervises, the pods it sees, the pods it must remove.
///
/// It decides; the loops of ``ClusterSession`` do. Every method leaves the state whole before it suspends.
actor ClusterSupervisor {
    /// A pod's name within its cluster.
    struct PodKey: Hashable, Sendable {
        var namespace: String
        var name: String
    }

    /// A request to remove a pod.
    struct Deletion: Sendable {
        var pod: PodKey
        var uid: String?
        var isForced: Bool
    }

    /// A stream to be followed.
    struct Following: Sendable {
        enum Source: Sendable { case runner, sail }
        var run: RunID
        var pod: PodKey
        var source: Source
    }

    private let settings: WorkerSettings
    private let metrics: WorkerMetrics
    private var placements: [RunID: SupervisedPlacement] = [:]
    private var pods: [PodKey: PodSnapshot] = [:]
    private var isSynchronized = false
    /// Placements whose pod was not seen yet, since when.
    private var unseen: [RunID: ContinuousClock.Instant] = [:]
    /// Pods to be removed, with when that was asked of the API server last.
    private var deletions: [PodKey: (askedAt: ContinuousClock.Instant, isForced: Bool)] = [:]
    private var cleanups: [PodKey: (run: RunID, placement: Int)] = [:]
    private var cleaned: [(run: RunID, placement: Int)] = []
    private var dirtyStreams: Set<RunID> = []
    private var dirtyReports: Set<RunID> = []
    private var blockedReaders: [RunID: [CheckedContinuation<Void, Never>]] = [:]

    nonisolated let flushSignal = Signal()
    nonisolated let reportSignal = Signal()
    nonisolated let deletionRequests: AsyncStream<Deletion>
    nonisolated let followings: AsyncStream<Following>
    nonisolated let lookups: AsyncStream<(RunID, PodKey)>
    private let deletionContinuation: AsyncStream<Deletion>.Continuation
    private let followingContinuation: AsyncStream<Following>.Continuation
    private let lookupContinuation: AsyncStream<(RunID, PodKey)>.Continuation

    init(settings: WorkerSettings, metrics: WorkerMetrics) {
        self.settings = settings
        self.metrics = metrics
        (deletionRequests, deletionContinuation) = AsyncStream.makeStream()
        (followings, followingContinuation) = AsyncStream.makeStream()
        (lookups, lookupContinuation) = AsyncStream.makeStream()
    }

    var supervisedCount: Int { placements.count }

    // MARK: Runs

    /// Begins to supervise runs that this process now holds.
    func supervise(_ adopted: [(run: SupervisedRun, spec: JobSpec)]) {
        for (run, spec) in adopted {
            let placement = SupervisedPlacement(run: run, spec: spec)
            placements[run.id] = placement
            let key = PodKey(namespace: run.namespace, name: placement.podName)
            if let pod = pods[key] {
                placements[run.id]?.observe(pod, at: .now)
            } else {
                unseen[run.id] = .now
            }
            evaluate(run.id)
        }
        metrics.supervised.set(placements.count)
    }

    /// Stops supervising: the run is over, or another process has it.
    func drop(_ runs: some Sequence<RunID>) {
        for run in runs {
            placements[run] = nil
            unseen[run] = nil
            dirtyStreams.remove(run)
            dirtyReports.remove(run)
            resumeReaders(of: run)
        }
        metrics.supervised.set(placements.count)
    }

    /// The database has the end of these runs, or has placed them anew: their pods may go.
    func settled(_ runs: [RunID]) {
        for run in runs {
            guard let placement = placements[run] else { continue }
            clean(Cleanup(runID: run, placement: placement.run.placement, namespace: placement.run.namespace))
        }
        drop(runs)
    }

    /// Takes pods to remove, repeated or new.
    func clean(_ all: [Cleanup]) {
        for cleanup in all { clean(cleanup) }
    }

    private func clean(_ cleanup: Cleanup) {
        let name = PodNaming.podName(run: cleanup.runID, placement: cleanup.placement)
        let key = PodKey(namespace: cleanup.namespace, name: name)
        cleanups[key] = (cleanup.runID, cleanup.placement)
        // Asking to delete a pod that is gone is the proof that it is gone.
        requestDeletion(key, isForced: false)
    }

    func cancel(_ runs: [RunID]) {
        for run in runs {
            placements[run]?.cancelRequested()
            evaluate(run)
        }
    }

    // MARK: Pods

    func observe(_ events: [ReflectorEvent<PodSnapshot>]) {
        for event in events {
            switch event {
            case .listed(let all):
                for pod in all { applied(pod) }
                isSynchronized = true
            case .applied(let pod): applied(pod)
            case .deleted(let pod): deleted(PodKey(pod), uid: pod.metadata.uid)
            case .bookmark, .disconnected: break
            }
        }
    }

    private func applied(_ pod: PodSnapshot) {
        let key = PodKey(pod)
        pods[key] = pod
        guard let owner = PodNaming.owner(of: pod.metadata), let placement = placements[owner.run] else { return }
        guard owner.placement == placement.run.placement else {
            // A pod of a placement that was given up must not run beside the present one.
            if owner.placement < placement.run.placement { requestDeletion(key, isForced: false) }
            return
        }
        unseen[owner.run] = nil
        placements[owner.run]?.observe(pod, at: .now)
        evaluate(owner.run)
    }

    /// The pod is verified gone.
    func deleted(_ key: PodKey, uid: String?) {
        if let known = pods[key], let uid, known.metadata.uid != uid { return }
        let last = pods.removeValue(forKey: key)
        deletions[key] = nil
        if let cleanup = cleanups.removeValue(forKey: key) {
            cleaned.append(cleanup)
            flushSignal.send()
        }
        guard let last, let owner = PodNaming.owner(of: last.metadata) else { return }
        vanished(owner.run, placement: owner.placement)
    }

    /// A lookup found no pod of this placement.
    func notFound(_ run: RunID) {
        guard let placement = placements[run] else { return }
        unseen[run] = nil
        vanished(run, placement: placement.run.placement)
    }

    private func vanished(_ run: RunID, placement: Int) {
        guard placements[run]?.run.placement == placement else { return }
        placements[run]?.conclude(isPodGone: true, now: .now, settings: settings)
        evaluate(run)
    }

    // MARK: Streams

    /// Takes in lines of the runner's stream; suspends while too much of them waits to be stored.
    func receive(_ lines: [RunnerLine], of run: RunID) async {
        for line in lines { placements[run]?.observe(line, byteLimit: settings.runLogBytes) }
        evaluate(run)
        await waitForRoom(run)
    }

    /// Takes in lines of Sail's log, the first of which has this number.
    func receiveSail(_ lines: [(milliseconds: Int64, text: String)], from number: Int64, of run: RunID) async {
        for (offset, line) in lines.enumerated() {
            placements[run]?.stream.takeSail(
                number: number + Int64(offset),
                milliseconds: line.milliseconds,
                text: line.text,
                byteLimit: settings.runLogBytes
            )
        }
        evaluate(run)
        await waitForRoom(run)
    }

    private func waitForRoom(_ run: RunID) async {
        guard let placement = placements[run], placement.stream.bufferedBytes > settings.bufferedLogBytes else {
            return
        }
        await withCheckedContinuation { blockedReaders[run, default: []].append($0) }
    }

    private func resumeReaders(of run: RunID) {
        for reader in blockedReaders.removeValue(forKey: run) ?? [] { reader.resume() }
    }

    /// A stream came to its end, or cannot be read.
    ///
    /// - Returns: whether it should be opened again: the container has not ended, or what was read is not all.
    func streamEnded(_ following: Following, isPodGone: Bool) -> Bool {
        guard let placement = placements[following.run], placement.end == nil else { return false }
        switch following.source {
        case .runner:
            let isOver = isPodGone || placement.isRunnerStreamComplete || placement.reading?.runnerEnd != nil
            if isOver { placements[following.run]?.isRunnerStreamComplete = true }
            evaluate(following.run)
            return !isOver
        case .sail:
            let isOver =
                isPodGone || (placement.reading?.sail?.isRunning != true) || placement.reading?.runnerEnd != nil
            if isOver { placements[following.run]?.isSailStreamComplete = true }
            evaluate(following.run)
            return !isOver
        }
    }

    // MARK: What follows

    /// Acts upon what a placement's state asks for.
    private func evaluate(_ run: RunID) {
        guard var placement = placements[run] else { return }
        let key = PodKey(namespace: placement.run.namespace, name: placement.podName)
        follow(&placement, key)
        if placement.intent != nil, placement.end == nil {
            if pods[key] != nil {
                requestDeletion(key, isForced: false)
            } else if unseen[run] == nil {
                unseen[run] = .now
            }
        }
        placement.conclude(isPodGone: false, now: .now, settings: settings)
        placements[run] = placement
        if placement.stream.isDirty, dirtyStreams.insert(run).inserted { flushSignal.send() }
        if placement.end != nil, placement.stream.isDirty { flushSignal.send() }
        if placement.hasNews, placement.mayReport {
            dirtyReports.insert(run)
            reportSignal.send()
        }
    }

    private func follow(_ placement: inout SupervisedPlacement, _ key: PodKey) {
        guard let reading = placement.reading, placement.end == nil else { return }
        if !placement.isFollowingRunner, reading.hasUserCodeRun || reading.runnerEnd != nil {
            placement.isFollowingRunner = true
            followingContinuation.yield(Following(run: placement.run.id, pod: key, source: .runner))
        }
        if placement.hasSail, !placement.isFollowingSail, reading.sail?.isRunning == true {
            placement.isFollowingSail = true
            followingContinuation.yield(Following(run: placement.run.id, pod: key, source: .sail))
        }
    }

    private func requestDeletion(_ key: PodKey, isForced: Bool) {
        if let known = deletions[key], known.isForced || !isForced { return }
        deletions[key] = (.now, isForced)
        deletionContinuation.yield(Deletion(pod: key, uid: pods[key]?.metadata.uid, isForced: isForced))
    }

    /// The API server could not be asked; another attempt is due at the next sweep.
    func deletionFailed(_ key: PodKey) {
        deletions[key] = nil
    }

    /// Looks at deadlines, missing pods and deletions that take too long.
    func tick(now: Timestamp) {
        let clock = ContinuousClock.now
        for (run, since) in unseen where isSynchronized && since.duration(to: clock) > .seconds(1) {
            guard let placement = placements[run], placement.end == nil else { continue }
            unseen[run] = clock
            lookupContinuation.yield((run, PodKey(namespace: placement.run.namespace, name: placement.podName)))
        }
        for (run, placement) in placements where placement.end == nil {
            if placements[run]?.checkDeadline(now: now) == true {
                evaluate(run)
            } else if placement.intent != nil || placement.reading?.runnerEnd != nil {
                evaluate(run)
            }
        }
        for (key, deletion) in deletions where !deletion.isForced {
            let owner = pods[key].flatMap { PodNaming.owner(of: $0.metadata) }
            let patience = owner.flatMap { placements[$0.run] }?.spec.timeouts.cancelSeconds ?? 180
            if deletion.askedAt.duration(to: clock) > .seconds(patience) { requestDeletion(key, isForced: true) }
        }
    }

    // MARK: What the loops take

    /// What is to be stored now, and the pods verified gone.
    func takeFlushes() -> (flushes: [StreamFlush], cleaned: [(run: RunID, placement: Int)]) {
        let flushes = dirtyStreams.compactMap { run -> StreamFlush? in
            guard let placement = placements[run], placement.stream.isDirty else { return nil }
            return placement.stream.flush(of: placement.run, chunkBytes: settings.chunkBytes)
        }
        dirtyStreams.removeAll()
        defer { cleaned.removeAll() }
        return (flushes, cleaned)
    }

    func stored(_ flushes: [StreamFlush], written: Set<RunID>) {
        for flush in flushes {
            if written.contains(flush.run) { placements[flush.run]?.stream.stored(flush) }
            resumeReaders(of: flush.run)
            evaluate(flush.run)
        }
    }

    /// Storing failed: all of it must be taken again.
    func storingFailed(_ flushes: [StreamFlush], cleaned again: [(run: RunID, placement: Int)]) {
        dirtyStreams.formUnion(flushes.map(\.run))
        cleaned += again
        flushSignal.send()
    }

    /// Whether some run only waits for its lines to be stored before its end can be reported.
    var isAnyEnding: Bool {
        !cleaned.isEmpty || dirtyStreams.contains { placements[$0]?.end != nil }
    }

    /// The reports that are due. Failed runs are told apart, since their pod's events are asked for first.
    func takeReports() -> [PlacementReport] {
        defer { dirtyReports.removeAll() }
        return dirtyReports.compactMap { run in
            guard let placement = placements[run], placement.hasNews, placement.mayReport else { return nil }
            if placement.end != nil { placements[run]?.reportedEndAt = .now }
            return placements[run]?.report()
        }
    }

    func reportingFailed(_ reports: [PlacementReport]) {
        for report in reports {
            placements[report.runID]?.reportFailed()
            dirtyReports.insert(report.runID)
        }
        reportSignal.send()
    }

    /// Runs whose final report should have been applied by now.
    func unsettled(olderThan age: Duration) -> [RunID] {
        placements.values.filter { placement in
            placement.reportedEndAt.map { $0.duration(to: .now) > age } ?? false
        }.map(\.run.id)
    }

    /// The database has no end of these yet: their final report is sent again.
    func repeatReports(_ runs: [RunID]) {
        for run in runs {
            placements[run]?.reportFailed()
            evaluate(run)
        }
    }

    /// The last reading of a run's pod, for the evidence of its end.
    func reading(of run: RunID) -> (namespace: String, reading: PodReading)? {
        guard let placement = placements[run], let reading = placement.reading else { return nil }
        return (placement.run.namespace, reading)
    }
}

extension ClusterSupervisor.PodKey {
    init(_ pod: PodSnapshot) {
        self.init(namespace: pod.metadata.namespace ?? "default", name: pod.metadata.name)
    }
}
