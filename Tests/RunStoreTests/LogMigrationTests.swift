import EventLoop
import Logging
import PostgresClient
import SlipwayCore
import TestSupport
import Testing

@testable import RunStore

@Suite("Logs across an upgrade") struct LogMigrationTests {
    @Test("rows from before are there afterwards, and an older worker goes on storing")
    func migration() async throws {
        try await withFreshDatabase { url in
            let pool = PostgresPool(
                configuration: try PostgresConfiguration(url: url),
                eventLoop: EventLoop(name: "test-postgres"),
                logger: Logger(label: "test")
            )
            try await pool.query("CREATE TABLE schema_migrations (number integer PRIMARY KEY, name text NOT NULL)")
            for migration in Migration.all where migration.number < Migration.logs.number {
                for statement in migration.statements { try await pool.query(PostgresQuery(statement)) }
                try await pool.query(
                    "INSERT INTO schema_migrations VALUES (\(migration.number)::int, \(migration.name))"
                )
            }
            let run = StoreFixture.identifier()
            try await Self.storeAsBefore(run, line: 1, pool)
            let store = RunStore(pool: pool)
            #expect(try await store.migrate().pending.contains(Migration.logs.number))
            try await Self.storeAsBefore(run, line: 2, pool)
            let lines = try await store.logChunks(run, of: .stream("runner"), after: .start).flatMap(\.lines)
            #expect(lines.map(\.text) == ["line 1", "line 2"])
            #expect(try await store.storedStreams([run])[run]?["runner"]?.bytes == 2 * 25)
            await pool.close()
        }
    }

    /// With the statement of a version that knows neither partitions nor compression.
    private static func storeAsBefore(_ run: RunID, line: Int, _ pool: PostgresPool) async throws {
        try await pool.query(
            """
            INSERT INTO run_log_chunks (run_id, stream, placement, first_sequence, last_sequence, first_at, line_count,
                content)
            VALUES (\(run), 'runner', 1, \(line)::bigint, \(line)::bigint, now(), 1,
                convert_to(\("\(line)\t1772359204021\to\tline \(line)\n"), 'UTF8'))
            """
        )
    }

    @Test("what an older version stored is read on, beside what is new")
    func olderRows() async throws {
        try await StoreFixture.with { fixture in
            let run = try await fixture.writtenRun(flushes: 1, linesEach: 20)
            // As a version writes it that knows neither partitions nor compression.
            try await fixture.store.pool.query(
                """
                INSERT INTO run_log_chunks (run_id, stream, placement, first_sequence, last_sequence, first_at, line_count,
                    content)
                VALUES (\(run.id), 'task/a', \(run.placement)::int, 21, 22, now(), 2,
                    convert_to(E'21\\t1772359204021\\to\\told line\\n22\\t1772359204022\\te\\tanother\\n', 'UTF8'))
                """
            )
            let chunks = try await fixture.store.logChunks(
                run.id,
                of: .stream("task/a"),
                after: LogPosition(placement: run.placement, sequence: 20)
            )
            #expect(chunks.flatMap(\.lines).map(\.text) == ["old line", "another"])
            #expect(chunks.flatMap(\.lines).map(\.channel) == [.stdout, .stderr])
            let span = LogSpan(since: .now)
            let late = try await fixture.store.logChunks(run.id, of: .stream("task/a"), after: .start, span: span)
            #expect(late.flatMap(\.lines).map(\.sequence) == [21, 22], "what has no last time is looked into")
        }
    }

    @Test("partitions are there for the days to come, and made again if they are missing")
    func partitions() async throws {
        try await StoreFixture.with { fixture in
            #expect(try await fixture.store.makeLogPartitions() == 0)
            let run = try #require(try await fixture.claimed().first)
            // As if nobody had made partitions for weeks.
            try await fixture.store.pool.query("DROP TABLE run_log_chunks_first")
            #expect(try await fixture.store.store([fixture.flush(run, number: 0, lines: 2)]) == [run.id])
            #expect(try await fixture.everyLine(of: run.id).count == 2)
            #expect(try await fixture.store.makeLogPartitions() == 1)
            #expect(try await fixture.everyLine(of: run.id).count == 2, "the new partition takes over its lines")
            #expect(try await fixture.store.makeLogPartitions() == 0)
        }
    }
}
