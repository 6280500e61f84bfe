/// An instant as Kubernetes writes it: RFC 3339, with or without a fraction of a second.
package struct KubernetesTime: Hashable, Sendable, Comparable, CustomStringConvertible {
    /// Microseconds since 1970-01-01T00:00:00Z; finer digits of a parsed fraction are cut off.
    package var microsecondsSince1970: Int64

    /// An instant by its distance from the epoch.
    package init(microsecondsSince1970: Int64) { self.microsecondsSince1970 = microsecondsSince1970 }

    /// Parses RFC 3339; `nil` if the text is anything else.
    package init?(_ text: some StringProtocol) {
        var parser = RFC3339Parser(bytes: Array(text.utf8))
        guard let microseconds = parser.parse() else { return nil }
        self.init(microsecondsSince1970: microseconds)
    }

    /// Parses RFC 3339 from UTF-8 bytes, as log lines begin with.
    package init?(utf8 bytes: some Sequence<UInt8>) {
        var parser = RFC3339Parser(bytes: Array(bytes))
        guard let microseconds = parser.parse() else { return nil }
        self.init(microsecondsSince1970: microseconds)
    }

    package static func < (left: Self, right: Self) -> Bool {
        left.microsecondsSince1970 < right.microsecondsSince1970
    }

    /// UTC with `Z`; six digits of fraction, or none if the instant is a whole second.
    package var description: String {
        let microseconds = microsecondsSince1970
        let (seconds, fraction) = Self.floorDivide(microseconds, 1_000_000)
        let (days, secondOfDay) = Self.floorDivide(seconds, 86_400)
        let (year, month, day) = Self.civilDate(daysSince1970: days)
        var text = "\(Self.padded(year, 4))-\(Self.padded(month, 2))-\(Self.padded(day, 2))T"
        text += "\(Self.padded(secondOfDay / 3600, 2)):\(Self.padded(secondOfDay / 60 % 60, 2))"
        text += ":\(Self.padded(secondOfDay % 60, 2))"
        if fraction != 0 { text += ".\(Self.padded(fraction, 6))" }
        return text + "Z"
    }

    private static func padded(_ value: Int64, _ width: Int) -> String {
        let digits = String(value)
        return String(repeating: "0", count: max(0, width - digits.count)) + digits
    }

    private static func floorDivide(_ value: Int64, _ divisor: Int64) -> (quotient: Int64, remainder: Int64) {
        let (quotient, remainder) = value.quotientAndRemainder(dividingBy: divisor)
        return remainder < 0 ? (quotient - 1, remainder + divisor) : (quotient, remainder)
    }

    /// The proleptic Gregorian date; eras of 400 years that begin on 1 March make leap days fall at the end.
    private static func civilDate(daysSince1970: Int64) -> (year: Int64, month: Int64, day: Int64) {
        let (era, dayOfEra) = floorDivide(daysSince1970 + 719_468, 146_097)
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shiftedMonth = (5 * dayOfYear + 2) / 153
        let day = dayOfYear - (153 * shiftedMonth + 2) / 5 + 1
        let month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
        return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, day)
    }

    /// The inverse of `civilDate`.
    fileprivate static func daysSince1970(year: Int64, month: Int64, day: Int64) -> Int64 {
        let shiftedYear = month <= 2 ? year - 1 : year
        let (era, yearOfEra) = floorDivide(shiftedYear, 400)
        let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
        let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
        return era * 146_097 + dayOfEra - 719_468
    }
}

extension KubernetesTime: Codable {
    /// Decodes an RFC 3339 string.
    package init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        let text = try container.decode(String.self)
        guard let time = KubernetesTime(text) else {
            throw DecodingError.dataCorruptedError(in: container, debugDescription: "\(text) is not an RFC 3339 time")
        }
        self = time
    }

    /// Encodes an RFC 3339 string.
    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }
}

/// Reads `2006-01-02T15:04:05[.fraction](Z|±hh:mm)`.
private struct RFC3339Parser {
    let bytes: [UInt8]
    var position = 0

    init(bytes: [UInt8]) { self.bytes = bytes }

    mutating func parse() -> Int64? {
        guard let year = digits(4), accept("-"), let month = digits(2), accept("-"), let day = digits(2),
            accept("T") || accept("t") || accept(" "),
            let hour = digits(2), accept(":"), let minute = digits(2), accept(":"), let second = digits(2),
            (1...12).contains(month), day >= 1, day <= Self.length(ofMonth: month, year: year),
            hour < 24, minute < 60, second <= 60,
            let fraction = fractionMicroseconds(), let offset = offsetSeconds(), position == bytes.count
        else { return nil }
        let days = KubernetesTime.daysSince1970(year: year, month: month, day: day)
        let seconds = days * 86_400 + hour * 3600 + minute * 60 + second - offset
        return seconds * 1_000_000 + fraction
    }

    private static func length(ofMonth month: Int64, year: Int64) -> Int64 {
        switch month {
        case 2: year.isMultiple(of: 4) && (!year.isMultiple(of: 100) || year.isMultiple(of: 400)) ? 29 : 28
        case 4, 6, 9, 11: 30
        default: 31
        }
    }

    private mutating func accept(_ character: Unicode.Scalar) -> Bool {
        guard position < bytes.count, UInt32(bytes[position]) == character.value else { return false }
        position += 1
        return true
    }

    private mutating func digits(_ count: Int) -> Int64? {
        guard position + count <= bytes.count else { return nil }
        var value: Int64 = 0
        for _ in 0..<count {
            let digit = Int64(bytes[position]) - 48
            guard (0...9).contains(digit) else { return nil }
            value = value * 10 + digit
            position += 1
        }
        return value
    }

    private mutating func fractionMicroseconds() -> Int64? {
        guard accept(".") else { return 0 }
        let start = position
        var value: Int64 = 0
        var scale: Int64 = 100_000
        while position < bytes.count, (48...57).contains(bytes[position]) {
            value += (Int64(bytes[position]) - 48) * scale
            scale /= 10
            position += 1
        }
        return position > start ? value : nil
    }

    private mutating func offsetSeconds() -> Int64? {
        if accept("Z") || accept("z") { return 0 }
        let sign: Int64
        if accept("+") { sign = 1 } else if accept("-") { sign = -1 } else { return nil }
        guard let hours = digits(2), accept(":"), let minutes = digits(2), hours < 24, minutes < 60 else { return nil }
        return sign * (hours * 3600 + minutes * 60)
    }
}
