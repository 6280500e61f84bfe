internal import Logging
internal import Observability
internal import RunMessaging
internal import RunStore
internal import SlipwayCore
internal import Synchronization

/// Lets runs go, as the one scheduler that has the term: when told that something changed, and regularly.
struct AdmissionDuty: Sendable {
    let lease: HeldLease
    let store: any RunLedger
    let messaging: any RunMessages
    let settings: SchedulerSettings
    let metrics: SchedulerMetrics
    let logger: Logger
    let time: TimeSource
    let term: Term
    let zones: @Sendable (String) -> ZoneRules?
    /// Something changed that may let runs go.
    let signal = Signal()
    private let pace = Pace()
    private let failures = Failures()

    init(
        lease: HeldLease,
        store: any RunLedger,
        messaging: any RunMessages,
        settings: SchedulerSettings,
        metrics: SchedulerMetrics,
        logger: Logger,
        time: TimeSource,
        term: Term,
        zones: @escaping @Sendable (String) -> ZoneRules?
    ) {
        self.lease = lease
        self.store = store
        self.messaging = messaging
        self.settings = settings
        self.metrics = metrics
        self.logger = logger
        self.time = time
        self.term = term
        self.zones = zones
    }

    func run() async throws {
        defer { metrics.waitingRuns.set(0) }
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await tick() }
            group.addTask { try await admitWhenAsked() }
            try await group.next()
            group.cancelAll()
        }
    }

    /// Asks for a cycle regularly, and when time alone may let something go.
    private func tick() async throws {
        var last = time.instant()
        while true {
            let now = time.instant()
            let regular = last.advanced(by: settings.admissionInterval)
            let due = pace.lookAt.map { min($0, regular) } ?? regular
            guard due <= now else {
                // The moment may be brought forward meanwhile.
                try await time.sleep(min(now.duration(to: due), .seconds(1)))
                continue
            }
            last = now
            pace.lookAt = nil
            signal.send()
        }
    }

    private func admitWhenAsked() async throws {
        var shell: AdmissionShell?
        for await _ in signal.stream {
            guard let number = term.current, lease.isTrusted else {
                if shell != nil { metrics.waitingRuns.set(0) }
                shell = nil
                continue
            }
            let held = SchedulingTerm(holder: lease.id, number: number)
            do {
                if shell?.term != held { shell = try await taken(held) }
                if let shell { try await admitAll(shell) }
            } catch is CancellationError {
                throw CancellationError()
            } catch let error as AdmissionShell.Failure {
                try Task.checkCancellation()
                logger.error("Admission failed", metadata: ["error": "\(error)"])
                shell = nil
                try await endTerm(held)
                // All is read again: not at once if that does not help.
                try await time.sleep(failures.pause())
                signal.send()
            } catch {
                try Task.checkCancellation()
                logger.error("Admission failed", metadata: ["error": "\(error)"])
            }
        }
    }

    private func taken(_ held: SchedulingTerm) async throws -> AdmissionShell {
        try await store.keepAdmissionSettings(settings.admission, under: held)
        pace.usageKept = nil
        return AdmissionShell(store, under: held, zones: zones, halfLife: settings.usageHalfLife)
    }

    /// What was sent under the term may still reach the database: it must find another term there. Until that is sure nothing
    /// is decided.
    private func endTerm(_ held: SchedulingTerm) async throws {
        while term.current == held.number, lease.isTrusted {
            do {
                let next = try await store.renewTerm(held)
                term.number.withLock { if $0 == held.number { $0 = next } }
                return
            } catch is CancellationError {
                throw CancellationError()
            } catch {
                try Task.checkCancellation()
                logger.error("The scheduling term could not be renewed yet", metadata: ["error": "\(error)"])
                try await time.sleep(.milliseconds(200))
            }
        }
    }

    private func admitAll(_ shell: AdmissionShell) async throws {
        while term.current == shell.term.number, lease.isTrusted {
            let started = time.instant()
            let outcome = try await shell.cycle()
            metrics.admissionSeconds.observe(started.duration(to: time.instant()))
            metrics.waitingRuns.set(shell.follower.queue.pendingCount)
            tell(shell.follower.unreadable)
            await tell(outcome)
            try await keepUsage(shell)
            failures.reset()
            guard outcome.isCutShort else {
                pace.lookAt = outcome.nextLook.map { next in
                    time.instant().advanced(by: max(.milliseconds(10), next - shell.follower.now))
                }
                return
            }
            guard outcome.hasEffect else {
                // Somebody holds what was decided about, or the term is gone: another look at once would not help.
                pace.lookAt = time.instant().advanced(by: .milliseconds(100))
                return
            }
        }
    }

    private func keepUsage(_ shell: AdmissionShell) async throws {
        let now = time.instant()
        if let last = pace.usageKept, last.duration(to: now) < settings.usageInterval { return }
        pace.usageKept = now
        try await shell.keepUsage()
    }

    private func tell(_ unreadable: [AdmissionLook.Unreadable]) {
        for one in unreadable {
            logger.error(
                "What limits runs cannot be read by this version: they are held",
                metadata: ["admission.what": "\(one.what)", "error": "\(one.cause)"]
            )
        }
    }

    /// Counts what was done and tells those whom it concerns.
    private func tell(_ outcome: AdmissionShell.Outcome) async {
        metrics.admitted.increment(by: outcome.admitted.count)
        metrics.paused.increment(by: outcome.paused.count)
        metrics.sentBack.increment(by: outcome.sentBack.count)
        metrics.ended("cancelled", count: outcome.skipped.count)
        let counts = Dictionary(outcome.admitted.map { ($0.cluster, 1) }, uniquingKeysWith: +)
        for (cluster, count) in counts.sorted(by: { $0.key < $1.key }) {
            await messaging.hint(dispatch: cluster, runs: count)
        }
        for result in outcome.superseded where result.change == .changed {
            switch (result.state, result.holder) {
            case (.cancelling, let holder?): await messaging.hint(ControlMessage(cancel: [result.id]), to: holder)
            case (.cancelled, _):
                metrics.ended("cancelled")
                signal.send()
            default: break
            }
        }
    }
}

/// Failures in a row, and how long to wait for them.
private final class Failures: Sendable {
    private let count = Mutex(0)

    func reset() { count.withLock { $0 = 0 } }

    func pause() -> Duration {
        count.withLock { count in
            defer { count += 1 }
            return count == 0 ? .zero : min(.seconds(1 << min(count - 1, 5)), .seconds(30))
        }
    }
}

/// When what is to be done again.
private final class Pace: Sendable {
    private let state = Mutex<(lookAt: ContinuousClock.Instant?, usageKept: ContinuousClock.Instant?)>((nil, nil))

    /// When time alone may let something go.
    var lookAt: ContinuousClock.Instant? {
        get { state.withLock { $0.lookAt } }
        set { state.withLock { $0.lookAt = newValue } }
    }

    var usageKept: ContinuousClock.Instant? {
        get { state.withLock { $0.usageKept } }
        set { state.withLock { $0.usageKept = newValue } }
    }
}
