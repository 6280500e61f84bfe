/// Stands for a call of `publish` that waits: for one confirm, or for those of a whole batch.
final class PublishTicket: @unchecked Sendable {  // why: created by the caller, touched on the publisher's loop only
    typealias Outcome = Result<Void, AMQPError>

    private var missing: Int
    private var outcome: Outcome?
    private var continuation: CheckedContinuation<Outcome, Never>?

    init(messages: Int) { missing = messages }

    /// The caller no longer waits.
    var isConcluded: Bool { outcome != nil }

    func wait(_ continuation: CheckedContinuation<Outcome, Never>) {
        if let outcome {
            continuation.resume(returning: outcome)
        } else {
            self.continuation = continuation
        }
    }

    /// One more message is confirmed; the last one ends the call.
    func confirm() {
        missing -= 1
        if missing == 0 { conclude(.success(())) }
    }

    /// Ends the call. Only the first time counts.
    func conclude(_ outcome: Outcome) {
        guard self.outcome == nil else { return }
        self.outcome = outcome
        continuation?.resume(returning: outcome)
        continuation = nil
    }
}

/// A message on its way.
struct PendingPublish {
    let outgoing: AMQPOutgoing
    let ticket: PublishTicket
    let deadline: ContinuousClock.Instant
    /// The broker's words, if it came back as unroutable; the confirm follows.
    var returnText: String?
    /// It was under way when the broker closed the channel for a fault, so it is sent alone the next time.
    var isSuspect = false
}
