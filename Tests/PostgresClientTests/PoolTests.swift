import EventLoop
import PostgresClient
import Testing

@Suite struct PoolTests {
    @Test func `Many tasks share few connections, each getting its own answer`() async throws {
        try await withPool(configure: { $0.poolSize = 3 }) { pool, _ in
            try await withThrowingTaskGroup { group in
                for number in 0..<2_000 {
                    group.addTask {
                        let row = try #require(
                            try await pool.query("SELECT \(number), \("text \(number)")::text").first
                        )
                        #expect(try row.decode(Int.self, String.self) == (number, "text \(number)"))
                    }
                }
                try await group.waitForAll()
            }
            let statistics = await pool.statistics
            #expect(statistics.openConnections <= 3)
            #expect(statistics.statementsInFlight == 0 && statistics.waiting == 0)
            #expect(statistics.statementsFinished >= 2_000)
        }
    }

    @Test func `An error in a shared pipeline spares its neighbours`() async throws {
        try await withPool(configure: { $0.poolSize = 1 }) { pool, _ in
            try await pool.query("CREATE TABLE t (n bigint)")
            await withTaskGroup(of: (Int, Result<PostgresResult, PostgresError>).self) { group in
                for number in 0..<200 {
                    group.addTask {
                        do throws(PostgresError) {
                            let query: PostgresQuery = "INSERT INTO t SELECT \(number) / \(number % 2) RETURNING n"
                            return (number, .success(try await pool.query(query)))
                        } catch {
                            return (number, .failure(error))
                        }
                    }
                }
                for await (number, result) in group {
                    switch result {
                    case .success: #expect(number % 2 == 1)
                    case .failure(let error): #expect(number % 2 == 0 && error.sqlState == "22012")
                    }
                }
            }
            #expect(try await pool.query("SELECT count(*) FROM t").decode(Int.self) == [100])
            #expect(await pool.statistics.openConnections == 1)
        }
    }

    @Test func `Statements that cannot be prepared get their own error, however many at once`() async throws {
        try await withPool(configure: { $0.poolSize = 1 }) { pool, _ in
            let results = try await pool.batch(
                Array(repeating: "SELECT nonsense FROM nowhere", count: 30) + ["SELECT 1"]
            )
            for case .failure(let error) in results.dropLast() { #expect(error.sqlState == "42P01") }
            let last: [Int] = try #require(results.last).get().decode(Int.self)
            #expect(last == [1])
        }
    }

    @Test func `A batch is answered in order and its statements are independent`() async throws {
        try await withPool { pool, _ in
            let results = try await pool.batch(["SELECT 1", "SELECT 1 / 0", "SELECT \(3)"])
            #expect(results.count == 3)
            #expect(try results[0].get().decode(Int.self) == [1])
            #expect(throws: PostgresError.self) { try results[1].get() }
            #expect(try results[2].get().decode(Int.self) == [3])
            #expect(try await pool.batch([]).isEmpty)
        }
    }

    @Test func `Affected rows and command tags are told`() async throws {
        try await withPool { pool, _ in
            try await pool.query("CREATE TABLE t (n bigint)")
            let inserted = try await pool.query("INSERT INTO t SELECT generate_series(1, 5)")
            #expect(inserted.affectedRows == 5 && inserted.commandTag == "INSERT 0 5" && inserted.rows.isEmpty)
            #expect(try await pool.query("UPDATE t SET n = 0 WHERE n > \(3)").affectedRows == 2)
            #expect(try await pool.query("SELECT FROM t").rowCount == 5)
        }
    }

    @Test func `A changed table is read with its new columns`() async throws {
        try await withPool(configure: { $0.poolSize = 1 }) { pool, _ in
            try await pool.query("CREATE TABLE t AS SELECT 1 AS a")
            #expect(try await pool.query("SELECT * FROM t").first?.columnNames == ["a"])
            try await pool.query("ALTER TABLE t ADD COLUMN b text")
            for _ in 0..<3 {
                #expect(try await pool.query("SELECT * FROM t").first?.columnNames == ["a", "b"])
            }
        }
    }

    @Test func `Statements the server forgot are prepared again`() async throws {
        try await withPool(configure: { $0.poolSize = 1 }) { pool, _ in
            #expect(try await pool.query("SELECT 41 + \(1)").decode(Int.self) == [42])
            try await pool.query("DEALLOCATE ALL")
            #expect(try await pool.query("SELECT 41 + \(1)").decode(Int.self) == [42])
        }
    }

    @Test func `Prepared statements stay within their bound on the server too`() async throws {
        try await withPool(configure: { ($0.poolSize, $0.statementCacheSize) = (1, 4) }) { pool, _ in
            for number in 0..<50 {
                try await pool.query("SELECT \(unescaped: "\(number)")")
            }
            let kept = try await pool.query("SELECT count(*) FROM pg_prepared_statements").decode(Int.self)
            #expect(try #require(kept.first) <= 5)
        }
    }

    @Test func `Text with a NUL is refused before it is sent`() async throws {
        try await withPool { pool, _ in
            let error = try await postgresError { try await pool.query("SELECT \("a\u{0}secret")::text") }
            #expect(error.code == .invalidParameter && !error.description.contains("secret"))
        }
    }

    @Test func `Who waits too long for a connection is told so`() async throws {
        // Long enough for the one connection to be opened beside the other tests.
        try await withPool(configure: { ($0.poolSize, $0.acquireTimeout) = (1, .seconds(1)) }) { pool, _ in
            try await pool.withSession { _ in
                let error = try await postgresError { try await pool.query("SELECT 1") }
                #expect(error.code == .acquireTimedOut && error.isRetriable)
                #expect(try await postgresError { try await pool.withSession { _ in } }.code == .acquireTimedOut)
            }
            #expect(try await pool.query("SELECT 1").decode(Int.self) == [1])
            #expect(await pool.statistics.acquireTimeouts == 2)
        }
    }

    @Test func `A cancelled task stops waiting for a connection`() async throws {
        try await withPool(configure: { $0.poolSize = 1 }) { pool, _ in
            try await pool.withSession { _ in
                let waiting = [
                    Task { try await pool.query("SELECT 1").rowCount },  // why: it is to be cancelled on its own
                    Task { try await pool.withSession { _ in 0 } },  // why: it is to be cancelled on its own
                ]
                try await eventually { await pool.statistics.waiting == 2 }
                for task in waiting {
                    task.cancel()
                    #expect(try await postgresError { _ = try await task.value }.code == .cancelled)
                }
                #expect(await pool.statistics.waiting == 0)
            }
        }
    }

    @Test func `A session keeps its settings to itself`() async throws {
        try await withPool(configure: { $0.poolSize = 1 }) { pool, configuration in
            let inSession = try await pool.withSession { session in
                try await session.query("SET work_mem = '123MB'")
                try await session.query("SET search_path = pg_catalog")
                try await session.query("CREATE TEMP TABLE mine (n int)")
                try await session.query("SELECT pg_advisory_lock(42)")
                try await session.query("BEGIN")
                return try await session.backendPID
            }
            let after = try await pool.query(
                """
                SELECT pg_backend_pid(), current_setting('work_mem'), current_setting('search_path'), to_regclass('mine')::text,
                    (SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid())
                """
            )
            let (pid, memory, path, table, locks) = try #require(after.first)
                .decode(Int32.self, String.self, String.self, String?.self, Int.self)
            #expect(pid == inSession)
            #expect(memory != "123MB" && path == configuration.searchPath && table == nil && locks == 0)
        }
    }

    @Test func `A session used after its end is refused`() async throws {
        try await withPool { pool, _ in
            let leaked = try await pool.withSession { $0 }
            #expect(try await postgresError { try await leaked.query("SELECT 1") }.code == .closed)
        }
    }

    @Test func `Closing lets what was sent finish and refuses the rest`() async throws {
        try await withPool { _, configuration in
            try await withEventLoop { loop in
                let pool = PostgresPool(configuration: configuration, eventLoop: loop, logger: quietLogger)
                async let slow = pool.query("SELECT pg_sleep(1), 7")
                try await eventually { await pool.statistics.statementsInFlight == 1 }
                await pool.close()
                #expect(try await slow.rowCount == 1)
                #expect(try await postgresError { try await pool.query("SELECT 1") }.code == .closed)
                await pool.close()
            }
        }
    }

    @Test func `The Unix socket works as well`() async throws {
        let server = try PostgresServer.shared.get()
        let configuration = try PostgresConfiguration(url: server.socketURL)
        try await withEventLoop { loop in
            let pool = PostgresPool(configuration: configuration, eventLoop: loop, logger: quietLogger)
            let isLocal = try await pool.query("SELECT inet_client_addr() IS NULL").decode(Bool.self)
            #expect(isLocal == [true])
            await pool.close()
        }
    }
}

