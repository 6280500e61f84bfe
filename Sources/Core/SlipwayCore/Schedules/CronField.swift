/// The five fields of a cron expression, in their order.
package enum CronField: Int, Sendable, Hashable, CaseIterable {
    case minute
    case hour
    case dayOfMonth
    case month
    case dayOfWeek

    package var name: String {
        switch self {
        case .minute: "minute"
        case .hour: "hour"
        case .dayOfMonth: "day-of-month"
        case .month: "month"
        case .dayOfWeek: "day-of-week"
        }
    }

    /// What `*` means.
    var all: ClosedRange<Int> {
        switch self {
        case .minute: 0...59
        case .hour: 0...23
        case .dayOfMonth: 1...31
        case .month: 1...12
        case .dayOfWeek: 0...6
        }
    }

    /// The numbers that may be written: Sunday is 0 and 7.
    var numbers: ClosedRange<Int> { self == .dayOfWeek ? 0...7 : all }

    /// The words that may be written for numbers; the first stands for `all.lowerBound`.
    var words: [String] {
        switch self {
        case .month: ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"]
        case .dayOfWeek: ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"]
        case .minute, .hour, .dayOfMonth: []
        }
    }

    /// For "must be …".
    var allowed: String {
        let numbers = "\(numbers.lowerBound) to \(numbers.upperBound)"
        return switch self {
        case .minute, .hour: "\(numbers), as a list, a range a-b or with a step /n"
        case .dayOfMonth: "\(numbers), as a list, a range a-b or with a step /n, or L, L-n, LW or nW"
        case .month: "\(numbers) or JAN to DEC, as a list, a range a-b or with a step /n"
        case .dayOfWeek: "\(numbers) or SUN to SAT, as a list, a range a-b or with a step /n, or such as 5L or FRI#2"
        }
    }

    func error(_ value: some StringProtocol, allowed: String? = nil) -> ScheduleError {
        ScheduleError(field: name, value: value, allowed: allowed ?? self.allowed)
    }

    /// One number or word; upper-case text.
    func number(_ text: some StringProtocol) -> Int? {
        if let position = words.firstIndex(where: { $0 == text }) { return position + all.lowerBound }
        return Self.number(text, in: numbers)
    }

    /// Plain digits in a range.
    static func number(_ text: some StringProtocol, in range: ClosedRange<Int>) -> Int? {
        let isPlain = text.utf8.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
        guard (1...3).contains(text.utf8.count), isPlain, let value = Int(text), range.contains(value) else {
            return nil
        }
        return value
    }
}
