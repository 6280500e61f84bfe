internal import Hummingbird
internal import PostgresClient
internal import SlipwayCore

extension Problem {
    /// What a client is told about any error. The error's own words stay in the log.
    init(_ error: any Error) {
        switch error {
        case let problem as Problem: self = problem
        case let error as PostgresError: self = Problem.of(error)
        default: self = .internalError
        }
    }

    private static func of(_ error: PostgresError) -> Problem {
        switch error.code {
        case .acquireTimedOut: .overloaded("all database connections are busy")
        case .connectFailed, .connectTimedOut, .closed, .connectionLost(mayHaveExecuted: false):
            .databaseUnavailable(mayHaveHappened: false)
        case .connectionLost(mayHaveExecuted: true), .queryTimedOut: .databaseUnavailable(mayHaveHappened: true)
        case .server where error.isRetriable: .databaseUnavailable(mayHaveHappened: false)
        case .server, .cancelled, .invalidConfiguration, .invalidParameter, .decodingFailed, .transactionRolledBack:
            .internalError
        }
    }
}
