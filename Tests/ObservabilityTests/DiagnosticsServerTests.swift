import DevStack
import Logging
import Observability
import ServiceLifecycle
import Synchronization
import TestSupport
import Testing

/// The real server, asked over a socket.
@Suite struct DiagnosticsServerTests {
    private final class Answer: Sendable {
        private let readiness = Mutex(Readiness.ready)
        var value: Readiness {
            get { readiness.withLock { $0 } }
            set { readiness.withLock { $0 = newValue } }
        }
    }

    /// Serves while `body` runs, then shuts down gracefully.
    private func serving(
        _ checks: [ReadinessCheck],
        metrics: MetricsRegistry = MetricsRegistry(),
        _ body: (_ port: Int) async throws -> Void
    ) async throws {
        let port = try LoopbackPort.free(count: 1)[0]
        var limits = DiagnosticsServer.Limits()
        limits.readinessAnswer = .milliseconds(200)
        var logger = Logger(label: "test")
        logger.logLevel = .error
        let server = DiagnosticsServer(
            host: "127.0.0.1",
            port: port,
            metrics: metrics,
            checks: checks,
            limits: limits,
            logger: logger
        )
        let group = ServiceGroup(services: [server], logger: logger)
        async let running: Void = group.run()
        try await eventually("the server answers") {
            await LoopbackProbe.get(port: port, path: "/livez")?.status == 200
        }
        try await body(port)
        await group.triggerGracefulShutdown()
        try await running
        #expect(LoopbackPort.isFree(port))
    }

    /// What is answered, however busy the machine is.
    private func ask(_ port: Int, _ path: String) async -> (status: Int, body: String)? {
        await LoopbackProbe.get(port: port, path: path, patienceSeconds: 20)
    }

    @Test("readiness follows the truth of the moment and names each check")
    func readiness() async throws {
        let answer = Answer()
        let checks = [
            ReadinessCheck("postgres") { answer.value }, ReadinessCheck("rabbitmq") { .ready },
        ]
        try await serving(checks) { port in
            let ready = try #require(await ask(port, "/readyz"))
            #expect(ready.status == 200)
            #expect(ready.body.contains(#"{"ready":true,"checks":{"postgres":{"ready":true,"#))

            answer.value = .notReady(reason: "no \"connection\"")
            let broken = try #require(await ask(port, "/readyz"))
            #expect(broken.status == 503)
            #expect(broken.body.contains(#""reason":"no \"connection\"""#))
            #expect(broken.body.contains(#""rabbitmq":{"ready":true"#))
            #expect(await ask(port, "/livez")?.status == 200)

            answer.value = .ready
            #expect(await ask(port, "/readyz")?.status == 200)
        }
    }

    @Test("a check that hangs counts as not ready, and does not hold the answer back")
    func hangingCheck() async throws {
        let (never, continuation) = AsyncStream.makeStream(of: Never.self)
        let checks = [
            ReadinessCheck("stuck") {
                for await _ in never {}
                return .ready
            }
        ]
        try await serving(checks) { port in
            let answer = try #require(await ask(port, "/readyz"))
            #expect(answer.status == 503)
            #expect(answer.body.contains("no answer within"))
        }
        continuation.finish()
    }

    @Test("metrics are served, and what is not served is not found")
    func metrics() async throws {
        let metrics = MetricsRegistry()
        metrics.counter("slipway_things_total", help: "Things.").increment(by: 3)
        try await serving([], metrics: metrics) { port in
            let answer = try #require(await ask(port, "/metrics"))
            #expect(answer.status == 200)
            #expect(answer.body.contains("slipway_things_total 3\n"))
            #expect(await ask(port, "/secrets")?.status == 404)
        }
    }
}
