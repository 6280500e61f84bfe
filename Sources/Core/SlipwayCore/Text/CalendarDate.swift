/// A day of the proleptic Gregorian calendar, written `2026-01-31`.
enum CalendarDate {
    /// Whether the text is such a day.
    static func isValid(_ text: String) -> Bool {
        let parts = text.split(separator: "-", omittingEmptySubsequences: false)
        let isDigits = parts.allSatisfy { $0.utf8.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) } }
        guard isDigits, parts.map(\.utf8.count) == [4, 2, 2] else { return false }
        let numbers = parts.compactMap { Int($0) }
        guard numbers.count == 3, numbers[0] > 0 else { return false }
        return (1...12).contains(numbers[1]) && (1...length(ofMonth: numbers[1], year: numbers[0])).contains(numbers[2])
    }

    private static func length(ofMonth month: Int, year: Int) -> Int {
        switch month {
        case 2: year.isMultiple(of: 4) && (!year.isMultiple(of: 100) || year.isMultiple(of: 400)) ? 29 : 28
        case 4, 6, 9, 11: 30
        default: 31
        }
    }
}
