internal import FoundationEssentials
internal import SlipwayCore

/// Times and durations as people read them.
enum Moments {
    static func now() -> Timestamp {
        Timestamp(microsecondsSince1970: Int64(Date().timeIntervalSince1970 * 1_000_000))
    }

    /// Microseconds of an RFC 3339 time in UTC, such as the API sends.
    static func parse(_ text: String) -> Timestamp? {
        let style = Date.ISO8601FormatStyle(includingFractionalSeconds: text.contains("."))
        // why: a text in another form is simply not a time.
        guard let date = try? style.parse(text) else { return nil }
        return Timestamp(microsecondsSince1970: Int64((date.timeIntervalSince1970 * 1_000_000).rounded()))
    }

    /// How long ago, such as `5m`; empty if there is no time.
    static func age(_ text: String) -> String {
        guard let then = parse(text) else { return "" }
        let seconds = (now() - then).components.seconds
        return short(Int(max(0, seconds)))
    }

    private static func short(_ seconds: Int) -> String {
        switch seconds {
        case ..<120: "\(seconds)s"
        case ..<7200: "\(seconds / 60)m"
        case ..<172_800: "\(seconds / 3600)h"
        default: "\(seconds / 86_400)d"
        }
    }

    /// A duration such as `0.25s`, `12.5s`, `3m07s` or `2h05m`.
    static func duration(_ seconds: Double) -> String {
        switch seconds {
        case ..<10: return "\(fixed(seconds, 2))s"
        case ..<60: return "\(fixed(seconds, 1))s"
        case ..<3600: return "\(Int(seconds) / 60)m\(padded(Int(seconds) % 60))s"
        default: return "\(Int(seconds) / 3600)h\(padded(Int(seconds) / 60 % 60))m"
        }
    }

    /// From one time to another, or to now.
    static func duration(from start: String, to end: String) -> String {
        guard let start = parse(start) else { return "" }
        let (seconds, attoseconds) = ((parse(end) ?? now()) - start).components
        return duration(max(0, Double(seconds) + Double(attoseconds) / 1e18))
    }

    /// The time of day of an RFC 3339 time, with milliseconds.
    static func clock(_ text: String) -> String {
        guard let start = text.firstIndex(of: "T") else { return text }
        return String(text[text.index(after: start)...].prefix(12))
    }

    private static func fixed(_ value: Double, _ digits: Int) -> String {
        let scale = digits == 2 ? 100.0 : 10.0
        let whole = Int((value * scale).rounded())
        let fraction = String(whole % Int(scale))
        return "\(whole / Int(scale)).\(String(repeating: "0", count: digits - fraction.count))\(fraction)"
    }

    private static func padded(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
}