@Suite struct ErrorTests {
    @Test func `A violated constraint is named, its values are not`() async throws {
        try await withPool { pool, configuration in
            try await pool.query(
                "CREATE TABLE t (name text CONSTRAINT t_name_key UNIQUE, age bigint CHECK (age < 10) NOT NULL)"
            )
            try await pool.query("INSERT INTO t VALUES (\("secret"), 1)")
            let error = try await postgresError { try await pool.query("INSERT INTO t VALUES (\("secret"), 2)") }
            #expect(error.code == .server && error.sqlState == "23505" && error.severity == "ERROR")
            #expect(error.constraint == "t_name_key" && error.table == "t" && error.schema == configuration.searchPath)
            #expect(error.isUniqueViolation && !error.isRetriable)
            var dumped = ""
            dump(error, to: &dumped)
            for text in ["\(error)", String(reflecting: error), dumped] { #expect(!text.contains("secret")) }

            let check = try await postgresError { try await pool.query("INSERT INTO t VALUES ('x', 7700770077)") }
            #expect(check.sqlState == "23514" && !check.description.contains("7700770077"))
            let null = try await postgresError { try await pool.query("INSERT INTO t VALUES ('y', NULL)") }
            #expect(null.sqlState == "23502" && null.column == "age")
        }
    }

    @Test(arguments: [
        "SELECT $1::int", "SELECT $1::uuid", "SELECT $1::jsonb", "SELECT $1::timestamptz", "SELECT $1::bool",
    ])
    func `A refused value is not repeated`(sql: String) async throws {
        try await withPool { pool, _ in
            let error = try await postgresError { try await pool.query(PostgresQuery(sql, ["secret \" secret"])) }
            #expect(error.sqlState?.hasPrefix("22") == true)
            #expect(!error.description.contains("secret"))
        }
    }

    @Test func `A syntax error tells its position`() async throws {
        try await withPool { pool, _ in
            let error = try await postgresError { try await pool.query("SELECT 1 FORM t") }
            #expect(error.sqlState == "42601" && error.position == 15)
        }
    }
}
