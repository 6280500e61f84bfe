import DevStack
import FoundationEssentials
import Testing

/// Real servers, each in a folder of its own that goes with this test process.
@Suite(.serialized) struct PrivateServersTests {
    @Test("postgres starts, keeps what it committed over a kill, and stops")
    func postgres() async throws {
        let folder = try ScratchFolder()
        var configuration = PrivatePostgres.Configuration(
            folder: "\(folder.path)/postgres",
            port: try LoopbackPort.free(count: 1)[0],
            password: Password.random()
        )
        configuration.maximumConnections = 20
        let server = try PrivatePostgres(configuration)
        try await server.start()
        let first = try #require(await server.running)
        folder.orphans.kill(first.identity)
        try await server.run("CREATE TABLE kept (id int); INSERT INTO kept VALUES (7)")

        try await server.start()
        #expect(await server.running?.identity == first.identity, "starting a running server keeps it")

        await server.kill9()
        #expect(!first.identity.isRunning)
        #expect(first.exit == .signal(9))
        try await server.start()
        folder.orphans.kill(try #require(await server.running).identity)
        #expect(try await server.run("SELECT id FROM kept") == "7")

        let second = try #require(await server.running)
        await server.stop()
        #expect(second.exit == .status(0))
        #expect(LoopbackPort.isFree(configuration.port))
    }

    @Test("postgres asks for the password")
    func postgresPassword() async throws {
        let folder = try ScratchFolder()
        let port = try LoopbackPort.free(count: 1)[0]
        let server = try PrivatePostgres(
            .init(folder: "\(folder.path)/postgres", port: port, password: Password.random())
        )
        try await server.start()
        folder.orphans.kill(try #require(await server.running).identity)
        let stranger = try PostgresShell(scratch: folder.path)
        await #expect(throws: DevStackError.self) {
            try await stranger.run("SELECT 1", url: "postgres://slipway:wrong@127.0.0.1:\(port)/slipway")
        }
        await server.stop()
    }

    @Test("rabbitmq starts, comes back after a kill, and leaves no port mapper behind")
    func rabbitMQ() async throws {
        let folder = try ScratchFolder()
        let ports = try LoopbackPort.free(count: 3)
        let configuration = PrivateRabbitMQ.Configuration(
            folder: "\(folder.path)/rabbitmq",
            ports: .init(amqp: ports[0], distribution: ports[1], portMapper: ports[2]),
            password: Password.random()
        )
        let server = try PrivateRabbitMQ(configuration)
        try await server.start()
        let first = try #require(await server.running)
        let mapper = try #require(await server.runningPortMapper)
        folder.orphans.kill(first.identity)
        folder.orphans.kill(mapper.identity)

        await server.kill9()
        #expect(!first.identity.isRunning)
        #expect(mapper.isRunning)
        try await server.start()
        let second = try #require(await server.running)
        folder.orphans.kill(second.identity)
        #expect(second.identity != first.identity)

        await server.stop()
        #expect(!second.identity.isRunning)
        #expect(!mapper.identity.isRunning)
        #expect(ports.allSatisfy(LoopbackPort.isFree))
    }
}
