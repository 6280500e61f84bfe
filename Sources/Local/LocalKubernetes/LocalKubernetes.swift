internal import FoundationEssentials
internal import Hummingbird
internal import Logging
internal import NIOCore
internal import ServiceLifecycle

/// The version shown by `--version` and `/version`.
package let localKubernetesVersion = "0.1.0"

/// A small Kubernetes API server for one machine and for tests; its containers are local processes, or timers.
struct LocalKubernetes: Sendable {
    private let cluster: Cluster
    private let options: ClusterOptions
    private let logger: Logger

    /// - Throws: an error naming the file or folder that cannot be used.
    init(options: ClusterOptions, logger: Logger) throws {
        self.options = options
        self.logger = logger
        var journal: Journal?
        if options.isPersistent {
            try FileManager.default.createDirectory(atPath: options.statePath, withIntermediateDirectories: true)
            journal = try Journal(path: "\(options.statePath)/journal.jsonl")
        }
        let store = ObjectStore(historyLimits: options.limits.history, journal: journal)
        let events = EventRecorder(store: store)
        let addresses = PodAddresses()
        for pod in store.list(.pods).objects {
            if let address = pod.value[path: "status", "podIP"]?.text { addresses.reserve(address, for: pod.uid) }
        }
        let files = try FileWatcher()
        let kubelet: any Kubelet =
            options.isSimulation
            ? SimulatedKubelet(store: store, events: events, addresses: addresses)
            : try ProcessKubelet(options: options, store: store, events: events, addresses: addresses, files: files)
        cluster = Cluster(
            options: options,
            store: store,
            events: events,
            kubelet: kubelet,
            files: files,
            token: try options.tokenPath.map(Self.readToken)
        )
        cluster.prepare()
    }

    private static func readToken(_ path: String) throws -> String {
        let token = try String(contentsOfFile: path, encoding: .utf8).trimmed
        guard !token.isEmpty else { throw ConfigurationError("--token-file \(path) holds no token") }
        return token
    }

    /// Serves until the service group shuts down or the task is cancelled.
    ///
    /// - Parameter isReady: called once with the address, such as `http://127.0.0.1:40123`.
    func run(isReady: @escaping @Sendable (_ address: String) async throws -> Void) async throws {
        let options = options
        let application = Application(
            responder: APIServer(cluster: cluster),
            configuration: ApplicationConfiguration(address: .hostname(options.host, port: options.port)),
            services: [ClusterService(cluster: cluster)],
            onServerRunning: { channel in
                guard let port = channel.localAddress?.port else { return }
                let address = "http://\(options.host):\(port)"
                do {
                    if let path = options.kubeconfigPath {
                        try Kubeconfig.write(path, address: address, tokenPath: options.tokenPath)
                    }
                    try await isReady(address)
                } catch {
                    logger.error("cannot announce readiness", metadata: ["error": "\(error)"])
                }
            },
            logger: logger
        )
        try await application.runService()
    }
}

/// What the cluster does beside answering requests.
private struct ClusterService: Service {
    let cluster: Cluster

    func run() async throws {
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await cluster.scheduler.run() }
            group.addTask { await cluster.kubelet.run() }
            group.addTask { await cluster.followNamespaces() }
            group.addTask { await removeOldEvents() }
            do { try await gracefulShutdown() } catch {}
            // Open watches would hold the server back.
            cluster.store.dropClientWatches()
            await cluster.kubelet.shutDown()
            group.cancelAll()
        }
    }

    private func removeOldEvents() async {
        while !Task.isCancelled {
            do { try await Task.sleep(for: .seconds(60)) } catch { return }
            cluster.events.removeOld(ageSeconds: cluster.options.limits.eventAgeSeconds)
        }
    }
}

/// An option or a file that cannot be used.
package struct ConfigurationError: Error, CustomStringConvertible {
    package let description: String

    package init(_ description: String) { self.description = description }
}
