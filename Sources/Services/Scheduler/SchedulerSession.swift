internal import Logging
internal import Observability
internal import RunMessaging
internal import RunStore
internal import SlipwayCore
internal import Synchronization

/// A scheduler's work under one lease.
struct SchedulerSession: Sendable {
    let lease: HeldLease
    let store: any RunLedger
    let schedules: (any ScheduleLedger)?
    /// Where clusters are registered; `nil`: all are as they are.
    let clusters: (any ClusterRegistry)?
    let messaging: any RunMessages
    let settings: SchedulerSettings
    let metrics: SchedulerMetrics
    let logger: Logger
    let time: TimeSource
    let teams: TeamKeeping?
    private let term: Term
    private let admission: AdmissionDuty
    private let scheduleSignal = Signal()

    init(
        lease: HeldLease,
        store: any RunLedger,
        schedules: (any ScheduleLedger)?,
        clusters: (any ClusterRegistry)?,
        messaging: any RunMessages,
        settings: SchedulerSettings,
        metrics: SchedulerMetrics,
        logger: Logger,
        time: TimeSource,
        teams: TeamKeeping? = nil,
        zones: @escaping @Sendable (String) -> ZoneRules?
    ) {
        self.lease = lease
        self.store = store
        self.schedules = schedules
        self.clusters = clusters
        self.messaging = messaging
        self.settings = settings
        self.metrics = metrics
        self.logger = logger
        self.time = time
        self.teams = teams
        let term = Term()
        self.term = term
        admission = AdmissionDuty(
            lease: lease,
            store: store,
            messaging: messaging,
            settings: settings,
            metrics: metrics,
            logger: logger,
            time: time,
            term: term,
            zones: zones
        )
    }

