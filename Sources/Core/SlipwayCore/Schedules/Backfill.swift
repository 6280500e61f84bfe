/// Runs for ticks of a time that has passed, asked for by a person: what would be made, before it is made.
package struct Backfill: Sendable, Hashable {
    package struct Item: Sendable, Hashable {
        package var tick: Timestamp
        /// What the ledger has of it already.
        package var known: TickOutcome?
        /// Whether a run is made for it.
        package var createsRun: Bool
    }

    /// Which ticks get a run.
    package enum Selection: Sendable, Hashable {
        /// Those that had none: unknown to the ledger, or skipped.
        case withoutRun
        /// All, those that had a run once more.
        case all
    }

    package enum Order: Sendable, Hashable {
        case oldestFirst
        case newestFirst
    }

    /// In the order in which the runs are made.
    package let items: [Item]
    /// The range has more ticks than ``ScheduleLimits/backfillTicks``: these are its first ones.
    package let isCut: Bool

    package var runs: Int { items.count { $0.createsRun } }

    /// The ticks of a schedule in a range, without those that are still to come and those outside its start and end: the
    /// first ones, and one more than a backfill has if there are more.
    ///
    /// That it is paused, or was changed since, does not matter: the ticks are those it would have had.
    package static func ticks(
        of schedule: Schedule,
        in range: Range<Timestamp>,
        now: Timestamp,
        limits: ScheduleLimits = .standard
    ) -> [Timestamp] {
        let end = min(range.upperBound, now.justAfter)
        return schedule.ticks(in: min(range.lowerBound, end)..<end, limit: limits.backfillTicks + 1).map(\.at)
    }

    /// - Parameters:
    ///   - ticks: as ``ticks(of:in:now:limits:)`` tells them.
    ///   - known: what the ledger has of a tick.
    package init(
        _ ticks: [Timestamp],
        selection: Selection = .withoutRun,
        order: Order = .oldestFirst,
        limits: ScheduleLimits = .standard,
        known: (Timestamp) -> TickOutcome?
    ) {
        isCut = ticks.count > limits.backfillTicks
        let items = ticks.prefix(limits.backfillTicks).map { tick in
            let known = known(tick)
            let createsRun = selection == .all || !(known?.createsRun ?? false)
            return Item(tick: tick, known: known, createsRun: createsRun)
        }
        self.items = order == .oldestFirst ? items : items.reversed()
    }
}
