/// What a clock on a wall shows, without the zone in which it hangs: whole seconds since 1970-01-01T00:00:00 there.
///
/// It is a type of its own so that it is never taken for a moment, of which it may mean none, one or two.
package struct WallTime: Sendable, Hashable, Comparable {
    package var seconds: Int

    package init(seconds: Int) { self.seconds = seconds }

    package init(_ date: CivilDate, hour: Int = 0, minute: Int = 0, second: Int = 0) {
        seconds = date.daysSince1970 * 86_400 + hour * 3600 + minute * 60 + second
    }

    package var date: CivilDate { CivilDate(daysSince1970: seconds.dividedDown(by: 86_400).quotient) }

    /// 0 to 86 399.
    package var secondOfDay: Int { seconds.dividedDown(by: 86_400).remainder }

    package static func < (left: WallTime, right: WallTime) -> Bool { left.seconds < right.seconds }
}

extension WallTime: CustomStringConvertible {
    /// Such as `2026-03-29T02:30:00`.
    package var description: String {
        let date = date
        let time = [secondOfDay / 3600, secondOfDay / 60 % 60, secondOfDay % 60].map { $0.padded(to: 2) }
        return "\(date.year.padded(to: 4))-\(date.month.padded(to: 2))-\(date.day.padded(to: 2))T"
            + time.joined(separator: ":")
    }
}

extension Timestamp {
    /// The moments between which schedules have ticks, in whole seconds since 1970.
    static let scheduledSeconds: Range<Int> = {
        let years = CivilDate.scheduledYears
        let first = CivilDate(year: years.lowerBound, month: 1, day: 1).daysSince1970
        let end = CivilDate(year: years.upperBound + 1, month: 1, day: 1).daysSince1970
        return first * 86_400..<end * 86_400
    }()

    static let firstScheduled = Timestamp(secondsSince1970: scheduledSeconds.lowerBound)
    static let endOfScheduled = Timestamp(secondsSince1970: scheduledSeconds.upperBound)

    /// A microsecond earlier; the first of all moments is before itself.
    var justBefore: Timestamp {
        Timestamp(microsecondsSince1970: max(microsecondsSince1970, .min + 1) - 1)
    }

    /// A microsecond later; the last of all moments is after itself.
    var justAfter: Timestamp {
        Timestamp(microsecondsSince1970: min(microsecondsSince1970, .max - 1) + 1)
    }

    package init(secondsSince1970 seconds: Int) {
        self.init(microsecondsSince1970: Int64(seconds) * 1_000_000)
    }

    /// The whole second at or before it.
    package var secondsSince1970: Int { Int(microsecondsSince1970.dividedDown(by: 1_000_000).quotient) }

    /// The whole second at or after it.
    var secondsSince1970RoundedUp: Int {
        let (seconds, rest) = microsecondsSince1970.dividedDown(by: 1_000_000)
        return Int(seconds) + (rest > 0 ? 1 : 0)
    }
}

extension Int {
    /// In decimal, with zeros in front up to the width.
    func padded(to width: Int) -> String {
        let digits = String(self)
        return String(repeating: "0", count: Swift.max(0, width - digits.count)) + digits
    }
}
