package import Logging
package import Observability
package import Placement
package import RunStore
package import SlipwayCore
internal import Synchronization

/// The clusters a process serves: those it is made for, always, and each registered one for as long as it has access to it.
///
/// Work for a cluster begins and ends while the process goes on. Trouble with one cluster is no other's.
package struct ServedClusters: Sendable {
    private let always: [String: any ClusterPods]
    private let registry: (any ClusterRegistry)?
    private let access: (any ClusterAccess)?
    private let settings: ServedClustersSettings
    private let metrics: MetricsRegistry?

    /// - Parameters:
    ///   - always: a client for each cluster that is served without being looked for, by its name.
    ///   - registry: where clusters are registered and their health is told; `nil`: nothing is looked for or told.
    ///   - access: the ways to registered clusters; `nil`: there are none.
    package init(
        always: [String: any ClusterPods],
        registry: (any ClusterRegistry)? = nil,
        access: (any ClusterAccess)? = nil,
        settings: ServedClustersSettings = ServedClustersSettings(),
        metrics: MetricsRegistry? = nil
    ) {
        self.always = always
        self.registry = registry
        self.access = access
        self.settings = settings
        self.metrics = metrics
    }

    /// The clusters that are served without being looked for.
    package var names: [String] { always.keys.sorted() }

    /// Works for clusters under a lease until the task is cancelled, or the work for one of them ends by itself.
    ///
    /// - Parameters:
    ///   - handBack: told which runs need another supervisor after this process stopped to serve their cluster.
    ///   - session: works for one cluster until it is cancelled. When it ends otherwise it is begun again, after a pause.
    package func serve(
        _ lease: HeldLease,
        time: TimeSource,
        logger: Logger,
        handBack: @escaping @Sendable ([Unsupervised]) async -> Void,
        session: @escaping @Sendable (String, any ClusterPods) async throws -> Void
    ) async throws {
        let board = HealthBoard()
        let keeper = ClusterKeeper(
            registry: registry,
            access: access,
            settings: settings,
            metrics: metrics,
            board: board,
            lease: lease,
            logger: logger,
            time: time,
            handBack: handBack,
            session: session
        )
        // One that ends cancels the others: nothing is told to be served that is not.
        try await withThrowingDiscardingTaskGroup { group in
            for (name, client) in always.sorted(by: { $0.key < $1.key }) {
                group.addTask { try await keeper.work(name, client) }
            }
            guard let registry else { return }
            var boxes: [String: AccessBox] = [:]
            while true {
                await look(registry, at: &boxes, logger: logger) { name, box in
                    group.addTask { try await keeper.keep(name, box) }
                }
                if lease.isTrusted {
                    let serving = Set(names).union(boxes.filter { $0.value.version != nil }.keys).sorted()
                    await tell(registry, board.take(), serving: serving, lease: lease, logger: logger)
                }
                do {
                    try await time.sleep(settings.interval)
                } catch {
                    // What ended it is the group's error.
                    return
                }
            }
        }
        try Task.checkCancellation()
    }

    /// Compares what is registered and reachable with what is served. What cannot be asked leaves all as it is.
    private func look(
        _ registry: any ClusterRegistry,
        at boxes: inout [String: AccessBox],
        logger: Logger,
        start: (String, AccessBox) -> Void
    ) async {
        guard let access else { return }
        let registered: [RegisteredCluster]
        do {
            registered = try await registry.registeredClusters()
        } catch {
            if !Task.isCancelled { logger.warning("Clusters could not be looked up", metadata: ["error": "\(error)"]) }
            return
        }
        var reachable: [String: (cluster: RegisteredCluster, version: String)] = [:]
        for cluster in registered where always[cluster.name] == nil {
            if let version = access.version(of: cluster) { reachable[cluster.name] = (cluster, version) }
        }
        for (name, way) in reachable.sorted(by: { $0.key < $1.key }) where boxes[name]?.version != way.version {
            logger.info("Serves a cluster", metadata: ["cluster": "\(name)"])
            let box = boxes[name] ?? AccessBox()
            if boxes[name] == nil { start(name, box) }
            boxes[name] = box.with(way.version)
            box.send(way.cluster)
        }
        for (name, box) in boxes where box.version != nil && reachable[name] == nil {
            logger.info("Serves a cluster no longer", metadata: ["cluster": "\(name)"])
            boxes[name] = box.with(nil)
            box.send(nil)
        }
    }

    private func tell(
        _ registry: any ClusterRegistry,
        _ findings: [ClusterFinding],
        serving: [String],
        lease: HeldLease,
        logger: Logger
    ) async {
        do {
            try await registry.reportHealth(findings, serving: serving, holder: lease.id)
        } catch {
            if !Task.isCancelled {
                logger.warning("The clusters' health could not be told", metadata: ["error": "\(error)"])
            }
        }
    }
}

/// Hands one cluster's keeper the way to it; the newest counts.
struct AccessBox: Sendable {
    private(set) var version: String?
    let updates: AsyncStream<RegisteredCluster?>
    private let continuation: AsyncStream<RegisteredCluster?>.Continuation

    init() { (updates, continuation) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1)) }

    func send(_ cluster: RegisteredCluster?) { continuation.yield(cluster) }

    func with(_ version: String?) -> AccessBox {
        var copy = self
        copy.version = version
        return copy
    }
}

/// What was found of clusters since it was told last.
final class HealthBoard: Sendable {
    private let findings = Mutex<[String: ClusterFinding]>([:])

    func note(_ finding: ClusterFinding) {
        findings.withLock { findings in
            var finding = finding
            finding.nodes = finding.nodes ?? findings[finding.cluster]?.nodes
            findings[finding.cluster] = finding
        }
    }

    func take() -> [ClusterFinding] {
        findings.withLock { findings in
            defer { findings = [:] }
            return findings.values.sorted { $0.cluster < $1.cluster }
        }
    }
}
