/// Reads the fields of a cron expression into bits. The text is upper-case.
struct CronReader {
    /// Of one field.
    private static let maximumTerms = 64

    private(set) var minutes: UInt64 = 0
    private(set) var hours: UInt64 = 0
    private(set) var months: UInt64 = 0
    private(set) var days = CronDays()
    private var isDayOfMonthOpen = false

    mutating func read(_ text: Substring, as field: CronField) throws(ScheduleError) {
        let terms = text.split(separator: ",", omittingEmptySubsequences: false)
        guard terms.count <= Self.maximumTerms else {
            throw field.error(text, allowed: "a list of at most \(Self.maximumTerms) terms")
        }
        let isOpen = text.first == "*" || text.first == "?"
        if field == .dayOfMonth { isDayOfMonthOpen = isOpen }
        if field == .dayOfWeek { days.isEither = !isOpen && !isDayOfMonthOpen }
        for term in terms {
            if field == .dayOfMonth, try readDayOfMonth(term) { continue }
            if field == .dayOfWeek, try readDayOfWeek(term) { continue }
            let bits = try bits(term, field)
            switch field {
            case .minute: minutes |= bits
            case .hour: hours |= bits
            case .dayOfMonth: days.days |= UInt32(truncatingIfNeeded: bits)
            case .month: months |= bits
            case .dayOfWeek: days.weekdays |= UInt8(truncatingIfNeeded: (bits | bits >> 7) & 0x7F)
            }
        }
    }

    /// `L`, `L-n`, `LW` and `nW`; false for anything else.
    private mutating func readDayOfMonth(_ term: Substring) throws(ScheduleError) -> Bool {
        if term == "L" {
            days.beforeLast |= 1
        } else if term == "LW" {
            days.isLastWorkingDay = true
        } else if term.hasPrefix("L-") {
            guard let count = CronField.number(term.dropFirst(2), in: 1...30) else {
                throw CronField.dayOfMonth.error(term, allowed: "L-1 to L-30")
            }
            days.beforeLast |= 1 << count
        } else if term.hasSuffix("W") {
            guard let day = CronField.number(term.dropLast(), in: 1...31) else {
                throw CronField.dayOfMonth.error(term, allowed: "1W to 31W or LW")
            }
            days.nearest |= 1 << day
        } else {
            return false
        }
        return true
    }

    /// `FRI#2` and `FRIL`; false for anything else.
    private mutating func readDayOfWeek(_ term: Substring) throws(ScheduleError) -> Bool {
        let field = CronField.dayOfWeek
        if let sign = term.firstIndex(of: "#") {
            guard let weekday = field.number(term[..<sign]),
                let number = CronField.number(term[term.index(after: sign)...], in: 1...5)
            else { throw field.error(term, allowed: "a weekday, # and 1 to 5, such as FRI#2") }
            if days.numbered.isEmpty { days.numbered = Array(repeating: 0, count: 5) }
            days.numbered[number - 1] |= 1 << (weekday % 7)
        } else if term.hasSuffix("L") {
            guard let weekday = field.number(term.dropLast()) else {
                throw field.error(term, allowed: "a weekday and L, such as 5L or FRIL")
            }
            days.lastWeekdays |= 1 << (weekday % 7)
        } else {
            return false
        }
        return true
    }

    /// `*`, `a`, `a-b`, each also with `/n`.
    private func bits(_ term: Substring, _ field: CronField) throws(ScheduleError) -> UInt64 {
        let parts = term.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        var step = 1
        if parts.count == 2 {
            guard let number = CronField.number(parts[1], in: 1...field.numbers.upperBound) else {
                throw field.error(term, allowed: "a step of 1 to \(field.numbers.upperBound)")
            }
            step = number
        }
        let range = try range(parts[0], in: term, field, hasStep: parts.count == 2)
        var bits: UInt64 = 0
        for number in stride(from: range.lowerBound, through: range.upperBound, by: step) { bits |= 1 << number }
        return bits
    }

    private func range(
        _ text: Substring,
        in term: Substring,
        _ field: CronField,
        hasStep: Bool
    ) throws(ScheduleError) -> ClosedRange<Int> {
        if text == "*" || text == "?" { return field.all }
        if let number = field.number(text) {
            return hasStep ? number...max(number, field.all.upperBound) : number...number
        }
        let ends = text.split(separator: "-", omittingEmptySubsequences: false)
        guard ends.count == 2, let first = field.number(ends[0]), var last = field.number(ends[1]) else {
            throw field.error(term)
        }
        if field == .dayOfWeek, last == 0, first > 0 { last = 7 }
        guard first <= last else {
            throw field.error(term, allowed: "a range that ascends: write the two parts as a list")
        }
        return first...last
    }
}
