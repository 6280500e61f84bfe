import Clusters
import RunStore
import ServiceProcess
import Settings
import Worker

@main enum Program {
    private static let sweepInterval = SettingKey<Duration>(
        "worker.sweep_interval",
        default: .seconds(5),
        help: "How often cancellations, pods to remove and unapplied reports are looked for.",
        allowed: .range(.milliseconds(100)...Duration.seconds(300))
    )
    private static let flushInterval = SettingKey<Duration>(
        "worker.flush_interval",
        default: .milliseconds(250),
        help: "Log lines are stored at most this often.",
        allowed: .range(.milliseconds(10)...Duration.seconds(60))
    )
    private static let bufferedLog = SettingKey<ByteSize>(
        "worker.buffered_log",
        default: ByteSize(bytes: 1 << 20),
        help: "Log lines of one run kept in memory."
    )
    private static let streamLog = SettingKey<ByteSize>(
        "logs.stream_bytes",
        default: ByteSize(bytes: 64 << 20),
        help: "Log stored of one stream of a run; the rest is dropped, and a line says so.",
        allowed: .atLeast(ByteSize(bytes: 1024))
    )
    private static let runLog = SettingKey<ByteSize>(
        "logs.run_bytes",
        default: ByteSize(bytes: 256 << 20),
        help: "Log stored of all streams of a run; the rest is dropped, and a line in each stream says so.",
        allowed: .atLeast(ByteSize(bytes: 1024))
    )
    private static let followedStreams = SettingKey<Int>(
        "worker.followed_streams",
        default: 5000,
        help: "Streams of running containers read at once, within three quarters of the process's open files.",
        allowed: .range(1...1_000_000)
    )
    private static let parallelDeletes = SettingKey<Int>(
        "worker.parallel_deletes",
        default: 8,
        help: "Pods being removed at once.",
        allowed: .range(1...256)
    )
    private static let orphanDelay = SettingKey<Duration>(
        "worker.orphan_delay",
        default: .seconds(300),
        help: "How long a pod of a run that the database does not know is left alone.",
        allowed: .range(.seconds(1)...Duration.seconds(86_400))
    )

    private static let metricsInterval = SettingKey<Duration>(
        "worker.metrics_interval",
        default: .seconds(15),
        help: "How often the cluster's metrics API is asked what the containers use; 0s for never.",
        allowed: AllowedValues("0s, or from 1s to 1h") {
            $0 == .zero || (Duration.seconds(1)...Duration.seconds(3600)).contains($0)
        }
    )

    private static let command = CommandDescription(
        name: "slipway-worker",
        abstract: "Supervises placed runs: follows their pods and logs, reports, removes what is over.",
        discussion: """
            Any number may run for a cluster. When one is silent another adopts its runs and carries on; the pods never notice. It \
            needs PostgreSQL, RabbitMQ and the cluster's API server.
            """,
        examples: [
            .init(
                "slipway-worker --kubernetes-kubeconfig ~/.kube/config --postgres-url-file /run/secrets/postgres",
                "supervise runs through a kubeconfig's current context"
            )
        ],
        keys: ServiceKeys.holder + ServiceKeys.kubernetes
            + [
                sweepInterval, flushInterval, bufferedLog, streamLog, runLog, followedStreams, parallelDeletes,
                orphanDelay, metricsInterval,
            ]
    )

    static func main() async {
        await SettingsCommandLine.run(command) { settings in
            let process = try ServiceProcess(name: command.name, settings: settings)
            let store = try process.store()
            let clusters = try process.clusters(registry: store)
            let messaging = try process.messaging(clusters: clusters.names)
            var work = WorkerSettings()
            work.lease = try process.leaseSettings()
            work.sweepInterval = try settings(sweepInterval)
            work.flushInterval = try settings(flushInterval)
            work.bufferedLogBytes = try settings(bufferedLog).bytes
            work.streamLogBytes = try settings(streamLog).bytes
            work.runLogBytes = try settings(runLog).bytes
            work.followedStreams = min(try settings(followedStreams), process.raiseOpenFileLimit() * 3 / 4)
            work.parallelDeletes = try settings(parallelDeletes)
            work.orphanDelay = try settings(orphanDelay)
            work.metricsInterval = try settings(metricsInterval)
            let worker = WorkerService(
                store: store,
                messaging: messaging,
                clusters: clusters,
                settings: work,
                registry: process.metrics,
                logger: process.logger,
                makeHolder: try process.makeHolder(.worker, clusters: clusters.names)
            )
            try await process.run([worker], store: store, messaging: messaging)
        }
    }
}
