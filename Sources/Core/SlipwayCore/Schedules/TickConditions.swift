/// What besides a schedule decides whether a tick makes a run: its job, the job's windows and live runs, the clusters.
package struct TickConditions: Sendable {
    package var isJobPaused = false
    /// Why every run would be refused, for people.
    package var refusal: String?
    /// The windows outside which a tick is skipped; `nil`: a run outside them waits, or there are none.
    package var windows: EligibleWindows?
    package var hasActiveCluster = true
    /// How many more runs may be live before a tick is skipped for that; `nil`: any number.
    package var freeRuns: Int?

    package init() {}

    /// What the job and its clusters make of the entries that were to create runs; the others stay as they are.
    ///
    /// - Parameter now: when it is decided.
    package mutating func applied(
        to entries: [LedgerEntry],
        of schedule: Schedule,
        now: Timestamp
    ) -> [(entry: LedgerEntry, message: String?)] {
        entries.map { entry in
            guard entry.outcome.createsRun else { return (entry, nil) }
            // A run that makes up for a tick begins now; others when their tick is due.
            let moment = entry.outcome == .caughtUp ? now : schedule.tick(at: entry.tick).due
            guard let reason = skipReason(at: moment) else {
                if let free = freeRuns { freeRuns = free - 1 }
                return (entry, nil)
            }
            var skipped = entry
            skipped.outcome = .skipped(reason)
            return (skipped, reason == .runRefused ? refusal : nil)
        }
    }

    private func skipReason(at moment: Timestamp) -> TickSkipReason? {
        if isJobPaused { return .jobPaused }
        if refusal != nil { return .runRefused }
        if let windows, !windows.isOpen(at: moment) { return .windowClosed }
        if !hasActiveCluster { return .noHealthyCluster }
        if let freeRuns, freeRuns <= 0 { return .concurrencyLimit }
        return nil
    }
}

extension Schedule {
    /// When it is to be decided next if nothing happens before; `nil` if only an event can tell.
    ///
    /// - Parameter lastSettled: the last tick in the ledger.
    package func nextDue(lastSettled: Timestamp?) -> Timestamp? {
        if case .alwaysOn = trigger { return isPaused ? nil : effectiveSince }
        return nextTick(lastSettled: lastSettled)?.due
    }

    /// The first tick that is not in the ledger.
    package func nextTick(lastSettled: Timestamp?) -> Tick? {
        next(after: max(effectiveSince.justBefore, lastSettled ?? effectiveSince.justBefore))
    }
}
