internal import AMQPClient
package import Clusters
internal import EventLoop
internal import FoundationEssentials
internal import Glibc
internal import KubernetesClient
package import Logging
package import Observability
internal import PostgresClient
package import RunMessaging
package import RunStore
package import ServiceLifecycle
package import Settings
internal import SlipwayCore
internal import UnixSignals

/// What the long-running executables have in common: from settings to a running group of services.
package struct ServiceProcess: Sendable {
    package let settings: Settings
    package let logger: Logger
    package let metrics = MetricsRegistry()
    private let name: String

    /// Sets up logging. Call it once, at start.
    ///
    /// - Parameter name: the executable's, such as `slipway-worker`.
    package init(name: String, settings: Settings) throws {
        self.name = name
        self.settings = settings
        LogOutput.bootstrap(
            service: name,
            level: try settings(SharedSettings.logLevel),
            style: LogStyle(named: try settings(SharedSettings.logFormat).rawValue) ?? .automatic
        )
        logger = Logger(label: name)
        // A peer that closes its socket must not end the process.
        signal(SIGPIPE, SIG_IGN)
    }

    /// Lets the process open as many files as the system allows it.
    ///
    /// - Returns: how many that are.
    package func raiseOpenFileLimit() -> Int {
        var limit = rlimit()
        let kind = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
        guard getrlimit(kind, &limit) == 0 else { return 1024 }
        let before = limit.rlim_cur
        limit.rlim_cur = limit.rlim_max
        guard setrlimit(kind, &limit) == 0 else { return Int(clamping: before) }
        return Int(clamping: limit.rlim_cur)
    }

    // MARK: Parts

    /// - Parameters:
    ///   - acquireTimeout: how long a statement waits for a connection.
    ///   - logObjects: where logs are, beside the database.
    /// - Parameter zones: the folder of the time zones' files; `nil`: this system's.
    package func store(
        acquireTimeout: Duration? = nil,
        logObjects: LogObjects? = nil,
        zones: String? = nil
    ) throws -> RunStore {
        var configuration = try PostgresConfiguration(url: try settings(SharedSettings.postgresURL))
        configuration.poolSize = try settings(SharedSettings.postgresPoolSize)
        configuration.applicationName = name
        if let acquireTimeout { configuration.acquireTimeout = acquireTimeout }
        let pool = PostgresPool(
            configuration: configuration,
            eventLoop: EventLoop(name: "postgres"),
            logger: Logger(label: "postgres")
        )
        return RunStore(
            pool: pool,
            logObjects: logObjects,
            zones: zones.map { ZoneCatalog(folder: $0) } ?? .system
        )
    }

    /// - Parameter clusters: the clusters whose queues are declared.
    package func messaging(clusters: [String] = []) throws -> RunMessaging {
        var configuration = try AMQPConfiguration(url: try settings(SharedSettings.amqpURL))
        configuration.connectionName = name
        return RunMessaging(
            configuration: configuration,
            names: MessageNames(prefix: try settings(SharedSettings.amqpPrefix)),
            clusters: clusters,
            metrics: metrics,
            logger: Logger(label: "amqp")
        )
    }

    /// The cluster this process is made for, and the registered ones whose kubeconfigs are in the folder.
    package func clusters(registry: some ClusterRegistry) throws -> ServedClusters {
        let folder = try settings(ServiceKeys.kubeconfigFolder)
        let loop = EventLoop(name: "kubernetes")
        let name = try settings(ServiceKeys.cluster)
        var served = ServedClustersSettings()
        served.interval = try settings(ServiceKeys.clusterCheckInterval)
        return ServedClusters(
            always: name.isEmpty ? [:] : [name: try client(on: loop)],
            registry: registry,
            access: folder.isEmpty
                ? nil
                : KubeconfigFolder(path: folder, base: try baseConfiguration(), eventLoop: loop),
            settings: served,
            metrics: metrics
        )
    }

    private func client(on loop: EventLoop) throws -> KubernetesClient {
        let path = try settings(ServiceKeys.kubeconfig)
        let context = try settings(ServiceKeys.kubernetesContext)
        let configuration =
            path.isEmpty
            ? try KubernetesConfiguration.automatic()
            : try KubernetesConfiguration.kubeconfig(path: path, context: context.isEmpty ? nil : context)
        return KubernetesClient(
            configuration: try baseConfiguration()(configuration),
            eventLoop: loop,
            logger: Logger(label: "kubernetes")
        )
    }

    /// What is the same for every cluster.
    private func baseConfiguration() throws -> @Sendable (KubernetesConfiguration) -> KubernetesConfiguration {
        let requests = Double(try settings(ServiceKeys.kubernetesRequests))
        let burst = try settings(ServiceKeys.kubernetesBurst)
        let connections = try settings(ServiceKeys.kubernetesConnections)
        let silence = try settings(ServiceKeys.kubernetesWatchSilence)
        let agent = "\(name)/\(SlipwayVersion.current)"
        return { configuration in
            var configuration = configuration
            configuration.requestsPerSecond = requests
            configuration.burst = burst
            configuration.connections = connections
            configuration.watchSilence = silence
            configuration.userAgent = agent
            return configuration
        }
    }

    package func leaseSettings() throws -> LeaseSettings {
        LeaseSettings(
            timeToLive: try settings(ServiceKeys.leaseTimeToLive),
            heartbeat: try settings(ServiceKeys.leaseHeartbeat),
            margin: try settings(ServiceKeys.leaseMargin)
        )
    }

    /// Describes this process as a holder, with a fresh id at each call.
    package func makeHolder(_ kind: Holder.Kind, clusters: [String]) throws -> @Sendable () -> Holder {
        let given = try settings(ServiceKeys.processName)
        let name =
            given.isEmpty ? "\(ProcessInfo.processInfo.hostName)/\(ProcessInfo.processInfo.processIdentifier)" : given
        return {
            Holder(
                id: .random(),
                kind: kind,
                name: name,
                version: SlipwayVersion.current,
                clusters: clusters
            )
        }
    }

    // MARK: Running

    /// Runs services, and the health server, until a termination signal; then stops them in reverse order.
    ///
    /// - Parameter needsBroker: whether the process is of no use while RabbitMQ is away.
    package func run(
        _ services: [any Service],
        store: RunStore,
        messaging: RunMessaging,
        needsBroker: Bool = true
    ) async throws {
        var all: [any Service] = [messaging]
        let listen = try settings(SharedSettings.httpListen)
        if !listen.isOff {
            all.append(
                DiagnosticsServer(
                    host: listen.host,
                    port: listen.port,
                    metrics: metrics,
                    checks: [Self.databaseCheck(store)] + (needsBroker ? [Self.brokerCheck(messaging)] : []),
                    logger: logger
                )
            )
        }
        all += services
        let group = ServiceGroup(
            configuration: ServiceGroupConfiguration(
                services: all.map { .init(service: $0, successTerminationBehavior: .gracefullyShutdownGroup) },
                gracefulShutdownSignals: [.sigterm, .sigint],
                logger: Logger(label: "lifecycle")
            )
        )
        metrics.observeProcess(version: SlipwayVersion.current)
        logger.info("Started", metadata: ["version": "\(SlipwayVersion.current)"])
        try await group.run()
        await store.pool.close()
        logger.info("Stopped")
    }

    /// Ready only if the schema is the one this version works with.
    private static func databaseCheck(_ store: RunStore) -> ReadinessCheck {
        ReadinessCheck("postgres") {
            do {
                let status = try await store.checkMigrations()
                guard status.pending.isEmpty else {
                    return .notReady(
                        reason: "the schema lacks \(status.pending.count) migrations: slipway admin migrate"
                    )
                }
                return .ready
            } catch {
                return .notReady(reason: "the database cannot be reached")
            }
        }
    }

    private static func brokerCheck(_ messaging: RunMessaging) -> ReadinessCheck {
        ReadinessCheck("amqp") {
            messaging.isReady ? .ready : .notReady(reason: "the broker cannot be reached")
        }
    }
}
