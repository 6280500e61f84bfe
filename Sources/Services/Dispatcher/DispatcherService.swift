package import Clusters
package import Logging
package import Observability
package import RunMessaging
package import RunStore
internal import ServiceLifecycle

/// The dispatcher process: turns ready runs into pods, and hands them to a worker.
///
/// Any number may run, also for the same cluster: the claim of a batch is one statement, and a pod's name makes creating it
/// idempotent.
package struct DispatcherService: Service {
    private let store: any RunLedger
    private let messaging: any RunMessages
    private let clusters: ServedClusters
    private let settings: DispatcherSettings
    private let metrics: DispatcherMetrics
    private let logger: Logger
    private let time: TimeSource
    private let makeHolder: @Sendable () -> Holder

    /// - Parameter makeHolder: describes this process with a fresh id at each call.
    package init(
        store: any RunLedger,
        messaging: any RunMessages,
        clusters: ServedClusters,
        settings: DispatcherSettings,
        registry: MetricsRegistry,
        logger: Logger,
        time: TimeSource = .system,
        makeHolder: @escaping @Sendable () -> Holder
    ) {
        self.store = store
        self.messaging = messaging
        self.clusters = clusters
        self.settings = settings
        metrics = DispatcherMetrics(registry)
        self.logger = logger
        self.time = time
        self.makeHolder = makeHolder
    }

    package func run() async throws {
        try await cancelWhenGracefulShutdown { try await serve() }
    }

    /// Serves until the task is cancelled.
    package func serve() async throws {
        try await store.serveAsHolder(
            settings: settings.lease,
            time: time,
            logger: logger,
            makeHolder: makeHolder,
            handBack: { freed in await messaging.hint(superviseAll: freed) }
        ) { lease in
            let installation = try await store.installationID()
            let specs = SpecCache(store: store)
            try await clusters.serve(lease, time: time, logger: logger) { freed in
                await messaging.hint(superviseAll: freed)
            } session: { cluster, client in
                let session = ClusterDispatch(
                    cluster: cluster,
                    installation: installation,
                    client: client,
                    lease: lease,
                    store: store,
                    specs: specs,
                    messaging: messaging,
                    settings: settings,
                    metrics: metrics,
                    logger: logger,
                    time: time
                )
                try await session.run()
            }
        }
    }
}
