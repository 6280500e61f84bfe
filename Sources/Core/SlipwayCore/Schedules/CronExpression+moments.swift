/// When a cron expression's ticks are in a zone whose clocks change.
///
/// An expression that matches each hour of the day (``CronExpression/isHourly``) follows the time that really passes:
/// it has a tick at each moment at which the wall clock matches. Any other follows the wall clock: each matching time
/// of the calendar is one tick, a skipped one at the end of the gap, a repeated one at its first showing. Times that
/// fall into one gap share the tick at its end, since a schedule has one tick at a moment.
extension CronExpression {
    /// The first tick after a moment, in seconds since 1970.
    func second(after second: Int, in zone: ZoneRules) -> Int? {
        if isHourly { return realSecond(after: second, in: zone) }
        let latest = zone.latestWallTime(upTo: second)
        guard let wall = first(atOrAfter: WallTime(seconds: latest.seconds + 1)) else { return nil }
        return zone.firstSecond(atOrAfter: wall)
    }

    /// The last tick before a moment, in seconds since 1970.
    func second(before second: Int, in zone: ZoneRules) -> Int? {
        if isHourly { return realSecond(before: second, in: zone) }
        return last(atOrBefore: zone.latestWallTime(upTo: second - 1)).map { zone.firstSecond(atOrAfter: $0) }
    }

    private func realSecond(after second: Int, in zone: ZoneRules) -> Int? {
        var index = zone.periodIndex(at: second)
        var from = second + 1
        // No time from `searched` up to `found` matches: a period within them needs no search.
        var (searched, found) = (Int.max, Int.min)
        while true {
            let offset = zone.periods[index].offsetSeconds
            if !(searched...max(searched, found)).contains(from + offset) {
                guard let match = first(atOrAfter: WallTime(seconds: from + offset)) else { return nil }
                (searched, found) = (from + offset, match.seconds)
            }
            let end = zone.end(ofPeriod: index)
            if found - offset < end { return found - offset }
            (from, index) = (end, index + 1)
        }
    }

    private func realSecond(before second: Int, in zone: ZoneRules) -> Int? {
        var upTo = second - 1
        var index = zone.periodIndex(at: upTo)
        var (searched, found) = (Int.min, Int.max)
        while true {
            let offset = zone.periods[index].offsetSeconds
            if !(min(searched, found)...searched).contains(upTo + offset) {
                guard let match = last(atOrBefore: WallTime(seconds: upTo + offset)) else { return nil }
                (searched, found) = (upTo + offset, match.seconds)
            }
            let start = zone.periods[index].start
            if found - offset >= start { return found - offset }
            guard index > 0 else { return nil }
            (upTo, index) = (start - 1, index - 1)
        }
    }
}
