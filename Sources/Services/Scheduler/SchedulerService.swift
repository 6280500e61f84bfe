package import Logging
package import Observability
package import RunMessaging
package import RunStore
internal import ServiceLifecycle
package import SlipwayCore

/// The scheduler process: admits runs, applies reports, sweeps leases.
///
/// Any number may run. Reports are applied by all of them; admission and sweeping are the duty of the one that has the
/// *term*, which another takes over within one lease time.
package struct SchedulerService: Service {
    private let store: any RunLedger
    private let messaging: any RunMessages
    private let settings: SchedulerSettings
    private let metrics: SchedulerMetrics
    private let logger: Logger
    private let time: TimeSource
    private let teams: TeamKeeping?
    private let zones: @Sendable (String) -> ZoneRules?
    private let makeHolder: @Sendable () -> Holder

    /// - Parameters:
    ///   - teams: where credits and credentials are kept; `nil`: there are none.
    ///   - zones: the rules of a time zone by its name; `nil` if there is none.
    ///   - makeHolder: describes this process with a fresh id at each call.
    package init(
        store: any RunLedger,
        messaging: any RunMessages,
        settings: SchedulerSettings,
        registry: MetricsRegistry,
        logger: Logger,
        time: TimeSource = .system,
        teams: TeamKeeping? = nil,
        zones: @escaping @Sendable (String) -> ZoneRules? = { _ in nil },
        makeHolder: @escaping @Sendable () -> Holder
    ) {
        self.store = store
        self.messaging = messaging
        self.settings = settings
        metrics = SchedulerMetrics(registry)
        self.logger = logger
        self.time = time
        self.teams = teams
        self.zones = zones
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
            handBack: { _ in }
        ) { lease in
            let session = SchedulerSession(
                lease: lease,
                store: store,
                messaging: messaging,
                settings: settings,
                metrics: metrics,
                logger: logger,
                time: time,
                teams: teams,
                zones: zones
            )
            try await session.run()
        }
    }
}
