internal import Hummingbird
package import Logging
internal import ServiceLifecycle

/// Serves a process's `/livez`, `/readyz` and `/metrics`.
///
/// `/livez` is 200 while the process answers at all. `/readyz` asks every check and is 200 or 503 with a JSON body
/// that names each. `/metrics` is Prometheus' text format.
package struct DiagnosticsServer: Service {
    /// Bounds of the server.
    package struct Limits: Sendable {
        /// How long a readiness check may take.
        package var readinessAnswer: Duration = .seconds(2)

        package init() {}
    }

    private let host: String
    private let port: Int
    private let metrics: MetricsRegistry
    private let checks: [ReadinessCheck]
    private let limits: Limits
    private let logger: Logger

    package init(
        host: String,
        port: Int,
        metrics: MetricsRegistry,
        checks: [ReadinessCheck],
        limits: Limits = Limits(),
        logger: Logger
    ) {
        self.host = host
        self.port = port
        self.metrics = metrics
        self.checks = checks
        self.limits = limits
        self.logger = logger
    }

    /// Serves until graceful shutdown or cancellation.
    ///
    /// - Throws: when the address cannot be bound.
    package func run() async throws {
        let router = Router()
        router.get("livez") { _, _ in "ok\n" }
        router.get("readyz") { [checks, limits] _, _ in
            let report = await ReadinessReport.collect(checks, limit: limits.readinessAnswer)
            return EditedResponse(
                status: report.isReady ? .ok : .serviceUnavailable,
                headers: [.contentType: "application/json", .cacheControl: "no-store"],
                response: report.json
            )
        }
        router.get("metrics") { [metrics] _, _ in
            EditedResponse(
                headers: [.contentType: MetricsRegistry.expositionContentType],
                response: metrics.exposition()
            )
        }
        // The server's own lines about starting and stopping are noise beside the process's.
        var quiet = logger
        quiet.logLevel = max(logger.logLevel, .warning)
        let application = Application(
            router: router,
            configuration: .init(address: .hostname(host, port: port)),
            onServerRunning: { [logger, host, port] _ in
                logger.info("diagnostics are served", metadata: ["http.listen": "\(host):\(port)"])
            },
            logger: quiet
        )
        try await application.run()
    }
}
