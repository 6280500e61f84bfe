import AMQPClient
import Dashboard
import DevStack
import EventLoop
import Logging
import Observability
import PostgresClient
import RunMessaging
import RunStore
import ServiceLifecycle
import SlipwayCore
import TestSupport
import Testing

@testable import ControlAPI

/// An API served on a port of its own, over a migrated database of its own. There is no broker: signals wait for nobody.
struct APIFixture: Sendable {
    let client: TestClient
    let store: RunStore
    let metrics: MetricsRegistry
    let server: ControlAPI
    /// All that the router serves.
    var operations: [Operation] { server.operations }

    static let jobFile = """
        name: report
        kind: nightly
        engine: none
        variables:
          country: NL
          days: {type: integer, default: 7}
        tasks:
          - name: extract
            command: ["true"]
        """

    /// Runs `body` with the API and stops it afterwards.
    static func with(
        token: String = "",
        limits: ControlAPILimits = quick,
        prices: ResourcePrices? = nil,
        logObjects: LogObjects? = nil,
        callerRate: RequestRate? = nil,
        refusalRate: RequestRate? = nil,
        trustedProxies: [String] = [],
        issuers: [IdentityIssuer] = [],
        publicURL: String? = nil,
        dashboard: DashboardFiles? = nil,
        crossOrigins: [String] = [],
        _ body: @Sendable @escaping (APIFixture) async throws -> Void
    ) async throws {
        try await withFreshDatabase(copyOf: "migrated", preparedBy: migrate) { url in
            try await with(
                database: url,
                token: token,
                limits: limits,
                prices: prices,
                logObjects: logObjects,
                callerRate: callerRate,
                refusalRate: refusalRate,
                trustedProxies: trustedProxies,
                issuers: issuers,
                publicURL: publicURL,
                dashboard: dashboard,
                crossOrigins: crossOrigins,
                body
            )
        }
    }

    @Sendable static func migrate(_ url: String) async throws {
        let loop = EventLoop(name: "test-postgres")
        defer { loop.shutdown() }
        let pool = PostgresPool(
            configuration: try PostgresConfiguration(url: url),
            eventLoop: loop,
            logger: Logger(label: "test")
        )
        _ = try await RunStore(pool: pool).migrate()
        await pool.close()
    }

    /// Followed runs are looked at often, so that tests are quick.
    static var quick: ControlAPILimits {
        var limits = ControlAPILimits()
        limits.followInterval = .milliseconds(20)
        return limits
    }

    /// - Parameter acquireTimeout: how long a call waits for a connection. Many tests run side by side on one server.
    static func with(
        database url: String,
        acquireTimeout: Duration = .seconds(30),
        token: String = "",
        limits: ControlAPILimits = quick,
        prices: ResourcePrices? = nil,
        logObjects: LogObjects? = nil,
        callerRate: RequestRate? = nil,
        refusalRate: RequestRate? = nil,
        trustedProxies: [String] = [],
        issuers: [IdentityIssuer] = [],
        publicURL: String? = nil,
        dashboard: DashboardFiles? = nil,
        crossOrigins: [String] = [],
        _ body: @Sendable @escaping (APIFixture) async throws -> Void
    ) async throws {
        var logger = Logger(label: "test")
        logger.logLevel = .critical
        let loop = EventLoop(name: "test-postgres")
        defer { loop.shutdown() }
        var database = try PostgresConfiguration(url: url)
        database.acquireTimeout = acquireTimeout
        let pool = PostgresPool(configuration: database, eventLoop: loop, logger: logger)
        let store = RunStore(pool: pool, logObjects: logObjects)
        let metrics = MetricsRegistry()
        let port = try LoopbackPort.free(count: 1)[0]
        let messaging = RunMessaging(
            configuration: try AMQPConfiguration(url: "amqp://127.0.0.1:1"),
            names: MessageNames(),
            clusters: [],
            metrics: metrics,
            logger: logger
        )
        let (listening, isListening) = AsyncStream.makeStream(of: Void.self)
        let api = ControlAPI(
            configuration: try ControlAPIConfiguration(
                host: "127.0.0.1",
                port: port,
                token: token,
                limits: limits,
                prices: prices,
                callerRate: callerRate,
                refusalRate: refusalRate,
                trustedProxies: trustedProxies,
                issuers: issuers,
                publicURL: publicURL,
                dashboard: dashboard,
                crossOrigins: crossOrigins
            ),
            store: store,
            messaging: messaging,
            identifiers: RunIdentifiers(now: { .now }, random: { .random(in: 0 ... .max) }),
            now: { .now },
            version: "test",
            metrics: metrics,
            logger: logger,
            listening: { isListening.yield() }
        )
        let fixture = APIFixture(
            client: TestClient(base: "http://127.0.0.1:\(port)", token: token),
            store: store,
            metrics: metrics,
            server: api
        )
        let group = ServiceGroup(services: [api], logger: logger)
        let result = await withTaskGroup(of: Void.self) { tasks in
            tasks.addTask {
                do {
                    try await group.run()
                } catch {
                    Issue.record("the API ended: \(error)")
                    isListening.finish()
                }
            }
            for await _ in listening { break }
            let result = await Self.result(of: body, fixture)
            await group.triggerGracefulShutdown()
            await tasks.waitForAll()
            return result
        }
        await pool.close()
        try result.get()
    }

    private static func result(
        of body: @Sendable (APIFixture) async throws -> Void,
        _ fixture: APIFixture
    ) async -> Result<Void, any Error> {
        do {
            return .success(try await body(fixture))
        } catch {
            return .failure(error)
        }
    }

    // MARK: Steps that many tests take

    func applyJob(_ text: String = jobFile) async throws {
        let answer = try await client.send("POST", "/jobs", text, contentType: "application/yaml")
        try #require(answer.status == 201 || answer.status == 200, "\(answer.text)")
    }

    func createRun(_ body: String = #"{"job": "report"}"#) async throws -> RunID {
        let answer = try await client.send("POST", "/runs", body)
        try #require(answer.status == 201, "\(answer.text)")
        return try #require(answer.json["id"]?.string.flatMap(RunID.init))
    }
}
