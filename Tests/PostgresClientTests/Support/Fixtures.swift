import EventLoop
import Foundation
import Logging
import PostgresClient
import Testing

/// A pool on a schema of its own, gone after the test.
func withPool<R>(
    _ server: PostgresServer? = nil,
    configure: (inout PostgresConfiguration) -> Void = { _ in },
    _ body: (PostgresPool, PostgresConfiguration) async throws -> R
) async throws -> R {
    let server = try server ?? PostgresServer.shared.get()
    let schema = "test_\(UUID().uuidString.prefix(12).lowercased().filter { $0 != "-" })"
    var configuration = try PostgresConfiguration(url: server.url)
    configuration.searchPath = schema
    configure(&configuration)
    return try await withEventLoop { loop in
        let pool = PostgresPool(configuration: configuration, eventLoop: loop, logger: quietLogger)
        try await pool.query("CREATE SCHEMA \(unescaped: schema)")
        do {
            let result = try await body(pool, configuration)
            try await pool.query("DROP SCHEMA \(unescaped: schema) CASCADE")
            await pool.close()
            return result
        } catch {
            await pool.close()
            throw error
        }
    }
}

/// A loop that ends with the test. What runs on it must be closed by then.
func withEventLoop<R>(_ body: (EventLoop) async throws -> R) async throws -> R {
    let loop = EventLoop(name: "test-postgres")
    defer { loop.shutdown() }
    return try await body(loop)
}

let quietLogger: Logger = {
    var logger = Logger(label: "test")
    logger.logLevel = .critical
    return logger
}()

/// Waits until `condition` holds, looking every few milliseconds; fails the test if it does not within the time.
func eventually(
    within limit: Duration = .seconds(10),
    _ comment: Comment? = nil,
    sourceLocation: SourceLocation = #_sourceLocation,
    _ condition: () async throws -> Bool
) async throws {
    let deadline = ContinuousClock.now + limit
    while ContinuousClock.now < deadline {
        if try await condition() { return }
        try await Task.sleep(for: .milliseconds(5))
    }
    Issue.record(comment ?? "the condition did not come true within \(limit)", sourceLocation: sourceLocation)
}

/// The error that `body` throws; fails the test if it throws none.
func postgresError(
    sourceLocation: SourceLocation = #_sourceLocation,
    _ body: () async throws -> Void
) async throws -> PostgresError {
    do {
        try await body()
    } catch let error as PostgresError {
        return error
    }
    Issue.record("no error was thrown", sourceLocation: sourceLocation)
    throw CancellationError()
}
