/// A value that can be a parameter.
///
/// Enums with `String` raw values conform by declaration alone; a type that travels as another one conforms to
/// `PostgresConvertible`. A scalar `String` or enum is sent as text of a type the server infers from the statement (so it
/// fits `text`, enum, `uuid`… columns); where nothing tells the type, write `$1::text`.
package protocol PostgresEncodable: Sendable {
    /// How one value is sent.
    static var postgresType: PostgresType { get }

    /// How an array of values is sent.
    static var postgresArrayType: PostgresType { get }

    /// Appends the value's wire form, without a length.
    ///
    /// - Returns: `false`, with nothing appended, for NULL.
    func encode(into bytes: inout [UInt8]) -> Bool

    /// Appends the wire form of an array.
    static func encodeArray(_ elements: [Self], into bytes: inout [UInt8])
}

/// A value that can be read from a column.
package protocol PostgresDecodable: Sendable {
    /// - Throws: `PostgresError` with code `decodingFailed`, which never shows the value.
    init(from field: PostgresField) throws(PostgresError)

    static func decodeArray(from field: PostgresField) throws(PostgresError) -> [Self]
}

package typealias PostgresCodable = PostgresEncodable & PostgresDecodable

/// A type that travels as another one, for example an identifier as a UUID.
package protocol PostgresConvertible: PostgresCodable {
    associatedtype PostgresValue: PostgresCodable
    /// What is sent.
    var postgresValue: PostgresValue { get }
    /// - Returns: `nil` if the database's value is not one of this type's.
    init?(postgresValue: PostgresValue)
}

/// A type as the wire knows it.
package struct PostgresType: Sendable, Hashable {
    package enum Format: Int32, Sendable {
        case text = 0
        case binary = 1
    }

    /// The server's number for the type; 0 lets it infer the type.
    package let oid: UInt32
    /// The number of the array type; 0 if arrays are inferred too.
    package let arrayOID: UInt32
    /// For an array type, the type of its elements.
    package let elementOID: UInt32
    package let format: Format

    /// A built-in type sent in binary form.
    package static func binary(_ oid: UInt32, array arrayOID: UInt32) -> PostgresType {
        PostgresType(oid: oid, arrayOID: arrayOID, elementOID: 0, format: .binary)
    }

    /// Text whose type the statement tells.
    package static let inferred = PostgresType(oid: 0, arrayOID: 0, elementOID: 0, format: .text)

    /// The array of this type.
    package var array: PostgresType {
        format == .text
            ? .inferred : PostgresType(oid: arrayOID, arrayOID: 0, elementOID: oid, format: .binary)
    }

    static let bool = binary(16, array: 1000)
    static let bytea = binary(17, array: 1001)
    static let int8 = binary(20, array: 1016)
    static let int2 = binary(21, array: 1005)
    static let int4 = binary(23, array: 1007)
    static let text = binary(25, array: 1009)
    static let float4 = binary(700, array: 1021)
    static let float8 = binary(701, array: 1022)
    static let timestamptz = binary(1184, array: 1185)
    static let interval = binary(1186, array: 1187)
    static let numeric = binary(1700, array: 1231)
    static let uuid = binary(2950, array: 2951)
    static let jsonb = binary(3802, array: 3807)
    static let json = binary(114, array: 199)
}

extension PostgresEncodable {
    package static var postgresArrayType: PostgresType { postgresType.array }

    package static func encodeArray(_ elements: [Self], into bytes: inout [UInt8]) {
        switch postgresArrayType.format {
        case .binary: ArrayCoding.encodeBinary(elements, elementOID: postgresArrayType.elementOID, into: &bytes)
        case .text: ArrayCoding.encodeText(elements, into: &bytes)
        }
    }
}

extension PostgresDecodable {
    package static func decodeArray(from field: PostgresField) throws(PostgresError) -> [Self] {
        try ArrayCoding.decode(field)
    }
}

extension PostgresConvertible {
    package static var postgresType: PostgresType { PostgresValue.postgresType }
    package static var postgresArrayType: PostgresType { PostgresValue.postgresArrayType }

    package func encode(into bytes: inout [UInt8]) -> Bool { postgresValue.encode(into: &bytes) }

    package init(from field: PostgresField) throws(PostgresError) {
        guard let value = Self(postgresValue: try PostgresValue(from: field)) else {
            throw field.error("holds a value that is no \(Self.self)")
        }
        self = value
    }
}

extension PostgresEncodable where Self: RawRepresentable, RawValue == String {
    package static var postgresType: PostgresType { .inferred }

    package func encode(into bytes: inout [UInt8]) -> Bool {
        bytes.append(contentsOf: rawValue.utf8)
        return true
    }
}

extension PostgresDecodable where Self: RawRepresentable, RawValue == String {
    package init(from field: PostgresField) throws(PostgresError) {
        guard let value = Self(rawValue: try String(from: field)) else {
            throw field.error("holds a value that is no \(Self.self)")
        }
        self = value
    }
}

extension Optional: PostgresEncodable where Wrapped: PostgresEncodable {
    package static var postgresType: PostgresType { Wrapped.postgresType }
    package static var postgresArrayType: PostgresType { Wrapped.postgresArrayType }

    package func encode(into bytes: inout [UInt8]) -> Bool {
        self?.encode(into: &bytes) ?? false
    }
}

extension Optional: PostgresDecodable where Wrapped: PostgresDecodable {
    package init(from field: PostgresField) throws(PostgresError) {
        self = field.isNull ? nil : try Wrapped(from: field)
    }
}
