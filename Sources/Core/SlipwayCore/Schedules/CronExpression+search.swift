extension CronExpression {
    private static let firstDay = CivilDate(year: CivilDate.scheduledYears.lowerBound, month: 1, day: 1).daysSince1970
    private static let lastDay = CivilDate(year: CivilDate.scheduledYears.upperBound, month: 12, day: 31).daysSince1970

    /// Whether it matches a minute of the wall clock; seconds are ignored.
    package func matches(_ wall: WallTime) -> Bool {
        let (date, minute) = (wall.date, wall.secondOfDay / 60)
        return hours & 1 << (minute / 60) != 0 && minutes & 1 << (minute % 60) != 0
            && matchingDays(year: date.year, month: date.month, first: nil) & 1 << date.day != 0
    }

    /// The first match that is not before a time; `nil` if there is none in ``CivilDate/scheduledYears``, as for 31
    /// February.
    package func first(atOrAfter wall: WallTime) -> WallTime? {
        let (whole, rest) = wall.seconds.dividedDown(by: 60)
        var (day, minute) = (rest > 0 ? whole + 1 : whole).dividedDown(by: 1440)
        if day < Self.firstDay { (day, minute) = (Self.firstDay, 0) }
        guard day <= Self.lastDay, let earliest = minuteOfDay(atOrAfter: 0) else { return nil }
        let date = CivilDate(daysSince1970: day)
        var (year, month, first) = (date.year, date.month, day - date.day + 1)
        var matching = matchingDays(year: year, month: month, first: first) & .bits(from: date.day)
        if matching & 1 << date.day != 0 {
            if let minute = minuteOfDay(atOrAfter: minute) { return WallTime(seconds: day * 86_400 + minute * 60) }
            matching &= matching - 1
        }
        while matching == 0 {
            first += CivilDate.length(ofMonth: month, year: year)
            (year, month) = month == 12 ? (year + 1, 1) : (year, month + 1)
            guard year <= CivilDate.scheduledYears.upperBound else { return nil }
            matching = matchingDays(year: year, month: month, first: first)
        }
        return WallTime(seconds: (first + matching.trailingZeroBitCount - 1) * 86_400 + earliest * 60)
    }

    /// The last match that is not after a time; `nil` if there is none in ``CivilDate/scheduledYears``.
    package func last(atOrBefore wall: WallTime) -> WallTime? {
        var (day, minute) = wall.seconds.dividedDown(by: 60).quotient.dividedDown(by: 1440)
        if day > Self.lastDay { (day, minute) = (Self.lastDay, 1439) }
        guard day >= Self.firstDay, let latest = minuteOfDay(atOrBefore: 1439) else { return nil }
        let date = CivilDate(daysSince1970: day)
        var (year, month, first) = (date.year, date.month, day - date.day + 1)
        var matching = matchingDays(year: year, month: month, first: first) & .bits(through: date.day)
        if matching & 1 << date.day != 0 {
            if let minute = minuteOfDay(atOrBefore: minute) { return WallTime(seconds: day * 86_400 + minute * 60) }
            matching &= ~(1 << date.day)
        }
        while matching == 0 {
            (year, month) = month == 1 ? (year - 1, 12) : (year, month - 1)
            guard year >= CivilDate.scheduledYears.lowerBound else { return nil }
            first -= CivilDate.length(ofMonth: month, year: year)
            matching = matchingDays(year: year, month: month, first: first)
        }
        let last = 31 - matching.leadingZeroBitCount
        return WallTime(seconds: (first + last - 1) * 86_400 + latest * 60)
    }

    /// - Parameter first: the number of the month's first day, if it is known.
    private func matchingDays(year: Int, month: Int, first: Int?) -> UInt32 {
        guard months & 1 << month != 0 else { return 0 }
        let first = first ?? CivilDate(year: year, month: month, day: 1).daysSince1970
        return days.matching(
            length: CivilDate.length(ofMonth: month, year: year),
            firstWeekday: CivilDate.weekday(daysSince1970: first)
        )
    }

    private func minuteOfDay(atOrAfter minute: Int) -> Int? {
        let (hour, rest) = minute.quotientAndRemainder(dividingBy: 60)
        let later = minutes & .bits(from: rest)
        if hours & 1 << hour != 0, later != 0 { return hour * 60 + later.trailingZeroBitCount }
        let laterHours = hours & .bits(from: hour + 1)
        guard laterHours != 0, minutes != 0 else { return nil }
        return laterHours.trailingZeroBitCount * 60 + minutes.trailingZeroBitCount
    }

    private func minuteOfDay(atOrBefore minute: Int) -> Int? {
        let (hour, rest) = minute.quotientAndRemainder(dividingBy: 60)
        let earlier = minutes & .bits(through: rest)
        if hours & 1 << hour != 0, earlier != 0 { return hour * 60 + 63 - earlier.leadingZeroBitCount }
        let earlierHours = hours & ~.bits(from: hour)
        guard earlierHours != 0, minutes != 0 else { return nil }
        return (31 - earlierHours.leadingZeroBitCount) * 60 + 63 - minutes.leadingZeroBitCount
    }
}

extension FixedWidthInteger where Self: UnsignedInteger {
    fileprivate static func bits(from first: Int) -> Self { .max << first }

    fileprivate static func bits(through last: Int) -> Self { ~(.max << (last + 1)) }
}
