internal import Logging
internal import RunMessaging
internal import RunStore
internal import SlipwayCore

/// Derives the states of clusters from what processes find and operators want, and moves runs that are not placed away from those
/// that take none. Whoever has the term does it; running work is never touched.
struct ClusterDuty {
    let registry: any ClusterRegistry
    let messaging: any RunMessages
    let lease: HeldLease
    let settings: SchedulerSettings
    let logger: Logger
    let time: TimeSource
    /// Since when it looks without a break, by the database's clock: nobody's silence counts before.
    private var watchedSince: Timestamp?
    private var term: Int64?
    private var lookedAt: ContinuousClock.Instant?
    private var movedAt: ContinuousClock.Instant?
    /// Where the pass under way over runs to move has come to.
    private var movePosition: MovedRuns.Position?

    init(
        registry: any ClusterRegistry,
        messaging: any RunMessages,
        lease: HeldLease,
        settings: SchedulerSettings,
        logger: Logger,
        time: TimeSource
    ) {
        self.registry = registry
        self.messaging = messaging
        self.lease = lease
        self.settings = settings
        self.logger = logger
        self.time = time
    }

    /// One look under a term.
    mutating func look(term number: Int64) async throws {
        let (now, clusters) = try await registry.clusterConditions()
        let instant = time.instant()
        let wasAway = lookedAt.map { $0.duration(to: instant) > settings.clusterInterval * 5 } ?? true
        if term != number || wasAway { watchedSince = now }
        (term, lookedAt) = (number, instant)
        let isChanged = try await setStates(of: clusters, at: now, term: number)
        try await moveRuns(term: number, isUrgent: isChanged)
        if clusters.contains(where: { $0.wanted == .destroying }) {
            for name in try await registry.forgetDestroyed(holder: lease.id, term: number) {
                logger.info("A cluster was forgotten", metadata: ["cluster": "\(name)"])
            }
        }
    }

    private func setStates(of clusters: [ClusterCondition], at now: Timestamp, term: Int64) async throws -> Bool {
        var changes: [ClusterStateChange] = []
        for cluster in clusters {
            let (state, message) = cluster.decided(
                at: now,
                watchedSince: watchedSince ?? now,
                rules: settings.clusterHealth
            )
            guard state != cluster.state || message != cluster.message else { continue }
            changes.append(
                ClusterStateChange(
                    cluster: cluster.name,
                    from: cluster.state,
                    wanted: cluster.wanted,
                    to: state,
                    message: message
                )
            )
        }
        guard !changes.isEmpty else { return false }
        let changed = Set(try await registry.setStates(changes, holder: lease.id, term: term))
        for change in changes where changed.contains(change.cluster) && change.from != change.to {
            logger.notice(
                "A cluster has another state",
                metadata: [
                    "cluster": "\(change.cluster)", "cluster.state": "\(change.to.rawValue)",
                    "cluster.before": "\(change.from.rawValue)", "reason": "\(change.message ?? "")",
                ]
            )
        }
        return changes.contains { changed.contains($0.cluster) && $0.from != $0.to }
    }

    /// What could not be moved is not looked at all the time: it waits for a change.
    private mutating func moveRuns(term: Int64, isUrgent: Bool) async throws {
        let instant = time.instant()
        let isDue = movedAt.map { $0.duration(to: instant) >= settings.moveInterval } ?? true
        guard isUrgent || isDue else { return }
        if isUrgent { movePosition = nil }
        let moved = try await registry.moveRuns(after: movePosition, holder: lease.id, term: term)
        movePosition = moved.next
        try await registry.noteUnavailable(holder: lease.id, term: term)
        // As long as there is something to move, or not looked at, the next look goes on with it.
        movedAt = moved.runs.isEmpty && moved.next == nil ? instant : nil
        for (cluster, runs) in moved.runs.sorted(by: { $0.key < $1.key }) {
            logger.info("Runs were moved", metadata: ["cluster": "\(cluster)", "runs": "\(runs)"])
            await messaging.hint(dispatch: cluster, runs: runs)
        }
    }
}
