/// The ticks of a schedule that the ledger does not have yet.
struct PendingTicks {
    /// The latest of those that are ready, at most ``ScheduleLimits/ticksPerDecision``, in order of time. None is due
    /// before the one before it: so long it was held back.
    private(set) var ticks: [Tick] = []
    /// Those before them, told together and not yet decided.
    private(set) var older: LedgerEntry?
    /// The first one that is not ready.
    private(set) var next: Tick?

    /// - Parameter isReady: whether a tick up to now may be settled; one that may not holds back those after it.
    init(
        _ schedule: Schedule,
        lastSettled: Timestamp?,
        now: Timestamp,
        limits: ScheduleLimits,
        isReady: (Tick) -> Bool
    ) {
        let first = max(schedule.effectiveSince, lastSettled?.justAfter ?? schedule.effectiveSince)
        next = schedule.next(after: max(first.justBefore, now))
        var latest: [Tick] = []
        var before = now.justAfter
        while latest.count < limits.ticksPerDecision, let tick = schedule.previous(before: before), tick.at >= first {
            latest.append(tick)
            before = tick.at
        }
        ticks = latest.reversed()
        if let held = ticks.firstIndex(where: { !isReady($0) }) {
            next = ticks[held]
            ticks.removeSubrange(held...)
        }
        for index in ticks.indices.dropFirst() { ticks[index].due = max(ticks[index].due, ticks[index - 1].due) }
        if latest.count == limits.ticksPerDecision, let oldest = schedule.next(after: first.justBefore),
            oldest.at < before
        {
            older = Self.count(schedule, from: oldest, before: before, limit: limits.countedTicks)
        }
    }

    /// Each tick with its outcome. The older ones get none of their own: they are skipped together, and the reason is
    /// that of the first tick that is skipped, or that too many were missed.
    func entries(outcome: (Tick) -> TickOutcome) -> [LedgerEntry] {
        var entries = ticks.map { LedgerEntry(tick: $0.at, outcome: outcome($0)) }
        if var older {
            if case .skipped = entries.first?.outcome, let outcome = entries.first?.outcome { older.outcome = outcome }
            entries.insert(older, at: 0)
        }
        return entries
    }

    private static func count(_ schedule: Schedule, from oldest: Tick, before end: Timestamp, limit: Int) -> LedgerEntry
    {
        var entry = LedgerEntry(tick: oldest.at, outcome: .skipped(.catchUpLimit))
        while let tick = schedule.next(after: entry.through), tick.at < end {
            if entry.ticks == limit {
                entry.isCountExact = false
                entry.through = schedule.previous(before: end)?.at ?? entry.through
                break
            }
            entry.ticks += 1
            entry.through = tick.at
        }
        return entry
    }
}
