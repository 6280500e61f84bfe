/// Writes the binary form of COPY.
struct CopyEncoder {
    struct Column {
        let name: String
        let type: UInt32
    }

    private let columns: [Column]
    private(set) var bytes: [UInt8] = []

    init(columns: [Column]) {
        self.columns = columns
        bytes += Array("PGCOPY\n".utf8) + [0xFF, 0x0D, 0x0A, 0x00]
        Int32(0).appendBigEndian(to: &bytes)  // no flags
        Int32(0).appendBigEndian(to: &bytes)  // no header extension
    }

    /// What has been written since the last call.
    mutating func takeBytes() -> [UInt8] {
        defer { bytes.removeAll(keepingCapacity: true) }
        return bytes
    }

    mutating func append(_ row: PostgresCopyRow) throws(PostgresError) {
        guard row.values.count == columns.count else {
            throw PostgresError(
                .invalidParameter,
                "a row for COPY has \(row.values.count) values; \(columns.count) columns are named"
            )
        }
        Int16(columns.count).appendBigEndian(to: &bytes)
        for (entry, column) in zip(row.values.entries, columns) {
            guard entry.length >= 0 else {
                Int32(-1).appendBigEndian(to: &bytes)
                continue
            }
            try append(row.values.bytes[entry.offset..<entry.offset + entry.length], of: entry.type.oid, for: column)
        }
    }

    mutating func finish() {
        Int16(-1).appendBigEndian(to: &bytes)
    }

    private mutating func append(
        _ value: ArraySlice<UInt8>,
        of type: UInt32,
        for column: Column
    ) throws(PostgresError) {
        let integerWidths: [UInt32: Int] = [
            PostgresType.int2.oid: 2, PostgresType.int4.oid: 4, PostgresType.int8.oid: 8,
        ]
        if type == column.type || (type == 0 && Self.takesText(column.type)) {
            append(value)
        } else if integerWidths[type] != nil, let width = integerWidths[column.type] {
            try append(Self.wholeNumber(value), width: width, for: column)
        } else if type == 0, column.type == PostgresType.jsonb.oid {
            append([1] + value)
        } else if type == PostgresType.jsonb.oid, column.type == PostgresType.json.oid {
            append(value.dropFirst())
        } else {
            throw PostgresError(
                .invalidParameter,
                "COPY: a value of type \(type) does not fit column \(column.name) of type \(column.type)"
            )
        }
    }

    private mutating func append(_ value: ArraySlice<UInt8>) {
        Int32(value.count).appendBigEndian(to: &bytes)
        bytes += value
    }

    private mutating func append(_ number: Int64, width: Int, for column: Column) throws(PostgresError) {
        let shift = 64 - 8 * width
        guard (number << Int64(shift)) >> Int64(shift) == number else {
            throw PostgresError(
                .invalidParameter,
                "COPY: a number does not fit the \(width) bytes of column \(column.name)"
            )
        }
        Int32(width).appendBigEndian(to: &bytes)
        var place = 8 * (width - 1)
        while place >= 0 {
            bytes.append(UInt8(truncatingIfNeeded: number >> Int64(place)))
            place -= 8
        }
    }

    private static func wholeNumber(_ value: ArraySlice<UInt8>) -> Int64 {
        switch value.count {
        case 2: Int64(Int16(bigEndianBytes: value))
        case 4: Int64(Int32(bigEndianBytes: value))
        default: Int64(bigEndianBytes: value)
        }
    }

    /// Text types, `json`, and types made by users, of which enums are meant: their binary form is their text.
    private static func takesText(_ type: UInt32) -> Bool {
        switch type {
        case 19, 25, 114, 1042, 1043: true
        case let type: type >= 16_384
        }
    }
}
