/// A connection lent to one caller: settings, temporary tables, advisory locks and slow statements belong here.
///
/// It is good within the `withSession` that made it; afterwards every call fails with code `closed`.
package struct PostgresSession: PostgresQuerying {
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

    /// The server process behind the session, as `pg_backend_pid()` tells it.
    package var backendPID: Int32 {
        get async throws(PostgresError) { try await engine.backendPID(of: lease) }
    }
}
