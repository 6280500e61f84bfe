/// Comma-separated values in the form of RFC 4180: records end with CR LF.
package enum CSVText {
    /// One record.
    package static func record(_ values: [JSONValue]) -> String {
        values.map(field).joined(separator: ",") + "\r\n"
    }

    /// Null is nothing at all, which tells it from an empty text: that is quoted. Lists and objects are their JSON.
    package static func field(_ value: JSONValue) -> String {
        switch value {
        case .null: ""
        case .bool(let value): value ? "true" : "false"
        case .integer(let value): String(value)
        case .number(let value): "\(value)"
        case .string(let text): text.isEmpty || needsQuotes(text) ? quoted(text) : text
        case .array, .object: quoted(value.canonicalText)
        }
    }

    private static func needsQuotes(_ text: String) -> Bool {
        text.utf8.contains { byte in
            byte == UInt8(ascii: ",") || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\n")
                || byte == UInt8(ascii: "\r")
        }
    }

    private static func quoted(_ text: String) -> String {
        var quoted = "\""
        for scalar in text.unicodeScalars {
            if scalar == "\"" { quoted.unicodeScalars.append(scalar) }
            quoted.unicodeScalars.append(scalar)
        }
        return quoted + "\""
    }
}
