package import Clusters
package import Logging
package import Observability
package import RunMessaging
package import RunStore
internal import ServiceLifecycle
internal import Synchronization

/// The worker process: supervises placed runs and reports what it sees of them.
///
/// Any number may run for a cluster. A run is supervised by the worker that has its lease; when that one is silent for too
/// long, or stops, another adopts the run and carries on where the stored streams end.
package struct WorkerService: Service {
    private let store: any RunLedger
    private let messaging: any RunMessages
    private let clusters: ServedClusters
    private let settings: WorkerSettings
    private let registry: MetricsRegistry
    private let logger: Logger
    private let time: TimeSource
    private let makeHolder: @Sendable () -> Holder

    /// - Parameter makeHolder: describes this process with a fresh id at each call.
    package init(
        store: any RunLedger,
        messaging: any RunMessages,
        clusters: ServedClusters,
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
        let sessions = OpenSessions()
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                try await clusters.serve(lease, time: time, logger: logger) { freed in
                    await messaging.hint(superviseAll: freed)
                } session: { cluster, client in
                    let session = ClusterSession(
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
                    sessions.add(session)
                    defer { sessions.remove(cluster) }
                    try await session.run()
                }
            }
            group.addTask {
                try await messaging.consumeControl(holder: lease.id, isScheduler: false) { message in
                    for session in sessions.all { await session.control(message) }
                }
            }
            try await group.next()
            group.cancelAll()
        }
    }
}

/// The sessions of the clusters that are served now.
private final class OpenSessions: Sendable {
    private let sessions = Mutex<[String: ClusterSession]>([:])

    var all: [ClusterSession] { sessions.withLock { $0.sorted { $0.key < $1.key }.map(\.value) } }

    func add(_ session: ClusterSession) { sessions.withLock { $0[session.cluster] = session } }

    func remove(_ cluster: String) { sessions.withLock { _ = $0.removeValue(forKey: cluster) } }
}
