/// What an unquoted word in a YAML file is, by the core schema of YAML 1.2: `yes`, `on` and `0o7` are text.
///
/// Source: YAML 1.2.2, section 10.3.2; numbers other than decimal ones are left to be text.
enum PlainScalar {
    static func isNull(_ text: String) -> Bool { ["", "~", "null", "Null", "NULL"].contains(text) }

    static func boolean(_ text: String) -> Bool? {
        switch text {
        case "true", "True", "TRUE": true
        case "false", "False", "FALSE": false
        default: nil
        }
    }

    /// Decimal digits with an optional sign that fit 64 bits.
    static func integer(_ text: String) -> Int64? {
        let digits = text.hasPrefix("-") || text.hasPrefix("+") ? text.dropFirst() : Substring(text)
        guard !digits.isEmpty, digits.utf8.allSatisfy(isDigit) else { return nil }
        return Int64(text)
    }

    /// A decimal number, with or without fraction and exponent, that a double can hold; never infinite.
    static func number(_ text: String) -> Double? {
        let isDecimal = text.utf8.allSatisfy { isDigit($0) || [0x2B, 0x2D, 0x2E, 0x45, 0x65].contains($0) }
        guard isDecimal, text.utf8.contains(where: isDigit), let value = Double(text), value.isFinite else {
            return nil
        }
        return value
    }

    private static func isDigit(_ byte: UInt8) -> Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) }
}
