package import EventLoop
package import Logging

/// A bounded set of connections to one database.
///
/// Once all connections are in use, single statements share them: many tasks' statements travel in one connection's pipeline,
/// each in a transaction of its own, so that an error of one spares the others. A slow statement delays those behind it: give
/// it a session of its own. Sessions and transactions have a connection to themselves meanwhile. Connections are opened when
/// needed, and again with jittered pauses after they are lost.
package final class PostgresPool: PostgresQuerying {
    private let engine: PoolEngine
    private let logger: Logger

    /// Connects nothing yet. `close()` before the loop is shut down.
    package init(configuration: PostgresConfiguration, eventLoop: EventLoop, logger: Logger) {
        self.logger = logger
        engine = PoolEngine(configuration: configuration, eventLoop: eventLoop, logger: logger)
    }

    @discardableResult
    package func query(_ query: PostgresQuery) async throws(PostgresError) -> PostgresResult {
        try await engine.query(query)
    }

    @discardableResult
    package func batch(_ queries: [PostgresQuery]) async throws(PostgresError) -> [Result<
        PostgresResult, PostgresError
    >] {
        try await engine.batch(queries)
    }

    /// Runs `body` with a connection of its own.
    ///
    /// Afterwards what the session changed is undone: an open transaction is rolled back, settings, temporary tables, session
    /// locks and LISTEN are reset.
    package func withSession<R>(_ body: (PostgresSession) async throws -> R) async throws -> R {
        let session = PostgresSession(engine: engine, lease: try await engine.acquire())
        do {
            let result = try await body(session)
            await engine.release(session.lease, resetting: true)
            return result
        } catch {
            await engine.release(session.lease, resetting: true)
            throw error
        }
    }

    /// Runs `body` in a transaction and commits it; rolls back if it throws.
    ///
    /// A serialization failure, a deadlock, or a connection lost before COMMIT was sent runs `body` again from its beginning,
    /// after a short random pause: what it does besides its statements must bear repetition. An error from COMMIT whose
    /// outcome is unknown is thrown as `connectionLost(mayHaveExecuted: true)`.
    ///
    /// - Parameter retries: how often it may be run again.
    package func transaction<R>(
        isolation: PostgresIsolation = .readCommitted,
        retries: Int = 5,
        _ body: (PostgresTransaction) async throws -> R
    ) async throws -> R {
        let pauses = Backoff(first: .milliseconds(5), limit: .milliseconds(500))
        var attempt = 0
        while true {
            do {
                return try await runTransaction(isolation: isolation, body)
            } catch let failure as TransactionFailure {
                guard failure.mayRunAgain, attempt < retries, !Task.isCancelled else { throw failure.error }
                logger.debug(
                    "transaction runs again",
                    metadata: [
                        "postgres.attempt": "\(attempt + 1)", "postgres.cause": "\(failure.cause?.description ?? "")",
                    ]
                )
                try await Task.sleep(for: pauses.pause(attempt: attempt, random: .random(in: 0..<1)))
                attempt += 1
            }
        }
    }

    private func runTransaction<R>(
        isolation: PostgresIsolation,
        _ body: (PostgresTransaction) async throws -> R
    ) async throws -> R {
        let transaction = PostgresTransaction(engine: engine, lease: try await engine.acquire(beginning: isolation))
        let result: R
        do {
            result = try await body(transaction)
        } catch {
            let cause = await engine.rollBack(transaction.lease) ?? (error as? PostgresError)
            throw TransactionFailure(error: error, cause: cause)
        }
        do {
            try await engine.commit(transaction.lease)
            return result
        } catch {
            throw TransactionFailure(error: error, cause: error)
        }
    }

    /// Loads rows with COPY in binary form, in a transaction of its own unless an open one is given.
    ///
    /// Whole numbers are fitted to the column's width; other values must be of the column's type.
    ///
    /// - Returns: how many rows were loaded. An error loads none.
    @discardableResult
    package func copyIn(
        table: String,
        columns: [String],
        rows: some Sequence<PostgresCopyRow>
    ) async throws -> Int {
        let lease = try await engine.acquire()
        do {
            let count = try await CopyIn(engine: engine, lease: lease, table: table, columns: columns).run(rows)
            await engine.release(lease, resetting: false)
            return count
        } catch {
            await engine.release(lease, resetting: false)
            throw error
        }
    }

    /// Figures of this moment and totals since the pool was made.
    package var statistics: PostgresPoolStatistics {
        get async { await engine.statistics }
    }

    /// Refuses new work, waits for what is under way within its deadlines, and closes the connections.
    package func close() async {
        await engine.close()
    }
}

/// How much a transaction sees of others.
package enum PostgresIsolation: String, Sendable {
    case readCommitted = "READ COMMITTED"
    case repeatableRead = "REPEATABLE READ"
    case serializable = "SERIALIZABLE"
}

/// What a pool is doing and has done.
package struct PostgresPoolStatistics: Sendable, Equatable {
    /// Connections ready for use, whether busy or idle.
    package var openConnections = 0
    /// Connections being made.
    package var openingConnections = 0
    /// Connections lent to a session or a transaction.
    package var leasedConnections = 0
    /// Ready connections with nothing to do.
    package var idleConnections = 0
    /// Statements sent whose results are not back.
    package var statementsInFlight = 0
    /// Queries, sessions and transactions that wait for a connection.
    package var waiting = 0
    /// Totals since the pool was made.
    package var connectionsOpened = 0
    package var connectionsLost = 0
    package var connectFailures = 0
    package var statementsFinished = 0
    package var statementsFailed = 0
    package var cancelRequests = 0
    package var acquireTimeouts = 0

    package init() {}
}

/// Why a transaction's attempt ended.
private struct TransactionFailure: Error {
    /// What the caller gets if this was the last attempt.
    let error: any Error
    /// The database's reason, even if `body` wrapped or replaced it.
    let cause: PostgresError?

    var mayRunAgain: Bool {
        guard let cause else { return false }
        if cause.isTransactionConflict || cause.isStalePlan { return true }
        return cause.code == .connectionLost(mayHaveExecuted: false)
    }
}
