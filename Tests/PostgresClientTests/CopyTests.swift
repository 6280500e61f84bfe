import PostgresClient
import Testing

@Suite struct CopyTests {
    @Test func `Rows of every type are loaded`() async throws {
        try await withPool { pool, configuration in
            try await pool.query("CREATE TYPE mood AS ENUM ('happy', 'sad')")
            try await pool.query("CREATE DOMAIN label AS text")
            try await pool.query(
                """
                CREATE TABLE "odd ""name" (id uuid, small smallint, whole integer, big bigint, name text, "the mood" mood,
                    tag label, at timestamptz, data jsonb, doc json, tags text[], ok bool, ratio float8)
                """
            )
            let count = 20_000
            let rows = (0..<count).lazy.map { number in
                PostgresCopyRow(
                    PostgresUUID(high: 7, low: UInt64(number)),
                    5,
                    number,
                    number,
                    number == 3 ? nil : "name \(number)",
                    Mood.happy,
                    "tag",
                    PostgresTimestamp(microsecondsSince1970: Int64(number)),
                    "{\"a\": 1}",
                    PostgresJSON(text: "{}"),
                    ["x", "y"],
                    true,
                    0.5
                )
            }
            let columns = [
                "id", "small", "whole", "big", "name", "the mood", "tag", "at", "data", "doc", "tags", "ok", "ratio",
            ]
            #expect(try await pool.copyIn(table: "odd \"name", columns: columns, rows: rows) == count)
            let found = try await pool.query(
                """
                SELECT count(*), sum(big), count(name), min("the mood"::text), min(data->>'a'), bool_and(tags = '{x,y}')
                FROM "odd ""name" WHERE small = 5 AND ratio = 0.5 AND whole = big
                """
            ).decode(Int.self, Int.self, Int.self, String.self, String.self, Bool.self)
            #expect(found[0] == (count, count * (count - 1) / 2, count - 1, "happy", "1", true))
            let schema = try #require(configuration.searchPath)
            #expect(
                try await pool.copyIn(table: "\(schema).odd \"name", columns: ["big"], rows: [PostgresCopyRow(1)]) == 1
            )
            #expect(await pool.statistics.connectionsLost == 0)
        }
    }

    @Test func `A row the server refuses loads none, and the connection stays`() async throws {
        try await withPool(configure: { $0.poolSize = 1 }) { pool, _ in
            try await pool.query("CREATE TABLE t (n bigint CHECK (n < 100))")
            let error = try await postgresError {
                try await pool.copyIn(table: "t", columns: ["n"], rows: (0..<50_000).lazy.map { PostgresCopyRow($0) })
            }
            #expect(error.sqlState == "23514" && error.table == "t")
            #expect(try await pool.query("SELECT count(*) FROM t").decode(Int.self) == [0])
            #expect(await pool.statistics.connectionsLost == 0)
        }
    }

    @Test func `A value that does not fit is refused by column and loads none`() async throws {
        try await withPool(configure: { $0.poolSize = 1 }) { pool, _ in
            try await pool.query("CREATE TABLE t (n smallint)")
            for bad in [PostgresCopyRow(70_000), PostgresCopyRow(1.5), PostgresCopyRow(1, 2)] {
                let error = try await postgresError {
                    try await pool.copyIn(table: "t", columns: ["n"], rows: [PostgresCopyRow(1), bad])
                }
                #expect(error.code == .invalidParameter && !error.description.contains("70000"))
            }
            let missing = try await postgresError {
                try await pool.copyIn(table: "t", columns: ["x"], rows: [PostgresCopyRow(1)])
            }
            #expect(missing.code == .invalidParameter)
            #expect(try await pool.query("SELECT count(*) FROM t").decode(Int.self) == [0])
            #expect(await pool.statistics.connectionsLost == 0)
        }
    }

    @Test func `COPY inside a transaction commits and rolls back with it`() async throws {
        try await withPool { pool, _ in
            try await pool.query("CREATE TABLE t (n bigint)")
            try await pool.transaction { transaction in
                try await transaction.copyIn(table: "t", columns: ["n"], rows: (0..<10).map { PostgresCopyRow($0) })
                try await transaction.query("INSERT INTO t VALUES (10)")
            }
            await #expect(throws: CancellationError.self) {
                try await pool.transaction { transaction in
                    try await transaction.copyIn(table: "t", columns: ["n"], rows: [PostgresCopyRow(11)])
                    throw CancellationError()
                }
            }
            #expect(try await pool.query("SELECT count(*) FROM t").decode(Int.self) == [11])
        }
    }

    @Test func `A COPY that waits for a lock ends at its deadline`() async throws {
        try await withPool(configure: { $0.statementTimeout = .milliseconds(300) }) { pool, _ in
            try await pool.query("CREATE TABLE t (n bigint)")
            try await pool.transaction { transaction in
                try await transaction.query("LOCK TABLE t")
                let error = try await postgresError {
                    try await pool.copyIn(table: "t", columns: ["n"], rows: [PostgresCopyRow(1)])
                }
                #expect(error.code == .queryTimedOut)
            }
            #expect(await pool.statistics.connectionsLost == 0)
        }
    }
}
