package import Logging
package import SlipwayCore
internal import Synchronization

/// This process's lease, kept alive by ``RunLedger/holding(_:settings:time:logger:handBack:body:)``.
package final class HeldLease: Sendable {
    package let id: HolderID
    private let trustedUntil: Mutex<ContinuousClock.Instant>
    private let time: TimeSource

    init(id: HolderID, trustedUntil: ContinuousClock.Instant, time: TimeSource) {
        self.id = id
        self.time = time
        self.trustedUntil = Mutex(trustedUntil)
    }

    /// Whether this process may still write and create: its last renewal was *sent* less than a time to live, less the margin, ago.
    package var isTrusted: Bool { trustedUntil.withLock { time.instant() < $0 } }

    func extend(to instant: ContinuousClock.Instant) { trustedUntil.withLock { $0 = instant } }
}

/// How a time as a holder ended.
package enum LeaseEnd: Sendable, Hashable {
    /// The body returned or was cancelled; the leases were handed back.
    case handedBack
    /// The process was declared dead: everything it held is somebody else's.
    case lost
}

extension RunLedger {
    /// Registers this process as a holder, runs `body`, and renews the lease beside it.
    ///
    /// While Postgres cannot be reached the lease is not lost but stops being trusted; `body` keeps watching and must not write. When
    /// `body` returns, throws or is cancelled, everything held is handed back.
    ///
    /// - Parameters:
    ///   - holder: describes the process; its id must be new.
    ///   - handBack: told which runs need another supervisor after the leases were handed back.
    /// - Returns: `.lost` if another process declared this one dead; `body` was cancelled then.
    package func holding(
        _ holder: Holder,
        settings: LeaseSettings,
        time: TimeSource,
        logger: Logger,
        handBack: @escaping @Sendable ([Unsupervised]) async -> Void,
        body: @escaping @Sendable (HeldLease) async throws -> Void
    ) async throws -> LeaseEnd {
        let sent = time.instant()
        try await register(holder, timeToLive: settings.timeToLive)
        let lease = HeldLease(id: holder.id, trustedUntil: sent + settings.timeToLive - settings.margin, time: time)
        let end: Result<LeaseEnd, any Error>
        do {
            end = .success(
                try await withThrowingTaskGroup(of: LeaseEnd.self) { group in
                    group.addTask {
                        try await body(lease)
                        return .handedBack
                    }
                    group.addTask { try await self.keepAlive(lease, settings: settings, time: time, logger: logger) }
                    defer { group.cancelAll() }
                    return try await group.next() ?? .handedBack
                }
            )
        } catch {
            end = .failure(error)
        }
        if case .success(.lost) = end { return .lost }
        // why: this task may be cancelled already, and the leases must be handed back all the same.
        await Task(executorPreference: time.executor) {
            do {
                await handBack(try await retire(holder.id))
            } catch {
                logger.warning(
                    "Leases could not be handed back; they expire by themselves",
                    metadata: ["error": "\(error)", "holder.id": "\(holder.id)"]
                )
            }
        }.value
        return try end.get()
    }

    private func keepAlive(
        _ lease: HeldLease,
        settings: LeaseSettings,
        time: TimeSource,
        logger: Logger
    ) async throws -> LeaseEnd {
        while true {
            try await time.sleep(settings.heartbeat)
            let sent = time.instant()
            do {
                guard try await renew(lease.id, timeToLive: settings.timeToLive) else {
                    logger.error("Declared dead by another process", metadata: ["holder.id": "\(lease.id)"])
                    return .lost
                }
                lease.extend(to: sent + settings.timeToLive - settings.margin)
            } catch is CancellationError {
                throw CancellationError()
            } catch {
                try Task.checkCancellation()
                logger.warning(
                    "Heartbeat failed",
                    metadata: ["error": "\(error)", "lease.is_trusted": "\(lease.isTrusted)"]
                )
            }
        }
    }
}

extension RunLedger {
    /// Is a holder for as long as the caller is not cancelled: again with a new id whenever it was declared dead, and again, after a
    /// pause, whenever Postgres could not be reached or `body` failed.
    ///
    /// - Parameter makeHolder: describes this process with a fresh id each time.
    package func serveAsHolder(
        settings: LeaseSettings,
        time: TimeSource,
        logger: Logger,
        makeHolder: @Sendable () -> Holder,
        handBack: @escaping @Sendable ([Unsupervised]) async -> Void,
        body: @escaping @Sendable (HeldLease) async throws -> Void
    ) async throws {
        var pause = Duration.milliseconds(250)
        while !Task.isCancelled {
            let started = time.instant()
            do {
                let end = try await holding(
                    makeHolder(),
                    settings: settings,
                    time: time,
                    logger: logger,
                    handBack: handBack,
                    body: body
                )
                if end == .handedBack, Task.isCancelled { return }
            } catch is CancellationError {
                return
            } catch {
                if Task.isCancelled { return }
                logger.error("Stopped serving and will start again", metadata: ["error": "\(error)"])
            }
            pause = time.instant() - started > .seconds(30) ? .milliseconds(250) : min(pause * 2, .seconds(5))
            do { try await time.sleep(pause) } catch { return }
        }
    }
}
