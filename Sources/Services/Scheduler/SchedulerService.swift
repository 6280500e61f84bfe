package import Logging
package import Observability
package import RunMessaging
package import RunStore
internal import ServiceLifecycle

/// The scheduler process: admits runs, applies reports, sweeps leases.
///
/// Any number may run. Reports are applied by all of them; admission and sweeping are the duty of the one that has the
/// *term*, which another takes over within one lease time.
package struct SchedulerService: Service {
    private let store: any RunLedger
    private let schedules: (any ScheduleLedger)?
    private let messaging: any RunMessages
    private let settings: SchedulerSettings
    private let metrics: SchedulerMetrics
    private let logger: Logger
    private let time: TimeSource
    private let teams: TeamKeeping?
    private let makeHolder: @Sendable () -> Holder

    /// - Parameters:
    ///   - schedules: whose ticks are decided; `nil`: nobody's.
    ///   - teams: where credits and credentials are kept; `nil`: there are none.
    ///   - makeHolder: describes this process with a fresh id at each call.
    package init(
        store: any RunLedger,
        schedules: (any ScheduleLedger)? = nil,
        messaging: any RunMessages,
        settings: SchedulerSettings,
        registry: MetricsRegistry,
        logger: Logger,
        time: TimeSource = .system,
        teams: TeamKeeping? = nil,
        makeHolder: @escaping @Sendable () -> Holder
    ) {
        self.store = store
        self.schedules = schedules
        self.messaging = messaging
        self.settings = settings
        metrics = SchedulerMetrics(registry)
        self.logger = logger
        self.time = time
        self.teams = teams
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
                schedules: schedules,
                messaging: messaging,
                settings: settings,
                metrics: metrics,
                logger: logger,
                time: time,
                teams: teams
            )
            try await session.run()
        }
    }
}
