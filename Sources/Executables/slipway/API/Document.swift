internal import FoundationEssentials
internal import SlipwayCore

/// JSON as the API sent it. Unknown members are kept, so that `-o json` shows all there is.
typealias Document = JSONValue

extension JSONValue {
    init?(json: some Sequence<UInt8>) {
        // why: the caller knows where the text came from and says so.
        guard let value = try? JSONDecoder().decode(JSONValue.self, from: Data(json)) else { return nil }
        self = value
    }

    /// A member's text; of numbers and truth values their JSON form; empty if absent.
    func text(_ key: String) -> String { self[key]?.plainText ?? "" }

    var plainText: String {
        switch self {
        case .null: ""
        case .bool(let value): String(value)
        case .integer(let value): String(value)
        case .number(let value): "\(value)"
        case .string(let value): value
        case .array, .object: jsonText(isPretty: false)
        }
    }

    func integer(_ key: String) -> Int? {
        if case .integer(let value)? = self[key] { Int(exactly: value) } else { nil }
    }

    func seconds(_ key: String) -> Double? {
        switch self[key] {
        case .integer(let value)?: Double(value)
        case .number(let value)?: value
        default: nil
        }
    }

    func elements(_ key: String) -> [JSONValue] {
        if case .array(let elements)? = self[key] { elements } else { [] }
    }

    var members: [String: JSONValue] {
        if case .object(let members) = self { members } else { [:] }
    }

    func jsonText(isPretty: Bool) -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting =
            isPretty
            ? [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes] : [.sortedKeys, .withoutEscapingSlashes]
        // why: every value of this type has a JSON form, save a number that is not finite, which no JSON text gave us.
        guard let data = try? encoder.encode(self) else { return "null" }
        return String(decoding: data, as: UTF8.self)
    }
}
