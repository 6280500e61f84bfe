import EventLoop
import Foundation
import Glibc
import PostgresClient
import Synchronization
import Testing

@Suite struct ConnectingTests {
    private func withPool(
        _ url: String,
        configure: (inout PostgresConfiguration) -> Void = { _ in },
        _ body: (PostgresPool) async throws -> Void
    )
        async throws
    {
        var configuration = try PostgresConfiguration(url: url)
        configure(&configuration)
        try await withEventLoop { loop in
            let pool = PostgresPool(configuration: configuration, eventLoop: loop, logger: quietLogger)
            do {
                try await body(pool)
                await pool.close()
            } catch {
                await pool.close()
                throw error
            }
        }
    }

    @Test func `A port that accepts and never answers is given up at the connect timeout`() async throws {
        let hole = try BlackHole()
        defer { hole.close() }
        try await withPool("postgres://u@127.0.0.1:\(hole.port)/d") {
            $0.connectTimeout = .milliseconds(100)
            $0.acquireTimeout = .milliseconds(500)
        } _: { pool in
            let start = ContinuousClock.now
            let error = try await postgresError { try await pool.query("SELECT 1") }
            #expect(error.code == .acquireTimedOut && error.message.contains("no connection within"))
            #expect(ContinuousClock.now - start < .seconds(8))
            #expect(await pool.statistics.connectFailures >= 2)
        }
    }

    @Test func `A refused connection is tried again until the acquire timeout`() async throws {
        let port = try PostgresServer.freePort()
        try await withPool("postgres://u@127.0.0.1:\(port)/d") {
            $0.acquireTimeout = .milliseconds(400)
        } _: { pool in
            let error = try await postgresError { try await pool.query("SELECT 1") }
            #expect(error.code == .acquireTimedOut && error.isRetriable && error.message.contains("refused"))
            #expect(await pool.statistics.connectFailures >= 2)
        }
    }

    @Test func `A host that does not resolve is an error of connecting`() async throws {
        try await withPool("postgres://u@nowhere.invalid/d") {
            $0.acquireTimeout = .milliseconds(300)
        } _: { pool in
            let error = try await postgresError { try await pool.query("SELECT 1") }
            #expect(error.code == .acquireTimedOut || error.code == .connectFailed)
        }
    }

    @Test func `An unknown database is told at once`() async throws {
        let server = try PostgresServer.shared.get()
        try await withPool("postgres://slipway@127.0.0.1:\(server.port)/absent") { pool in
            let error = try await postgresError { try await pool.query("SELECT 1") }
            #expect(error.code == .connectFailed && error.sqlState == "3D000" && !error.isRetriable)
        }
    }

    @Test func `A wrong password is told at once and never shown`() async throws {
        let server = try PostgresServer(settings: []) { server in
            try "local all all trust\nhost all all 127.0.0.1/32 scram-sha-256\n"
                .write(toFile: server.data + "/pg_hba.conf", atomically: false, encoding: .utf8)
        }
        defer { server.remove() }
        try await withPool(server.socketURL) { try await $0.query("ALTER ROLE slipway PASSWORD 'right'") }
        try await withPool("postgres://slipway:right@127.0.0.1:\(server.port)/postgres") {
            try await $0.query("SELECT 1")
        }
        try await withPool("postgres://slipway:guessed@127.0.0.1:\(server.port)/postgres") { pool in
            let error = try await postgresError { try await pool.query("SELECT 1") }
            #expect(error.code == .connectFailed && error.sqlState == "28P01" && !error.description.contains("guessed"))
        }
    }

