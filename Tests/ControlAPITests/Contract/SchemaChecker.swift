import SlipwayCore

/// Checks values against the part of JSON Schema that the API's document uses. A word it does not know is a mistake.
struct SchemaChecker {
    let components: [String: JSONValue]

    /// What is wrong with a value, each with its place.
    func mistakes(in value: JSONValue, _ schema: JSONValue, at path: String = "$") -> [String] {
        guard case .object(let members) = schema else { return ["\(path): the schema is no object"] }
        var mistakes: [String] = []
        for (word, rule) in members.sorted(by: { $0.key < $1.key }) {
            mistakes += check(word, rule, value, members, path)
        }
        return mistakes
    }

    private func check(
        _ word: String,
        _ rule: JSONValue,
        _ value: JSONValue,
        _ members: [String: JSONValue],
        _ path: String
    ) -> [String] {
        switch word {
        case "description", "format",
            "required" where value.members == nil:
            return []
        case "$ref":
            guard let name = rule.string?.split(separator: "/").last, let schema = components[String(name)] else {
                return ["\(path): \(rule) is not there"]
            }
            return mistakes(in: value, schema, at: path)
        case "type":
            return Self.isOfType(rule.string ?? "", value) ? [] : ["\(path) is no \(rule.string ?? ""): \(value)"]
        case "enum": return rule.items.contains(value) ? [] : ["\(path) is none of the words: \(value)"]
        case "const": return rule == value ? [] : ["\(path) is not \(rule): \(value)"]
        case "required":
            return rule.items.compactMap(\.string).filter { value.members?[$0] == nil }.map {
                "\(path).\($0) is missing"
            }
        case "properties":
            return (value.members ?? [:]).flatMap { name, member -> [String] in
                rule[name].map { mistakes(in: member, $0, at: "\(path).\(name)") } ?? []
            }
        case "additionalProperties":
            let known = members["properties"]?.members ?? [:]
            return (value.members ?? [:]).filter { known[$0.key] == nil }.flatMap { name, member -> [String] in
                rule == .bool(false)
                    ? ["\(path).\(name) is not in the document"] : mistakes(in: member, rule, at: "\(path).\(name)")
            }
        case "items":
            return value.items.enumerated().flatMap { mistakes(in: $1, rule, at: "\(path)[\($0)]") }
        case "anyOf":
            let found = rule.items.map { mistakes(in: value, $0, at: path) }
            return found.contains(where: \.isEmpty) ? [] : ["\(path) is none of the choices: \(value)"]
        case "allOf": return rule.items.flatMap { mistakes(in: value, $0, at: path) }
        case "minLength": return (value.string?.count ?? .max) >= rule.whole ? [] : ["\(path) is too short"]
        case "maxLength": return (value.string?.count ?? 0) <= rule.whole ? [] : ["\(path) is too long"]
        case "minimum": return value.whole >= rule.whole ? [] : ["\(path) is too small"]
        case "maximum": return value.whole <= rule.whole ? [] : ["\(path) is too large"]
        case "minItems": return value.items.count >= rule.whole ? [] : ["\(path) has too few elements"]
        case "maxItems": return value.items.count <= rule.whole ? [] : ["\(path) has too many elements"]
        default: return ["\(path): the schema's word \(word) is not known"]
        }
    }

    private static func isOfType(_ type: String, _ value: JSONValue) -> Bool {
        switch (type, value) {
        case ("string", .string), ("integer", .integer), ("number", .integer), ("number", .number), ("boolean", .bool),
            ("object", .object), ("array", .array):
            true
        // 30.0 is a whole number to JSON Schema.
        case ("integer", .number(let number)): number.rounded() == number
        default: false
        }
    }
}

extension JSONValue {
    var members: [String: JSONValue]? {
        if case .object(let members) = self { members } else { nil }
    }

    var items: [JSONValue] {
        if case .array(let items) = self { items } else { [] }
    }

    fileprivate var whole: Int {
        switch self {
        case .integer(let number): Int(number)
        case .number(let number): Int(number)
        default: 0
        }
    }
}
