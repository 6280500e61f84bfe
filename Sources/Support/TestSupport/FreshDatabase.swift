internal import DevStack
internal import FoundationEssentials

/// Runs `body` with a new, empty database of the shared server and drops it afterwards.
///
/// - Parameter body: gets the database's address.
package func withFreshDatabase<Result: Sendable>(
    _ body: (_ url: String) async throws -> Result
) async throws -> Result {
    let server = try await TestServers.shared.postgresURL()
    let name = "test_" + String(UInt64.random(in: 0 ... .max), radix: 36)
    let shell = try PostgresShell(scratch: TestScratch.shared.path)
    try await shell.run("CREATE DATABASE \(name)", url: server)
    return try await afterwards {
        try await body(replacingDatabase(of: server, with: name))
    } cleanUp: {
        try await shell.run("DROP DATABASE IF EXISTS \(name) WITH (FORCE)", url: server)
    }
}

/// Runs `body` with a new schema in the shared server's database and drops it afterwards: quicker than a database,
/// for code that lives within a `search_path`.
package func withFreshSchema<Result: Sendable>(
    _ body: (_ url: String, _ schema: String) async throws -> Result
) async throws -> Result {
    let server = try await TestServers.shared.postgresURL()
    let name = "test_" + String(UInt64.random(in: 0 ... .max), radix: 36)
    let shell = try PostgresShell(scratch: TestScratch.shared.path)
    try await shell.run("CREATE SCHEMA \(name)", url: server)
    return try await afterwards {
        try await body(server, name)
    } cleanUp: {
        try await shell.run("DROP SCHEMA IF EXISTS \(name) CASCADE", url: server)
    }
}

/// Cleans up after success and after failure; the body's error is the one reported.
private func afterwards<Result: Sendable>(
    _ body: () async throws -> Result,
    cleanUp: @Sendable @escaping () async throws -> Void
) async throws -> Result {
    // why: the clean-up also runs when the test was cancelled, which a child task would not survive.
    let shielded = { try await Task { try await cleanUp() }.value }
    let result: Result
    do {
        result = try await body()
    } catch {
        // why: the test has failed already, and its own error says more.
        try? await shielded()
        throw error
    }
    try await shielded()
    return result
}

private func replacingDatabase(of url: String, with name: String) throws -> String {
    guard var parts = URLComponents(string: url) else { throw DevStackError("not a database address") }
    parts.path = "/" + name
    guard let replaced = parts.string else { throw DevStackError("not a database address") }
    return replaced
}
