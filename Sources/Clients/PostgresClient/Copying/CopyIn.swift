/// Loads rows through a lent connection.
struct CopyIn {
    let engine: PoolEngine
    let lease: LeaseID
    /// With its schema before a dot, or without.
    let table: String
    let columns: [String]

    /// Pieces of this size keep the socket busy without holding much memory.
    private static let pieceBytes = 64 * 1024

    func run(_ rows: some Sequence<PostgresCopyRow>) async throws -> Int {
        var encoder = CopyEncoder(columns: try await columnTypes())
        let names = columns.map(PostgresQuery.quotedIdentifier).joined(separator: ", ")
        try await engine.beginCopy("COPY \(quotedTable) (\(names)) FROM STDIN (FORMAT binary)", on: lease)
        do {
            for row in rows {
                try encoder.append(row)
                if encoder.bytes.count >= Self.pieceBytes {
                    guard !Task.isCancelled else { throw PostgresRequest.EndReason.cancelled.error }
                    try await engine.sendCopyData(encoder.takeBytes(), on: lease)
                }
            }
            encoder.finish()
            try await engine.sendCopyData(encoder.takeBytes(), on: lease)
        } catch {
            do {
                _ = try await engine.endCopy(problem: "the rows could not be produced", on: lease)
            } catch {
                // That the server refuses what is broken off is the purpose; the reason thrown is ours.
            }
            throw error
        }
        return try await engine.endCopy(problem: nil, on: lease)
    }

    private var quotedTable: String {
        table.split(separator: ".", maxSplits: 1).map { PostgresQuery.quotedIdentifier(String($0)) }.joined(
            separator: "."
        )
    }

    /// The binary form must be of exactly the column's type, so it is asked for. A domain counts as what it is made from.
    private func columnTypes() async throws(PostgresError) -> [CopyEncoder.Column] {
        let known = try await engine.query(
            """
            SELECT a.attname, CASE t.typtype WHEN 'd' THEN t.typbasetype ELSE a.atttypid END
            FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_type t ON t.oid = a.atttypid
            WHERE a.attrelid = to_regclass(\(quotedTable)) AND a.attnum > 0 AND NOT a.attisdropped
            """,
            on: lease
        ).decode(String.self, Int.self)
        let types = Dictionary(known, uniquingKeysWith: { first, _ in first })
        var found: [CopyEncoder.Column] = []
        for column in columns {
            guard let type = types[column] else {
                throw PostgresError(
                    .invalidParameter,
                    "COPY into \(table): there is no such table or no column \(column)"
                )
            }
            found.append(CopyEncoder.Column(name: column, type: UInt32(type)))
        }
        return found
    }
}
