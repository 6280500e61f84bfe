extension Timestamp {
    /// Reads RFC 3339, such as `2026-01-31T09:05:00Z` or `2026-01-31T10:05:00.25+01:00`; `nil` for anything else. What is
    /// finer than microseconds is dropped; a leap second is the one after.
    package init?(rfc3339 text: String) {
        var rest = Array(text.utf8)[...]
        func number(_ digits: Int) -> Int64? {
            guard rest.count >= digits, rest.prefix(digits).allSatisfy(Self.isDigit) else { return nil }
            defer { rest = rest.dropFirst(digits) }
            return rest.prefix(digits).reduce(0) { $0 * 10 + Int64($1 - UInt8(ascii: "0")) }
        }
        func mark(_ allowed: String) -> UInt8? {
            guard let byte = rest.first, allowed.utf8.contains(byte) else { return nil }
            rest = rest.dropFirst()
            return byte
        }
        guard let date = String(validating: rest.prefix(10), as: UTF8.self), CalendarDate.isValid(date),
            let year = number(4), mark("-") != nil, let month = number(2), mark("-") != nil, let day = number(2),
            mark("Tt ") != nil,
            let hour = number(2), hour < 24, mark(":") != nil, let minute = number(2), minute < 60, mark(":") != nil,
            let second = number(2), second <= 60
        else { return nil }
        var microseconds: Int64 = 0
        if mark(".") != nil {
            let digits = rest.prefix(while: Self.isDigit)
            guard !digits.isEmpty else { return nil }
            rest = rest.dropFirst(digits.count)
            for position in 0..<6 {
                let digit = digits.dropFirst(position).first ?? UInt8(ascii: "0")
                microseconds = microseconds * 10 + Int64(digit - UInt8(ascii: "0"))
            }
        }
        var offsetMinutes: Int64 = 0
        guard let zone = mark("Zz+-") else { return nil }
        if zone == UInt8(ascii: "+") || zone == UInt8(ascii: "-") {
            guard let hours = number(2), hours < 24, mark(":") != nil, let minutes = number(2), minutes < 60
            else { return nil }
            offsetMinutes = (hours * 60 + minutes) * (zone == UInt8(ascii: "-") ? -1 : 1)
        }
        guard rest.isEmpty else { return nil }
        let days = CivilDate(year: Int(year), month: Int(month), day: Int(day)).daysSince1970
        let minutes = Int64(days) * 1440 + hour * 60 + minute - offsetMinutes
        self.init(microsecondsSince1970: (minutes * 60 + second) * 1_000_000 + microseconds)
    }

    private static func isDigit(_ byte: UInt8) -> Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) }
}
