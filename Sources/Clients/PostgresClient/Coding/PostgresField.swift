/// One value of a row as it came over the wire, in binary form.
package struct PostgresField: Sendable {
    /// The server's number for the column's type.
    package let type: UInt32
    private let contents: ArraySlice<UInt8>?

    init(type: UInt32, bytes: ArraySlice<UInt8>?) {
        self.type = type
        contents = bytes
    }

    package var isNull: Bool { contents == nil }

    /// The wire form.
    ///
    /// - Throws: `PostgresError` with code `decodingFailed` for NULL.
    package var bytes: ArraySlice<UInt8> {
        get throws(PostgresError) {
            guard let contents else { throw error("is NULL; read it as an Optional") }
            return contents
        }
    }

    func error(_ problem: String) -> PostgresError {
        PostgresError(.decodingFailed, "the column (type \(type)) \(problem)")
    }

    func mismatch<Value>(_ wanted: Value.Type) -> PostgresError {
        error("cannot be read as \(wanted)")
    }

    /// A big-endian number of exactly this width.
    func fixedWidth<Number: FixedWidthInteger>(_ type: Number.Type) throws(PostgresError) -> Number {
        let bytes = try bytes
        guard bytes.count == MemoryLayout<Number>.size else { throw mismatch(type) }
        return Number(bigEndianBytes: bytes)
    }
}

extension FixedWidthInteger {
    /// Reads big-endian bytes; there must be as many as the number has.
    init(bigEndianBytes bytes: some Sequence<UInt8>) {
        var value: Self = 0
        for byte in bytes {
            value = (value << 8) | Self(truncatingIfNeeded: byte)
        }
        self = value
    }

    func appendBigEndian(to bytes: inout [UInt8]) {
        var shift = Self.bitWidth - 8
        while shift >= 0 {
            bytes.append(UInt8(truncatingIfNeeded: self >> shift))
            shift -= 8
        }
    }
}
