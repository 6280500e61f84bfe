extension Schedule {
    /// The first tick whose moment is after another one; `nil` if there is none in ``CivilDate/scheduledYears``, as for
    /// 31 February, or if the clock alone does not tell.
    package func next(after moment: Timestamp) -> Tick? {
        // A tick at the very start counts.
        let moment = max(moment, start?.justBefore ?? .firstScheduled, .firstScheduled.justBefore)
        guard let at = rawMoment(after: moment), at < min(end ?? .endOfScheduled, .endOfScheduled) else { return nil }
        return tick(at: at)
    }

    /// The last tick whose moment is before another one.
    package func previous(before moment: Timestamp) -> Tick? {
        let moment = min(moment, end ?? .endOfScheduled, .endOfScheduled)
        guard let at = rawMoment(before: moment), at >= max(start ?? .firstScheduled, .firstScheduled) else {
            return nil
        }
        return tick(at: at)
    }

    /// The first ticks whose moments are in a range, in order of time.
    package func ticks(in range: Range<Timestamp>, limit: Int) -> [Tick] {
        var ticks: [Tick] = []
        var after = range.lowerBound.justBefore
        while ticks.count < limit, let tick = next(after: after), tick.at < range.upperBound {
            ticks.append(tick)
            after = tick.at
        }
        return ticks
    }

    /// The tick at a moment, with its jitter: the same for each who asks, spread evenly over the ticks of all
    /// schedules.
    package func tick(at moment: Timestamp) -> Tick {
        guard jitterSeconds > 0 else { return Tick(at: moment, due: moment) }
        let hash = [id.high, id.low, UInt64(bitPattern: moment.microsecondsSince1970)].reduce(0 as UInt64) {
            Self.mixed($0 ^ $1)
        }
        let milliseconds = hash.multipliedFullWidth(by: UInt64(jitterSeconds) * 1000 + 1).high
        return Tick(at: moment, due: moment + .milliseconds(Int64(milliseconds)))
    }

    /// The finishing step of SplitMix64: each bit of the result depends on each bit of the value.
    private static func mixed(_ value: UInt64) -> UInt64 {
        var mixed = value &+ 0x9E37_79B9_7F4A_7C15
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }

    // MARK: Moments without start and end

    private func rawMoment(after moment: Timestamp) -> Timestamp? {
        switch trigger {
        case .cron(let expression, let zone):
            expression.second(after: moment.secondsSince1970, in: zone).map { Timestamp(secondsSince1970: $0) }
        case .interval(let seconds, let anchor):
            moment < anchor ? anchor : Self.interval(seconds, anchor, upTo: moment)?.next
        case .once(let at): at > moment ? at : nil
        case .alwaysOn: nil
        }
    }

    private func rawMoment(before moment: Timestamp) -> Timestamp? {
        switch trigger {
        case .cron(let expression, let zone):
            expression.second(before: moment.secondsSince1970RoundedUp, in: zone).map {
                Timestamp(secondsSince1970: $0)
            }
        case .interval(let seconds, let anchor): Self.interval(seconds, anchor, upTo: moment.justBefore)?.last
        case .once(let at): at < moment ? at : nil
        case .alwaysOn: nil
        }
    }

    /// The last moment of an interval up to another one, and the one after it; `nil` before the anchor, and where time
    /// ends.
    private static func interval(
        _ seconds: Int,
        _ anchor: Timestamp,
        upTo moment: Timestamp
    ) -> (last: Timestamp, next: Timestamp)? {
        let (period, isTooLong) = Int64(seconds).multipliedReportingOverflow(by: 1_000_000)
        let (past, isTooFar) = moment.microsecondsSince1970.subtractingReportingOverflow(anchor.microsecondsSince1970)
        guard seconds > 0, past >= 0, !isTooLong, !isTooFar else { return nil }
        let last = moment.microsecondsSince1970 - past % period
        let (next, isPastTime) = last.addingReportingOverflow(period)
        guard !isPastTime else { return nil }
        return (Timestamp(microsecondsSince1970: last), Timestamp(microsecondsSince1970: next))
    }
}
