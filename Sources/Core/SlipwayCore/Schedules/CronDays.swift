/// The days of a month that the two day fields of a cron expression name.
///
/// Days are bits: bit 1 for the first of the month, so that a month is decided at once.
struct CronDays: Sendable, Hashable {
    /// Bit n: the day n.
    var days: UInt32 = 0
    /// Bit n: n days before the last (`L`, `L-3`).
    var beforeLast: UInt32 = 0
    /// Bit n: the working day nearest to the day n (`15W`).
    var nearest: UInt32 = 0
    /// The last working day (`LW`).
    var isLastWorkingDay = false
    /// Bit n: the weekday n, 0 for Sunday.
    var weekdays: UInt8 = 0
    /// Element n - 1, bit w: the n-th weekday w of the month (`FRI#2`).
    var numbered: [UInt8] = []
    /// Bit n: the last weekday n of the month (`5L`).
    var lastWeekdays: UInt8 = 0
    /// Both fields are restricted, so that a day matches if either names it.
    var isEither = false

    /// The matching days of a month.
    ///
    /// - Parameters:
    ///   - length: its number of days.
    ///   - firstWeekday: the weekday of its first day, 0 for Sunday.
    func matching(length: Int, firstWeekday: Int) -> UInt32 {
        let all = UInt32((UInt64(1) << (length + 1)) - 2)
        let byDay = monthDays(length: length, firstWeekday: firstWeekday)
        let byWeekday = weekdayDays(length: length, firstWeekday: firstWeekday)
        return (isEither ? byDay | byWeekday : byDay & byWeekday) & all
    }

    private func monthDays(length: Int, firstWeekday: Int) -> UInt32 {
        var result = days
        if beforeLast != 0 {
            for day in 1...length where beforeLast & 1 << (length - day) != 0 { result |= 1 << day }
        }
        if nearest != 0 {
            for day in 1...length where nearest & 1 << day != 0 {
                result |= 1 << Self.workingDay(nearest: day, length: length, firstWeekday: firstWeekday)
            }
        }
        if isLastWorkingDay {
            result |= 1 << Self.workingDay(nearest: length, length: length, firstWeekday: firstWeekday)
        }
        return result
    }

    /// Monday to Friday, in the same month.
    private static func workingDay(nearest day: Int, length: Int, firstWeekday: Int) -> Int {
        switch (firstWeekday + day - 1) % 7 {
        case 6: day == 1 ? 3 : day - 1
        case 0: day == length ? day - 2 : day + 1
        default: day
        }
    }

    private func weekdayDays(length: Int, firstWeekday: Int) -> UInt32 {
        if weekdays == 0x7F { return .max }
        /// Each seventh day from bit 0.
        let weekly: UInt32 = 1 | 1 << 7 | 1 << 14 | 1 << 21 | 1 << 28
        var result: UInt32 = 0
        for weekday in 0..<7 {
            let bit = UInt8(1) << weekday
            let first = 1 + (weekday - firstWeekday + 7) % 7
            if weekdays & bit != 0 { result |= weekly << first }
            if lastWeekdays & bit != 0 { result |= 1 << (first + (length - first) / 7 * 7) }
            for (position, numbered) in numbered.enumerated() where numbered & bit != 0 {
                let day = first + 7 * position
                if day <= length { result |= 1 << day }
            }
        }
        return result
    }
}
