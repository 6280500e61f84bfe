import EventLoop
import Foundation
import PostgresClient
import Synchronization
import Testing

/// Statements end on the server when their callers no longer want them.
@Suite struct DeadlineTests {
    private func isRunning(_ marker: String, _ pool: PostgresPool) async throws -> Bool {
        try await pool.query(
            """
            SELECT count(*) FROM pg_stat_activity
            WHERE state = 'active' AND query LIKE \("%" + marker) AND pid <> pg_backend_pid()
            """
        ).decode(Int.self) == [1]
    }

    @Test func `A statement past its deadline is cancelled on the server`() async throws {
        try await withPool { pool, _ in
            // Opening a connection is not what the deadline is about.
            try await pool.query("SELECT 1")
            let query: PostgresQuery = "SELECT pg_sleep(60) -- deadline"
            let start = ContinuousClock.now
            let error = try await postgresError { try await pool.query(query.timeout(.milliseconds(100))) }
            #expect(error.code == .queryTimedOut && !error.isRetriable)
            #expect(ContinuousClock.now - start < .seconds(1))
            try await eventually { try await !isRunning("-- deadline", pool) }
            let statistics = await pool.statistics
            #expect(statistics.connectionsLost == 0 && statistics.cancelRequests == 1)
        }
    }

    @Test func `Cancelling a task cancels its statement on the server`() async throws {
        try await withPool { pool, _ in
            // why: it is to be cancelled on its own
            let task = Task { try await pool.query("SELECT pg_sleep(60) -- task") }
            try await eventually { try await isRunning("-- task", pool) }
            task.cancel()
            #expect(try await postgresError { _ = try await task.value }.code == .cancelled)
            try await eventually { try await !isRunning("-- task", pool) }
        }
    }

    @Test func `A task cancelled beforehand runs nothing for long`() async throws {
        try await withPool { pool, _ in
            try await pool.query("SELECT 1")
            let gate = Gate()
            let task = Task {  // why: it is to be cancelled before it begins
                await gate.wait()
                return try await pool.query("SELECT pg_sleep(60)")
            }
            task.cancel()
            gate.open()
            #expect(try await postgresError { _ = try await task.value }.code == .cancelled)
        }
    }

    @Test func `Cancelling one statement spares those behind it in the same pipeline`() async throws {
        try await withPool(configure: { $0.poolSize = 1 }) { pool, _ in
            try await pool.query("CREATE TABLE t (n bigint)")
            let slow: PostgresQuery = "SELECT pg_sleep(60)"
            for round in 0..<20 {
                // On a busy machine its time may be over before it was seen, or even sent.
                let isOver = Atomic(false)
                async let first = postgresError {
                    defer { isOver.store(true, ordering: .relaxed) }
                    _ = try await pool.query(slow.timeout(.milliseconds(20)))
                }
                try await eventually {
                    await pool.statistics.statementsInFlight == 1 || isOver.load(ordering: .relaxed)
                }
                let behind = try await pool.batch((0..<20).map { "INSERT INTO t VALUES (\(round * 20 + $0))" })
                for result in behind { _ = try result.get() }
                #expect(try await first.code == .queryTimedOut)
            }
            #expect(
                try await pool.query("SELECT count(*), count(DISTINCT n) FROM t").decode(Int.self, Int.self)[0] == (
                    400, 400
                )
            )
            #expect(await pool.statistics.connectionsLost == 0)
        }
    }

    @Test func `A statement whose deadline passes behind another one is ended when its turn comes`() async throws {
        try await withPool(configure: { $0.poolSize = 1 }) { pool, _ in
            async let first = pool.query("SELECT pg_sleep(0.3)")
            try await eventually { await pool.statistics.statementsInFlight == 1 }
            let second: PostgresQuery = "SELECT pg_sleep(60)"
            let error = try await postgresError { try await pool.query(second.timeout(.milliseconds(50))) }
            #expect(error.code == .queryTimedOut)
            #expect(try await first.rowCount == 1)
            #expect(await pool.statistics.connectionsLost == 0)
        }
    }

    @Test func `A connection whose server does not react is given up`() async throws {
        try await withPool(configure: { ($0.poolSize, $0.cancelGrace) = (1, .milliseconds(200)) }) { pool, _ in
            let pid = try #require(try await pool.query("SELECT pg_backend_pid()").decode(Int32.self).first)
            kill(pid, SIGSTOP)
            defer { kill(pid, SIGCONT) }
            let query: PostgresQuery = "SELECT 1"
            let error = try await postgresError { try await pool.query(query.timeout(.milliseconds(100))) }
            #expect(error.code == .queryTimedOut)
            let successor = try await pool.query("SELECT pg_backend_pid()").decode(Int32.self).first
            #expect(successor != pid)
            #expect(await pool.statistics.connectionsLost == 1)
        }
    }

    @Test func `A cancelled transaction is rolled back and its connection used again`() async throws {
        try await withPool(configure: { $0.poolSize = 2 }) { pool, _ in
            try await pool.query("CREATE TABLE t (n bigint)")
            let task = Task {  // why: it is to be cancelled on its own
                try await pool.transaction { transaction in
                    try await transaction.query("INSERT INTO t VALUES (1)")
                    try await transaction.query("SELECT pg_sleep(60) -- transaction")
                }
            }
            try await eventually { try await isRunning("-- transaction", pool) }
            task.cancel()
            #expect(try await postgresError { try await task.value }.code == .cancelled)
            #expect(try await pool.query("SELECT count(*) FROM t").decode(Int.self) == [0])
            let statistics = await pool.statistics
            #expect(statistics.leasedConnections == 0 && statistics.connectionsLost == 0)
        }
    }
}
