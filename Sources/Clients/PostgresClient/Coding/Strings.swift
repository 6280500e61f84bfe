extension String: PostgresCodable {
    /// A single text fits whatever the statement expects: `text`, an enum, `uuid`, …
    package static var postgresType: PostgresType { .inferred }
    /// An array is `text[]`, in binary form, since bulk statements carry thousands of elements.
    package static var postgresArrayType: PostgresType { PostgresType.text.array }

    package func encode(into bytes: inout [UInt8]) -> Bool {
        bytes.append(contentsOf: utf8)
        return true
    }

    /// Reads text types, enums, `json`, `jsonb` and `uuid`.
    package init(from field: PostgresField) throws(PostgresError) {
        switch field.type {
        case PostgresType.jsonb.oid: self = try PostgresJSON(from: field).text
        case PostgresType.uuid.oid: self = try PostgresUUID(from: field).description
        case let type where Self.isText(type): self = String(decoding: try field.bytes, as: UTF8.self)
        default: throw field.mismatch(String.self)
        }
    }

    /// Built-in types whose binary form is their text, and every type made by a user, of which enums and domains are meant.
    private static func isText(_ type: UInt32) -> Bool {
        switch type {
        case 18, 19, 25, 114, 142, 705, 1042, 1043: true
        case let type: type >= 16_384
        }
    }
}
