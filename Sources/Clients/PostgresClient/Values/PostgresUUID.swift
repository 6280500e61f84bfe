/// A `uuid`.
package struct PostgresUUID: Sendable, Hashable, Comparable {
    package let high: UInt64
    package let low: UInt64

    package init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }

    package static func < (left: PostgresUUID, right: PostgresUUID) -> Bool {
        (left.high, left.low) < (right.high, right.low)
    }
}

extension PostgresUUID: CustomStringConvertible {
    /// Lower-case hexadecimal in groups of 8-4-4-4-12.
    package var description: String {
        var text = ""
        text.reserveCapacity(36)
        for nibble in 0..<32 {
            if nibble == 8 || nibble == 12 || nibble == 16 || nibble == 20 { text.append("-") }
            let word = nibble < 16 ? high : low
            text += String((word >> UInt64(60 - 4 * (nibble % 16))) & 0xF, radix: 16)
        }
        return text
    }
}

extension PostgresUUID: PostgresCodable {
    package static var postgresType: PostgresType { .uuid }

    package func encode(into bytes: inout [UInt8]) -> Bool {
        high.appendBigEndian(to: &bytes)
        low.appendBigEndian(to: &bytes)
        return true
    }

    package init(from field: PostgresField) throws(PostgresError) {
        let bytes = try field.bytes
        guard field.type == PostgresType.uuid.oid, bytes.count == 16 else { throw field.mismatch(PostgresUUID.self) }
        self.init(high: UInt64(bigEndianBytes: bytes.prefix(8)), low: UInt64(bigEndianBytes: bytes.dropFirst(8)))
    }
}
