package import AMQPClient
package import Logging
package import Observability
internal import ServiceLifecycle

/// How the processes talk: typed hints over RabbitMQ.
///
/// A consumer acknowledges after its handler returns; when a handler throws, the broker gives its messages to another. A message
/// that cannot be read is rejected once and lies with the dead letters.
package struct RunMessaging: Sendable {
    package let publisher: RunPublisher
    /// For the API: signals that wait for nobody.
    package let signals = ControlSignals()
    let configuration: AMQPConfiguration
    let names: MessageNames
    let topology: AMQPTopology
    let logger: Logger

    /// - Parameter clusters: the clusters whose queues are declared.
    package init(
        configuration: AMQPConfiguration,
        names: MessageNames,
        clusters: [String],
        metrics: MetricsRegistry,
        logger: Logger
    ) {
        self.configuration = configuration
        self.names = names
        self.logger = logger
        topology = RunTopology.shared(names, clusters: clusters)
        publisher = RunPublisher(
            publisher: AMQPPublisher(configuration: configuration, topology: topology, logger: logger),
            names: names,
            metrics: metrics,
            logger: logger
        )
    }

    /// Whether messages can be published now.
    package var isReady: Bool { publisher.publisher.isReady }
}

extension RunMessaging: Service {
    /// Keeps the publishing connection until graceful shutdown, which comes after the services that publish have ended.
    package func run() async throws {
        try await cancelWhenGracefulShutdown {
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { try await publisher.publisher.run() }
                group.addTask { await signals.run(publisher) }
                try await group.next()
                group.cancelAll()
            }
        }
    }
}
