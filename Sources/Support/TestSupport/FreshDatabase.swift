internal import DevStack
internal import FoundationEssentials

/// Runs `body` with a new database in the shared server and drops it afterwards.
///
/// Few bodies run at once, so that a test is not starved of time and connections by all others of its target.
package func withFreshDatabase<Result: Sendable>(
    _ body: (_ url: String) async throws -> Result
) async throws -> Result {
    let server = try await TestServers.shared.postgresURL()
    return try await DatabaseTurns.take { try await withDatabase(on: server, body) }
}

/// Runs `body` with a new database that was copied from one that `prepare` filled, and drops it afterwards.
///
/// - Parameters:
///   - name: of what is copied: within a test process, the first to ask for it prepares it.
///   - prepare: leaves no connection behind.
package func withFreshDatabase<Result: Sendable>(
    copyOf name: String,
    preparedBy prepare: @Sendable @escaping (_ url: String) async throws -> Void,
    _ body: (_ url: String) async throws -> Result
) async throws -> Result {
    let server = try await TestServers.shared.postgresURL()
    return try await DatabaseTurns.take {
        let template = try await TemplateDatabases.shared.template(name, on: server, preparedBy: prepare)
        return try await withDatabase(on: server, copyOf: template, body)
    }
}

private func withDatabase<Result: Sendable>(
    on server: String,
    copyOf template: String? = nil,
    _ body: (_ url: String) async throws -> Result
) async throws -> Result {
    let name = freshName()
    let shell = try PostgresShell(scratch: TestScratch.shared.path)
    try await shell.run("CREATE DATABASE \(name)" + (template.map { " TEMPLATE \($0)" } ?? ""), url: server)
    return try await afterwards {
        try await body(replacingDatabase(of: server, with: name))
    } cleanUp: {
        try await shell.run("DROP DATABASE IF EXISTS \(name) WITH (FORCE)", url: server)
    }
}

private func freshName() -> String { "test_" + String(UInt64.random(in: 0 ... .max), radix: 36) }

/// Databases that others are copied from. They go with the test process's server.
private actor TemplateDatabases {
    static let shared = TemplateDatabases()

    private var preparations: [String: Task<String, any Error>] = [:]

    func template(
        _ name: String,
        on server: String,
        preparedBy prepare: @Sendable @escaping (_ url: String) async throws -> Void
    ) async throws -> String {
        if let preparation = preparations[name] { return try await preparation.value }
        // why: the preparation is shared by all tests that wait for it, so it belongs to none of them.
        let preparation = Task {
            let database = freshName()
            try await PostgresShell(scratch: TestScratch.shared.path).run("CREATE DATABASE \(database)", url: server)
            try await prepare(replacingDatabase(of: server, with: database))
            return database
        }
        preparations[name] = preparation
        return try await preparation.value
    }
}

/// Lets a few tests at once have a database.
private actor DatabaseTurns {
    /// A test that asks within its turn for another database has its turn already.
    @TaskLocal private static var hasTurn = false
    private static let shared = DatabaseTurns()

    private var free = 12
    private var waiting: [CheckedContinuation<Void, Never>] = []

    static func take<Result: Sendable>(_ body: () async throws -> Result) async throws -> Result {
        guard !hasTurn else { return try await body() }
        await shared.begin()
        do {
            let result = try await $hasTurn.withValue(true, operation: body)
            await shared.end()
            return result
        } catch {
            await shared.end()
            throw error
        }
    }

    private func begin() async {
        if free > 0 {
            free -= 1
        } else {
            await withCheckedContinuation { waiting.append($0) }
        }
    }

    private func end() {
        if waiting.isEmpty { free += 1 } else { waiting.removeFirst().resume() }
    }
}

/// Runs `body` with a new schema in the shared server's database and drops it afterwards: quicker than a database,
/// for code that lives within a `search_path`.
package func withFreshSchema<Result: Sendable>(
    _ body: (_ url: String, _ schema: String) async throws -> Result
) async throws -> Result {
    let server = try await TestServers.shared.postgresURL()
    let name = freshName()
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
