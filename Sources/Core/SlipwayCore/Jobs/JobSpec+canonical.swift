internal import FoundationEssentials

extension JobSpec {
    /// The stored form: compact JSON with sorted members. Equal specifications have equal texts, on every machine, so
    /// that a digest of it is a version's address.
    ///
    /// - Throws: only for what no valid specification holds, such as an infinite number.
    package func canonicalJSON() throws -> String { try JSONValue(encoding: self).canonicalText }
}

extension JSONValue {
    /// Any encodable value as a JSON value.
    package init(encoding value: some Encodable) throws {
        self = try JSONDecoder().decode(JSONValue.self, from: JSONEncoder().encode(value))
    }
}
