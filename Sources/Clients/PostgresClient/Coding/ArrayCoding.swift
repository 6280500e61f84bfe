/// The wire forms of one-dimensional arrays.
enum ArrayCoding {
    /// Dimensions, whether there are NULLs, the elements' type, length, lower bound; then each element with its length.
    static func encodeBinary<Element: PostgresEncodable>(
        _ elements: [Element],
        elementOID: UInt32,
        into bytes: inout [UInt8]
    ) {
        precondition(elementOID != 0, "arrays of \(Element.self) have no type on the server")
        Int32(elements.isEmpty ? 0 : 1).appendBigEndian(to: &bytes)
        let nullFlag = bytes.count
        Int32(0).appendBigEndian(to: &bytes)
        elementOID.appendBigEndian(to: &bytes)
        guard !elements.isEmpty else { return }
        Int32(elements.count).appendBigEndian(to: &bytes)
        Int32(1).appendBigEndian(to: &bytes)
        for element in elements {
            let start = bytes.count
            Int32(-1).appendBigEndian(to: &bytes)
            if element.encode(into: &bytes) {
                setLength(Int32(bytes.count - start - 4), at: start, in: &bytes)
            } else {
                bytes[nullFlag + 3] = 1
            }
        }
    }

    /// An array literal with every element quoted, for element types the server infers.
    static func encodeText<Element: PostgresEncodable>(_ elements: [Element], into bytes: inout [UInt8]) {
        bytes.append(UInt8(ascii: "{"))
        var text: [UInt8] = []
        for (index, element) in elements.enumerated() {
            if index > 0 { bytes.append(UInt8(ascii: ",")) }
            text.removeAll(keepingCapacity: true)
            guard element.encode(into: &text) else {
                bytes.append(contentsOf: "NULL".utf8)
                continue
            }
            bytes.append(UInt8(ascii: "\""))
            for byte in text {
                if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") { bytes.append(UInt8(ascii: "\\")) }
                bytes.append(byte)
            }
            bytes.append(UInt8(ascii: "\""))
        }
        bytes.append(UInt8(ascii: "}"))
    }

    static func decode<Element: PostgresDecodable>(_ field: PostgresField) throws(PostgresError) -> [Element] {
        var rest = try field.bytes
        func take<Number: FixedWidthInteger>(_ type: Number.Type) throws(PostgresError) -> Number {
            let size = MemoryLayout<Number>.size
            guard rest.count >= size else { throw field.mismatch([Element].self) }
            defer { rest = rest.dropFirst(size) }
            return Number(bigEndianBytes: rest.prefix(size))
        }
        let dimensions = try take(Int32.self)
        _ = try take(Int32.self)
        let elementType = try take(UInt32.self)
        if dimensions == 0 { return [] }
        guard dimensions == 1 else {
            throw field.error("is an array of \(dimensions) dimensions; only one can be read")
        }
        let count = try take(Int32.self)
        _ = try take(Int32.self)
        var elements: [Element] = []
        // Each element takes four bytes at least, so a wrong count cannot reserve more than came in.
        elements.reserveCapacity(min(Int(count), rest.count / 4))
        for _ in 0..<max(0, count) {
            let length = Int(try take(Int32.self))
            guard length >= 0 else {
                elements.append(try Element(from: PostgresField(type: elementType, bytes: nil)))
                continue
            }
            guard rest.count >= length else { throw field.mismatch([Element].self) }
            elements.append(try Element(from: PostgresField(type: elementType, bytes: rest.prefix(length))))
            rest = rest.dropFirst(length)
        }
        return elements
    }

    private static func setLength(_ length: Int32, at position: Int, in bytes: inout [UInt8]) {
        for index in 0..<4 {
            bytes[position + index] = UInt8(truncatingIfNeeded: length >> Int32(24 - 8 * index))
        }
    }
}

extension Array: PostgresEncodable where Element: PostgresEncodable {
    package static var postgresType: PostgresType { Element.postgresArrayType }

    package func encode(into bytes: inout [UInt8]) -> Bool {
        Element.encodeArray(self, into: &bytes)
        return true
    }
}

extension Array: PostgresDecodable where Element: PostgresDecodable {
    package init(from field: PostgresField) throws(PostgresError) {
        self = try Element.decodeArray(from: field)
    }
}

/// A byte array is `bytea`; a byte alone is a `smallint`.
extension UInt8: PostgresCodable {
    package static var postgresType: PostgresType { .int2 }
    package static var postgresArrayType: PostgresType { .bytea }

    package func encode(into bytes: inout [UInt8]) -> Bool { Int16(self).encode(into: &bytes) }

    package static func encodeArray(_ elements: [UInt8], into bytes: inout [UInt8]) {
        bytes.append(contentsOf: elements)
    }

    package init(from field: PostgresField) throws(PostgresError) {
        self = try WholeNumber.decode(field)
    }

    package static func decodeArray(from field: PostgresField) throws(PostgresError) -> [UInt8] {
        guard field.type == PostgresType.bytea.oid else { throw field.mismatch([UInt8].self) }
        return Array(try field.bytes)
    }
}
