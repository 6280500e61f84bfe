package import SlipwayCore

/// What the API tells the other processes, without waiting for it: many signals become few messages, and a lost one is found out by
/// a sweep.
package struct ControlSignals: Sendable {
    private enum News: Sendable {
        case cancelRequested(RunID, HolderID)
        case released(SuperviseHint.Lease, HolderID)
        case promoted(cluster: String, runs: Int)
        case unsupervised([Unsupervised])
    }

    private let submitted = Signal()
    private let schedules = Signal()
    private let news: AsyncStream<News>
    private let continuation: AsyncStream<News>.Continuation

    init() {
        (news, continuation) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(10_000))
    }

    /// New runs wait for admission.
    package func runsSubmitted() { submitted.send() }

    /// Schedules were made or changed.
    package func schedulesChanged() { schedules.send() }

    /// A held run was asked to end. Without a holder there is nobody to tell yet.
    package func cancelRequested(run: RunID, holder: HolderID?) {
        guard let holder else { return }
        continuation.yield(.cancelRequested(run, holder))
    }

    /// A run was taken from its holder and left alone.
    ///
    /// - Parameter epoch: the lease that the holder had.
    package func released(run: RunID, epoch: Int64, holder: HolderID?) {
        guard let holder else { return }
        continuation.yield(.released(SuperviseHint.Lease(run: run, epoch: epoch), holder))
    }

    /// Runs of a cluster may be placed before all others.
    package func runsPromoted(cluster: String, runs: Int) {
        continuation.yield(.promoted(cluster: cluster, runs: runs))
    }

    /// Runs want a supervisor.
    package func unsupervised(_ runs: [Unsupervised]) {
        if !runs.isEmpty { continuation.yield(.unsupervised(runs)) }
    }

    /// Sends what was signalled, until cancelled.
    func run(_ publisher: RunPublisher) async {
        await withTaskGroup(of: Void.self) { group in
            group.addTask {
                for await _ in submitted.stream { await publisher.hintSchedulers(ControlMessage(admit: true)) }
            }
            group.addTask {
                for await _ in schedules.stream { await publisher.hintSchedulers(ControlMessage(schedules: true)) }
            }
            group.addTask {
                for await item in news { await Self.send(item, publisher) }
            }
        }
    }

    private static func send(_ news: News, _ publisher: RunPublisher) async {
        switch news {
        case .cancelRequested(let run, let holder): await publisher.hint(ControlMessage(cancel: [run]), to: holder)
        case .released(let lease, let holder): await publisher.hint(ControlMessage(released: [lease]), to: holder)
        case .promoted(let cluster, let runs): await publisher.hint(dispatch: cluster, runs: runs)
        case .unsupervised(let runs): await publisher.hint(superviseAll: runs)
        }
    }
}
