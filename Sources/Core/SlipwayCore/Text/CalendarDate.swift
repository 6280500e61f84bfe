/// A day of the proleptic Gregorian calendar, written `2026-01-31`.
enum CalendarDate {
    /// Whether the text is such a day.
    static func isValid(_ text: String) -> Bool {
        let parts = text.split(separator: "-", omittingEmptySubsequences: false)
        let isDigits = parts.allSatisfy { $0.utf8.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) } }
        guard isDigits, parts.map(\.utf8.count) == [4, 2, 2] else { return false }
        let numbers = parts.compactMap { Int($0) }
        guard numbers.count == 3, numbers[0] > 0 else { return false }
        return CivilDate(year: numbers[0], month: numbers[1], day: numbers[2]).isValid
    }
}
