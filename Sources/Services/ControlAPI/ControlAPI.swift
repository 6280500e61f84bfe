internal import Hummingbird
package import Logging
package import Observability
package import RunMessaging
package import RunStore
internal import ServiceLifecycle
package import SlipwayCore

/// The HTTP interface of Slipway. Stateless: any number of processes may serve it.
///
/// Serves `/api/v1`; each operation is described where its kind of thing is: jobs, runs, logs, fleet.
package struct ControlAPI: Service {
    private let responder: RouterResponder<CallContext>
    private let configuration: ControlAPIConfiguration
    private let live: LiveRuns
    private let uses: TokenUses
    private let listening: @Sendable () -> Void
    private let logger: Logger
    /// All that clients can ask for.
    let operations: [Operation]
    /// The ids of operations that the API's document does not describe.
    package let undescribed: [String]
    /// The ids that it describes and that are not served.
    package let unserved: [String]

    /// - Parameters:
    ///   - identifiers: makes the ids of runs and jobs.
    ///   - zones: the rules of a time zone by its name; `nil` if there is none.
    ///   - now: the time, for answers that tell how long something lasts.
    ///   - version: told by `DescribeServer`.
    ///   - listening: called once connections are accepted.
    package init(
        configuration: ControlAPIConfiguration,
        store: RunStore,
        messaging: RunMessaging,
        identifiers: RunIdentifiers,
        zones: @escaping @Sendable (String) -> ZoneRules? = { _ in nil },
        now: @escaping @Sendable () -> Timestamp,
        version: String,
        metrics: MetricsRegistry,
        logger: Logger,
        listening: @escaping @Sendable () -> Void = {}
    ) {
        let limits = configuration.limits
        let live = LiveRuns(limits: limits, metrics: metrics, logger: logger) { try await store.pulses($0) }
        let intake = RunIntake(limits: limits, metrics: metrics) {
            try await store.create($0)
        } committed: { [signals = messaging.signals] in
            signals.runsSubmitted()
        }
        let directory = JobDirectory(store: store, limits: limits)
        let clusters = ClusterDirectory(store: store, limits: limits)
        let jobs = JobOperations(
            store: store,
            directory: directory,
            clusters: clusters,
            identifiers: identifiers,
            schedules: JobSchedules(store: store, signals: messaging.signals),
            files: JobFileIntake(store: store, timeouts: configuration.timeouts),
            limits: limits,
            now: now
        )
        let view = AdmissionView(store: store, zones: zones, limits: limits)
        let description = RunDescription(
            store: store,
            directory: directory,
            admission: view,
            limits: limits,
            prices: configuration.prices
        )
        let factory = RunFactory(directory: directory, clusters: clusters, identifiers: identifiers)
        let submissions = SubmissionGate(store: store, limits: limits)
        let runs = RunOperations(
            store: store,
            factory: factory,
            intake: intake,
            submissions: submissions,
            description: description,
            limits: limits,
            now: now
        )
        let outputs = OutputOperations(store: store, limits: limits)
        let metricsOfRuns = MetricsOperation(store: store, description: description, now: now)
        let actions = ActionOperations(
            store: store,
            actions: RunActions(
                store: store,
                factory: factory,
                submissions: submissions,
                signals: messaging.signals
            ),
            limits: limits
        )
        let watch = WatchOperation(
            store: store,
            directory: directory,
            live: live,
            description: description,
            limits: limits,
            now: now
        )
        let tasks = TaskOperations(store: store, directory: directory, limits: limits)
        let logs = LogOperations(store: store, live: live, limits: limits)
        let logLines = LogLinesOperation(store: store)
        let schedules = ScheduleOperations(
            store: store,
            directory: directory,
            clusters: clusters,
            intake: intake,
            submissions: submissions,
            identifiers: identifiers,
            signals: messaging.signals,
            limits: limits
        )
        let uses = TokenUses(store: store, logger: logger)
        let providers = IdentityProviders(
            configuration.issuers,
            shortestPause: limits.identityKeysPause,
            longestMemory: limits.identityKeysMemory,
            logger: logger
        )
        let cookies = Cookies(isSecure: configuration.publicURL?.hasPrefix("https://") ?? false)
        let authenticator = Authenticator(
            access: configuration.access,
            crossOrigin: configuration.crossOrigin,
            store: store,
            uses: uses,
            guesses: GuessGate(rate: configuration.refusalRate),
            providers: providers,
            cookies: cookies,
            memory: limits.accessMemory,
            now: now
        )
        let teams = TeamOperations(store: store, authenticator: authenticator, limits: limits)
        let credentials = CredentialOperations(store: store, signals: messaging.signals, limits: limits)
        let webhooks = WebhookOperations(
            store: store,
            limits: limits,
            allowsPlainText: configuration.allowsPlainWebhooks
        )
        let retention = RetentionOperations(store: store, limits: limits)
        let admission = AdmissionOperations(
            store: store,
            view: view,
            now: now
        )
        let shares = AdmissionSharesOperation(view: view)
        let quotas = QuotaOperations(store: store, zones: zones, now: now)
        let comparison = JobComparisonOperations(jobs: jobs)
        let registry = ClusterOperations(store: store, directory: clusters, limits: limits, now: now)
        let fleet = FleetOperations(store: store, version: version, now: now)

        let tokens = TokenOperations(
            store: store,
            authenticator: authenticator,
            identifiers: identifiers,
            limits: limits,
            now: now
        )
        let accounts = ServiceAccountOperations(store: store, authenticator: authenticator, limits: limits)
        let logins = LoginOperations(
            store: store,
            providers: providers,
            authenticator: authenticator,
            cookies: cookies,
            publicURL: configuration.publicURL,
            sessionSeconds: Int(limits.sessionLength.components.seconds),
            now: now
        )
        let audit = AuditOperations(store: store, limits: limits)
        let watchList = WatchListOperation(store: store, live: live, limits: limits)
        let described =
            jobs.all + runs.all + outputs.all + metricsOfRuns.all + actions.all + watch.all + watchList.all + tasks.all
            + logs.all + fleet.all + schedules.all + teams.all + credentials.all + admission.all + quotas.all
            + comparison.all + registry.all + tokens.all + accounts.all + audit.all + logins.all + logLines.all
            + shares.all + webhooks.all + retention.all
        let document = DocumentOperation(of: described, version: version)
        undescribed = document.undescribed
        unserved = document.unserved
        operations = described + document.all

        let router = Router(context: CallContext.self)
        if let dashboard = configuration.dashboard { router.add(middleware: DashboardPages(files: dashboard)) }
        router.add(
            middleware: Boundary(
                authenticator: authenticator,
                proxies: configuration.proxies,
                rates: RateGate(caller: configuration.callerRate, team: configuration.teamRate),
                crossOrigin: configuration.crossOrigin
            )
        )
        router.serve(
            operations,
            under: Links.root,
            store: store,
            limits: limits,
            metrics: metrics
        )
        router.serve(document.all, under: "", store: store, limits: limits, metrics: metrics)
        responder = router.buildResponder()
        self.configuration = configuration
        self.live = live
        self.uses = uses
        self.listening = listening
        self.logger = logger
    }

    /// Serves until graceful shutdown: then streams end, and requests under way are finished.
    ///
    /// - Throws: when the address cannot be bound.
    package func run() async throws {
        // The server's own lines about starting and stopping are noise beside the process's.
        var quiet = logger
        quiet.logLevel = max(logger.logLevel, .warning)
        let application = Application(
            responder: responder,
            configuration: .init(
                address: .hostname(configuration.host, port: configuration.port),
                serverName: nil,
                backlog: 1024
            ),
            services: [live, uses],
            onServerRunning: { [logger, listening, configuration] _ in
                logger.info(
                    "The API is served",
                    metadata: ["api.listen": "\(configuration.host):\(configuration.port)"]
                )
                listening()
            },
            logger: quiet
        )
        // Streams end first: the server waits for its requests, and these would last as long as their runs.
        try await withGracefulShutdownHandler {
            try await application.run()
        } onGracefulShutdown: {
            live.end()
        }
    }
}
