/// A transaction under way. It begins on the server together with its first statement.
///
/// After a statement failed the server refuses all further ones, except after `ROLLBACK TO` a savepoint.
package struct PostgresTransaction: PostgresQuerying {
    let engine: PoolEngine
    let lease: LeaseID

    @discardableResult
    package func query(_ query: PostgresQuery) async throws(PostgresError) -> PostgresResult {
        try await engine.query(query, on: lease)
    }

    @discardableResult
    package func batch(_ queries: [PostgresQuery]) async throws(PostgresError) -> [Result<
        PostgresResult, PostgresError
    >] {
        try await engine.batch(queries, on: lease)
    }

    /// Loads rows with COPY as part of the transaction; see `PostgresPool.copyIn`.
    @discardableResult
    package func copyIn(
        table: String,
        columns: [String],
        rows: some Sequence<PostgresCopyRow>
    ) async throws -> Int {
        try await CopyIn(engine: engine, lease: lease, table: table, columns: columns).run(rows)
    }
}