    @Test func `A lost connection under a statement says that it may have executed`() async throws {
        let server = try PostgresServer.shared.get()
        try await withPool(server.url) { pool in
            async let lost = postgresError { try await pool.query("SELECT pg_sleep(60) -- to be terminated") }
            let terminate: PostgresQuery = """
                SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                WHERE state = 'active' AND query LIKE '%-- to be terminated' AND pid <> pg_backend_pid()
                """
            try await eventually { try await pool.query(terminate).rowCount == 1 }
            let error = try await lost
            #expect(
                error.code == .connectionLost(mayHaveExecuted: true) && error.sqlState == "57P01" && !error.isRetriable
            )
            #expect(try await pool.query("SELECT 1").rowCount == 1)
        }
    }

    @Test func `A restart under load loses nothing that is retried, and the pool recovers`() async throws {
        let server = try PostgresServer(settings: ["fsync=on"])
        defer { server.remove() }
        try await withPool(server.url) {
            ($0.poolSize, $0.acquireTimeout) = (4, .seconds(30))
        } _: { pool in
            try await pool.query("CREATE TABLE t (id bigint PRIMARY KEY)")
            let acknowledged = Counter()
            let isOver = Counter()
            try await withThrowingTaskGroup { group in
                for worker in 0..<16 {
                    group.addTask {
                        var number = 0
                        while isOver.value == 0 {
                            try await Self.insert(worker * 1_000_000 + number, pool)
                            number += 1
                            acknowledged.increment()
                        }
                    }
                }
                for _ in 0..<2 {
                    let before = acknowledged.value
                    try await eventually { acknowledged.value > before + 200 }
                    server.stop()
                    try server.start()
                    let after = acknowledged.value
                    try await eventually(within: .seconds(30)) { acknowledged.value > after + 200 }
                }
                isOver.increment()
                try await group.waitForAll()
            }
            #expect(try await pool.query("SELECT count(*) FROM t").decode(Int.self) == [acknowledged.value])
            let statistics = await pool.statistics
            #expect(statistics.connectionsLost >= 2 && statistics.openConnections <= 4)
        }
    }

    /// Repeatable, so a lost connection is no reason to give up.
    private static func insert(_ id: Int, _ pool: PostgresPool) async throws {
        while true {
            do {
                try await pool.query("INSERT INTO t VALUES (\(id)) ON CONFLICT DO NOTHING")
                return
            } catch {
                let isLost = error.code == .connectionLost(mayHaveExecuted: true)
                guard isLost || error.isRetriable else { throw error }
            }
        }
    }
}

@Suite struct TLSTests {
    @Test func `A certificate is verified to its name, and refused if anything is wrong`() async throws {
        let server = try PostgresServer(settings: ["ssl=on"]) { server in
            try Certificates.make(for: "localhost", in: server)
        }
        defer { server.remove() }
        let base = "postgres://slipway@localhost:\(server.port)/postgres?sslmode=verify-full&sslrootcert="
        try await withEventLoop { loop in
            let right = PostgresPool(
                configuration: try PostgresConfiguration(url: base + server.folder + "/ca.crt"),
                eventLoop: loop,
                logger: quietLogger
            )
            let ssl = try await right.query("SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()").decode(
                Bool.self
            )
            #expect(ssl == [true])
            let slow: PostgresQuery = "SELECT pg_sleep(60)"
            #expect(
                try await postgresError { try await right.query(slow.timeout(.milliseconds(50))) }.code
                    == .queryTimedOut
            )
            await right.close()

            let wrong = [
                base + server.folder + "/other.crt",
                base.replacing("@localhost", with: "@127.0.0.1") + server.folder + "/ca.crt",
                base + "/nonexistent/ca.crt",
            ]
            for url in wrong {
                let pool = PostgresPool(
                    configuration: try PostgresConfiguration(url: url),
                    eventLoop: loop,
                    logger: quietLogger
                )
                let error = try await postgresError { try await pool.query("SELECT 1") }
                #expect(error.code == .connectFailed && !error.isRetriable)
                #expect(error.message.contains("certificate"))
                await pool.close()
            }
        }
    }
}

/// A certificate authority, a certificate it has signed for the server, and another authority.
private enum Certificates {
    static func make(for host: String, in server: PostgresServer) throws {
        let folder = server.folder
        for authority in ["ca", "other"] {
            try server.run(
                "openssl",
                [
                    "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
                    "-subj", "/CN=Test \(authority)", "-keyout", "\(folder)/\(authority).key", "-out",
                    "\(folder)/\(authority).crt",
                ]
            )
        }
        try server.run(
            "openssl",
            [
                "req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-subj", "/CN=\(host)",
                "-addext", "subjectAltName=DNS:\(host)", "-keyout", "\(server.data)/server.key", "-out",
                "\(folder)/server.csr",
            ]
        )
        try server.run(
            "openssl",
            [
                "x509", "-req", "-in", "\(folder)/server.csr", "-CA", "\(folder)/ca.crt", "-CAkey", "\(folder)/ca.key",
                "-CAcreateserial", "-days", "2", "-copy_extensions", "copy", "-out", "\(server.data)/server.crt",
            ]
        )
        try server.run("chmod", ["600", "\(server.data)/server.key"])
        try server.giveAway(server.data)
        try server.run("chmod", ["644", "\(folder)/ca.crt", "\(folder)/other.crt"])
    }
}

/// A port whose connections are accepted by the kernel and answered by nobody.
private struct BlackHole {
    let port: Int
    private let descriptor: Int32

    init() throws {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let descriptor = descriptor
        let status = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, length) | listen(descriptor, 16) | getsockname(descriptor, $0, &length)
            }
        }
        guard status == 0 else { throw PostgresServer.StartFailure(description: "no port to listen on") }
        port = Int(UInt16(bigEndian: address.sin_port))
    }

    func close() { _ = Glibc.close(descriptor) }
}
