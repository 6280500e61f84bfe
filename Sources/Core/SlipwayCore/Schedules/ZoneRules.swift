/// The clocks of a time zone: what they show at each moment, and which moments a time on them means.
///
/// A value made of the bytes of a zone file; who reads the file is not its concern. Between
/// ``CivilDate/scheduledYears`` it holds each change of the clocks, those that the file only gives a rule for included;
/// what lies outside is as at the edge.
package struct ZoneRules: Sendable, Hashable {
    /// A time during which the clocks do not change.
    struct Period: Sendable, Hashable {
        /// In seconds since 1970; far away for the first period.
        var start: Int
        /// Of the wall clock from UTC, east positive.
        var offsetSeconds: Int
    }

    /// Whether a text may be the name of a zone: words of letters, digits, `_`, `+` and `-` between slashes. It never
    /// leads out of a folder.
    package static func isName(_ text: String) -> Bool {
        let words = text.split(separator: "/", omittingEmptySubsequences: false)
        return (1...64).contains(text.utf8.count)
            && words.allSatisfy { word in
                !word.isEmpty
                    && word.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || "_+-".contains($0)) }
            }
    }

    package static let utc = ZoneRules(name: "UTC", first: 0, changes: [])

    /// Such as `Europe/Berlin`.
    package let name: String
    /// In order of time, at least one; neighbours differ in their offsets.
    let periods: [Period]
    let smallestOffsetSeconds: Int
    let largestOffsetSeconds: Int

    /// - Parameters:
    ///   - first: the offset before all changes, in seconds.
    ///   - changes: in order of time; one that follows another at the same moment replaces it.
    init(name: String, first: Int, changes: [Period]) {
        let bounds = Timestamp.scheduledSeconds
        var periods = [Period(start: .min / 4, offsetSeconds: first)]
        for change in changes where change.start < bounds.upperBound {
            if change.start <= bounds.lowerBound {
                periods[0].offsetSeconds = change.offsetSeconds
                continue
            }
            if let last = periods.last, last.start == change.start { periods.removeLast() }
            if periods.last?.offsetSeconds != change.offsetSeconds { periods.append(change) }
        }
        self.name = name
        self.periods = periods
        smallestOffsetSeconds = periods.map(\.offsetSeconds).min() ?? 0
        largestOffsetSeconds = periods.map(\.offsetSeconds).max() ?? 0
    }

    /// Of the wall clock from UTC in seconds, east positive.
    package func offsetSeconds(at moment: Timestamp) -> Int {
        periods[periodIndex(at: moment.secondsSince1970)].offsetSeconds
    }

    /// What the wall clock shows, in whole seconds.
    package func wallTime(at moment: Timestamp) -> WallTime {
        let second = moment.secondsSince1970
        return WallTime(seconds: second + periods[periodIndex(at: second)].offsetSeconds)
    }

    /// The moment in RFC 3339 as the zone's clocks tell it, such as `2026-03-29T03:00:00+02:00`, in whole seconds.
    package func text(_ moment: Timestamp) -> String {
        let offset = offsetSeconds(at: moment)
        let minutes = abs(offset) / 60
        let sign = offset < 0 ? "-" : "+"
        return "\(wallTime(at: moment))\(sign)\((minutes / 60).padded(to: 2)):\((minutes % 60).padded(to: 2))"
    }

    // MARK: From the wall to moments

    /// Which moments a time on the wall clock means.
    package enum Meaning: Sendable, Hashable {
        case once(Timestamp)
        /// The clocks skip it; the moment is the end of the gap.
        case skipped(gapEnd: Timestamp)
        /// The clocks show it more than once.
        case repeated(first: Timestamp, last: Timestamp)
    }

    package func meaning(of wall: WallTime) -> Meaning {
        var moments: [Int] = []
        var index = periodIndex(at: wall.seconds - largestOffsetSeconds)
        let latest = wall.seconds - smallestOffsetSeconds
        while index < periods.count, periods[index].start <= latest {
            let moment = wall.seconds - periods[index].offsetSeconds
            if moment >= periods[index].start, moment < end(ofPeriod: index) { moments.append(moment) }
            index += 1
        }
        guard let first = moments.first, let last = moments.last else {
            return .skipped(gapEnd: Timestamp(secondsSince1970: firstSecond(atOrAfter: wall)))
        }
        return first == last
            ? .once(Timestamp(secondsSince1970: first))
            : .repeated(first: Timestamp(secondsSince1970: first), last: Timestamp(secondsSince1970: last))
    }

    /// The first second at which the wall clock shows a time or a later one: the end of the gap if the time is skipped,
    /// the first of its moments if it is repeated. It never decreases with the time.
    func firstSecond(atOrAfter wall: WallTime) -> Int {
        var index = periodIndex(at: wall.seconds - largestOffsetSeconds)
        while wall.seconds - periods[index].offsetSeconds >= end(ofPeriod: index) { index += 1 }
        return max(periods[index].start, wall.seconds - periods[index].offsetSeconds)
    }

    /// The latest time that the wall clock has shown up to a second: more than it shows while an hour is repeated.
    func latestWallTime(upTo second: Int) -> WallTime {
        var index = periodIndex(at: second)
        var latest = second + periods[index].offsetSeconds
        // A period before can have shown more only if it ended within the span of the offsets.
        while index > 0, periods[index].start - 1 + largestOffsetSeconds > latest {
            latest = max(latest, periods[index].start - 1 + periods[index - 1].offsetSeconds)
            index -= 1
        }
        return WallTime(seconds: latest)
    }

    // MARK: Periods

    /// The second after the period.
    func end(ofPeriod index: Int) -> Int { index + 1 < periods.count ? periods[index + 1].start : .max / 4 }

    /// The period that holds a second.
    func periodIndex(at second: Int) -> Int {
        var (low, high) = (0, periods.count)
        while high - low > 1 {
            let middle = (low + high) / 2
            if periods[middle].start <= second { low = middle } else { high = middle }
        }
        return low
    }
}
