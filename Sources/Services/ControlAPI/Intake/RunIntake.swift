internal import Logging
internal import Observability
internal import PostgresClient
internal import RunStore

/// Stores new runs, many callers' in one commit.
///
/// While a commit is under way new runs collect, and go together with the next: one caller waits for one commit, and a thousand
/// callers for two. There is no timer, so a lone run never waits.
actor RunIntake {
    private struct Submission {
        let runs: [NewRun]
        let answer: CheckedContinuation<Result<Void, any Error>, Never>
    }

    private let store: @Sendable ([NewRun]) async throws -> Void
    private let committed: @Sendable () -> Void
    private let limits: ControlAPILimits
    private let batchSize: Histogram
    private var waiting: [Submission] = []
    private(set) var waitingRunCount = 0
    private var isCommitting = false

    /// - Parameters:
    ///   - store: stores runs once, however often it is called with them.
    ///   - committed: called after each commit.
    init(
        limits: ControlAPILimits,
        metrics: MetricsRegistry,
        store: @escaping @Sendable ([NewRun]) async throws -> Void,
        committed: @escaping @Sendable () -> Void
    ) {
        self.store = store
        self.committed = committed
        self.limits = limits
        batchSize = metrics.histogram(
            "slipway_api_runs_per_commit",
            help: "New runs stored by one commit.",
            buckets: .batchSize
        )
    }

    /// Returns once the runs are committed.
    ///
    /// - Throws: ``Problem`` if too many runs wait already, else the store's error.
    func submit(_ runs: [NewRun]) async throws {
        guard !runs.isEmpty else { return }
        guard waitingRunCount + runs.count <= limits.waitingRuns else {
            throw Problem.overloaded("\(waitingRunCount) runs wait to be stored")
        }
        waitingRunCount += runs.count
        let result = await withCheckedContinuation { answer in
            waiting.append(Submission(runs: runs, answer: answer))
            guard !isCommitting else { return }
            isCommitting = true
            // why: a commit serves many callers and must not end with the one that began it.
            Task { await commitAll() }
        }
        try result.get()
    }

    private func commitAll() async {
        while !waiting.isEmpty {
            let batch = takeBatch()
            await commit(batch)
        }
        isCommitting = false
    }

    private func takeBatch() -> [Submission] {
        var count = 0
        var runs = 0
        while count < waiting.count, count == 0 || runs + waiting[count].runs.count <= limits.runsPerCommit {
            runs += waiting[count].runs.count
            count += 1
        }
        let batch = Array(waiting.prefix(count))
        waiting.removeFirst(count)
        waitingRunCount -= runs
        return batch
    }

    private func commit(_ batch: [Submission]) async {
        let runs = batch.flatMap(\.runs)
        batchSize.observe(Double(runs.count))
        do {
            try await storeRepeatedly(runs)
            committed()
            for submission in batch { submission.answer.resume(returning: .success(())) }
        } catch {
            if batch.count > 1, !Self.isOutage(error) {
                // One caller's runs may be at fault: each is tried alone, so that it spares its neighbours.
                for submission in batch { await commit([submission]) }
            } else {
                for submission in batch { submission.answer.resume(returning: .failure(error)) }
            }
        }
    }

    /// Storing is safe to repeat, so a connection that was lost is no reason to leave callers in doubt.
    private func storeRepeatedly(_ runs: [NewRun]) async throws {
        do {
            try await store(runs)
        } catch let error as PostgresError where error.isWorthOneRepetition {
            try await store(runs)
        }
    }

    /// Whether the database, not the runs, is the reason.
    private static func isOutage(_ error: any Error) -> Bool {
        guard let error = error as? PostgresError else { return false }
        return error.code != .server || error.isRetriable
    }
}

extension PostgresError {
    fileprivate var isWorthOneRepetition: Bool {
        switch code {
        case .connectionLost: true
        case .server: isRetriable
        default: false
        }
    }
}
