internal import KubernetesClient
internal import Logging
internal import Observability
internal import Placement
internal import RunMessaging
internal import RunStore
internal import SlipwayCore

/// A worker's loops for one cluster under one lease: they move facts between the outside and the ``ClusterSupervisor``.
struct ClusterSession: Sendable {
    let cluster: String
    /// The label of the pods whose orphans are removed.
    let installation: String
    let client: any ClusterPods
    let lease: HeldLease
    let store: any RunLedger
    let specs: SpecCache
    let messaging: any RunMessages
    let settings: WorkerSettings
    let metrics: WorkerMetrics
    let logger: Logger
    let time: TimeSource
    private let supervisor: ClusterSupervisor
    private let usage: UsageSampler

    init(
        cluster: String,
        installation: String,
        client: any ClusterPods,
        lease: HeldLease,
        store: any RunLedger,
        specs: SpecCache,
        messaging: any RunMessages,
        settings: WorkerSettings,
        metrics: WorkerMetrics,
        logger: Logger,
        time: TimeSource
    ) {
        self.cluster = cluster
        self.installation = installation
        self.client = client
        self.lease = lease
        self.store = store
        self.specs = specs
        self.messaging = messaging
        self.settings = settings
        self.metrics = metrics
        self.logger = logger
        self.time = time
        supervisor = ClusterSupervisor(settings: settings, metrics: metrics, time: time)
        usage = UsageSampler(
            cluster: cluster,
            installation: installation,
            client: client,
            lease: lease,
            store: store,
            supervisor: supervisor,
            settings: settings,
            metrics: metrics,
            logger: logger,
            time: time
        )
    }

