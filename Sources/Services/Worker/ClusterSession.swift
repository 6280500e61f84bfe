internal import AsyncAlgorithms
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
    let client: KubernetesClient
    let lease: HeldLease
    let store: RunStore
    let specs: SpecCache
    let messaging: RunMessaging
    let settings: WorkerSettings
    let metrics: WorkerMetrics
    let logger: Logger
    private let supervisor: ClusterSupervisor

    init(
        cluster: String,
        client: KubernetesClient,
        lease: HeldLease,
        store: RunStore,
        specs: SpecCache,
        messaging: RunMessaging,
        settings: WorkerSettings,
        metrics: WorkerMetrics,
        logger: Logger
    ) {
        self.cluster = cluster
        self.client = client
        self.lease = lease
        self.store = store
        self.specs = specs
        self.messaging = messaging
        self.settings = settings
        self.metrics = metrics
        self.logger = logger
        supervisor = ClusterSupervisor(settings: settings, metrics: metrics)
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
            group.addTask { try await tick() }
            group.addTask { try await sweepRegularly() }
            try await group.next()
            group.cancelAll()
        }
    }

    func control(_ message: ControlMessage) async {
        if let runs = message.cancel { await supervisor.cancel(runs) }
        if let runs = message.settled { await supervisor.settled(runs) }
    }

    // MARK: In

    private func watchPods() async throws {
        let reflector = Reflector<PodSnapshot>(client: client, namespace: nil, labelSelector: PodNaming.selector)
        try await reflector.run { events in
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
                // The hint may be forgotten: the scheduler's sweep repeats it.
                logger.error("Adoption failed", metadata: ["cluster": "\(cluster)", "error": "\(error)"])
            }
        }
    }

    private func adopt(_ leases: [SuperviseHint.Lease]) async throws {
        guard lease.isTrusted else { return }
        let adopted = try await store.adopt(leases.map { ($0.run, $0.epoch) }, holder: lease.id)
        guard !adopted.isEmpty else { return }
        metrics.adopted.increment(by: adopted.count)
        let known = try await specs.specs(Set(adopted.map { JobVersionKey(job: $0.jobID, version: $0.jobVersion) }))
        await supervisor.supervise(
            adopted.compactMap { run in
                guard let spec = known[JobVersionKey(job: run.jobID, version: run.jobVersion)] else { return nil }
                return (run, spec)
            }
        )
    }

    // MARK: Out

    private func flushStreams() async throws {
        for await _ in supervisor.flushSignal.stream {
            let (flushes, cleaned) = await supervisor.takeFlushes()
            if !lease.isTrusted {
                await supervisor.storingFailed(flushes, cleaned: cleaned)
                try await Task.sleep(for: .milliseconds(500))
                continue
            }
            do {
                let written = try await store.store(flushes)
                try await store.finishCleanups(cleaned)
                metrics.removedPods.increment(by: cleaned.count)
                metrics.storedLines.increment(
                    by: flushes.reduce(0) { $0 + $1.chunks.reduce(0) { $0 + $1.lines.count } }
                )
                await supervisor.stored(flushes, written: written)
                try await dropLost(flushes.map(\.run).filter { !written.contains($0) })
            } catch {
                try Task.checkCancellation()
                logger.error("Logs could not be stored yet", metadata: ["error": "\(error)"])
                await supervisor.storingFailed(flushes, cleaned: cleaned)
                try await Task.sleep(for: .milliseconds(500))
            }
            if await !supervisor.isAnyEnding { try await Task.sleep(for: settings.flushInterval) }
        }
    }

    /// A refused flush means that another process has the run, or that it is over.
    private func dropLost(_ runs: [RunID]) async throws {
        guard !runs.isEmpty else { return }
        metrics.refusedFlushes.increment(by: runs.count)
        await supervisor.drop(try await store.noLongerHeld(runs, holder: lease.id))
    }

    private func sendReports() async throws {
        for await _ in supervisor.reportSignal.stream {
            let reports = await supervisor.takeReports()
            guard !reports.isEmpty else { continue }
            let complete = await withEvents(reports)
            do {
                for start in stride(from: 0, to: complete.count, by: settings.reportBatch) {
                    let end = min(start + settings.reportBatch, complete.count)
                    try await messaging.publisher.report(Array(complete[start..<end]))
                }
                metrics.reports.increment(by: reports.count)
            } catch {
                try Task.checkCancellation()
                logger.error("Reports could not be sent yet", metadata: ["error": "\(error)"])
                try await Task.sleep(for: .milliseconds(500))
                await supervisor.reportingFailed(reports)
            }
        }
    }

    /// Adds what Kubernetes said about the pods of runs that failed below the job.
    private func withEvents(_ reports: [PlacementReport]) async -> [PlacementReport] {
        var complete = reports
        for index in complete.indices {
            guard let end = complete[index].end, end.outcome != .succeeded, end.failureClass == .infrastructure,
                let uid = complete[index].podUID,
                let (namespace, reading) = await supervisor.reading(of: complete[index].runID)
            else { continue }
            do {
                let events = try await client.events(
                    namespace: namespace,
                    involvedObjectUID: uid,
                    limit: 50,
                    timeout: .seconds(2)
                )
                complete[index].end?.evidence = reading.endOfVanishedPod(at: end.at, events: events).evidence
            } catch {
                logger.debug("A pod's events could not be read", metadata: ["error": "\(error)"])
            }
        }
        return complete
    }

    // MARK: Streams

    private func followStreams() async throws {
        await withDiscardingTaskGroup { group in
            for await following in supervisor.followings {
                group.addTask {
                    let follower = StreamFollower(
                        client: client,
                        supervisor: supervisor,
                        following: following,
                        logger: logger
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
        let options = DeleteOptions(
            preconditions: deletion.uid.map { DeleteOptions.Preconditions(uid: $0) },
            gracePeriodSeconds: deletion.isForced ? 0 : nil
        )
        do {
            try await client.deletePod(namespace: deletion.pod.namespace, name: deletion.pod.name, options: options)
        } catch {
            if error.isNotFound {
                await supervisor.deleted(deletion.pod, uid: deletion.uid)
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

    private func lookUpPods() async throws {
        for await (run, key) in supervisor.lookups {
            do {
                let pod: PodSnapshot = try await client.get(namespace: key.namespace, name: key.name)
                await supervisor.observe([.applied(pod)])
            } catch {
                try Task.checkCancellation()
                if error.isNotFound { await supervisor.notFound(run) }
            }
        }
    }

    // MARK: Time

    private func tick() async throws {
        for await _ in AsyncTimerSequence(interval: settings.tickInterval, clock: .continuous) {
            await supervisor.tick(now: .now)
        }
    }

    private func sweepRegularly() async throws {
        for await _ in AsyncTimerSequence(interval: settings.sweepInterval, clock: .continuous) {
            guard lease.isTrusted else { continue }
            do {
                await supervisor.cancel(try await store.cancelling(holder: lease.id))
                await supervisor.clean(try await store.takeCleanups(clusters: [cluster], holder: lease.id))
                let waiting = await supervisor.unsettled(olderThan: settings.sweepInterval)
                guard !waiting.isEmpty else { continue }
                let gone = try await store.noLongerHeld(waiting, holder: lease.id)
                await supervisor.settled(Array(gone))
                await supervisor.repeatReports(waiting.filter { !gone.contains($0) })
            } catch {
                try Task.checkCancellation()
                logger.error("A sweep failed", metadata: ["cluster": "\(cluster)", "error": "\(error)"])
            }
        }
    }
}
