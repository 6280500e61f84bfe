/// Where a run is. The raw values are the ones people, the API and the database see.
///
/// Which state may follow which is told by ``RunTransition`` alone.
package enum RunState: String, Sendable, Hashable, CaseIterable, Codable {
    /// Accepted, waiting for admission. → `ready`, `paused`, `starting` (promoted), `cancelled`
    case pending
    /// Held: a credential is invalid, or a quota or credits are exhausted. → `pending`, `cancelled`
    case paused
    /// Admitted, waiting to be placed. → `starting`, `cancelled`, `failed`
    case ready
    /// Leased by a dispatcher; its pod is being created or scheduled. → any later state, or back to `ready`
    case starting
    /// The Sail container is being pulled or created. → any later state, or back to `ready`
    case creatingSail = "creating_sail"
    /// Sail runs but does not answer yet. → any later state, or back to `ready`
    case waitingForSail = "waiting_for_sail"
    /// Sail answers; the runner container is starting. → any later state, or back to `ready`
    case creatingRunner = "creating_runner"
    /// User code executes. → `cancelling` or a terminal state
    case running
    /// Someone asked to cancel; resources are being removed. → `cancelled`, or `succeeded` if it ended well first
    case cancelling
    /// Ended well. Terminal.
    case succeeded
    /// Ended badly. Terminal.
    case failed
    /// Ended because someone asked. Terminal.
    case cancelled
    /// Ended because a deadline passed. Terminal.
    case timeout

    /// A terminal state is never left again.
    package var isTerminal: Bool {
        switch self {
        case .succeeded, .failed, .cancelled, .timeout: true
        default: false
        }
    }

    /// An active run has, or is about to have, a pod and is held by a lease.
    package var isActive: Bool {
        switch self {
        case .starting, .creatingSail, .waitingForSail, .creatingRunner, .running, .cancelling: true
        default: false
        }
    }

    /// Whether user code may have begun in a placement whose latest known state is this one.
    package var hasUserCodeRun: Bool { self == .running }

    package static let terminal: [RunState] = allCases.filter(\.isTerminal)
    package static let active: [RunState] = allCases.filter(\.isActive)
    /// The states that a run enters on its way to `running`, in order.
    package static let placed: [RunState] = [.starting, .creatingSail, .waitingForSail, .creatingRunner, .running]
    /// The states from which a lost placement leads back to `ready`.
    package static let replaceable: [RunState] = [.starting, .creatingSail, .waitingForSail, .creatingRunner]
}
