/// When something recurs, in five fields: minute, hour, day of the month, month, day of the week.
///
/// - Each field is `*` (also written `?`), a number, a range `a-b`, one of these with a step `/n` (`a/n` goes on to the
///   field's end), or a list of such. Months and weekdays also have their English names in three letters. Sunday is 0
///   and 7, and a range of weekdays may end on it.
/// - Days of the month also: `L` the last, `L-3` three days before it, `15W` the working day nearest to the 15th in the
///   same month, `LW` the last working day. Days of the week also: `5L` or `FRIL` the last Friday, `FRI#2` the second
///   Friday.
/// - If neither day field begins with `*` or `?`, a day matches when either field names it, otherwise when both do: the
///   rule of the cron daemons.
/// - `@yearly`, `@annually`, `@monthly`, `@weekly`, `@daily`, `@midnight` and `@hourly` are short for what they say.
package struct CronExpression: Sendable, Hashable, CustomStringConvertible {
    /// Of the whole text.
    private static let maximumBytes = 512

    private static let shorthands = [
        "@YEARLY": "0 0 1 1 *", "@ANNUALLY": "0 0 1 1 *", "@MONTHLY": "0 0 1 * *", "@WEEKLY": "0 0 * * 0",
        "@DAILY": "0 0 * * *", "@MIDNIGHT": "0 0 * * *", "@HOURLY": "0 * * * *",
    ]

    /// As it was written.
    package let description: String
    /// Bits 0 to 59.
    let minutes: UInt64
    /// Bits 0 to 23.
    let hours: UInt32
    /// Bits 1 to 12.
    let months: UInt16
    let days: CronDays

    /// Whether each hour of the day matches. Then its ticks follow the time that really passes where the clocks change.
    package var isHourly: Bool { hours == 0xFF_FFFF }

    package init(_ text: String) throws(ScheduleError) {
        let isPlain = text.utf8.count <= Self.maximumBytes && text.utf8.allSatisfy { $0 < 0x80 }
        let upper = isPlain ? text.uppercased() : ""
        let words = upper.split { $0 == " " || $0 == "\t" }
        var fields = words
        if words.count == 1, let word = words.first, word.first == "@" {
            guard let meaning = Self.shorthands[String(word)] else {
                let allowed = "@yearly, @monthly, @weekly, @daily or @hourly"
                throw ScheduleError(field: "cron", value: text, allowed: allowed)
            }
            fields = meaning.split(separator: " ")
        }
        guard fields.count == CronField.allCases.count else {
            let allowed = "five fields: minute, hour, day-of-month, month, day-of-week"
            throw ScheduleError(field: "cron", value: text, allowed: allowed)
        }
        var reader = CronReader()
        for (field, text) in zip(CronField.allCases, fields) { try reader.read(text, as: field) }
        description = text
        minutes = reader.minutes
        hours = UInt32(truncatingIfNeeded: reader.hours)
        months = UInt16(truncatingIfNeeded: reader.months)
        days = reader.days
    }
}

extension CronExpression: Codable {
    package init(from decoder: any Decoder) throws {
        try self.init(decoder.singleValueContainer().decode(String.self))
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }
}
