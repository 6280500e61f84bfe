package import DevStack
internal import FoundationEssentials

/// One PostgreSQL server and one RabbitMQ broker for all tests of a process, started when first asked for.
///
/// `SLIPWAY_TEST_POSTGRES_URL` and `SLIPWAY_TEST_AMQP_URL` name servers to use instead; their users may create
/// databases. Tests share the servers, so a test works in a database and under a prefix of its own, and a test that
/// stops or kills a server asks for a private one.
package actor TestServers {
    package static let shared = TestServers()

    private var postgresStart: Task<String, any Error>?
    private var clusterStart: Task<String, any Error>?
    private var brokerStart: Task<String, any Error>?

    /// The shared server's `slipway` database.
    package func postgresURL() async throws -> String {
        if let url = Self.environment["SLIPWAY_TEST_POSTGRES_URL"], !url.isEmpty { return url }
        // why: the start is shared by all tests that wait for it, so it belongs to none of them.
        let start = postgresStart ?? Task { try await Self.privatePostgres().url }
        postgresStart = start
        return try await start.value
    }

    /// The shared broker's default virtual host.
    package func amqpURL() async throws -> String {
        if let url = Self.environment["SLIPWAY_TEST_AMQP_URL"], !url.isEmpty { return url }
        // why: the start is shared by all tests that wait for it, so it belongs to none of them.
        let start = brokerStart ?? Task { try await Self.privateRabbitMQ().url }
        brokerStart = start
        return try await start.value
    }

    /// The API server of a shared local cluster whose containers are processes of this machine.
    ///
    /// `SLIPWAY_TEST_LOCALKUBE` names one to use instead.
    package func kubernetesURL() async throws -> String {
        if let url = Self.environment["SLIPWAY_TEST_LOCALKUBE"], !url.isEmpty { return url }
        // why: the start is shared by all tests that wait for it, so it belongs to none of them.
        let start = clusterStart ?? Task { try await Self.privateLocalCluster() }
        clusterStart = start
        return try await start.value
    }

    /// A running PostgreSQL server for one test alone, which may stop and kill it.
    ///
    /// - Parameter isDurable: whether a killed server keeps all it acknowledged; otherwise it may forget its last commits.
    package static func privatePostgres(isDurable: Bool = false) async throws -> PrivatePostgres {
        var configuration = PrivatePostgres.Configuration(
            folder: "\(try TestScratch.shared.folder("postgres"))/server",
            port: try LoopbackPort.free(count: 1)[0],
            password: Password.random()
        )
        configuration.isDurable = isDurable
        // Tests run side by side, each with pools of its own.
        configuration.maximumConnections = 600
        configuration.willRun = { TestScratch.shared.adopt($0) }
        let server = try PrivatePostgres(configuration)
        try await server.start()
        return server
    }

    /// A running broker for one test alone, which may stop and kill it.
    package static func privateRabbitMQ() async throws -> PrivateRabbitMQ {
        let ports = try LoopbackPort.free(count: 3)
        var configuration = PrivateRabbitMQ.Configuration(
            folder: "\(try TestScratch.shared.folder("rabbitmq"))/server",
            ports: .init(amqp: ports[0], distribution: ports[1], portMapper: ports[2]),
            password: Password.random()
        )
        configuration.willRun = { TestScratch.shared.adopt($0) }
        let server = try PrivateRabbitMQ(configuration)
        try await server.start()
        return server
    }

    private static func privateLocalCluster() async throws -> String {
        let program = try TestProcess(
            BuiltExecutable.path("slipway-localkube"),
            ["--listen", "127.0.0.1:0", "--state", try TestScratch.shared.folder("kubernetes")]
        )
        let line = try await program.waitForLine(containing: "ready address=")
        return String(line[(line.firstRange(of: "address=")?.upperBound ?? line.startIndex)...])
    }

    private static var environment: [String: String] { ProcessInfo.processInfo.environment }
}

/// A prefix for queues and exchanges that no other test uses.
package func freshAMQPPrefix() -> String {
    "test-" + String(UInt64.random(in: 0 ... .max), radix: 36)
}
