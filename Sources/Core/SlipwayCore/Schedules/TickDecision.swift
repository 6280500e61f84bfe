/// What becomes of a schedule's ticks: a pure decision.
///
/// Each tick from the last settled one up to now gets exactly one outcome, in order of time. A tick whose jitter has
/// not passed holds back those after it, so that what is settled has no holes.
package enum TickDecision {
    package struct Plan: Sendable, Hashable {
        /// In order of time, without holes; empty if nothing is due.
        package var entries: [LedgerEntry] = []
        /// When to decide again at the latest; `nil` if no tick is known to come.
        package var nextDue: Timestamp?
    }

    /// How the run of the last tick fares, for schedules that are always on.
    package enum LastRun: Sendable, Hashable {
        case none
        case live
        case ended(at: Timestamp)
    }

    /// What happens to a schedule whose ticks are settled for the last time as they are.
    package enum Change: Sendable, Hashable {
        /// Its ticks will be at other moments.
        case edit
        case pause
        case resume
        case delete
    }

    /// - Parameters:
    ///   - lastSettled: the last tick in the ledger, ``LedgerEntry/through``.
    ///   - lastRun: asked for only if the schedule is always on.
    package static func decide(
        _ schedule: Schedule,
        lastSettled: Timestamp?,
        now: Timestamp,
        lastRun: LastRun = .none,
        limits: ScheduleLimits = .standard
    ) -> Plan {
        if case .alwaysOn(let pauseSeconds) = schedule.trigger {
            return decideAlwaysOn(schedule, pauseSeconds: pauseSeconds, lastSettled, now, lastRun)
        }
        let pending = PendingTicks(schedule, lastSettled: lastSettled, now: now, limits: limits) { $0.due <= now }
        var plan = Plan(entries: [], nextDue: pending.next?.due)
        if schedule.isPaused {
            plan.entries = pending.entries { _ in .skipped(.schedulePaused) }
            return plan
        }
        plan.entries = pending.entries(outcome: missedPolicy(schedule, pending.ticks, now, limits))
        return plan
    }

    /// Settles what a schedule leaves open before it is changed: each tick up to now, whatever its jitter. After an
    /// edit, a tick that was not missed still has its run; nothing else creates one. The changed schedule is effective
    /// since `now`, and its ticks are those after the last one settled here.
    package static func settle(
        _ schedule: Schedule,
        lastSettled: Timestamp?,
        now: Timestamp,
        before change: Change,
        limits: ScheduleLimits = .standard
    ) -> [LedgerEntry] {
        let pending = PendingTicks(schedule, lastSettled: lastSettled, now: now, limits: limits) { _ in true }
        return pending.entries { tick in
            switch change {
            case .delete: .skipped(.scheduleDeleted)
            case .pause, .resume: .skipped(.schedulePaused)
            case .edit where schedule.isPaused: .skipped(.schedulePaused)
            case .edit: isMissed(tick, now, limits) ? .skipped(.scheduleChanged) : .fired
            }
        }
    }

    private static func isMissed(_ tick: Tick, _ now: Timestamp, _ limits: ScheduleLimits) -> Bool {
        now > tick.due + .seconds(limits.onTimeSeconds)
    }

    /// - Parameter ticks: all that are due.
    /// - Returns: the outcome of each of them.
    private static func missedPolicy(
        _ schedule: Schedule,
        _ ticks: [Tick],
        _ now: Timestamp,
        _ limits: ScheduleLimits
    ) -> (Tick) -> TickOutcome {
        let missed = ticks.filter { isMissed($0, now, limits) }
        let isLastMissed = ticks.last.map { isMissed($0, now, limits) } ?? false
        let madeUpFor: (count: Int, otherwise: TickSkipReason) =
            switch schedule.missedTicks {
            case .skip: (0, .missed)
            case .latest: (isLastMissed ? 1 : 0, .missed)
            case .all(let limit): (max(0, limit), .catchUpLimit)
            }
        let firstMadeUpFor = missed.suffix(madeUpFor.count).first?.at
        return { tick in
            guard isMissed(tick, now, limits) else { return .fired }
            guard let firstMadeUpFor, tick.at >= firstMadeUpFor else { return .skipped(madeUpFor.otherwise) }
            return .caughtUp
        }
    }

    /// The tick is the moment from which a run may be: the end of the last one and the pause, so that all who decide
    /// agree.
    private static func decideAlwaysOn(
        _ schedule: Schedule,
        pauseSeconds: Int,
        _ lastSettled: Timestamp?,
        _ now: Timestamp,
        _ lastRun: LastRun
    ) -> Plan {
        var moments = [schedule.effectiveSince]
        if let start = schedule.start { moments.append(start) }
        switch lastRun {
        case .live: return Plan()
        case .ended(let end): moments.append(end + .seconds(pauseSeconds))
        case .none: break
        }
        // A tick that created no run is followed by another one, but not at once.
        if let lastSettled { moments.append(lastSettled + .seconds(max(1, pauseSeconds))) }
        let tick = moments.max() ?? schedule.effectiveSince
        guard !schedule.isPaused, schedule.end.map({ tick < $0 }) ?? true else { return Plan() }
        return tick <= now
            ? Plan(entries: [LedgerEntry(tick: tick, outcome: .fired)])
            : Plan(entries: [], nextDue: tick)
    }
}
