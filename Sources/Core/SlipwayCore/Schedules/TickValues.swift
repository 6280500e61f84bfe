/// What the texts of a schedule's variables may say of the tick that a run is made for.
///
/// `${{ tick.date }}` is the day of the tick on the clocks of the schedule's zone, `${{ tick.previous_date }}` the day
/// before it, `${{ tick.at }}` the moment in UTC, such as `2026-01-31T09:05:00Z`.
package enum TickValues {
    package static let names = ["tick.at", "tick.date", "tick.previous_date"]

    /// The first name in a text that is none of ``names``; `nil` if there is none.
    package static func unknownName(in text: String) -> String? {
        for part in text.split(separator: "${{").dropFirst(text.hasPrefix("${{") ? 0 : 1) {
            guard let end = part.firstRange(of: "}}") else { return String(part.prefix(40)) }
            let name = trimmed(part[..<end.lowerBound])
            if !names.contains(name) { return name }
        }
        return nil
    }

    /// The variables with what they say of a tick filled in.
    package static func filled(_ variables: [String: JSONValue], at tick: Timestamp, in zone: ZoneRules) -> [String:
        JSONValue]
    {
        guard variables.values.contains(where: { $0.string?.contains("${{") ?? false }) else { return variables }
        let date = zone.wallTime(at: tick).date
        let yesterday = CivilDate(daysSince1970: date.daysSince1970 - 1)
        let values = [
            "tick.at": "\(WallTime(seconds: tick.secondsSince1970))Z", "tick.date": text(date),
            "tick.previous_date": text(yesterday),
        ]
        return variables.mapValues { value in
            guard let text = value.string else { return value }
            return .string(filled(text, values))
        }
    }

    private static func filled(_ text: String, _ values: [String: String]) -> String {
        var result = ""
        var rest = Substring(text)
        while let start = rest.firstRange(of: "${{"), let end = rest[start.upperBound...].firstRange(of: "}}") {
            let name = trimmed(rest[start.upperBound..<end.lowerBound])
            result += rest[..<start.lowerBound] + (values[name] ?? String(rest[start.lowerBound..<end.upperBound]))
            rest = rest[end.upperBound...]
        }
        return result + rest
    }

    private static func trimmed(_ text: Substring) -> String { String(text.filter { $0 != " " }) }

    private static func text(_ date: CivilDate) -> String {
        "\(date.year.padded(to: 4))-\(date.month.padded(to: 2))-\(date.day.padded(to: 2))"
    }
}
