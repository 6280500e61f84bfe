package import SlipwayCore

/// What the API tells the other processes, without waiting for it: many signals become few messages, and a lost one is found out by
/// a sweep.
package struct ControlSignals: Sendable {
    private let submitted = Signal()
    private let cancellations: AsyncStream<(run: RunID, holder: HolderID)>
    private let continuation: AsyncStream<(run: RunID, holder: HolderID)>.Continuation

    init() {
        (cancellations, continuation) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(10_000))
    }

    /// New runs wait for admission.
    package func runsSubmitted() { submitted.send() }

    /// A held run was asked to end. Without a holder there is nobody to tell yet.
    package func cancelRequested(run: RunID, holder: HolderID?) {
        guard let holder else { return }
        continuation.yield((run, holder))
    }

    /// Sends what was signalled, until cancelled.
    func run(_ publisher: RunPublisher) async {
        await withTaskGroup(of: Void.self) { group in
            group.addTask {
                for await _ in submitted.stream { await publisher.hintSchedulers(ControlMessage(admit: true)) }
            }
            group.addTask {
                for await (run, holder) in cancellations {
                    await publisher.hint(ControlMessage(cancel: [run]), to: holder)
                }
            }
        }
    }
}
