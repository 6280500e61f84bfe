internal import FoundationEssentials
package import PostgresClient
package import SlipwayCore

// How Slipway's own types are bound and read. Texts of enums are checked when they are read.

extension Identifier: PostgresEncodable, PostgresDecodable {
    package static var postgresType: PostgresType { PostgresUUID.postgresType }

    package func encode(into bytes: inout [UInt8]) -> Bool {
        PostgresUUID(high: high, low: low).encode(into: &bytes)
    }

    package init(from field: PostgresField) throws(PostgresError) {
        let value = try PostgresUUID(from: field)
        self.init(high: value.high, low: value.low)
    }
}

extension Timestamp: PostgresEncodable, PostgresDecodable {
    package static var postgresType: PostgresType { PostgresTimestamp.postgresType }

    package func encode(into bytes: inout [UInt8]) -> Bool {
        PostgresTimestamp(microsecondsSince1970: microsecondsSince1970).encode(into: &bytes)
    }

    package init(from field: PostgresField) throws(PostgresError) {
        self.init(microsecondsSince1970: try PostgresTimestamp(from: field).microsecondsSince1970)
    }
}

extension RunState: PostgresEncodable, PostgresDecodable {}
extension TaskState: PostgresEncodable, PostgresDecodable {}
extension ReasonCode: PostgresEncodable, PostgresDecodable {}
extension FailureClass: PostgresEncodable, PostgresDecodable {}

/// JSON text of a value, for `jsonb`. Keys are sorted so that equal values have equal text.
func postgresJSON(_ value: some Encodable) throws -> PostgresJSON {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return PostgresJSON(text: String(decoding: try encoder.encode(value), as: UTF8.self))
}

/// The value that a `jsonb` holds.
func decoded<Value: Decodable>(_ json: PostgresJSON, as type: Value.Type = Value.self) throws -> Value {
    try JSONDecoder().decode(Value.self, from: Data(json.text.utf8))
}

extension Duration {
    /// For `make_interval`-free arithmetic in SQL: `\(ttl.postgresInterval)`.
    var postgresInterval: PostgresInterval {
        let (seconds, attoseconds) = components
        return PostgresInterval(months: 0, days: 0, microseconds: seconds * 1_000_000 + attoseconds / 1_000_000_000_000)
    }
}
