import PostgresClient
import Testing

@Suite struct TransactionTests {
    private struct Refusal: Error {}

    @Test func `A transaction commits what it did, and nothing if it throws`() async throws {
        try await withPool { pool, _ in
            try await pool.query("CREATE TABLE t (n bigint)")
            let sum = try await pool.transaction { transaction in
                try await transaction.query("INSERT INTO t VALUES (1), (2)")
                return try await transaction.query("SELECT sum(n) FROM t").decode(Int.self)[0]
            }
            #expect(sum == 3)
            await #expect(throws: Refusal.self) {
                try await pool.transaction { transaction in
                    try await transaction.query("DELETE FROM t")
                    throw Refusal()
                }
            }
            #expect(try await pool.query("SELECT count(*) FROM t").decode(Int.self) == [2])
            try await pool.transaction { _ in }
            #expect(await pool.statistics.leasedConnections == 0)
        }
    }

    @Test func `A serialization failure runs the transaction again from its beginning`() async throws {
        try await withPool { pool, _ in
            try await pool.query("CREATE TABLE t AS SELECT 1 AS id, 0 AS n")
            let attempts = Counter()
            try await pool.transaction(isolation: .repeatableRead) { transaction in
                let attempt = attempts.increment()
                let read = try await transaction.query("SELECT n FROM t").decode(Int.self)[0]
                if attempt <= 2 { try await pool.query("UPDATE t SET n = n + 10") }
                try await transaction.query("UPDATE t SET n = \(Int32(read + 1))")
            }
            #expect(attempts.value == 3)
            #expect(try await pool.query("SELECT n FROM t").decode(Int.self) == [21])
        }
    }

    @Test func `Serializable transactions that contradict each other all succeed in the end`() async throws {
        try await withPool { pool, _ in
            try await pool.query("CREATE TABLE t (n bigint)")
            try await withThrowingTaskGroup { group in
                for _ in 0..<6 {
                    group.addTask {
                        try await pool.transaction(isolation: .serializable, retries: 50) { transaction in
                            let count = try await transaction.query("SELECT count(*) FROM t").decode(Int.self)[0]
                            try await transaction.query("INSERT INTO t VALUES (\(count))")
                        }
                    }
                }
                try await group.waitForAll()
            }
            #expect(try await pool.query("SELECT n FROM t ORDER BY n").decode(Int.self) == Array(0..<6))
        }
    }

    @Test func `The retries are bounded and the last failure is thrown`() async throws {
        try await withPool { pool, _ in
            try await pool.query("CREATE TABLE t AS SELECT 0 AS n")
            let attempts = Counter()
            let error = try await postgresError {
                try await pool.transaction(isolation: .repeatableRead, retries: 2) { transaction in
                    attempts.increment()
                    try await transaction.query("SELECT n FROM t")
                    try await pool.query("UPDATE t SET n = n + 1")
                    try await transaction.query("UPDATE t SET n = n + 1")
                }
            }
            #expect(error.sqlState == "40001" && error.isTransactionConflict && error.isRetriable)
            #expect(attempts.value == 3)
        }
    }

    @Test func `A conflict is recognised even if the body throws its own error for it`() async throws {
        try await withPool { pool, _ in
            try await pool.query("CREATE TABLE t AS SELECT 0 AS n")
            let attempts = Counter()
            try await pool.transaction(isolation: .repeatableRead) { transaction in
                let attempt = attempts.increment()
                try await transaction.query("SELECT n FROM t")
                if attempt == 1 { try await pool.query("UPDATE t SET n = 5") }
                do {
                    try await transaction.query("UPDATE t SET n = n + 1")
                } catch {
                    throw Refusal()
                }
            }
            #expect(attempts.value == 2)
        }
    }

    @Test func `A deadlock ends with both transactions done`() async throws {
        try await withPool { pool, _ in
            try await pool.query("CREATE TABLE t AS SELECT id, 0 AS n FROM generate_series(1, 2) id")
            let attempts = Counter()
            let holds = [Gate(), Gate()]
            try await withThrowingTaskGroup { group in
                for side in 0..<2 {
                    group.addTask {
                        try await pool.transaction { transaction in
                            attempts.increment()
                            try await transaction.query("UPDATE t SET n = n + 1 WHERE id = \(side + 1)")
                            holds[side].open()
                            await holds[1 - side].wait()
                            try await transaction.query("UPDATE t SET n = n + 1 WHERE id = \(2 - side)")
                        }
                    }
                }
                try await group.waitForAll()
            }
            #expect(attempts.value >= 3)
            #expect(try await pool.query("SELECT n FROM t").decode(Int.self) == [2, 2])
        }
    }

    @Test func `A connection lost before COMMIT runs the transaction again`() async throws {
        try await withPool { pool, _ in
            try await pool.query("CREATE TABLE t (n bigint)")
            let attempts = Counter()
            try await pool.transaction { transaction in
                try await transaction.query("INSERT INTO t VALUES (1)")
                if attempts.increment() == 1 {
                    let pid = try await transaction.query("SELECT pg_backend_pid()").decode(Int32.self)[0]
                    try await pool.query("SELECT pg_terminate_backend(\(pid))")
                }
                try await transaction.query("INSERT INTO t VALUES (2)")
            }
            #expect(attempts.value == 2)
            #expect(try await pool.query("SELECT count(*) FROM t").decode(Int.self) == [2])
        }
    }

    @Test func `A swallowed failure does not pass for a commit`() async throws {
        try await withPool { pool, _ in
            try await pool.query("CREATE TABLE t (n bigint)")
            let error = try await postgresError {
                try await pool.transaction { transaction in
                    try await transaction.query("INSERT INTO t VALUES (1)")
                    let results = try await transaction.batch(["SELECT 1 / 0", "INSERT INTO t VALUES (2)"])
                    #expect(throws: PostgresError.self) { try results[1].get() }
                }
            }
            #expect(error.code == .transactionRolledBack)
            #expect(try await pool.query("SELECT count(*) FROM t").decode(Int.self) == [0])
        }
    }

    @Test func `A first statement that fails does not let the next one commit alone`() async throws {
        try await withPool { pool, _ in
            try await pool.query("CREATE TABLE t (n bigint)")
            await #expect(throws: (any Error).self) {
                try await pool.transaction { transaction in
                    for sql in ["SELECT nonsense", "INSERT INTO t VALUES (1)"] {
                        do { try await transaction.query(PostgresQuery(sql)) } catch {}
                    }
                    throw Refusal()
                }
            }
            #expect(try await pool.query("SELECT count(*) FROM t").decode(Int.self) == [0])
        }
    }

    @Test func `A constraint checked at COMMIT is reported from there`() async throws {
        try await withPool { pool, _ in
            try await pool.query("CREATE TABLE t (n bigint UNIQUE DEFERRABLE INITIALLY DEFERRED)")
            let error = try await postgresError {
                _ = try await pool.transaction { transaction in
                    try await transaction.query("INSERT INTO t VALUES (1), (1)")
                }
            }
            #expect(error.isUniqueViolation)
            #expect(await pool.statistics.leasedConnections == 0)
        }
    }

    @Test func `Many transactions and single statements share a small pool without starving`() async throws {
        try await withPool(configure: { $0.poolSize = 2 }) { pool, _ in
            try await pool.query("CREATE TABLE t (n bigint)")
            try await withThrowingTaskGroup { group in
                for number in 0..<200 {
                    group.addTask { try await pool.query("INSERT INTO t VALUES (\(number))") }
                    group.addTask {
                        try await pool.transaction { transaction in
                            try await transaction.query("INSERT INTO t VALUES (\(number))")
                            return try await transaction.query("INSERT INTO t VALUES (\(number))")
                        }
                    }
                }
                try await group.waitForAll()
            }
            #expect(try await pool.query("SELECT count(*) FROM t").decode(Int.self) == [600])
        }
    }
}
