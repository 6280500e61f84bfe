package import Logging
package import Observability
package import Placement
package import RunMessaging
package import RunStore
internal import ServiceLifecycle

/// The worker process: supervises placed runs and reports what it sees of them.
///
/// Any number may run for a cluster. A run is supervised by the worker that has its lease; when that one is silent for too
/// long, or stops, another adopts the run and carries on where the stored streams end.
package struct WorkerService: Service {
    private let store: any RunLedger
    private let messaging: any RunMessages
    private let clusters: [String: any ClusterPods]
    private let settings: WorkerSettings
    private let registry: MetricsRegistry
    private let logger: Logger
    private let time: TimeSource
    private let makeHolder: @Sendable () -> Holder

    /// - Parameters:
    ///   - clusters: a client for each cluster served, by the cluster's name.
    ///   - makeHolder: describes this process with a fresh id at each call.
    package init(
        store: any RunLedger,
        messaging: any RunMessages,
        clusters: [String: any ClusterPods],
        settings: WorkerSettings,
        registry: MetricsRegistry,
        logger: Logger,
        time: TimeSource = .system,
        makeHolder: @escaping @Sendable () -> Holder
    ) {
        self.store = store
        self.messaging = messaging
        self.clusters = clusters
        self.settings = settings
        self.registry = registry
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
            try await serve(lease)
        }
    }

    private func serve(_ lease: HeldLease) async throws {
        let specs = SpecCache(store: store)
        let installation = try await store.installationID()
        let sessions = clusters.map { cluster, client in
            ClusterSession(
                cluster: cluster,
                installation: installation,
                client: client,
                lease: lease,
                store: store,
                specs: specs,
                messaging: messaging,
                settings: settings,
                metrics: WorkerMetrics(registry, cluster: cluster),
                logger: logger,
                time: time
            )
        }
        try await withThrowingTaskGroup(of: Void.self) { group in
            for session in sessions { group.addTask { try await session.run() } }
            group.addTask {
                try await messaging.consumeControl(holder: lease.id, isScheduler: false) { message in
                    for session in sessions { await session.control(message) }
                }
            }
            try await group.next()
            group.cancelAll()
        }
    }
}
