/// Whatever can run a statement: a pool, a session, a transaction.
package protocol PostgresQuerying: Sendable {
    /// Runs one statement and returns all its rows.
    ///
    /// Cancelling the calling task, or passing the statement's deadline, cancels it on the server too.
    @discardableResult
    func query(_ query: PostgresQuery) async throws(PostgresError) -> PostgresResult

    /// Runs statements in one round trip, in order; each result stands at its statement's place.
    ///
    /// On a pool the statements are independent: one that fails spares its neighbours. Inside a transaction the first failure
    /// fails what follows it.
    @discardableResult
    func batch(_ queries: [PostgresQuery]) async throws(PostgresError) -> [Result<PostgresResult, PostgresError>]
}
