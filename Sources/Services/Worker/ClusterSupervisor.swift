internal import KubernetesClient
internal import Logging
internal import Observability
internal import Placement
internal import RunMessaging
internal import RunStore
internal import SlipwayCore

/// What a worker knows of one cluster: the placements it supervises, the pods it sees, the pods it must remove.
///
/// It decides; the loops of ``ClusterSession`` do. Every method leaves the state whole before it suspends. What is acted upon is
/// put in order first, so that the same facts always have the same consequences.
actor ClusterSupervisor {
    private let settings: WorkerSettings
    private let metrics: WorkerMetrics
    private let time: TimeSource
    /// Both clocks at the beginning.
    private let start: SupervisedPlacement.Clock
    private var placements: [RunID: SupervisedPlacement] = [:]
    private var pods: [PodKey: PodSnapshot] = [:]
    private var isSynchronized = false
    /// Placements whose pod was not seen yet, since when.
    private var unseen: [RunID: ContinuousClock.Instant] = [:]
    /// Runs whose pods are being read.
    private var lookingUp: Set<RunID> = []
    private var deletions = PodDeletions()
    private var orphans = OrphanPods()
    private var cleanups: [PodKey: (run: RunID, placement: Int)] = [:]
    private var cleaned: [(run: RunID, placement: Int)] = []
    private var dirtyStreams: Set<RunID> = []
    private var dirtyReports: Set<RunID> = []
    private var blockedReaders: [RunID: [CheckedContinuation<Void, Never>]] = [:]
    private var isStopped = false

    nonisolated let flushSignal = Signal()
    nonisolated let reportSignal = Signal()
    nonisolated let deletionRequests: AsyncStream<Deletion>
    nonisolated let followings: AsyncStream<Following>
    nonisolated let lookups: AsyncStream<Lookup>
    /// Runners that seem to be silent; their containers' logs must tell.
    nonisolated let silences: AsyncStream<(Lease, PodKey)>
    private let deletionContinuation: AsyncStream<Deletion>.Continuation
    private let followingContinuation: AsyncStream<Following>.Continuation
    private let lookupContinuation: AsyncStream<Lookup>.Continuation
    private let silenceContinuation: AsyncStream<(Lease, PodKey)>.Continuation

    init(settings: WorkerSettings, metrics: WorkerMetrics, time: TimeSource) {
        self.settings = settings
        self.metrics = metrics
        self.time = time
        start = SupervisedPlacement.Clock(now: time.now(), instant: time.instant())
        (deletionRequests, deletionContinuation) = AsyncStream.makeStream()
        (followings, followingContinuation) = AsyncStream.makeStream()
        // What does not fit is looked up a second later.
        (lookups, lookupContinuation) = AsyncStream.makeStream(bufferingPolicy: .bufferingOldest(256))
        (silences, silenceContinuation) = AsyncStream.makeStream(bufferingPolicy: .bufferingOldest(64))
    }

    /// What deadlines are compared with: no later than the clock that cannot jump says it is, since a clock that was set
    /// forward proves nothing.
    private var cautiousNow: Timestamp {
        min(time.now(), start.now + start.instant.duration(to: time.instant()))
    }

    /// Both clocks now.
    private var clock: SupervisedPlacement.Clock { .init(now: time.now(), instant: time.instant()) }

    var supervisedRuns: [RunID] { Array(placements.keys) }

    /// The placements that are not over.
    var placed: [RunID: Placed] {
        placements.compactMapValues {
            $0.end == nil
                ? Placed(lease: Lease(run: $0.run.id, epoch: $0.run.leaseEpoch), placement: $0.run.placement) : nil
        }
    }

    /// Lets go of every reader that waits: nothing is stored any more.
    func stop() {
        isStopped = true
        for run in blockedReaders.keys.sorted() { resumeReaders(of: run) }
    }

    // MARK: Runs

    /// Begins to supervise runs that this process now holds.
    func supervise(_ adopted: [(run: SupervisedRun, spec: JobSpec)]) {
        for (run, spec) in adopted where run.leaseEpoch > placements[run.id]?.run.leaseEpoch ?? 0 {
            drop([Lease(run: run.id, epoch: placements[run.id]?.run.leaseEpoch ?? 0)])
            let placement = SupervisedPlacement(run: run, spec: spec)
            placements[run.id] = placement
            let key = PodKey(namespace: run.namespace, name: placement.podName)
            if let pod = pods[key] {
                placements[run.id]?.observe(pod, at: clock)
            } else {
                unseen[run.id] = time.instant()
            }
            evaluate(run.id)
        }
        metrics.supervised.set(placements.count)
    }

    private func isSupervised(_ lease: Lease) -> Bool { placements[lease.run]?.run.leaseEpoch == lease.epoch }

    /// Stops supervising under these leases: the run is over, or another process has it.
    func drop(_ leases: some Sequence<Lease>) {
        for lease in leases where isSupervised(lease) {
            let run = lease.run
            placements[run] = nil
            unseen[run] = nil
            dirtyStreams.remove(run)
            dirtyReports.remove(run)
            resumeReaders(of: run)
        }
        metrics.supervised.set(placements.count)
    }

    /// The database has the end of what these leases were for, or gave it up: the pods may go.
    func settled(_ leases: [Lease]) {
        for lease in leases where isSupervised(lease) {
            guard let run = placements[lease.run]?.run else { continue }
            clean(Cleanup(runID: run.id, placement: run.placement, namespace: run.namespace))
        }
        drop(leases)
    }

    /// Takes pods to remove, repeated or new.
    func clean(_ all: [Cleanup]) {
        for cleanup in all { clean(cleanup) }
    }

    private func clean(_ cleanup: Cleanup) {
        let name = PodNaming.podName(run: cleanup.runID, placement: cleanup.placement)
        let key = PodKey(namespace: cleanup.namespace, name: name)
        cleanups[key] = (cleanup.runID, cleanup.placement)
        // Asking to delete a pod that is gone is the proof that it is gone. It is asked for again, since no event may tell of
        // its end: one that the watch never told of, or that only a lookup found, came and went while the watch was down.
        requestDeletion(key, isForced: false, repeatedAfter: settings.sweepInterval * (pods[key] == nil ? 1 : 4))
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
            case .deleted(let pod):
                // The last state comes with the end, and may be one that was not told before.
                if pods[PodKey(pod)]?.metadata.uid == pod.metadata.uid { applied(pod) }
                deleted(PodKey(pod), uid: pod.metadata.uid, .observed)
            case .vanished(let pod): deleted(PodKey(pod), uid: pod.metadata.uid, .foundOut)
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
        // A creation that was long under way: its placement was given up, and another one may be about to run.
        if let end = placement.end, end.outcome == .lost, !end.hasUserCodeRun {
            requestDeletion(key, isForced: false)
            return
        }
        placements[owner.run]?.observe(pod, at: clock)
        evaluate(owner.run)
    }

    /// The pod is verified gone.
    func deleted(_ key: PodKey, uid: String?, _ disappearance: SupervisedPlacement.Disappearance) {
        deletions.forget(key)
        if orphans.forget(key, uid: uid) { metrics.removedOrphans.increment() }
        metrics.orphans.set(orphans.count)
        if let known = pods[key], known.metadata.uid != uid { return }
        let last = pods.removeValue(forKey: key)
        if let cleanup = cleanups.removeValue(forKey: key) {
            cleaned.append(cleanup)
            flushSignal.send()
        }
        guard let last, let owner = PodNaming.owner(of: last.metadata) else { return }
        vanished(owner.run, placement: owner.placement, disappearance)
    }

    /// A lookup found the placement's pod.
    func found(_ pod: PodSnapshot, _ lookup: Lookup) {
        lookingUp.remove(lookup.run)
        placements[lookup.run]?.looked(at: lookup.askedAt)
        observe([.applied(pod)])
    }

    /// A lookup had no answer; another follows.
    func lookupFailed(_ lookup: Lookup) { lookingUp.remove(lookup.run) }

    /// A lookup found no such pod.
    func notFound(_ run: RunID, _ key: PodKey) {
        lookingUp.remove(run)
        guard let placement = placements[run], placement.podName == key.name else { return }
        unseen[run] = nil
        vanished(run, placement: placement.run.placement, .foundOut)
    }

    private func vanished(_ run: RunID, placement: Int, _ disappearance: SupervisedPlacement.Disappearance) {
        guard placements[run]?.run.placement == placement else { return }
        placements[run]?.conclude(disappearance, at: clock, settings: settings)
        evaluate(run)
    }

    // MARK: Streams

    /// Takes in lines of the runner's stream; suspends while too much of them waits to be stored.
    ///
    /// - Returns: whether the stream is still wanted under this lease.
    func receive(_ lines: [RunnerLine], of lease: Lease) async -> Bool {
        guard isSupervised(lease) else { return false }
        let now = time.instant()
        for line in lines { placements[lease.run]?.observe(line, limits: settings.logLimits, at: now) }
        evaluate(lease.run)
        await waitForRoom(lease.run)
        return isSupervised(lease)
    }

    /// Takes in lines of Sail's log, the first of which has this number.
    ///
    /// - Returns: whether the stream is still wanted under this lease.
    func receiveSail(
        _ lines: [(milliseconds: Int64, text: String)],
        from number: Int64,
        of lease: Lease
    ) async -> Bool {
        guard isSupervised(lease) else { return false }
        for (offset, line) in lines.enumerated() {
            placements[lease.run]?.stream.takeSail(
                number: number + Int64(offset),
                milliseconds: line.milliseconds,
                text: line.text,
                limits: settings.logLimits
            )
        }
        evaluate(lease.run)
        await waitForRoom(lease.run)
        return isSupervised(lease)
    }

    private func waitForRoom(_ run: RunID) async {
        guard !isStopped, let placement = placements[run], placement.stream.waitingBytes > settings.bufferedLogBytes
        else {
            return
        }
        await withCheckedContinuation { blockedReaders[run, default: []].append($0) }
    }

    private func resumeReaders(of run: RunID) {
        for reader in blockedReaders.removeValue(forKey: run) ?? [] { reader.resume() }
    }

    /// Whether the runner's container is known to have ended.
    func hasRunnerEnded(_ following: Following) -> Bool {
        isSupervised(following.lease) && placements[following.lease.run]?.reading?.runnerEnd != nil
    }

    /// Whether the stream would be read for as long as its container runs.
    func isSlotNeeded(_ following: Following) -> Bool {
        isSupervised(following.lease) && placements[following.lease.run]?.reading?.runnerEnd == nil
    }

    /// A stream came to its end, or cannot be read.
    ///
    /// - Parameter openedAfterEnd: the runner's container was known to have ended before the stream was opened.
    /// - Returns: whether it should be opened again: the container has not ended, or what was read is not all.
    func streamEnded(_ following: Following, _ ending: StreamEnding, openedAfterEnd: Bool) -> Bool {
        let run = following.lease.run
        guard isSupervised(following.lease), let placement = placements[run], placement.end == nil else { return false }
        let isOver: Bool
        switch following.source {
        case .runner:
            isOver =
                ending == .podGone || placement.isRunnerStreamComplete || (ending == .complete && openedAfterEnd)
            if isOver { placements[run]?.isRunnerStreamComplete = true }
            if ending == .complete, openedAfterEnd { placements[run]?.isRunnerStreamRead = true }
        case .sail:
            let isStopped = openedAfterEnd || placement.reading?.sail?.isRunning != true
            isOver = ending == .podGone || (ending == .complete && isStopped)
            if isOver { placements[run]?.isSailStreamComplete = true }
        }
        evaluate(run)
        return !isOver
    }

    // MARK: What follows

    /// Acts upon what a placement's state asks for.
    private func evaluate(_ run: RunID) {
        guard var placement = placements[run] else { return }
        let key = PodKey(namespace: placement.run.namespace, name: placement.podName)
        follow(&placement, key)
        // Of a pod that has ended only its logs are awaited; it goes when they are stored.
        if placement.intent != nil, placement.end == nil, placement.reading?.end() == nil {
            if pods[key] != nil {
                requestDeletion(key, isForced: false)
            } else if unseen[run] == nil {
                unseen[run] = time.instant()
            }
        }
        placement.conclude(at: clock, settings: settings)
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
        let lease = Lease(run: placement.run.id, epoch: placement.run.leaseEpoch)
        if !placement.isFollowingRunner, reading.hasUserCodeRun || reading.runnerEnd != nil {
            placement.isFollowingRunner = true
            followingContinuation.yield(Following(lease: lease, pod: key, source: .runner))
        }
        if placement.hasSail, !placement.isFollowingSail, reading.sail?.isRunning == true {
            placement.isFollowingSail = true
            followingContinuation.yield(Following(lease: lease, pod: key, source: .sail))
        }
    }

    private func requestDeletion(_ key: PodKey, isForced: Bool, repeatedAfter: Duration? = nil) {
        guard deletions.request(key, isForced: isForced, now: time.instant(), repeatedAfter: repeatedAfter) else {
            return
        }
        ask(key, isForced: isForced)
    }

    private func ask(_ key: PodKey, isForced: Bool) {
        deletionContinuation.yield(Deletion(pod: key, uid: pods[key]?.metadata.uid, isForced: isForced))
    }

    /// The API server could not be asked; another attempt follows.
    func deletionFailed(_ key: PodKey) { deletions.failed(key) }

    /// Pods seen here that nothing in this process wants, in order: another worker's, or strays.
    func unclaimedPods() -> [Unclaimed] {
        let all = pods.compactMap { key, pod -> Unclaimed? in
            guard cleanups[key] == nil, let unclaimed = Unclaimed(pod),
                placements[unclaimed.run]?.run.placement != unclaimed.placement
            else { return nil }
            return unclaimed
        }
        return all.sorted { $0.pod < $1.pod }
    }

    /// Removes the pods of these placements, which the database has given up.
    func removeStrays(_ strays: [Unclaimed]) {
        for stray in strays where pods[stray.pod]?.metadata.uid == stray.uid {
            requestDeletion(stray.pod, isForced: false)
        }
    }

    /// Takes all pods there are of this installation whose run the database does not know, and removes those that have been so
    /// for long enough.
    func removeOrphans(_ seen: [Unclaimed]) {
        let due = orphans.look(seen, instant: time.instant(), now: time.now(), delay: settings.orphanDelay)
        metrics.orphans.set(orphans.count)
        removeStrays(due)
    }

    /// Looks at deadlines, missing pods and deletions that take too long.
    func tick() {
        let now = cautiousNow
        let clock = time.instant()
        let missing = unseen.filter { isSynchronized && $0.value.duration(to: clock) > .seconds(1) }.keys.sorted()
        for run in missing {
            guard !lookingUp.contains(run), let placement = placements[run], placement.end == nil else { continue }
            let key = PodKey(namespace: placement.run.namespace, name: placement.podName)
            // What finds no place now has another turn at the next tick, before those that had theirs.
            guard case .enqueued = lookupContinuation.yield(Lookup(run: run, pod: key, askedAt: now)) else { break }
            unseen[run] = clock
            lookingUp.insert(run)
        }
        var changing: [RunID] = []
        for (run, placement) in placements where placement.end == nil {
            let check = placements[run]?.checkDeadline(now: now) ?? .notPassed
            if check == .mustLook {
                // Due at the next tick.
                if unseen[run] == nil { unseen[run] = clock - .seconds(2) }
            } else if check == .passed {
                changing.append(run)
            } else if placement.intent != nil || placement.reading?.runnerEnd != nil {
                changing.append(run)
            }
        }
        for run in changing.sorted() { evaluate(run) }
        for (run, placement) in placements.sorted(by: { $0.key < $1.key }) where placement.mustProbe(at: clock) {
            placements[run]?.probedAt = clock
            let key = PodKey(namespace: placement.run.namespace, name: placement.podName)
            silenceContinuation.yield((Lease(run: run, epoch: placement.run.leaseEpoch), key))
        }
        let due = deletions.due(now: clock, pause: settings.sweepInterval) { key in
            let owner = pods[key].flatMap { PodNaming.owner(of: $0.metadata) }
            return .seconds(owner.flatMap { placements[$0.run] }?.spec.timeouts.cancelSeconds ?? 180)
        }
        for (key, isForced) in due.sorted(by: { $0.pod < $1.pod }) { ask(key, isForced: isForced) }
    }

    /// The log of a silent runner's container ends with this line.
    func lastWrote(_ lease: Lease, sequence: Int64) {
        guard isSupervised(lease) else { return }
        if placements[lease.run]?.lastWrote(sequence: sequence, clock: clock) == true { evaluate(lease.run) }
    }

    // MARK: What the loops take

    /// What is to be stored now, and the pods verified gone.
    func takeFlushes() -> (flushes: [StreamFlush], cleaned: [(run: RunID, placement: Int)]) {
        let flushes = dirtyStreams.sorted().compactMap { run -> StreamFlush? in
            guard let placement = placements[run], placement.stream.isDirty else { return nil }
            return placement.stream.flush(of: placement.run, chunkBytes: settings.chunkBytes)
        }
        dirtyStreams.removeAll()
        defer { cleaned.removeAll() }
        return (flushes, cleaned)
    }

    func stored(_ flushes: [StreamFlush], written: Set<RunID>) {
        for flush in flushes where written.contains(flush.run) {
            stored(
                Lease(run: flush.run, epoch: flush.leaseEpoch),
                sequence: flush.streamSequence,
                sailLines: flush.sailLines
            )
        }
    }

    /// Flushes that were refused, with how far the database says the streams of those still held are stored: an earlier flush
    /// whose answer was lost.
    func refused(_ flushes: [StreamFlush], positions: [RunID: (sequence: Int64, sailLines: Int64)]) {
        for flush in flushes {
            let lease = Lease(run: flush.run, epoch: flush.leaseEpoch)
            if let position = positions[flush.run] {
                stored(lease, sequence: position.sequence, sailLines: position.sailLines)
            } else {
                drop([lease])
            }
        }
    }

    private func stored(_ lease: Lease, sequence: Int64, sailLines: Int64) {
        guard isSupervised(lease) else { return }
        placements[lease.run]?.stream.stored(sequence: sequence, sailLines: sailLines)
        resumeReaders(of: lease.run)
        evaluate(lease.run)
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
        return dirtyReports.sorted().compactMap { run in
            guard let placement = placements[run], placement.hasNews, placement.mayReport else { return nil }
            if placement.end != nil { placements[run]?.reportedEndAt = time.instant() }
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
    func unsettled(olderThan age: Duration) -> [Lease] {
        let now = time.instant()
        return placements.values.filter { placement in
            placement.reportedEndAt.map { $0.duration(to: now) > age } ?? false
        }.map { Lease(run: $0.run.id, epoch: $0.run.leaseEpoch) }.sorted { $0.run < $1.run }
    }

    /// The database has no end of these yet: their final report is sent again.
    func repeatReports(_ leases: [Lease]) {
        for lease in leases where isSupervised(lease) {
            placements[lease.run]?.reportFailed()
            evaluate(lease.run)
        }
    }

    /// The last reading of a run's pod, for the evidence of its end.
    func reading(of run: RunID) -> (namespace: String, reading: PodReading)? {
        guard let placement = placements[run], let reading = placement.reading else { return nil }
        return (placement.run.namespace, reading)
    }
}
