/// What the next ticks of a schedule would do, if everything else stays as it is told: nothing is made.
package struct ScheduleDryRun: Sendable, Hashable {
    /// What happens to a run while the job has as many live ones as it may.
    package enum Overlap: Sendable, Hashable {
        /// It waits until fewer are live.
        case allow(maximum: Int)
        /// Its tick is skipped.
        case skip
        /// It takes the place of those that are live.
        case replace
        /// It waits until those before it are over.
        case queue
    }

    /// What happens to a run outside the windows.
    package enum OutsideWindows: String, Sendable, Hashable, Codable, CaseIterable {
        case wait
        case skip
    }

    /// What the ticks meet.
    package struct Conditions: Sendable, Hashable {
        package var windows: EligibleWindows?
        package var outsideWindows: OutsideWindows
        package var overlap: Overlap
        /// How long a run is taken to last; 0 for unknown, and then no run meets another.
        package var runSeconds: Int
        /// When the runs that are live now are taken to end.
        package var liveUntil: [Timestamp]

        package init(
            windows: EligibleWindows? = nil,
            outsideWindows: OutsideWindows = .wait,
            overlap: Overlap = .allow(maximum: 1),
            runSeconds: Int = 0,
            liveUntil: [Timestamp] = []
        ) {
            self.windows = windows
            self.outsideWindows = outsideWindows
            self.overlap = overlap
            self.runSeconds = max(0, runSeconds)
            self.liveUntil = liveUntil
        }
    }

    package enum Verdict: Sendable, Hashable {
        case starts
        /// Instead of this many live runs.
        case replaces(runs: Int)
        case waits(until: Timestamp, reason: WaitReason)
        case skipped(TickSkipReason)
    }

    /// What holds a run back for longest.
    package enum WaitReason: String, Sendable, Hashable, CaseIterable {
        case windowClosed = "window_closed"
        case concurrencyLimit = "concurrency_limit"
    }

    package struct Line: Sendable, Hashable {
        package var tick: Tick
        package var verdict: Verdict
    }

    package let lines: [Line]

    /// - Parameters:
    ///   - moment: the ticks after it are told.
    ///   - count: how many, at most ``ScheduleLimits/dryRunTicks``.
    ///   - refusal: why a tick would be skipped for a reason outside the schedule, such as that no cluster is active
    ///     then.
    package init(
        of schedule: Schedule,
        after moment: Timestamp,
        count: Int,
        conditions: Conditions = Conditions(),
        limits: ScheduleLimits = .standard,
        refusal: (Tick) -> TickSkipReason? = { _ in nil }
    ) {
        var lines: [Line] = []
        var runs = LiveRuns(conditions: conditions)
        var after = max(moment, schedule.effectiveSince.justBefore)
        while lines.count < min(count, limits.dryRunTicks), var tick = schedule.next(after: after) {
            // A tick whose jitter has not passed holds back those after it.
            if let last = lines.last { tick.due = max(tick.due, last.tick.due) }
            let verdict: Verdict =
                if schedule.isPaused {
                    .skipped(.schedulePaused)
                } else if let reason = refusal(tick) {
                    .skipped(reason)
                } else {
                    runs.start(at: tick.due)
                }
            lines.append(Line(tick: tick, verdict: verdict))
            after = tick.at
        }
        self.lines = lines
    }

    /// The runs that are taken to be live, by the moments of their ends.
    private struct LiveRuns {
        /// Waiting for a place and waiting for a window can follow each other this often.
        private static let maximumSteps = 32

        let conditions: Conditions
        private var ends: [Timestamp]

        init(conditions: Conditions) {
            self.conditions = conditions
            ends = conditions.liveUntil.sorted()
        }

        mutating func start(at due: Timestamp) -> Verdict {
            var start = due
            var reason: WaitReason?
            for _ in 0..<Self.maximumSteps {
                let before = start
                if let windows = conditions.windows, !windows.isOpen(at: start) {
                    guard conditions.outsideWindows == .wait, let opening = windows.nextOpening(after: start) else {
                        return .skipped(.windowClosed)
                    }
                    (start, reason) = (opening, .windowClosed)
                }
                let live = ends.count { $0 > start }
                switch conditions.overlap {
                case .allow(let maximum) where live >= max(1, maximum):
                    (start, reason) = (ends.suffix(live)[ends.count - max(1, maximum)], .concurrencyLimit)
                case .queue where live > 0: (start, reason) = (ends[ends.count - 1], .concurrencyLimit)
                case .skip where live > 0: return .skipped(.concurrencyLimit)
                case .allow, .queue, .skip, .replace: break
                }
                if start == before { break }
            }
            return run(from: start, due: due, reason: reason)
        }

        private mutating func run(from start: Timestamp, due: Timestamp, reason: WaitReason?) -> Verdict {
            var verdict = Verdict.starts
            if let reason, start > due { verdict = .waits(until: start, reason: reason) }
            let live = ends.count { $0 > start }
            if conditions.overlap == .replace, live > 0 {
                verdict = .replaces(runs: live)
                ends.removeLast(live)
            }
            if conditions.runSeconds > 0 {
                let end = start + .seconds(conditions.runSeconds)
                ends.insert(end, at: ends.firstIndex { $0 > end } ?? ends.count)
            }
            // Ticks come in order of time: what is over by the tick is over for those after it.
            ends.removeAll { $0 <= due }
            return verdict
        }
    }
}
