/// What a statement gave back.
package struct PostgresResult: Sendable {
    let storage: ResultStorage
    /// Rows inserted, updated, deleted, selected or copied.
    package let affectedRows: Int
    /// The server's word for what it did, for example `UPDATE 3`.
    package let commandTag: String

    package var rows: [PostgresRow] {
        (0..<storage.rowCount).map { PostgresRow(storage: storage, index: $0) }
    }

    package var rowCount: Int { storage.rowCount }

    package var first: PostgresRow? { storage.rowCount > 0 ? PostgresRow(storage: storage, index: 0) : nil }

    /// All rows as tuples.
    ///
    /// - Throws: `PostgresError` with code `decodingFailed` if the columns are not of these types and this number.
    package func decode<each Column: PostgresDecodable>(
        _ types: repeat (each Column).Type
    ) throws(PostgresError) -> [(repeat each Column)] {
        var decoded: [(repeat each Column)] = []
        decoded.reserveCapacity(storage.rowCount)
        for index in 0..<storage.rowCount {
            decoded.append(try PostgresRow(storage: storage, index: index).decode(repeat each types))
        }
        return decoded
    }
}

/// One row of a result. Rows of one result share its memory.
package struct PostgresRow: Sendable {
    let storage: ResultStorage
    let index: Int

    package var columnNames: [String] { storage.columns.names }

    /// The columns in order, as a tuple.
    ///
    /// - Throws: `PostgresError` with code `decodingFailed`; its message names the column and the types.
    package func decode<each Column: PostgresDecodable>(
        _ types: repeat (each Column).Type
    ) throws(PostgresError) -> (repeat each Column) {
        var wanted = 0
        for _ in repeat each types { wanted += 1 }
        guard wanted == storage.columns.count else {
            throw PostgresError(
                .decodingFailed,
                "the row has \(storage.columns.count) columns and is read as \(wanted) values"
            )
        }
        var column = 0
        return (repeat try next((each types), at: &column))
    }

    /// One column, counted from 0.
    package func value<Value: PostgresDecodable>(
        at column: Int,
        as type: Value.Type = Value.self
    ) throws(PostgresError) -> Value {
        guard column >= 0, column < storage.columns.count else {
            throw PostgresError(
                .decodingFailed,
                "the row has \(storage.columns.count) columns, none at index \(column)"
            )
        }
        do {
            return try Value(from: storage.field(row: index, column: column))
        } catch {
            var named = error
            named.column = storage.columns.names[column]
            throw named
        }
    }

    /// One column by name. Of several with the name, the first.
    package func value<Value: PostgresDecodable>(
        _ name: String,
        as type: Value.Type = Value.self
    ) throws(PostgresError) -> Value {
        guard let column = storage.columns.names.firstIndex(of: name) else {
            throw PostgresError(
                .decodingFailed,
                "the row has no column \(name); it has \(storage.columns.names.joined(separator: ", "))"
            )
        }
        return try value(at: column, as: type)
    }

    private func next<Value: PostgresDecodable>(_ type: Value.Type, at column: inout Int) throws(PostgresError) -> Value
    {
        defer { column += 1 }
        return try value(at: column, as: type)
    }
}

extension PostgresRow: CustomStringConvertible {
    /// The columns' names; no values.
    package var description: String { "row(\(columnNames.joined(separator: ", ")))" }
}

/// The columns of a result, shared by all results of a prepared statement.
final class ResultColumns: Sendable {
    let names: [String]
    let types: [UInt32]
    var count: Int { names.count }

    init(names: [String], types: [UInt32]) {
        self.names = names
        self.types = types
    }

    static let none = ResultColumns(names: [], types: [])
}

/// All values of a result in one buffer, copied out of libpq's memory.
final class ResultStorage: Sendable {
    let columns: ResultColumns
    let rowCount: Int
    private let bytes: [UInt8]
    /// Row by row, where each value ends; the negative complement of that for NULL.
    private let ends: [Int]

    init(columns: ResultColumns, rowCount: Int, bytes: [UInt8], ends: [Int]) {
        self.columns = columns
        self.rowCount = rowCount
        self.bytes = bytes
        self.ends = ends
    }

    static let empty = ResultStorage(columns: .none, rowCount: 0, bytes: [], ends: [])

    func field(row: Int, column: Int) -> PostgresField {
        let place = row * columns.count + column
        let end = ends[place]
        guard end >= 0 else { return PostgresField(type: columns.types[column], bytes: nil) }
        let previous = place == 0 ? 0 : ends[place - 1]
        let start = previous < 0 ? ~previous : previous
        return PostgresField(type: columns.types[column], bytes: bytes[start..<end])
    }
}
