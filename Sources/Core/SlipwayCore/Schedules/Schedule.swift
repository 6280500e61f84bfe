/// What creates runs of a job by itself.
///
/// Its ticks are moments that depend on the schedule alone: a pure function of what is in here. What becomes of each
/// tick is decided by ``TickDecision`` and kept in the ledger.
package struct Schedule: Sendable, Hashable {
    package enum Trigger: Sendable, Hashable {
        /// By the calendar, on the clocks of a zone.
        case cron(CronExpression, ZoneRules)
        /// At the anchor, and each time so many seconds later; never before the anchor.
        case interval(seconds: Int, anchor: Timestamp)
        case once(at: Timestamp)
        /// As soon as the last run is over and the pause has passed. It has no ticks that the clock alone would tell.
        case alwaysOn(pauseSeconds: Int)
    }

    /// What happens to ticks that nobody decided in time.
    package enum MissedTicks: Sendable, Hashable {
        /// They are skipped.
        case skip
        /// If the last tick was missed, it is made up for; those before it are skipped.
        case latest
        /// The last so many of them are made up for, each by a run.
        case all(limit: Int)
    }

    package var id: ScheduleID
    package var trigger: Trigger
    /// No tick is before it.
    package var start: Timestamp?
    /// No tick is at it or later.
    package var end: Timestamp?
    /// The runs of ticks are due up to this much later, so that those of many schedules do not come at once.
    package var jitterSeconds: Int
    package var missedTicks: MissedTicks
    package var isPaused: Bool
    /// When its ticks were changed last, or it was resumed: ticks before it are never considered.
    package var effectiveSince: Timestamp

    package init(
        id: ScheduleID,
        trigger: Trigger,
        start: Timestamp? = nil,
        end: Timestamp? = nil,
        jitterSeconds: Int = 0,
        missedTicks: MissedTicks = .latest,
        isPaused: Bool = false,
        effectiveSince: Timestamp
    ) {
        self.id = id
        self.trigger = trigger
        self.start = start
        self.end = end
        self.jitterSeconds = jitterSeconds
        self.missedTicks = missedTicks
        self.isPaused = isPaused
        self.effectiveSince = effectiveSince
    }

    /// Whether it differs from another version of itself in when its ticks are. Then the ticks of the other one are
    /// settled first (``TickDecision/settle(_:lastSettled:now:before:limits:)``), and it is effective since that
    /// moment.
    package func hasOtherTicks(than other: Schedule) -> Bool {
        (trigger, start, end) != (other.trigger, other.start, other.end) || jitterSeconds != other.jitterSeconds
    }

    /// The clocks it is told in.
    package var zone: ZoneRules {
        if case .cron(_, let zone) = trigger { zone } else { .utc }
    }

    package func validate(limits: ScheduleLimits = .standard) throws(ScheduleError) {
        func check(_ field: String, _ value: Int, _ allowed: ClosedRange<Int>) throws(ScheduleError) {
            guard !allowed.contains(value) else { return }
            let text = "\(allowed.lowerBound) to \(allowed.upperBound)"
            throw ScheduleError(field: field, value: String(value), allowed: text)
        }
        func check(_ field: String, _ moment: Timestamp) throws(ScheduleError) {
            guard moment < .firstScheduled || moment >= .endOfScheduled else { return }
            let years = CivilDate.scheduledYears
            let text = "a time of the years \(years.lowerBound) to \(years.upperBound)"
            throw ScheduleError(field: field, value: moment.description, allowed: text)
        }
        switch trigger {
        case .interval(let seconds, let anchor):
            try check("interval_seconds", seconds, limits.intervalSeconds)
            try check("anchor", anchor)
        case .once(let at): try check("at", at)
        case .alwaysOn(let pauseSeconds): try check("pause_seconds", pauseSeconds, limits.pauseSeconds)
        case .cron: break
        }
        try check("jitter_seconds", jitterSeconds, limits.jitterSeconds)
        if case .all(let limit) = missedTicks { try check("missed_ticks.limit", limit, limits.caughtUpTicks) }
        if let start, let end, start >= end {
            throw ScheduleError(field: "end", value: end.description, allowed: "later than the start, \(start)")
        }
    }
}

package typealias ScheduleID = Identifier

/// One moment of a schedule.
package struct Tick: Sendable, Hashable {
    /// As the schedule says: with the schedule's id, its key in the ledger.
    package var at: Timestamp
    /// When its run is due: later than `at` by the jitter.
    package var due: Timestamp

    package init(at: Timestamp, due: Timestamp) {
        self.at = at
        self.due = due
    }
}
