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

extension PostgresError {
    /// The server refused a value: the same work fails again, and work without that value may succeed.
    var isAboutData: Bool {
        if code == .invalidParameter { return true }
        // Cardinality violations, data exceptions, integrity constraint violations, limits such as that of an index's row.
        return sqlState.map { ["21", "22", "23", "54"].contains($0.prefix(2)) } ?? false
    }
}

/// JSON text of a value, for `jsonb`. Keys are sorted so that equal values have equal text.
func postgresJSON(_ value: some Encodable) throws -> PostgresJSON {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return PostgresJSON(text: String(decoding: withoutNull([UInt8](try encoder.encode(value))), as: UTF8.self))
}

/// JSON whose null characters are replacement characters: `jsonb` takes none, and a job's code can write one.
private func withoutNull(_ json: [UInt8]) -> [UInt8] {
    let null = Array("u0000".utf8)
    var result: [UInt8] = []
    result.reserveCapacity(json.count)
    var index = 0
    while index < json.count {
        guard json[index] == UInt8(ascii: "\\"), index + 1 < json.count else {
            result.append(json[index])
            index += 1
            continue
        }
        // A backslash and what it escapes go together, so that an escaped backslash before `u0000` stays one.
        if json[(index + 1)...].starts(with: null) {
            result += Array("\u{FFFD}".utf8)
            index += 1 + null.count
        } else {
            result += json[index...(index + 1)]
            index += 2
        }
    }
    return result
}

/// Text without null characters, which Postgres does not take.
func postgresText(_ text: String) -> String {
    text.unicodeScalars.contains("\0")
        ? String(text.unicodeScalars.map { $0 == "\0" ? "\u{FFFD}" : Character($0) }) : text
}

/// The value that a `jsonb` holds.
func decoded<Value: Decodable>(_ json: PostgresJSON, as type: Value.Type = Value.self) throws -> Value {
    try JSONDecoder().decode(Value.self, from: Data(json.text.utf8))
}

/// Most runs have none, and hot statements read them.
func decodedOverrides(_ json: PostgresJSON) throws -> RunOverrides {
    json.text == "{}" ? RunOverrides() : try decoded(json)
}

extension Duration {
    /// For `make_interval`-free arithmetic in SQL: `\(ttl.postgresInterval)`.
    var postgresInterval: PostgresInterval {
        let (seconds, attoseconds) = components
        return PostgresInterval(months: 0, days: 0, microseconds: seconds * 1_000_000 + attoseconds / 1_000_000_000_000)
    }
}
