/// The times of the week in which something may happen, on the clocks of a zone.
///
/// A window is written `Mon-Fri 22:00-06:00`: weekdays as names, ranges of them and lists, then the minute it opens and
/// the one it closes. One that closes at or before it opens goes on into the next day; the days are those on which it
/// opens. Without weekdays it is each day's. Fri-Mon goes round the week. The wall clock decides: where it skips an
/// hour a window loses it, where it repeats one the window has it twice.
package struct EligibleWindows: Sendable, Hashable {
    private static let weekMinutes = 7 * 1440
    private static let maximumWindows = 50
    private static let maximumBytes = 64
    private static let example = "such as Mon-Fri 22:00-06:00 or Sat,Sun 00:00-24:00"

    package let zone: ZoneRules
    /// As they were written.
    package let texts: [String]
    /// In minutes of the week from Sunday's midnight, ascending; neither empty nor touching each other.
    private let open: [Range<Int>]

    /// - Parameter texts: at least one.
    package init(_ texts: [String], zone: ZoneRules) throws(ScheduleError) {
        guard (1...Self.maximumWindows).contains(texts.count) else {
            throw ScheduleError(
                field: "windows",
                value: "\(texts.count)",
                allowed: "1 to \(Self.maximumWindows) windows"
            )
        }
        var minutes: [Range<Int>] = []
        for text in texts { minutes += try Self.minutes(text) }
        self.zone = zone
        self.texts = texts
        open = Self.union(minutes)
    }

    package func isOpen(at moment: Timestamp) -> Bool { range(at: minute(zone.wallTime(at: moment))) != nil }

    /// The first moment from another one on at which a window is open: that moment itself if one is.
    package func nextOpening(after moment: Timestamp) -> Timestamp? { change(after: moment, toOpen: true) }

    /// The first moment from another one on at which no window is open; `nil` if one always is.
    package func nextClosing(after moment: Timestamp) -> Timestamp? { change(after: moment, toOpen: false) }

    // MARK: The week

    /// Of the week; 1970 began on a Thursday.
    private func minute(_ wall: WallTime) -> Int {
        (wall.seconds.dividedDown(by: 60).quotient + 4 * 1440).dividedDown(by: Self.weekMinutes).remainder
    }

    private func range(at minute: Int) -> Range<Int>? {
        var (low, high) = (0, open.count)
        while low < high {
            let middle = (low + high) / 2
            if open[middle].upperBound <= minute { low = middle + 1 } else { high = middle }
        }
        return low < open.count && open[low].contains(minute) ? open[low] : nil
    }

    /// In minutes from a minute of the week, 0 if it is so already; `nil` if the week has no such minute.
    private func wait(from minute: Int, toOpen: Bool) -> Int? {
        if let range = range(at: minute) {
            if toOpen { return 0 }
            if range == 0..<Self.weekMinutes { return nil }
            // What is open as the week ends may go on in the next one.
            let isAtEnd = range.upperBound == Self.weekMinutes
            let goesOn = isAtEnd && open[0].lowerBound == 0 ? open[0].upperBound : 0
            return range.upperBound - minute + goesOn
        }
        guard toOpen else { return 0 }
        if let later = open.first(where: { $0.lowerBound > minute }) { return later.lowerBound - minute }
        return open.first.map { $0.lowerBound + Self.weekMinutes - minute }
    }

    private func change(after moment: Timestamp, toOpen: Bool) -> Timestamp? {
        if isOpen(at: moment) == toOpen { return moment }
        var second = moment.secondsSince1970
        var index = zone.periodIndex(at: second)
        while true {
            let wall = second + zone.periods[index].offsetSeconds
            guard let minutes = wait(from: minute(WallTime(seconds: wall)), toOpen: toOpen) else { return nil }
            let change = minutes == 0 ? second : second - wall.dividedDown(by: 60).remainder + minutes * 60
            let end = zone.end(ofPeriod: index)
            if change < end { return Timestamp(secondsSince1970: change) }
            (second, index) = (end, index + 1)
        }
    }

    // MARK: Reading

    private static func union(_ ranges: [Range<Int>]) -> [Range<Int>] {
        var union: [Range<Int>] = []
        for range in ranges.sorted(by: { $0.lowerBound < $1.lowerBound }) {
            if let last = union.last, range.lowerBound <= last.upperBound {
                union[union.count - 1] = last.lowerBound..<max(last.upperBound, range.upperBound)
            } else {
                union.append(range)
            }
        }
        return union
    }

    /// The parts of the week that one window opens.
    private static func minutes(_ text: String) throws(ScheduleError) -> [Range<Int>] {
        let error = ScheduleError(field: "window", value: text, allowed: Self.example)
        let isPlain = text.utf8.count <= maximumBytes && text.utf8.allSatisfy { $0 < 0x80 }
        let words = isPlain ? text.uppercased().split(separator: " ") : []
        guard (1...2).contains(words.count), let times = words.last else { throw error }
        let ends = times.split(separator: "-", omittingEmptySubsequences: false)
        guard ends.count == 2, let opens = minuteOfDay(ends[0]), opens < 1440, var closes = minuteOfDay(ends[1]) else {
            throw error
        }
        if closes <= opens { closes += 1440 }
        let weekdays = words.count == 2 ? Self.weekdays(words[0]) : Array(0..<7)
        guard let weekdays else { throw error }
        return weekdays.flatMap { day -> [Range<Int>] in
            let (start, end) = (day * 1440 + opens, day * 1440 + closes)
            return end <= weekMinutes ? [start..<end] : [start..<weekMinutes, 0..<end - weekMinutes]
        }
    }

    /// Names, ranges of them and lists, as in a cron expression; 0 for Sunday.
    private static func weekdays(_ text: Substring) -> [Int]? {
        let field = CronField.dayOfWeek
        var weekdays: Set<Int> = []
        for term in text.split(separator: ",", omittingEmptySubsequences: false) {
            let ends = term.split(separator: "-", omittingEmptySubsequences: false)
            guard (1...2).contains(ends.count), let first = field.words.firstIndex(of: String(ends[0])),
                let last = ends.count == 2 ? field.words.firstIndex(of: String(ends[1])) : first
            else { return nil }
            // Weekdays go round: Fri-Mon is four days.
            weekdays.formUnion((first...(last < first ? last + 7 : last)).map { $0 % 7 })
        }
        return weekdays.sorted()
    }

    /// `HH:MM`, 00:00 to 24:00.
    private static func minuteOfDay(_ text: Substring) -> Int? {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count == 2, parts[0].utf8.count <= 2, parts[1].utf8.count == 2,
            let hour = CronField.number(parts[0], in: 0...24), let minute = CronField.number(parts[1], in: 0...59),
            hour < 24 || minute == 0
        else { return nil }
        return hour * 60 + minute
    }
}