    func run() async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await watchPods() }
            group.addTask { try await adoptWhenAsked() }
            group.addTask { try await flushStreams() }
            group.addTask { try await sendReports() }
            group.addTask { try await followStreams() }
            group.addTask { try await removePods() }
            group.addTask { try await lookUpPods() }
            group.addTask { try await listenToSilence() }
            group.addTask { try await tick() }
            group.addTask { try await sweepRegularly() }
            group.addTask { try await removeStrays() }
            if settings.metricsInterval > .zero { group.addTask { try await usage.sample() } }
            let first = await group.nextResult()
            group.cancelAll()
            // Readers that wait for their lines to be stored would wait for ever.
            await supervisor.stop()
            try first?.get()
        }
    }

    func control(_ message: ControlMessage) async {
        if let runs = message.cancel { await supervisor.cancel(runs) }
        if let leases = message.settled { await supervisor.settled(leases) }
        if let leases = message.released { await supervisor.drop(leases) }
    }

    // MARK: In

    private func watchPods() async throws {
        try await client.watchPods { events in
            for case .disconnected(let reason) in events {
                metrics.relists.increment()
                logger.info(
                    "The pod watch was interrupted",
                    metadata: ["cluster": "\(cluster)", "reason": "\(reason)"]
                )
            }
            metrics.podEvents.increment(by: events.count)
            await supervisor.observe(events)
        }
    }

    private func adoptWhenAsked() async throws {
        try await messaging.consumeSupervise(cluster: cluster, batch: settings.adoptBatch) { leases in
            do {
                try await adopt(leases)
            } catch is CancellationError {
                throw CancellationError()
            } catch {
                try Task.checkCancellation()
                // The hint may be forgotten: the scheduler's sweep repeats it, and ours finds what was adopted all the same.
                logger.error("Adoption failed", metadata: ["cluster": "\(cluster)", "error": "\(error)"])
            }
        }
    }

    private func adopt(_ leases: [SuperviseHint.Lease]) async throws {
        guard lease.isTrusted else { return }
        let adopted = try await store.adopt(leases.map { ($0.run, $0.epoch) }, holder: lease.id)
        guard !adopted.isEmpty else { return }
        metrics.adopted.increment(by: adopted.count)
        try await supervise(adopted)
    }

    private func supervise(_ runs: [SupervisedRun]) async throws {
        let known = try await specs.specs(Set(runs.map { JobVersionKey(job: $0.jobID, version: $0.jobVersion) }))
        let begun = runs.filter { $0.streamSequence > 0 || $0.sailLines > 0 || $0.placement > 1 }
        let stored = try await store.storedStreams(begun.map(\.id))
        var complete: [(run: SupervisedRun, spec: JobSpec)] = []
        for var run in runs {
            run.storedStreams = stored[run.id] ?? [:]
            if let spec = known[JobVersionKey(job: run.jobID, version: run.jobVersion)] {
                complete.append((run, spec.applying(run.overrides)))
            } else {
                logger.error("A run's job version does not exist any more", metadata: ["run.id": "\(run.id)"])
            }
        }
        await supervisor.supervise(complete)
    }

    // MARK: Out

    private func flushStreams() async throws {
        for await _ in supervisor.flushSignal.stream {
            let (flushes, cleaned) = await supervisor.takeFlushes()
            if !lease.isTrusted {
                await supervisor.storingFailed(flushes, cleaned: cleaned)
                try await time.sleep(.milliseconds(500))
                continue
            }
            do {
                let written = try await store.store(flushes)
                await supervisor.stored(flushes, written: written)
                let stored = flushes.filter { written.contains($0.run) }
                metrics.storedLines.increment(
                    by: stored.reduce(0) { $0 + $1.chunks.reduce(0) { $0 + $1.lines.count } }
                )
                try await settleRefused(flushes.filter { !written.contains($0.run) })
                try await store.finishCleanups(cleaned)
                metrics.removedPods.increment(by: cleaned.count)
            } catch {
                try Task.checkCancellation()
                logger.error("Logs could not be stored yet", metadata: ["error": "\(error)"])
                await supervisor.storingFailed(flushes, cleaned: cleaned)
                try await time.sleep(.milliseconds(500))
            }
            if await !supervisor.isAnyEnding { try await time.sleep(settings.flushInterval) }
        }
    }

    /// A refused flush means that another process has the run, that it is over, or that an earlier flush was stored although its
    /// answer was lost.
    private func settleRefused(_ flushes: [StreamFlush]) async throws {
        guard !flushes.isEmpty else { return }
        metrics.refusedFlushes.increment(by: flushes.count)
        let positions = try await store.streamPositions(flushes.map { ($0.run, $0.leaseEpoch) })
        await supervisor.refused(flushes, positions: positions)
    }

    private func sendReports() async throws {
        for await _ in supervisor.reportSignal.stream {
            let reports = await supervisor.takeReports()
            guard !reports.isEmpty else { continue }
            let complete = await withEvents(reports)
            do {
                for start in stride(from: 0, to: complete.count, by: settings.reportBatch) {
                    let end = min(start + settings.reportBatch, complete.count)
                    try await messaging.report(Array(complete[start..<end]))
                }
                metrics.reports.increment(by: reports.count)
            } catch {
                try Task.checkCancellation()
                logger.error("Reports could not be sent yet", metadata: ["error": "\(error)"])
                try await time.sleep(.milliseconds(500))
                await supervisor.reportingFailed(reports)
            }
        }
    }

    /// Adds what Kubernetes said about the pods of runs that failed below the job.
    private func withEvents(_ reports: [PlacementReport]) async -> [PlacementReport] {
        var complete = reports
        let deadline = time.instant() + settings.evidencePatience
        for index in complete.indices {
            guard let end = complete[index].end, end.outcome != .succeeded, end.failureClass == .infrastructure,
                let uid = complete[index].podUID,
                let (namespace, reading) = await supervisor.reading(of: complete[index].runID)
            else { continue }
            let left = time.instant().duration(to: deadline)
            // Reports wait for this: what is missing of the evidence then stays missing.
            guard left > .zero else { break }
            do {
                let events = try await client.events(namespace: namespace, podUID: uid, within: left)
                complete[index].end?.evidence = reading.endOfVanishedPod(at: end.at, events: events).evidence
            } catch {
                logger.debug("A pod's events could not be read", metadata: ["error": "\(error)"])
            }
        }
        return complete
    }

    // MARK: Streams

    private func followStreams() async throws {
        let slots = StreamSlots(limit: settings.followedStreams)
        await withDiscardingTaskGroup { group in
            for await following in supervisor.followings {
                group.addTask {
                    let follower = StreamFollower(
                        client: client,
                        supervisor: supervisor,
                        following: following,
                        logger: logger,
                        time: time,
                        slots: slots
                    )
                    await follower.run()
                }
            }
            group.cancelAll()
        }
    }

    // MARK: Pods

    private func removePods() async throws {
        let requests = supervisor.deletionRequests
        await withTaskGroup(of: Void.self) { group in
            var underWay = 0
            for await deletion in requests {
                if underWay >= settings.parallelDeletes {
                    await group.next()
                    underWay -= 1
                }
                underWay += 1
                group.addTask { await remove(deletion) }
            }
            group.cancelAll()
        }
    }

    private func remove(_ deletion: ClusterSupervisor.Deletion) async {
        do {
            guard let uid = try await uid(for: deletion) else {
                logger.warning("A pod is not a run's and is left alone", metadata: ["pod": "\(deletion.pod.name)"])
                await supervisor.deleted(deletion.pod, uid: nil, .foundOut)
                return
            }
            let options = DeleteOptions(
                preconditions: DeleteOptions.Preconditions(uid: uid),
                gracePeriodSeconds: deletion.isForced ? 0 : nil
            )
            try await client.remove(namespace: deletion.pod.namespace, name: deletion.pod.name, options: options)
        } catch {
            if error.isProvenAbsent {
                await supervisor.deleted(deletion.pod, uid: deletion.uid, .foundOut)
                return
            }
            await supervisor.deletionFailed(deletion.pod)
            guard !Task.isCancelled else { return }
            logger.warning(
                "A pod could not be removed yet",
                metadata: ["pod": "\(deletion.pod.name)", "error": "\(error)"]
            )
        }
    }

    /// The pod that a deletion means: the one that was seen, else the one that is there under its name.
    ///
    /// - Returns: `nil` if the pod of that name is not a run's.
    private func uid(for deletion: ClusterSupervisor.Deletion) async throws(KubernetesError) -> String? {
        if let uid = deletion.uid { return uid }
        let found = try await client.pod(namespace: deletion.pod.namespace, name: deletion.pod.name)
        guard let owner = PodNaming.owner(of: found.metadata),
            PodNaming.podName(run: owner.run, placement: owner.placement) == deletion.pod.name,
            [nil, installation].contains(found.metadata.labels[PodNaming.installationLabel])
        else { return nil }
        return found.metadata.uid
    }

    private func lookUpPods() async throws {
        await withTaskGroup(of: Void.self) { group in
            var underWay = 0
            for await lookup in supervisor.lookups {
                if underWay >= settings.parallelLookups {
                    await group.next()
                    underWay -= 1
                }
                underWay += 1
                group.addTask { await look(lookup) }
            }
            group.cancelAll()
        }
    }

    private func look(_ lookup: ClusterSupervisor.Lookup) async {
        let (run, key) = (lookup.run, lookup.pod)
        do {
            let pod = try await client.pod(namespace: key.namespace, name: key.name)
            if PodNaming.owner(of: pod.metadata)?.run == run {
                await supervisor.found(pod, lookup)
            } else {
                // Somebody else's pod has the name: there is none of this placement.
                await supervisor.notFound(run, key)
            }
        } catch {
            if error.isProvenAbsent {
                await supervisor.notFound(run, key)
            } else {
                await supervisor.lookupFailed(lookup)
            }
        }
    }

    /// A runner that seems silent is only given up if its container's log says so too: a stream may be what hangs.
    private func listenToSilence() async throws {
        for await (lease, pod) in supervisor.silences {
            let options = PodLogOptions(container: "runner", tailLines: 1, inactivityLimit: .seconds(10))
            var lines = LineAssembler(maximumBytes: 4 << 20)
            var last: [UInt8]?
            do {
                try await client.readLog(namespace: pod.namespace, name: pod.name, options: options) { chunk in
                    last = lines.append(chunk).last ?? last
                    return true
                }
            } catch {
                try Task.checkCancellation()
                continue
            }
            guard let last, let line = StreamFollower.runnerLine(last) else { continue }
            await supervisor.lastWrote(lease, sequence: line.sequence)
        }
    }

    // MARK: Time

    private func tick() async throws {
        try await time.every(settings.tickInterval) { await supervisor.tick() }
    }

    private func sweepRegularly() async throws {
        try await time.every(settings.sweepInterval) {
            guard lease.isTrusted else { return }
            do {
                await supervisor.cancel(try await store.cancelling(holder: lease.id))
                await supervisor.clean(try await store.takeCleanups(clusters: [cluster], holder: lease.id))
                try await superviseForgotten()
                try await settleReported()
            } catch {
                try Task.checkCancellation()
                logger.error("A sweep failed", metadata: ["cluster": "\(cluster)", "error": "\(error)"])
            }
        }
    }

    /// What was adopted without this process learning of it would have no supervisor as long as the process lives.
    private func superviseForgotten() async throws {
        let known = await supervisor.supervisedRuns
        let forgotten = try await store.held(holder: lease.id, cluster: cluster, beyond: known)
        if !forgotten.isEmpty { try await supervise(forgotten) }
    }

    /// Final reports that were applied without a word, or not at all. The pods of what is over come with the cleanups.
    private func settleReported() async throws {
        let waiting = await supervisor.unsettled(olderThan: settings.sweepInterval)
        guard !waiting.isEmpty else { return }
        let ended = try await store.ended(waiting.map { ($0.run, $0.epoch) })
        await supervisor.drop(waiting.filter { ended.contains($0.run) })
        await supervisor.repeatReports(waiting.filter { !ended.contains($0.run) })
    }

    /// Finds pods that were created after their placement was given up, as an API server that was slow to answer does, and pods of
    /// runs that the database does not know.
    private func removeStrays() async throws {
        let interval = min(settings.straySweepInterval, max(settings.orphanDelay, .seconds(1)))
        try await time.every(interval) {
            guard lease.isTrusted else { return }
            do {
                // Pods of other installations are not ours to look at; those without the label were made before there was one.
                let unclaimed = await supervisor.unclaimedPods().filter {
                    $0.installation == nil || $0.installation == installation
                }
                var orphans: [ClusterSupervisor.Unclaimed] = []
                for start in stride(from: 0, to: unclaimed.count, by: store.limits.batch) {
                    let part = Array(unclaimed[start..<min(start + store.limits.batch, unclaimed.count)])
                    let givenUp = Set(
                        try await store.givenUp(part.map { ($0.run, $0.placement) }).map {
                            Placed(run: $0.run, placement: $0.placement)
                        }
                    )
                    await supervisor.removeStrays(
                        part.filter { givenUp.contains(Placed(run: $0.run, placement: $0.placement)) }
                    )
                    let unknown = try await store.unknown(part.map(\.run))
                    orphans += part.filter { unknown.contains($0.run) && $0.installation == installation }
                }
                await supervisor.removeOrphans(orphans)
            } catch {
                try Task.checkCancellation()
                logger.error("Looking for stray pods failed", metadata: ["cluster": "\(cluster)", "error": "\(error)"])
            }
        }
    }

    private struct Placed: Hashable {
        var run: RunID
        var placement: Int
    }
}
