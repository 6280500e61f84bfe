/// What went wrong between Slipway and a Postgres server.
///
/// The description names the SQLSTATE, the severity and the schema objects involved. It never holds a parameter's value:
/// the server's DETAIL, and whatever it quotes while refusing a value, stay out of it.
package struct PostgresError: Error, Sendable {
    /// The kinds of failure a caller tells apart.
    package enum Code: Sendable, Hashable {
        /// The server answered with an error; `sqlState` says which.
        case server
        /// The connection ended under the statement. With `mayHaveExecuted` the server may have carried it out.
        case connectionLost(mayHaveExecuted: Bool)
        /// No connection could be made: refused, unresolvable, TLS or authentication failure.
        case connectFailed
        /// The connection was not ready within the connect timeout.
        case connectTimedOut
        /// The pool had no connection to give within the acquire timeout.
        case acquireTimedOut
        /// The statement's deadline passed and the server was told to cancel it. It may have taken effect all the same.
        case queryTimedOut
        /// The calling task was cancelled. A statement already sent may have taken effect.
        case cancelled
        /// The connection URL or a setting is not usable.
        case invalidConfiguration
        /// A parameter cannot be sent, for example text that contains a NUL character.
        case invalidParameter
        /// A value read is not of the type asked for.
        case decodingFailed
        /// COMMIT was answered with a rollback, because an earlier statement of the transaction had failed.
        case transactionRolledBack
        /// The pool, session or listener is closed.
        case closed
    }

    package private(set) var code: Code
    /// Five characters, as in the server's list of error codes; `nil` if the error is not the server's.
    package var sqlState: String?
    /// `ERROR`, `FATAL` or `PANIC`.
    package var severity: String?
    /// Safe to log.
    package var message: String
    package var schema: String?
    package var table: String?
    package var column: String?
    package var constraint: String?
    /// Where in the statement's text the error lies, counted in characters from 1.
    package var position: Int?
    /// The server's explanation. It may quote values: keep it away from logs and users.
    package var detail: String?

    package init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    /// Whether the same work, started afresh, may succeed: a lost race, a lost connection whose statement was not sent, a busy
    /// or restarting server. Not the case if the work may already be done.
    package var isRetriable: Bool {
        switch code {
        case .connectionLost(let mayHaveExecuted): !mayHaveExecuted
        case .connectTimedOut, .acquireTimedOut: true
        case .server, .connectFailed: sqlState.map(Self.isTransient) ?? (code == .connectFailed && !isPermanent)
        case .queryTimedOut, .cancelled, .invalidConfiguration, .invalidParameter, .decodingFailed,
            .transactionRolledBack, .closed:
            false
        }
    }

    /// Set on connect failures that no repetition mends, such as a certificate the client refuses.
    var isPermanent = false

    /// A serialization failure or a deadlock: the whole transaction may be run again.
    package var isTransactionConflict: Bool { sqlState == "40001" || sqlState == "40P01" }

    /// A unique constraint refused the statement; `constraint` names it.
    package var isUniqueViolation: Bool { sqlState == "23505" }

    /// A foreign key refused the statement; `constraint` names it.
    package var isForeignKeyViolation: Bool { sqlState == "23503" }

    /// The prepared statement no longer fits the tables it was made for, or is gone. Nothing was executed.
    var isStalePlan: Bool {
        sqlState == "26000" || (sqlState == "0A000" && message.hasPrefix("cached plan must not change result type"))
    }

    /// The same error seen with more knowledge.
    func with(_ code: Code) -> PostgresError {
        var copy = self
        copy.code = code
        return copy
    }

    private static func isTransient(_ sqlState: String) -> Bool {
        switch sqlState {
        case "40001", "40P01", "55P03", "53300", "57P01", "57P02", "57P03", "25006": true
        default: sqlState.hasPrefix("08")
        }
    }
}

extension PostgresError: CustomStringConvertible, CustomDebugStringConvertible {
    package var description: String {
        var text = ""
        if let sqlState {
            text = "\(severity ?? "ERROR") \(sqlState): "
        }
        text += message
        let facts = [
            ("schema", schema), ("table", table), ("column", column), ("constraint", constraint),
            ("position", position.map { String($0) }),
        ].compactMap { name, value in value.map { "\(name) \($0)" } }
        if !facts.isEmpty {
            text += " (\(facts.joined(separator: ", ")))"
        }
        return text
    }

    package var debugDescription: String { description }
}

extension PostgresError: CustomReflectable {
    /// Without `detail`, so that a dump does not show values either.
    package var customMirror: Mirror {
        Mirror(self, children: ["code": code, "description": description])
    }
}
