internal import SlipwayCore

/// Writes JSON values as YAML, block style, members sorted.
enum YAMLText {
    static func of(_ value: JSONValue) -> String { lines(value).joined(separator: "\n") }

    private static func lines(_ value: JSONValue) -> [String] {
        switch value {
        case .object(let members) where !members.isEmpty:
            members.sorted { $0.key < $1.key }.flatMap { member("\(scalar(.string($0.key))):", $0.value) }
        case .array(let elements) where !elements.isEmpty:
            elements.flatMap { element in
                let inner = lines(element)
                return ["- \(inner[0])"] + inner.dropFirst().map { "  \($0)" }
            }
        default: [scalar(value)]
        }
    }

    private static func member(_ key: String, _ value: JSONValue) -> [String] {
        switch value {
        case .object(let members) where !members.isEmpty: [key] + lines(value).map { "  \($0)" }
        case .array(let elements) where !elements.isEmpty: [key] + lines(value).map { "  \($0)" }
        case .string(let text) where canBeBlock(text):
            ["\(key) |\(text.hasSuffix("\n") ? "" : "-")"]
                + text.split(separator: "\n", omittingEmptySubsequences: false)
                .dropLast(text.hasSuffix("\n") ? 1 : 0).map { $0.isEmpty ? "" : "  \($0)" }
        default: ["\(key) \(scalar(value))"]
        }
    }

    private static func scalar(_ value: JSONValue) -> String {
        switch value {
        case .string(let text): isPlain(text) ? text : value.jsonText(isPretty: false)
        default: value.jsonText(isPretty: false)
        }
    }

    /// Text of several lines that a block shows as it is.
    private static func canBeBlock(_ text: String) -> Bool {
        guard text.contains("\n"), let first = text.first, first != " ", first != "\n", !text.hasSuffix("\n\n") else {
            return false
        }
        return !text.unicodeScalars.contains { ($0.value < 0x20 && $0 != "\n") || $0.value == 0x7F || $0.value == 0x85 }
            && !text.unicodeScalars.contains { $0.value == 0x2028 || $0.value == 0x2029 || $0.value == 0xFEFF }
    }

    /// Whether a reader takes the text for a string without quotes: words that begin with a letter and mean nothing else.
    private static func isPlain(_ text: String) -> Bool {
        guard let first = text.first, first.isASCII, first.isLetter, text.last != " " else { return false }
        let other: Set<String> = ["true", "false", "null", "yes", "no", "on", "off", "y", "n"]
        guard !other.contains(text.lowercased()) else { return false }
        return text.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || "_-./ ".contains($0)) }
    }
}
