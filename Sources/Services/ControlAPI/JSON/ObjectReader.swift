internal import SlipwayCore

/// Reads the members of a JSON object that a client sent, and notes every mistake instead of stopping at the first.
///
/// A member that nobody asked for is a mistake too: a misspelt one must not be ignored.
struct ObjectReader {
    /// Where the object stands in the body, such as `runs[3]`; empty for the body itself.
    let path: String
    private let members: [String: JSONValue]
    private var known: [String] = []
    private(set) var errors: [FieldError] = []

    init(_ value: JSONValue, path: String = "") {
        self.path = path
        if case .object(let members) = value {
            self.members = members
        } else {
            members = [:]
            errors.append(FieldError(field: path, message: "must be a JSON object"))
        }
    }

    mutating func string(_ name: String, default defaultValue: String? = nil) -> String {
        switch take(name) {
        case .string(let text) where text.utf8.contains(0):
            note(name, message: "must not contain the character NUL")
        case .string(let text): return text
        case nil:
            if let defaultValue { return defaultValue }
            note(name, message: "is required")
        case .some(let other): note(name, value: other, message: "must be a string")
        }
        return ""
    }

    mutating func optionalInteger(_ name: String, allowed: ClosedRange<Int>) -> Int? {
        guard let value = take(name) else { return nil }
        if case .integer(let number) = value, let number = Int(exactly: number), allowed.contains(number) {
            return number
        }
        note(
            name,
            value: value,
            message: "must be a whole number",
            allowed: ["\(allowed.lowerBound) to \(allowed.upperBound)"]
        )
        return nil
    }

    /// An object of any values; empty if absent. Its values may be confidential and are never repeated.
    mutating func values(_ name: String) -> [String: JSONValue] {
        switch take(name) {
        case .object(let values): return values
        case nil: return [:]
        case .some: note(name, message: "must be an object")
        }
        return [:]
    }

    mutating func array(_ name: String, count: ClosedRange<Int>) -> [JSONValue] {
        guard case .array(let elements)? = take(name) else {
            note(name, message: "must be an array")
            return []
        }
        if !count.contains(elements.count) {
            note(
                name,
                value: .integer(Int64(elements.count)),
                message: "has the wrong number of elements",
                allowed: ["\(count.lowerBound) to \(count.upperBound)"]
            )
        }
        return elements
    }

    /// A text of a length within bounds, without NUL; `nil` if absent.
    mutating func optionalText(_ name: String, characters: ClosedRange<Int>) -> String? {
        guard let value = take(name) else { return nil }
        // What a person sees as one character may be very long.
        guard let text = value.string, characters.contains(text.count),
            text.utf8.count <= 4 * characters.upperBound, !text.utf8.contains(0)
        else {
            let bounds = "\(characters.lowerBound) to \(characters.upperBound) characters, none of them NUL"
            note(name, value: value, message: "must be a text", allowed: [bounds])
            return nil
        }
        return text
    }

    /// Members that are `null` are mistakes here rather than absent.
    mutating func refuseNulls() {
        for (name, value) in members.sorted(by: { $0.key < $1.key }) where value == .null {
            note(String(name.prefix(100)), value: value, message: "must not be null")
        }
    }

    /// `true` or `false`; `nil` if absent.
    mutating func flag(_ name: String) -> Bool? {
        switch take(name) {
        case nil: return nil
        case .bool(let value): return value
        case .some(let other): note(name, value: other, message: "must be true or false")
        }
        return nil
    }

    /// One text or an array of texts, each of which means something; `nil` if absent.
    mutating func list<Value>(
        _ name: String,
        allowed: [String],
        _ read: (String) -> Value?
    ) -> [Value]? {
        guard let given = take(name) else { return nil }
        let elements: [JSONValue] = if case .array(let elements) = given { elements } else { [given] }
        var values: [Value] = []
        for element in elements {
            if let text = element.string, let value = read(text) {
                values.append(value)
            } else {
                note(name, value: element, message: "is not allowed", allowed: allowed)
            }
        }
        return values
    }

    /// A text that means something; `nil` if absent.
    mutating func value<Value>(_ name: String, allowed: [String], _ read: (String) -> Value?) -> Value? {
        guard let given = take(name) else { return nil }
        if let value = given.string.flatMap(read) { return value }
        note(name, value: given, message: "is not allowed", allowed: allowed)
        return nil
    }

    /// An object within this one; `nil` if absent. Its mistakes become this one's.
    mutating func nested<Value>(_ name: String, _ read: (inout ObjectReader) -> Value) -> Value? {
        guard let given = take(name) else { return nil }
        var reader = ObjectReader(given, path: path.isEmpty ? name : "\(path).\(name)")
        let value = read(&reader)
        errors += reader.finish()
        return value
    }

    /// Whether there is such a member; it counts as known.
    mutating func has(_ name: String) -> Bool { take(name) != nil }

    /// Notes a mistake that only the caller can see.
    mutating func refuse(_ name: String, message: String, allowed: [String] = []) {
        note(name, message: message, allowed: allowed)
    }

    /// All mistakes, unknown members included. Call it after the last member was read.
    mutating func finish() -> [FieldError] {
        for name in members.keys.sorted() where !known.contains(name) {
            note(String(name.prefix(100)), message: "is not known here", allowed: known)
        }
        return errors
    }

    /// - Throws: a ``Problem`` with all mistakes, if there are any.
    mutating func check() throws(Problem) {
        let errors = finish()
        if !errors.isEmpty { throw Problem.invalid(errors) }
    }

    private mutating func take(_ name: String) -> JSONValue? {
        if !known.contains(name) { known.append(name) }
        let value = members[name]
        return value == .null ? nil : value
    }

    private mutating func note(_ name: String, value: JSONValue? = nil, message: String, allowed: [String] = []) {
        errors.append(
            FieldError(
                field: path.isEmpty ? name : "\(path).\(name)",
                value: value.map(Self.shown),
                message: message,
                allowed: allowed
            )
        )
    }

    private static func shown(_ value: JSONValue) -> String {
        let text = String(decoding: JSONWriter.text { $0.value(value) }, as: UTF8.self)
        return text.count > 100 ? text.prefix(100) + "…" : text
    }
}
