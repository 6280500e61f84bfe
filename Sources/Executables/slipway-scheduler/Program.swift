import RunStore
import Scheduler
import ServiceProcess
import Settings
import SlipwayCore

@main enum Program {
    private static let admissionInterval = SettingKey<Duration>(
        "scheduler.admission_interval",
        default: .seconds(1),
        help: "How often pending runs are looked for without a hint.",
        allowed: .range(.milliseconds(10)...Duration.seconds(60))
    )
    private static let sweepInterval = SettingKey<Duration>(
        "scheduler.sweep_interval",
        default: .seconds(5),
        help: "How often forgotten hints are looked for.",
        allowed: .range(.milliseconds(100)...Duration.seconds(300))
    )
    private static let leaseSweepInterval = SettingKey<Duration>(
        "scheduler.lease_sweep_interval",
        default: .seconds(1),
        help:
            "How often silent processes are looked for.",
        allowed: .range(.milliseconds(50)...Duration.seconds(60))
    )
    private static let hintAge = SettingKey<Duration>(
        "scheduler.hint_age",
        default: .seconds(5),
        help: "A hint without effect is repeated after this long.",
        allowed: .range(.milliseconds(100)...Duration.seconds(300))
    )
    private static let reportBatch = SettingKey<Int>(
        "scheduler.report_batch",
        default: 200,
        help: "Report messages applied in one transaction.",
        allowed: .range(1...2000)
    )

    private static let scheduleInterval = SettingKey<Duration>(
        "scheduler.schedule_interval",
        default: .seconds(5),
        help: "Schedules are looked at after this long at the latest, also if none is known to be due.",
        allowed: .range(.milliseconds(100)...Duration.seconds(60))
    )
    private static let chargeInterval = SettingKey<Duration>(
        "scheduler.charge_interval",
        default: .seconds(15),
        help: "How often teams are charged credits for what their runs take.",
        allowed: .range(.milliseconds(100)...Duration.seconds(3600))
    )
    private static let teamInterval = SettingKey<Duration>(
        "scheduler.team_interval",
        default: .seconds(1),
        help: "How often paused runs whose team has credits again, and due checks of credentials, are looked for.",
        allowed: .range(.milliseconds(50)...Duration.seconds(300))
    )

    private static let clusterFailureDelay = SettingKey<Duration>(
        "scheduler.cluster_failure_delay",
        default: .seconds(30),
        help:
            "A cluster that no process found healthy for this long has failed; runs that are not placed may be moved.",
        allowed: .range(.seconds(1)...Duration.seconds(3600))
    )
    private static let clusterRecoveryDelay = SettingKey<Duration>(
        "scheduler.cluster_recovery_delay",
        default: .seconds(5),
        help: "A failed cluster is active again once a process found it healthy for this long without a break.",
        allowed: .range(.zero...Duration.seconds(3600))
    )
    private static let retentionInterval = SettingKey<Duration>(
        "retention.interval",
        default: .seconds(3600),
        help: "How often what is old enough is looked for.",
        allowed: .range(.seconds(1)...Duration.seconds(86_400))
    )
    private static let alertInterval = SettingKey<Duration>(
        "scheduler.alert_interval",
        default: .seconds(5),
        help: "How often late runs, and jobs whose runs fail again and again, are looked for.",
        allowed: .range(.milliseconds(50)...Duration.seconds(300))
    )
    private static let logSweepInterval = SettingKey<Duration>(
        "logs.sweep_interval",
        default: .seconds(3600),
        help: "How often room is made for the logs of days to come and old logs are dropped.",
        allowed: .range(.seconds(1)...Duration.seconds(86_400))
    )
    private static let moveInterval = SettingKey<Duration>(
        "logs.move_interval",
        default: .seconds(10),
        help: "How often logs are looked for that are to be moved into the object storage.",
        allowed: .range(.milliseconds(100)...Duration.seconds(3600))
    )
    private static let moveAt = SettingKey<ByteSize>(
        "logs.move_at",
        default: ByteSize(bytes: 64 << 20),
        help: "The log of a run that still goes on is moved in part once it is this large.",
        allowed: .atLeast(ByteSize(bytes: 1 << 20))
    )

