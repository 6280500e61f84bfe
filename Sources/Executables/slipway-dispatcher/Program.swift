import Clusters
import Dispatcher
import RunStore
import ServiceProcess
import Settings

@main enum Program {
    private static let claimBatch = SettingKey<Int>(
        "dispatcher.claim_batch",
        default: 64,
        help: "Runs claimed at once.",
        allowed: .range(1...500)
    )
    private static let parallelCreates = SettingKey<Int>(
        "dispatcher.parallel_creates",
        default: 16,
        help: "Pods being created at once.",
        allowed: .range(1...256)
    )
    private static let placementWindow = SettingKey<Int>(
        "dispatcher.placement_window",
        default: 500,
        help: "Runs of the cluster that may be without a node at once, over all dispatchers.",
        allowed: .range(1...100_000)
    )

    private static let command = CommandDescription(
        name: "slipway-dispatcher",
        abstract: "Places ready runs on a Kubernetes cluster, one pod each.",
        discussion: """
            Any number may run, also for the same cluster. It needs PostgreSQL, RabbitMQ and the cluster's API server; stopping it \
            touches no run.
            """,
        examples: [
            .init(
                "slipway-dispatcher --kubernetes-kubeconfig ~/.kube/config --postgres-url-file /run/secrets/postgres",
                "place runs through a kubeconfig's current context"
            )
        ],
        keys: ServiceKeys.holder + ServiceKeys.kubernetes + [claimBatch, parallelCreates, placementWindow]
    )

    static func main() async {
        await SettingsCommandLine.run(command) { settings in
            let process = try ServiceProcess(name: command.name, settings: settings)
            let store = try process.store()
            let clusters = try process.clusters(registry: store)
            let messaging = try process.messaging(clusters: clusters.names)
            var work = DispatcherSettings()
            work.lease = try process.leaseSettings()
            work.claimBatch = try settings(claimBatch)
            work.parallelCreates = try settings(parallelCreates)
            work.placementWindow = try settings(placementWindow)
            let dispatcher = DispatcherService(
                store: store,
                messaging: messaging,
                clusters: clusters,
                settings: work,
                registry: process.metrics,
                logger: process.logger,
                makeHolder: try process.makeHolder(.dispatcher, clusters: clusters.names)
            )
            try await process.run([dispatcher], store: store, messaging: messaging)
        }
    }
}
