import EventLoop
import Logging
import PostgresClient
import RunStore
import TestSupport
import Testing

@Suite struct MigrationTests {
    @Test func severalAtOnceApplyEachStepOnce() async throws {
        try await withFreshDatabase { url in
            let applied = try await withThrowingTaskGroup(of: [Int].self) { group in
                for _ in 0..<4 {
                    group.addTask {
                        let pool = try Self.pool(url)
                        let status = try await RunStore(pool: pool).migrate()
                        await pool.close()
                        return status.pending
                    }
                }
                return try await group.reduce(into: []) { $0 += $1 }
            }
            #expect(applied.sorted() == Migration.all.map(\.number))
        }
    }

    @Test func aCheckTellsWhatIsMissingAndChangesNothing() async throws {
        try await withFreshDatabase { url in
            let pool = try Self.pool(url)
            let store = RunStore(pool: pool)
            #expect(try await store.checkMigrations().pending == Migration.all.map(\.number))
            #expect(try await store.checkMigrations().applied.isEmpty)
            _ = try await store.migrate()
            #expect(try await store.checkMigrations().pending.isEmpty)
            try await pool.query("INSERT INTO schema_migrations (number, name) VALUES (999, 'from a newer version')")
            #expect(try await store.checkMigrations().unknown == [999])
            await pool.close()
        }
    }

    private static func pool(_ url: String) throws -> PostgresPool {
        PostgresPool(
            configuration: try PostgresConfiguration(url: url),
            eventLoop: EventLoop(name: "test-postgres"),
            logger: Logger(label: "test")
        )
    }
}