    private static let command = CommandDescription(
        name: "slipway-scheduler",
        abstract: "Admits runs, applies what workers report, ends the leases of silent processes.",
        discussion: """
            Any number may run. All of them apply reports; one at a time, the leader, admits and sweeps, and another takes over within \
            one lease time. It needs PostgreSQL and RabbitMQ; stopping it touches no run.
            """,
        examples: [
            .init(
                "slipway-scheduler --postgres-url postgres://slipway@localhost/slipway --amqp-url amqp://localhost",
                "serve with everything else at its default"
            )
        ],
        keys: ServiceKeys.holder
            + [
                admissionInterval, leaseSweepInterval, sweepInterval, hintAge, reportBatch, scheduleInterval,
                ServiceKeys.zoneinfo, chargeInterval, teamInterval, clusterFailureDelay,
                clusterRecoveryDelay, retentionInterval, alertInterval, logSweepInterval,
                LogStorageKeys.storage, moveInterval, moveAt,
            ] + AdmissionKeys.all + LogStorageKeys.objects + DeliveryKeys.all
    )

    static func main() async {
        await SettingsCommandLine.run(command) { settings in
            let process = try ServiceProcess(name: command.name, settings: settings)
            let logObjects = try LogStorageKeys.logObjects(settings)
            let store = try process.store(logObjects: logObjects, zones: try settings(ServiceKeys.zoneinfo))
            let messaging = try process.messaging(clusters: [try settings(ServiceKeys.cluster)])
            var work = SchedulerSettings()
            work.lease = try process.leaseSettings()
            work.admissionInterval = try settings(admissionInterval)
            work.leaseSweepInterval = try settings(leaseSweepInterval)
            work.sweepInterval = try settings(sweepInterval)
            work.hintAge = try settings(hintAge)
            work.reportBatch = try settings(reportBatch)
            work.scheduleInterval = try settings(scheduleInterval)
            work.chargeInterval = try settings(chargeInterval)
            work.teamInterval = try settings(teamInterval)
            work.admission = try AdmissionKeys.settings(settings)
            work.usageHalfLife = try settings(AdmissionKeys.halfLife)
            work.clusterHealth.failureDelay = try settings(clusterFailureDelay)
            work.clusterHealth.recoveryDelay = try settings(clusterRecoveryDelay)
            let scheduler = SchedulerService(
                store: store,
                schedules: store,
                clusters: store,
                messaging: messaging,
                settings: work,
                registry: process.metrics,
                logger: process.logger,
                teams: TeamKeeping(ledger: store, nextID: RetrySource.system.nextID),
                zones: { [zones = store.zones] in zones.rules($0) },
                makeHolder: try process.makeHolder(.scheduler, clusters: [])
            )
            var keeping = LogKeeperSettings()
            keeping.sweepInterval = try settings(logSweepInterval)
            keeping.moveInterval = try settings(moveInterval)
            keeping.moves.liveBytes = try settings(moveAt).bytes
            keeping.movesLogs = try settings(LogStorageKeys.storage) == .s3
            // Better not to start than to find out when the first run ends.
            if keeping.movesLogs, logObjects == nil { throw NoObjectStorage() }
            let keeper = LogKeeper(
                store: store,
                holder: .random(),
                settings: keeping,
                registry: process.metrics,
                logger: process.logger
            )
            let delivery = WebhookDelivery(
                store: store,
                holder: .random(),
                settings: try DeliveryKeys.settings(settings),
                registry: process.metrics,
                logger: process.logger
            )
            let history = HistoryKeeper(
                store: store,
                holder: .random(),
                settings: HistoryKeeperSettings(
                    alertInterval: try settings(alertInterval),
                    retentionInterval: try settings(retentionInterval)
                ),
                registry: process.metrics,
                logger: process.logger
            )
            try await process.run([keeper, delivery, history, scheduler], store: store, messaging: messaging)
        }
    }
}
