internal import KubernetesClient
internal import Logging
internal import Observability
internal import Placement
internal import RunStore
internal import SlipwayCore

/// Keeps the work for single clusters going.
struct ClusterKeeper: Sendable {
    let registry: (any ClusterRegistry)?
    let access: (any ClusterAccess)?
    let settings: ServedClustersSettings
    let metrics: MetricsRegistry?
    let board: HealthBoard
    let lease: HeldLease
    let logger: Logger
    let time: TimeSource
    let handBack: @Sendable ([Unsupervised]) async -> Void
    let session: @Sendable (String, any ClusterPods) async throws -> Void

    /// Works for a cluster while there is a way to it, anew whenever the way changes. It ends by an error only.
    func keep(_ name: String, _ box: AccessBox) async throws {
        var next = await Self.next(of: box)
        while let update = next {
            try Task.checkCancellation()
            guard let cluster = update else {
                await giveUp(name)
                next = await Self.next(of: box)
                continue
            }
            let opened: (any ClusterPods)?
            do {
                opened = try access?.open(cluster)
            } catch {
                // The file may be mended: then there is an update.
                logger.warning("A cluster cannot be served", metadata: ["cluster": "\(name)", "error": "\(error)"])
                board.note(ClusterFinding(cluster: name, isHealthy: false, message: Self.shown("\(error)")))
                // Others may have a way to it.
                await giveUp(name)
                next = await Self.next(of: box)
                continue
            }
            guard let client = opened else { break }
            next = try await work(name, client, until: box)
        }
        try Task.checkCancellation()
        throw EndedKeeper(cluster: name)
    }

    /// Works for a cluster until the task is cancelled.
    func work(_ name: String, _ client: any ClusterPods) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await workAgain(name, client) }
            if registry != nil { group.addTask { try await probe(name, client) } }
            try await group.next()
            group.cancelAll()
        }
    }

    /// However it ends, the client is closed.
    ///
    /// - Returns: the update that ended it; `nil` when the task was cancelled.
    private func work(
        _ name: String,
        _ client: any ClusterPods,
        until box: AccessBox
    ) async throws -> RegisteredCluster?? {
        let end: Result<RegisteredCluster??, any Error>
        do {
            end = .success(
                try await withThrowingTaskGroup(of: RegisteredCluster??.self) { group in
                    group.addTask {
                        try await work(name, client)
                        return nil
                    }
                    group.addTask { await Self.next(of: box) }
                    defer { group.cancelAll() }
                    return try await group.next() ?? nil
                }
            )
        } catch {
            end = .failure(error)
        }
        await client.close()
        return try end.get()
    }

    private static func next(of box: AccessBox) async -> RegisteredCluster?? {
        var updates = box.updates.makeAsyncIterator()
        return await updates.next()
    }

    private func workAgain(_ name: String, _ client: any ClusterPods) async throws {
        var pause = Duration.milliseconds(250)
        while true {
            let started = time.instant()
            do {
                try await session(name, client)
            } catch {
                // Also a client's word that something was cancelled, if it was not this task.
                try Task.checkCancellation()
                logger.error(
                    "Stopped to work for a cluster and will begin again",
                    metadata: ["cluster": "\(name)", "error": "\(error)"]
                )
            }
            try Task.checkCancellation()
            pause =
                started.duration(to: time.instant()) > .seconds(30)
                ? .milliseconds(250) : min(pause * 2, settings.longestPause)
            try await time.sleep(pause)
        }
    }

    /// What this process held there is somebody else's: until that is said nobody looks after it.
    private func giveUp(_ name: String) async {
        guard let registry else { return }
        while lease.isTrusted, !Task.isCancelled {
            do {
                await handBack(try await registry.handBack(cluster: name, holder: lease.id))
                return
            } catch {
                logger.warning("Runs could not be handed back", metadata: ["cluster": "\(name)", "error": "\(error)"])
                // why: a sleep that is cancelled ends the loop by its condition.
                try? await time.sleep(.seconds(1))
            }
        }
    }

    // MARK: Health

    private func probe(_ name: String, _ client: any ClusterPods) async throws {
        let isHealthy = metrics?.gauge(
            "slipway_cluster_healthy",
            help: "Whether the cluster's API server says that it is ready.",
            labels: ["cluster": name]
        )
        defer { isHealthy?.set(0) }
        var nodesAt: ContinuousClock.Instant?
        while true {
            var finding = ClusterFinding(cluster: name, isHealthy: true)
            do {
                try await client.checkReady(within: settings.probeLimit)
                if nodesAt.map({ $0.duration(to: time.instant()) >= settings.nodesInterval }) ?? true {
                    finding.nodes = await nodes(of: name, client)
                    nodesAt = time.instant()
                }
            } catch {
                try Task.checkCancellation()
                finding = ClusterFinding(cluster: name, isHealthy: false, message: Self.shown("\(error)"))
            }
            isHealthy?.set(finding.isHealthy ? 1 : 0)
            board.note(finding)
            try await time.sleep(settings.interval)
        }
    }

    /// `nil` where nobody may list nodes: a cluster is served without it too.
    private func nodes(of name: String, _ client: any ClusterPods) async -> NodeSummary? {
        do {
            return try await client.nodeSummary(within: settings.probeLimit)
        } catch {
            logger.debug("Nodes could not be listed", metadata: ["cluster": "\(name)", "error": "\(error)"])
            return nil
        }
    }

    private static func shown(_ message: String) -> String { String(message.prefix(500)) }
}

/// A cluster would be left unserved while this process tells that it serves it.
struct EndedKeeper: Error, CustomStringConvertible {
    let cluster: String
    var description: String { "work for cluster \"\(cluster)\" ended while it is served" }
}
