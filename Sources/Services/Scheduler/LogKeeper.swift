package import Logging
package import Observability
package import RunStore
internal import ServiceLifecycle
package import SlipwayCore

/// How logs are kept; all of it is configurable and printed by `--show-config`.
package struct LogKeeperSettings: Sendable {
    /// How often partitions are made and dropped.
    package var sweepInterval: Duration = .seconds(3600)
    /// Whether logs are moved into the object storage.
    package var movesLogs = false
    /// How often runs are looked for whose logs are to be moved, and those whose objects are to be removed.
    package var moveInterval: Duration = .seconds(10)
    package var moves = LogMoveSettings()

    package init() {}
}

/// Makes room for logs and takes old ones away; moves those of runs that are over into an object storage.
///
/// Any number may work side by side: partitions are made under a lock, and a run's log is moved by who claimed it.
package struct LogKeeper: Service {
    private let store: RunStore
    private let holder: HolderID
    private let settings: LogKeeperSettings
    private let logger: Logger
    private let time: TimeSource
    private let droppedPartitions: Counter
    private let movedBytes: Counter
    private let storedObjects: Counter

    /// - Parameter holder: who claims logs to be moved; of this process alone.
    package init(
        store: RunStore,
        holder: HolderID,
        settings: LogKeeperSettings,
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
            "slipway_log_partitions_dropped_total",
            help: "Days of logs dropped because they were too old."
        )
        movedBytes = registry.counter(
            "slipway_log_bytes_moved_total",
            help: "Compressed bytes of logs moved into the object storage."
        )
        storedObjects = registry.counter(
            "slipway_log_objects_stored_total",
            help: "Objects of logs stored in the object storage."
        )
    }

    package func run() async throws {
        do {
            try await cancelWhenGracefulShutdown { try await keep() }
        } catch is CancellationError {
            // Stopped: what was under way is repeated by whoever comes next.
        }
    }

    private func keep() async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                try await tolerating("Partitions of logs could not be looked after") { try await sweep() }
                try await time.every(settings.sweepInterval) {
                    try await tolerating("Partitions of logs could not be looked after") { try await sweep() }
                }
            }
            if store.logObjects != nil {
                group.addTask {
                    try await time.every(settings.moveInterval) {
                        try await tolerating("Logs could not be moved") { try await move() }
                        try await tolerating("Objects of deleted runs could not be removed") {
                            _ = try await store.removeLogObjects()
                        }
                    }
                }
            }
            try await group.waitForAll()
        }
    }

    /// One look at the partitions.
    package func sweep() async throws {
        let days = try await store.retentionPolicy().partitionDays(.logs)
        let sweep = try await store.sweepLogPartitions(retention: .seconds((days ?? 0) * 86_400))
        droppedPartitions.increment(by: sweep.dropped.count)
        if !sweep.dropped.isEmpty || sweep.made > 0 {
            logger.info(
                "Looked after the partitions of logs",
                metadata: ["made": "\(sweep.made)", "dropped": "\(sweep.dropped.joined(separator: ", "))"]
            )
        }
        if !sweep.busy.isEmpty {
            logger.info(
                "Old logs are being read and are dropped later",
                metadata: ["partitions": "\(sweep.busy.joined(separator: ", "))"]
            )
        }
    }

    /// Moves all that is due.
    package func move() async throws {
        guard settings.movesLogs else { return }
        while true {
            let moved = try await store.moveLogs(holder: holder, settings: settings.moves)
            movedBytes.increment(by: moved.bytes)
            storedObjects.increment(by: moved.objects)
            if moved.runs < settings.moves.runs { return }
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
