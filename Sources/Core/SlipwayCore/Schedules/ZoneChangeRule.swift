/// How the clocks change each year: the rule at the end of a zone file, in the form of POSIX' `TZ` as RFC 9636 extends
/// it, such as `CET-1CEST,M3.5.0,M10.5.0/3`.
struct ZoneChangeRule: Sendable, Hashable {
    /// Of the wall clock from UTC, east positive.
    let standardOffsetSeconds: Int
    private let summer: Summer?

    fileprivate struct Summer: Sendable, Hashable {
        var offsetSeconds: Int
        var start: Day
        var end: Day
    }

    /// A day of each year, and a time on the wall clock counted from its midnight.
    fileprivate struct Day: Sendable, Hashable {
        enum Kind: Sendable, Hashable {
            /// `Jn`, 1 to 365: 29 February is not counted.
            case withoutLeapDay(Int)
            /// `n`, 0 to 365.
            case fromZero(Int)
            /// `Mm.w.d`: the w-th weekday d of the month m, the last one for w = 5.
            case weekday(month: Int, week: Int, weekday: Int)
        }

        var kind: Kind
        var seconds: Int

        /// `,date` or `,date/time`.
        init?(_ reader: inout ZoneChangeRuleReader) {
            guard reader.skip(","), let kind = Kind(&reader) else { return nil }
            self.kind = kind
            seconds = 7200
            if reader.skip("/") {
                guard let time = reader.time(hours: 0...167) else { return nil }
                seconds = time
            }
        }

        /// The seconds since 1970 on the wall clock.
        func wallSeconds(year: Int) -> Int {
            let first = CivilDate(year: year, month: 1, day: 1).daysSince1970
            let day: Int
            switch kind {
            case .withoutLeapDay(let number):
                day = first + number - (CivilDate.isLeap(year) && number >= 60 ? 0 : 1)
            case .fromZero(let number): day = first + number
            case .weekday(let month, let week, let weekday):
                let monthFirst = CivilDate(year: year, month: month, day: 1).daysSince1970
                let shift = (weekday - CivilDate.weekday(daysSince1970: monthFirst) + 7) % 7
                let last = CivilDate.length(ofMonth: month, year: year) - 1
                day = monthFirst + min(shift + 7 * (week - 1), shift + (last - shift) / 7 * 7)
            }
            return day * 86_400 + seconds
        }
    }

    /// - Returns: `nil` for any other text.
    init?(_ text: ArraySlice<UInt8>) {
        var reader = ZoneChangeRuleReader(rest: text)
        guard text.count <= 128, reader.name(), let standard = reader.time(hours: 0...24) else { return nil }
        // POSIX counts west of Greenwich as positive.
        standardOffsetSeconds = -standard
        if reader.rest.isEmpty {
            summer = nil
            return
        }
        guard reader.name() else { return nil }
        var offset = standard - 3600
        if reader.rest.first != UInt8(ascii: ",") {
            guard let given = reader.time(hours: 0...24) else { return nil }
            offset = given
        }
        guard let start = Day(&reader), let end = Day(&reader), reader.rest.isEmpty else { return nil }
        summer = Summer(offsetSeconds: -offset, start: start, end: end)
    }

    /// The changes after a moment, up to the end of ``CivilDate/scheduledYears``.
    func changes(after second: Int) -> [ZoneRules.Period] {
        let bounds = Timestamp.scheduledSeconds
        guard let summer, second < bounds.upperBound else { return [] }
        // The year before decides what holds when the first year begins.
        let firstYear = CivilDate(daysSince1970: max(second, bounds.lowerBound) / 86_400).year - 1
        var changes: [(start: Int, isSummer: Bool)] = []
        for year in firstYear...CivilDate.scheduledYears.upperBound {
            changes.append((summer.start.wallSeconds(year: year) - standardOffsetSeconds, true))
            changes.append((summer.end.wallSeconds(year: year) - summer.offsetSeconds, false))
        }
        // Where summer ends and begins at the same moment, it lasts.
        changes.sort { ($0.start, $0.isSummer ? 1 : 0) < ($1.start, $1.isSummer ? 1 : 0) }
        return changes.filter { $0.start > second }.map {
            ZoneRules.Period(start: $0.start, offsetSeconds: $0.isSummer ? summer.offsetSeconds : standardOffsetSeconds)
        }
    }
}

extension ZoneChangeRule.Day.Kind {
    fileprivate init?(_ reader: inout ZoneChangeRuleReader) {
        if reader.skip("J") {
            guard let day = reader.number(1...365) else { return nil }
            self = .withoutLeapDay(day)
        } else if reader.skip("M") {
            guard let month = reader.number(1...12), reader.skip("."), let week = reader.number(1...5),
                reader.skip("."),
                let weekday = reader.number(0...6)
            else { return nil }
            self = .weekday(month: month, week: week, weekday: weekday)
        } else {
            guard let day = reader.number(0...365) else { return nil }
            self = .fromZero(day)
        }
    }
}

/// Takes the parts of a rule off its beginning.
private struct ZoneChangeRuleReader {
    var rest: ArraySlice<UInt8>

    mutating func skip(_ mark: Unicode.Scalar) -> Bool {
        guard rest.first == UInt8(ascii: mark) else { return false }
        rest = rest.dropFirst()
        return true
    }

    /// Three letters or more, or `<` letters, digits and signs `>`.
    mutating func name() -> Bool {
        if skip("<") {
            let name = rest.prefix { Self.isLetter($0) || Self.isDigit($0) || $0 == 0x2B || $0 == 0x2D }
            rest = rest.dropFirst(name.count)
            return name.count >= 3 && skip(">")
        }
        let name = rest.prefix(while: Self.isLetter)
        rest = rest.dropFirst(name.count)
        return name.count >= 3
    }

    /// Up to three digits.
    mutating func number(_ range: ClosedRange<Int>) -> Int? {
        let digits = rest.prefix(while: Self.isDigit)
        guard (1...3).contains(digits.count) else { return nil }
        rest = rest.dropFirst(digits.count)
        let value = digits.reduce(0) { $0 * 10 + Int($1 - UInt8(ascii: "0")) }
        return range.contains(value) ? value : nil
    }

    /// `h`, `h:mm` or `h:mm:ss` with a sign, in seconds.
    mutating func time(hours range: ClosedRange<Int>) -> Int? {
        let isNegative = skip("-")
        if !isNegative { _ = skip("+") }
        guard let hours = number(range) else { return nil }
        var seconds = hours * 3600
        for unit in [60, 1] where skip(":") {
            guard let value = number(0...59) else { return nil }
            seconds += value * unit
        }
        return isNegative ? -seconds : seconds
    }

    private static func isLetter(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20)
    }

    private static func isDigit(_ byte: UInt8) -> Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) }
}