    func run() async throws {
        defer { metrics.isLeader.set(0) }
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await seekTerm() }
            group.addTask { try await admission.run() }
            group.addTask { try await sweepRegularly() }
            group.addTask { try await sweepLeasesRegularly() }
            group.addTask { try await applyReports() }
            if let clusters { group.addTask { try await watchClusters(clusters) } }
            group.addTask { try await listen() }
            if let schedules { group.addTask { try await scheduleDuty(schedules).run() } }
            if let teamDuty { group.addTask { try await teamDuty.run() } }
            try await group.next()
            group.cancelAll()
        }
    }

    private var teamDuty: TeamDuty? {
        teams.map { teams in
            TeamDuty(
                lease: lease,
                teams: teams,
                settings: settings,
                metrics: metrics,
                logger: logger,
                time: time,
                term: { [term] in term.current },
                admit: { [admission] in admission.signal.send() }
            )
        }
    }

    // MARK: The term

    private func seekTerm() async throws {
        while true {
            try await tolerating("Could not ask for the scheduling term") {
                let number = try await store.takeTerm(
                    duty: SchedulingTerm.duty,
                    holder: lease.id,
                    timeToLive: settings.lease.timeToLive
                )
                let isNew = term.number.withLock { known in
                    // A number that was raised meanwhile is newer than this answer.
                    if let known, let number, number < known { return false }
                    defer { known = number }
                    return known != number && number != nil
                }
                metrics.isLeader.set(number == nil ? 0 : 1)
                // What another sees from now on is not told here.
                if number == nil { metrics.deadLetters.set(0) }
                if isNew {
                    logger.info("Took the scheduling term", metadata: ["term": "\(number ?? 0)"])
                    admission.signal.send()
                    scheduleSignal.send()
                }
            }
            try await time.sleep(settings.lease.heartbeat)
        }
    }

    // MARK: Hints

    private func listen() async throws {
        try await messaging.consumeControl(holder: lease.id, isScheduler: true) { message in
            if message.admit == true { admission.signal.send() }
            if message.schedules == true { scheduleSignal.send() }
        }
    }

    private func scheduleDuty(_ ledger: any ScheduleLedger) -> ScheduleDuty {
        ScheduleDuty(
            ledger: ledger,
            lease: lease,
            term: { [lease, term] in lease.isTrusted ? term.current : nil },
            settings: settings,
            metrics: metrics,
            logger: logger,
            time: time,
            wake: scheduleSignal,
            madeRuns: { [admission] in admission.signal.send() }
        )
    }

    // MARK: Sweeps

    private func sweepRegularly() async throws {
        try await time.every(settings.sweepInterval) {
            guard term.current != nil, lease.isTrusted else { return }
            try await tolerating("A sweep failed") { try await sweep() }
        }
    }

    private func sweepLeasesRegularly() async throws {
        try await time.every(settings.leaseSweepInterval) {
            guard term.current != nil, lease.isTrusted else { return }
            try await tolerating("A lease sweep failed") {
                try await sweepLeases(isThorough: false)
            }
        }
    }

    private func sweepLeases(isThorough: Bool) async throws {
        let freed = try await store.sweepLeases(
            timeToLive: settings.lease.timeToLive,
            expected: settings.leaseSweepInterval * 3,
            isThorough: isThorough
        )
        guard !freed.isEmpty else { return }
        metrics.expiredLeases.increment(by: freed.count)
        logger.warning("Leases of silent processes ended", metadata: ["runs": "\(freed.count)"])
        await messaging.hint(superviseAll: freed)
    }

    private func sweep() async throws {
        try await sweepLeases(isThorough: true)
        let forgotten = try await store.overdueForSupervision(age: settings.hintAge)
        metrics.repeatedHints.increment(by: forgotten.count)
        await messaging.hint(superviseAll: forgotten)
        for cluster in try await store.overdueForDispatch(age: settings.hintAge) {
            metrics.repeatedHints.increment()
            await messaging.hint(dispatch: cluster, runs: store.limits.batch)
        }
        metrics.ended("cancelled", count: try await store.endReleased())
        if let count = try await messaging.deadLetterCount() { metrics.deadLetters.set(count) }
    }

    // MARK: Clusters

    private func watchClusters(_ registry: any ClusterRegistry) async throws {
        var duty = ClusterDuty(
            registry: registry,
            messaging: messaging,
            lease: lease,
            settings: settings,
            logger: logger,
            time: time
        )
        try await time.every(settings.clusterInterval) {
            guard let number = term.current, lease.isTrusted else { return }
            try await tolerating("The states of clusters could not be derived") { try await duty.look(term: number) }
        }
    }

    // MARK: Reports

    private func applyReports() async throws {
        try await messaging.consumeReports(batch: settings.reportBatch) { reports in
            // Not acknowledged before the commit: until then the broker keeps the messages for another scheduler.
            var pause = Duration.milliseconds(100)
            while true {
                do {
                    try await apply(reports)
                    return
                } catch is CancellationError {
                    throw CancellationError()
                } catch {
                    try Task.checkCancellation()
                    logger.error("Reports could not be applied yet", metadata: ["error": "\(error)"])
                    try await time.sleep(pause)
                    pause = min(pause * 2, .seconds(5))
                }
            }
        }
    }

    private func apply(_ reports: [PlacementReport]) async throws {
        let started = time.instant()
        let applied = try await store.apply(reports)
        metrics.applySeconds.observe(started.duration(to: time.instant()))
        metrics.reports.increment(by: reports.count)
        metrics.staleReports.increment(by: applied.stale)
        metrics.replaced.increment(by: applied.replacedRuns)
        metrics.refusedReports.increment(by: applied.refused.count)
        metrics.retried.increment(by: applied.retried)
        metrics.lateEnds.increment(by: applied.lateEnds)
        for (run, cause) in applied.refused {
            logger.error("A report was refused by the database", metadata: ["run.id": "\(run)", "error": "\(cause)"])
        }
        for (run, cause) in applied.unread {
            logger.warning(
                "A failed run is not retried: its job is of a newer version",
                metadata: ["run.id": "\(run)", "error": "\(cause)"]
            )
        }
        for (_, state) in applied.finished { metrics.ended(state.rawValue) }
        // A schedule that is always on may be due.
        if !applied.finished.isEmpty { scheduleSignal.send() }
        // What ended made room.
        if !applied.finished.isEmpty {
            if term.current != nil {
                admission.signal.send()
            } else {
                await messaging.hintSchedulers(ControlMessage(admit: true, schedules: true))
            }
        }
        // Hints: whoever misses one finds out by its own sweep.
        for (holder, runs) in applied.settled.sorted(by: { $0.key < $1.key }) {
            let leases = runs.map { SuperviseHint.Lease(run: $0.id, epoch: $0.leaseEpoch) }
            await messaging.hint(ControlMessage(settled: leases), to: holder)
        }
        for cluster in applied.replaced.sorted() {
            await messaging.hint(dispatch: cluster, runs: 1)
        }
    }

    /// Lets a duty go on after an error that another attempt may not meet.
    private func tolerating(_ message: Logger.Message, _ body: () async throws -> Void) async throws {
        do {
            try await body()
        } catch is CancellationError {
            throw CancellationError()
        } catch {
            try Task.checkCancellation()
            logger.error(message, metadata: ["error": "\(error)"])
        }
    }
}
