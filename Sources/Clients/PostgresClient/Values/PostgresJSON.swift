/// A `jsonb` as its text.
package struct PostgresJSON: Sendable, Hashable {
    package let text: String

    package init(text: String) {
        self.text = text
    }
}

extension PostgresJSON: PostgresCodable {
    package static var postgresType: PostgresType { .jsonb }

    /// The first byte of the binary form.
    private static let version: UInt8 = 1

    package func encode(into bytes: inout [UInt8]) -> Bool {
        bytes.append(Self.version)
        bytes.append(contentsOf: text.utf8)
        return true
    }

    /// Reads `jsonb` and `json`.
    package init(from field: PostgresField) throws(PostgresError) {
        let bytes = try field.bytes
        switch field.type {
        case PostgresType.json.oid:
            text = String(decoding: bytes, as: UTF8.self)
        case PostgresType.jsonb.oid:
            guard bytes.first == Self.version else { throw field.error("is jsonb of an unknown version") }
            text = String(decoding: bytes.dropFirst(), as: UTF8.self)
        default:
            throw field.mismatch(PostgresJSON.self)
        }
    }
}
