package import Logging
package import Observability
package import RunStore
internal import ServiceLifecycle
package import SlipwayCore

/// How history is looked after; all of it is configurable and printed by `--show-config`.
package struct HistoryKeeperSettings: Sendable {
    /// How often late runs and jobs that fail again and again are looked for.
    package var alertInterval: Duration
    /// How often what is old enough is looked for.
    package var retentionInterval: Duration
    /// Partitions of one table dropped in one round.
    package var partitions = 24
    /// Batches of rows removed in one round, of each team and kind.
    package var batches = 20

    package init(alertInterval: Duration = .seconds(5), retentionInterval: Duration = .seconds(3600)) {
        self.alertInterval = alertInterval
        self.retentionInterval = retentionInterval
    }
}

/// What a round of retention did.
package struct RetentionRound: Sendable, Hashable {
    package var dropped: [String] = []
    /// Partitions that are old enough and were left for the next round, with why.
    package var left: [String: String] = [:]
    /// Rows, or runs with theirs, that were removed although their partition stays.
    package var removed = 0

    package init() {}
}

/// Notices what is late or fails again and again, makes room for history to come and takes old history away.
///
/// Any number may run; one at a time has the duty, and another takes it over when that one is silent.
package struct HistoryKeeper: Service {
    private let store: RunStore
    private let holder: HolderID
    private let settings: HistoryKeeperSettings
    private let logger: Logger
    private let time: TimeSource
    private let droppedPartitions: Counter
    private let removedRows: Counter
    private let missedLevels: Counter

    /// - Parameter holder: who has the duty; of this process alone.
    package init(
        store: RunStore,
        holder: HolderID,
        settings: HistoryKeeperSettings,
        registry: MetricsRegistry,
        logger: Logger,
        time: TimeSource = .system
    ) {
        self.store = store
        self.holder = holder
        self.settings = settings
        self.logger = logger
        self.time = time
        droppedPartitions = registry.counter(
            "slipway_partitions_dropped_total",
            help: "Partitions of history dropped because they were too old; those of logs are counted by themselves."
        )
        removedRows = registry.counter(
            "slipway_old_rows_removed_total",
            help: "Rows, or runs with their rows, removed for their age from partitions that stay."
        )
        missedLevels = registry.counter(
            "slipway_sla_missed_total",
            help: "Runs that were not over when their job's sla expected them to be."
        )
    }

    package func run() async throws {
        do {
            try await cancelWhenGracefulShutdown { try await keep() }
        } catch is CancellationError {
            // Stopped: whoever comes next goes on.
        }
    }

    private func keep() async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                try await repeating(every: settings.alertInterval, "alerts", "Late runs could not be looked for") {
                    try await lookForAlerts()
                }
            }
            group.addTask {
                try await tolerating("Partitions could not be made") { _ = try await store.makePartitions() }
                try await repeating(every: settings.retentionInterval, "retention", "Old history could not be removed")
                {
                    // Each by itself: what keeps one from being done keeps no other.
                    try await tolerating("Partitions could not be made") { _ = try await store.makePartitions() }
                    try await tolerating("Deliveries could not be given up") {
                        _ = try await inBatches(of: RunStore.rowsAtOnce) { try await store.giveUpDeliveries() }
                    }
                    _ = try await removeOld()
                }
            }
            try await group.waitForAll()
        }
    }

    /// One look at what is late and what fails.
    package func lookForAlerts() async throws {
        let missed = try await store.noteAlerts()
        missedLevels.increment(by: missed)
        if missed > 0 { logger.info("Runs are late", metadata: ["runs": "\(missed)"]) }
    }

    // MARK: Retention

    /// One round of retention.
    package func removeOld() async throws -> RetentionRound {
        let policy = try await store.retentionPolicy()
        var round = RetentionRound()
        try await dropPartitions(policy, &round)
        try await removeRows(policy, &round)
        droppedPartitions.increment(by: round.dropped.count)
        removedRows.increment(by: round.removed)
        if !round.dropped.isEmpty || round.removed > 0 || !round.left.isEmpty {
            logger.info(
                "Old history was removed",
                metadata: [
                    "dropped": "\(round.dropped.joined(separator: ", "))", "rows": "\(round.removed)",
                    "left": "\(round.left.keys.sorted().joined(separator: ", "))",
                ]
            )
        }
        return round
    }

    private func dropPartitions(_ policy: RetentionPolicy, _ round: inout RetentionRound) async throws {
        for table in RunTable.allCases {
            guard let days = policy.partitionDays(table.kind) else { continue }
            // What belongs to a run goes before it: if something could not, the runs wait, too.
            if table.kind == .runs, !round.left.isEmpty { break }
            for partition in try await store.oldPartitions(table, days: days, limit: settings.partitions) {
                try await note(partition, &round) { try await store.drop(partition, of: table, days: days) }
            }
        }
        if let days = policy.partitionDays(.deliveries) {
            for partition in try await store.oldDeliveryPartitions(days: days, limit: settings.partitions) {
                try await note(partition, &round) { try await store.drop(deliveries: partition) }
            }
        }
    }

    /// Notes what became of a partition. One that cannot be dropped keeps no other from it.
    private func note(
        _ partition: OldPartition,
        _ round: inout RetentionRound,
        _ drop: () async throws -> PartitionDrop
    ) async throws {
        let outcome: PartitionDrop
        do {
            outcome = try await drop()
        } catch {
            try Task.checkCancellation()
            round.left[partition.name] = "it could not be dropped"
            logger.error(
                "An old partition could not be dropped",
                metadata: ["partition": "\(partition.name)", "error": "\(error)"]
            )
            return
        }
        switch outcome {
        case .dropped: round.dropped.append(partition.name)
        case .busy: round.left[partition.name] = "it is being used"
        case .takesTooLong: round.left[partition.name] = "moving what stays takes too long"
        case .keepsTooMany:
            round.left[partition.name] = "more than \(RunStore.mostKeptRuns) of its runs are to be kept"
            logger.warning(
                "An old partition stays: too many of its runs are pinned or have not ended long enough ago",
                metadata: ["partition": "\(partition.name)"]
            )
        }
    }

    private func removeRows(_ policy: RetentionPolicy, _ round: inout RetentionRound) async throws {
        for kind in RetentionKind.allCases where kind == .runs || kind.belongsToRun {
            for (team, days) in policy.shorter(kind) {
                let scope = RunStore.RetentionScope(team: team, policy: policy)
                round.removed += try await inBatches(of: store.limits.batch) {
                    try await store.removeOldRows(kind, of: scope, days: days)
                }
            }
        }
        for kind in [RetentionKind.ticks, .audit] {
            for team in [""] + policy.teams.keys.sorted() {
                guard let days = policy.days(kind, team: team.isEmpty ? nil : team) else { continue }
                let scope = RunStore.RetentionScope(team: team, policy: policy)
                round.removed += try await inBatches(of: 1) {
                    try await store.removeOldEntries(kind, of: scope, days: days)
                }
            }
        }
        round.removed += try await inBatches(of: 1) { try await store.removeKeptRows(policy) }
    }

    /// Repeats a step until it does less than a batch, a bounded number of times.
    private func inBatches(of size: Int, _ step: () async throws -> Int) async throws -> Int {
        var total = 0
        for _ in 0..<settings.batches {
            let count = try await step()
            total += count
            if count < size { break }
        }
        return total
    }

    // MARK: Repetition

    /// Does something while this process has a duty.
    private func repeating(
        every interval: Duration,
        _ duty: String,
        _ message: Logger.Message,
        _ body: () async throws -> Void
    ) async throws {
        try await time.every(interval) {
            try await tolerating(message) {
                let term = try await store.takeTerm(
                    duty: duty,
                    holder: holder,
                    timeToLive: max(interval * 2, .seconds(30))
                )
                if term != nil { try await body() }
            }
        }
    }

    /// Lets a duty go on after an error that another attempt may not meet.
    private func tolerating(_ message: Logger.Message, _ body: () async throws -> Void) async throws {
        do {
            try await body()
        } catch is CancellationError {
            throw CancellationError()
        } catch {
            try Task.checkCancellation()
            logger.error(message, metadata: ["error": "\(error)"])
        }
    }
}
