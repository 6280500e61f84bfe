internal import Logging
internal import Observability
internal import RunMessaging
internal import RunStore
internal import Synchronization

/// Decides the ticks of schedules, while this process has the term.
///
/// It is not polled: it sleeps until the least moment at which a schedule is due, at most
/// ``SchedulerSettings/scheduleInterval``, and wakes earlier when it is told that schedules changed.
struct ScheduleDuty: Sendable {
    /// How exactly it wakes.
    private static let resolution: Duration = .milliseconds(100)

    let ledger: any ScheduleLedger
    let lease: HeldLease
    /// The term that this process has; `nil`: another has it, or the lease is in doubt.
    let term: @Sendable () -> Int64?
    let settings: SchedulerSettings
    let metrics: SchedulerMetrics
    let logger: Logger
    let time: TimeSource
    /// Schedules may be due: some changed, the term is new, a run of one ended.
    let wake: Signal
    /// Called after runs were made.
    let madeRuns: @Sendable () -> Void

    func run() async throws {
        let alarm = Alarm()
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                try await time.every(Self.resolution) {
                    if alarm.isDue(time.instant()) { wake.send() }
                }
            }
            group.addTask {
                for await _ in wake.stream {
                    let pause = try await decideAll()
                    alarm.set(time.instant() + pause)
                }
            }
            try await group.next()
            group.cancelAll()
        }
    }

    /// - Returns: how long nothing is to do.
    private func decideAll() async throws -> Duration {
        do {
            while let number = term() {
                guard let round = try await ledger.decideDueSchedules(holder: lease.id, term: number) else { break }
                note(round)
                guard round.schedules + round.failed.count > 0 else { break }
            }
            guard term() != nil, let next = try await ledger.nextScheduleDue() else { return settings.scheduleInterval }
            return min(max(next, Self.resolution), settings.scheduleInterval)
        } catch is CancellationError {
            throw CancellationError()
        } catch {
            try Task.checkCancellation()
            logger.error("Schedules could not be decided", metadata: ["error": "\(error)"])
            return .seconds(1)
        }
    }

    private func note(_ round: DueDecision) {
        for (outcome, count) in round.written.ticks { metrics.ticked(outcome, count: count) }
        for delay in round.written.delays { metrics.tickDelay.observe(max(.zero, delay)) }
        for (id, cause) in round.failed {
            logger.error(
                "A schedule could not be decided",
                metadata: ["schedule.id": "\(id)", "error": "\(cause)"]
            )
        }
        if round.written.runs > 0 { madeRuns() }
    }
}

/// When to look again.
private final class Alarm: Sendable {
    private let moment = Mutex<ContinuousClock.Instant?>(nil)

    func set(_ instant: ContinuousClock.Instant) { moment.withLock { $0 = instant } }

    /// Whether the moment has come, once; true at first, and not while somebody looks.
    func isDue(_ now: ContinuousClock.Instant) -> Bool {
        moment.withLock { moment in
            guard moment.map({ $0 <= now }) ?? true else { return false }
            moment = now + .seconds(3600)
            return true
        }
    }
}
