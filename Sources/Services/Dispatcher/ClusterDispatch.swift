internal import KubernetesClient
internal import Logging
internal import Observability
internal import Placement
internal import RunMessaging
internal import RunStore
internal import SlipwayCore

/// A dispatcher's work for one cluster under one lease.
struct ClusterDispatch: Sendable {
    let cluster: String
    /// The label of the pods it creates.
    let installation: String
    let client: any ClusterPods
    let lease: HeldLease
    let store: any RunLedger
    let specs: SpecCache
    let messaging: any RunMessages
    let settings: DispatcherSettings
    let metrics: DispatcherMetrics
    let logger: Logger
    let time: TimeSource

    /// Claims whenever a hint says that runs are ready; several hints that wait become one.
    ///
    /// A hint is acknowledged at once: claiming goes on for as long as runs are ready, and a delivery held for so long would be
    /// taken back by the broker.
    func run() async throws {
        let wanted = Signal()
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await messaging.consumeDispatch(cluster: cluster) { wanted.send() } }
            group.addTask { try await claimWhenWanted(wanted) }
            try await group.next()
            group.cancelAll()
        }
    }

    /// Batches are placed beside each other, so that one pod the API server has trouble with does not hold up the others; the number
    /// of runs under way is bounded.
    private func claimWhenWanted(_ wanted: Signal) async throws {
        let underWay = UnderWay(limit: settings.runsUnderWay)
        try await withThrowingDiscardingTaskGroup { group in
            for await _ in wanted.stream {
                do {
                    while lease.isTrusted {
                        await underWay.waitForRoom()
                        try Task.checkCancellation()
                        let claim = try await store.claim(
                            cluster: cluster,
                            holder: lease.id,
                            limit: settings.claimBatch,
                            window: settings.placementWindow
                        )
                        let claimed = claim.runs
                        if !claimed.isEmpty {
                            metrics.claimed.increment(by: claimed.count)
                            underWay.add(claimed.count)
                            group.addTask {
                                defer { underWay.remove(claimed.count) }
                                try await placeTolerating(claimed)
                            }
                        }
                        if claim.isWindowFull {
                            // No message tells that nodes were found, since that would be one for each run.
                            try await time.sleep(settings.fullWindowPause)
                        } else if claimed.count < settings.claimBatch {
                            break
                        }
                    }
                } catch {
                    try Task.checkCancellation()
                    // The hint may be forgotten: the scheduler's sweep repeats it while runs are ready.
                    logger.error("Claiming failed", metadata: ["cluster": "\(cluster)", "error": "\(error)"])
                }
            }
            group.cancelAll()
        }
    }

    /// What is not placed here stays leased by this process; the scheduler's sweep offers it to a worker.
    private func placeTolerating(_ claimed: [ClaimedRun]) async throws {
        do {
            try await place(claimed)
        } catch {
            try Task.checkCancellation()
            logger.error("Placing failed", metadata: ["cluster": "\(cluster)", "error": "\(error)"])
        }
    }

    /// So many pods are handed over by one message, or fewer once the first of them has waited for ``handOverPause``.
    private static let handOverRuns = 16
    private static let handOverPause = Duration.milliseconds(250)

    /// Creates the pods of a batch side by side, and hands those that have one to a worker a few at a time: one that the API server
    /// has trouble with holds up none of the others.
    private func place(_ claimed: [ClaimedRun]) async throws {
        let claimedAt = time.instant()
        let keys = Set(claimed.map { JobVersionKey(job: $0.jobID, version: $0.jobVersion) })
        let known = try await specs.specs(keys)
        let following = claimed.filter { $0.plan != nil }.map(\.id)
        let carried =
            following.isEmpty
            ? [:] : try await store.carriedTasks(following, limitBytes: settings.carriedOutputBytes)
        await withTaskGroup(of: Step.self) { group in
            var waiting = claimed[...]
            var (creating, handingOver, isTimed) = (0, 0, false)
            var outcomes = Outcomes()
            func startNext() {
                guard !Task.isCancelled, let run = waiting.popFirst() else { return }
                let spec = known[JobVersionKey(job: run.jobID, version: run.jobVersion)]
                let taken = carried[run.id] ?? []
                creating += 1
                group.addTask {
                    do {
                        return .created(run, try await create(run, spec: spec, carried: taken, claimedAt: claimedAt))
                    } catch {
                        // The session ends: whoever has the run next finds out whether there is a pod.
                        return .created(run, nil)
                    }
                }
            }
            func handOver() {
                guard !outcomes.isEmpty else { return }
                handingOver += 1
                group.addTask { [outcomes] in
                    await self.handOver(outcomes)
                    return .handedOver
                }
                outcomes = Outcomes()
            }
            for _ in 0..<settings.parallelCreates { startNext() }
            while creating > 0 || handingOver > 0, let step = await group.next() {
                switch step {
                case .handedOver: handingOver -= 1
                case .due:
                    isTimed = false
                    handOver()
                case .created(let run, let creation):
                    creating -= 1
                    if creation == .placed {
                        metrics.readyToCreatedSeconds.observe(run.readyFor + claimedAt.duration(to: time.instant()))
                    }
                    outcomes.add(run, creation)
                    startNext()
                    if creating == 0 || outcomes.count >= Self.handOverRuns {
                        handOver()
                    } else if !isTimed, !outcomes.isEmpty {
                        isTimed = true
                        group.addTask {
                            // why: a pause that is cancelled is over.
                            try? await time.sleep(Self.handOverPause)
                            return .due
                        }
                    }
                }
            }
            group.cancelAll()
        }
        try Task.checkCancellation()
    }

    /// Whatever is not handed over here stays leased by this process; the scheduler's sweep offers it to a worker.
    private func handOver(_ outcomes: Outcomes) async {
        // why: what the cluster has is noted although the session ends; a pod that vanishes afterwards may have run.
        await Task(executorPreference: time.executor) {
            do {
                try await store.noteCreated(outcomes.created)
            } catch {
                // It only says more of pods that vanish; handing over does not wait for it.
                logger.warning(
                    "Created pods could not be noted",
                    metadata: ["cluster": "\(cluster)", "error": "\(error)"]
                )
            }
        }.value
        do {
            try await messaging.supervise(cluster: cluster, outcomes.placed)
            try await messaging.report(outcomes.ends)
        } catch {
            // Whoever ends the session hands back what it holds.
            if Task.isCancelled { return }
            logger.error("Placing failed", metadata: ["cluster": "\(cluster)", "error": "\(error)"])
        }
    }

    /// What happens next while a batch is placed.
    private enum Step: Sendable {
        /// `nil`: the session ended before it was known what became of the pod.
        case created(ClaimedRun, Creation?)
        /// What was created has waited for long enough.
        case due
        case handedOver
    }

    /// What became of runs that nobody was told of yet.
    private struct Outcomes: Sendable {
        var placed: [SuperviseHint.Lease] = []
        var created: [(id: RunID, epoch: Int64)] = []
        var ends: [PlacementReport] = []

        var count: Int { placed.count + ends.count }
        var isEmpty: Bool { count == 0 }

        mutating func add(_ run: ClaimedRun, _ creation: Creation?) {
            switch creation {
            case .placed, .vanished:
                // What one that vanished did the worker cannot know either.
                placed.append(SuperviseHint.Lease(run: run.id, epoch: run.leaseEpoch))
                created.append((run.id, run.leaseEpoch))
            case .abandoned:
                // Without a pod the worker finds the placement lost and the run is placed anew.
                placed.append(SuperviseHint.Lease(run: run.id, epoch: run.leaseEpoch))
            case .refused(let end):
                ends.append(
                    PlacementReport(runID: run.id, placement: run.placement, leaseEpoch: run.leaseEpoch, end: end)
                )
            case .leaseGone, nil:
                break
            }
        }
    }

    /// What became of one pod.
    private enum Creation: Sendable, Equatable {
        case placed
        /// The API server said no for good.
        case refused(PlacementEnd)
        /// It may or may not exist: the time to try is over.
        case abandoned
        /// It was there, and is gone.
        case vanished
        /// Another process has the run now; nothing was created by us since.
        case leaseGone
    }

    private func create(
        _ run: ClaimedRun,
        spec: JobSpec?,
        carried: [CarriedTask],
        claimedAt: ContinuousClock.Instant
    ) async throws -> Creation {
        guard let spec else {
            return .refused(refusal(.invalidJob, "version \(run.jobVersion) of the job does not exist any more"))
        }
        // The team may have changed since the job was applied.
        let problems = run.policy.problems(of: spec)
        guard problems.isEmpty else {
            metrics.refused.increment()
            let message = problems.map(\.description).joined(separator: "; ")
            return .refused(refusal(.invalidJob, "the run's team does not allow it: \(message)"))
        }
        let pod: Pod
        do {
            pod = try PodManifest.make(
                PlacementRequest(
                    installation: installation,
                    runID: run.id,
                    placement: run.placement,
                    team: run.team,
                    namespace: run.namespace,
                    jobName: spec.name,
                    jobVersion: run.jobVersion,
                    spec: run.policy.applied(to: spec).applying(run.overrides),
                    variables: run.variables,
                    carried: carried,
                    skipped: run.plan?.skipped ?? [],
                    policy: settings.pod.running(spec.serviceAccount, of: run.policy)
                )
            )
        } catch {
            return .refused(refusal(.invalidJob, "\(error)"))
        }
        var pause = Duration.milliseconds(100)
        var mayExist = false
        while true {
            guard lease.isTrusted else { return .leaseGone }
            if claimedAt.duration(to: time.instant()) > settings.claimAge {
                guard try await isStanding(run) else { return .leaseGone }
            }
            switch try await mayExist ? claimExisting(pod, run: run, wasThere: false) : createOnce(pod, run: run) {
            case .done(let creation): return creation
            case .again(let error, let mayExistNow):
                mayExist = mayExistNow
                metrics.retried.increment()
                guard claimedAt.duration(to: time.instant()) < settings.createPatience else {
                    metrics.abandoned.increment()
                    logger.warning(
                        "A pod could not be created in time",
                        metadata: ["run.id": "\(run.id)", "cluster": "\(cluster)", "error": "\(error)"]
                    )
                    return .abandoned
                }
                try await time.sleep(pause + .milliseconds(100) * time.random())
                pause = min(pause * 2, .seconds(5))
            }
        }
    }

    /// Asks until it is answered: what was created beside it must not be given up for a database that is away.
    private func isStanding(_ run: ClaimedRun) async throws -> Bool {
        while lease.isTrusted {
            do {
                return try await store.standing([(run.id, run.leaseEpoch)]).contains(run.id)
            } catch {
                try Task.checkCancellation()
                logger.warning("A lease could not be looked at yet", metadata: ["error": "\(error)"])
                try await time.sleep(.milliseconds(500))
            }
        }
        return false
    }

    private enum Attempt {
        case done(Creation)
        /// A pod that may exist is only looked for from now on: it may have run and be gone, and a placement has one pod.
        case again(KubernetesError, mayExist: Bool)
    }

    private func createOnce(_ pod: Pod, run: ClaimedRun) async throws -> Attempt {
        let started = time.instant()
        do {
            try await client.submit(pod)
            metrics.created.increment()
            metrics.createSeconds.observe(started.duration(to: time.instant()))
            return .done(.placed)
        } catch {
            try Task.checkCancellation()
            if error.isAlreadyExists { return await claimExisting(pod, run: run, wasThere: true) }
            if let reason = error.refusalReason {
                metrics.refused.increment()
                return .done(.refused(refusal(reason, error.message)))
            }
            return .again(error, mayExist: error.isOutcomeUnknown)
        }
    }

    /// A pod of the name is or was there: ours from an attempt whose answer was lost, or somebody else's.
    ///
    /// - Parameter wasThere: the API server has just said that it exists.
    private func claimExisting(_ pod: Pod, run: ClaimedRun, wasThere: Bool) async -> Attempt {
        let name = pod.metadata.name
        do {
            let found = try await client.pod(namespace: run.namespace, name: name)
            guard let owner = PodNaming.owner(of: found.metadata), owner == (run.id, run.placement) else {
                metrics.refused.increment()
                return .done(.refused(refusal(.podNameConflict, "a pod named \(name) exists and is not this run's")))
            }
            metrics.alreadyThere.increment()
            return .done(.placed)
        } catch {
            return error.isNotFound ? .done(wasThere ? .vanished : .abandoned) : .again(error, mayExist: true)
        }
    }

    private func refusal(_ reason: ReasonCode, _ message: String) -> PlacementEnd {
        PlacementEnd(
            outcome: .failed,
            at: time.now(),
            hasUserCodeRun: false,
            reason: reason,
            message: String(message.prefix(2000))
        )
    }
}

extension PodPolicy {
    /// This policy for a job that names an account of its team.
    fileprivate func running(_ account: String?, of team: TeamPolicy) -> PodPolicy {
        guard let account = account.flatMap(team.serviceAccount) else { return self }
        var policy = self
        policy.serviceAccount = account.name
        policy.mountsToken = account.token
        policy.allowedServiceAccounts.append(account.name)
        return policy
    }
}

extension KubernetesError {
    /// Why a creation is refused for good; `nil` if it may be tried again.
    var refusalReason: ReasonCode? {
        if isForbidden { return message.contains("exceeded quota") ? .quotaExceeded : .podRejected }
        return isInvalid || isNotFound ? .podRejected : nil
    }
}
