/// What people can do to a run that exists.
package enum RunAction: String, Sendable, Hashable, CaseIterable {
    /// Asks for its end.
    case cancel
    /// Makes another run of the same version and variables.
    case retry
    /// Makes another run with changed variables or another version.
    case rerun
    /// Makes another run that need not repeat what had succeeded.
    case resume
    /// Lets go of its placement without cancelling it.
    case release
    /// Sends it past admission, before all others.
    case promote
    /// Has it wait again though it was held.
    case unpause
    /// Removes it with everything it left.
    case delete

    /// What an action means for one run.
    package enum Effect: Sendable, Hashable {
        /// It leads to this state, which may be the one it is in.
        case changes(RunState)
        /// It was done before, or is not needed any more.
        case alreadySo
        case impossible
    }

    /// Whether another run comes of it.
    package var makesRun: Bool {
        switch self {
        case .retry, .rerun, .resume: true
        case .cancel, .release, .promote, .unpause, .delete: false
        }
    }

    /// - Parameters:
    ///   - isReleased: somebody let go of it, and it is not over.
    /// - Returns: what the action does to such a run. Whether a retry, rerun or resumption exists already is not looked at.
    package func effect(on state: RunState, isPromoted: Bool, isReleased: Bool) -> Effect {
        switch self {
        case .cancel:
            guard case .success(let target) = RunTransition.cancelRequested.target(from: state), target != state
            else { return .alreadySo }
            return .changes(target)
        case .retry, .rerun, .resume, .delete:
            return state.isTerminal ? .changes(state) : .impossible
        case .release:
            guard RunState.placed.contains(state) else { return .impossible }
            return isReleased ? .alreadySo : .changes(state)
        case .promote:
            switch state {
            case .paused: return .changes(.pending)
            case .pending, .ready: return isPromoted ? .alreadySo : .changes(state)
            default: return isPromoted && !state.isTerminal ? .alreadySo : .impossible
            }
        case .unpause:
            switch state {
            case .paused: return .changes(.pending)
            case .pending: return .alreadySo
            default: return .impossible
            }
        }
    }

    /// The states of runs that are meant when somebody asks for it without naming states. Following a run that succeeded is
    /// possible, but nobody means that for all of them.
    package var usualStates: [RunState] {
        switch self {
        case .cancel: RunState.allCases.filter { !$0.isTerminal && $0 != .cancelling }
        case .retry, .resume: RunState.terminal.filter { $0 != .succeeded }
        case .rerun, .delete: RunState.terminal
        case .release: RunState.placed
        case .promote: [.pending, .paused, .ready]
        case .unpause: [.paused]
        }
    }

    /// Where it can be done, for "only … can be …".
    package var condition: String {
        switch self {
        case .cancel: "a run that is not over can be cancelled"
        case .retry: "a run that has ended can be retried"
        case .rerun: "a run that has ended can be run again"
        case .resume: "a run that has ended can be resumed"
        case .release: "a run that has a placement and is not cancelling can be released"
        case .promote: "a run that waits to be placed can be promoted"
        case .unpause: "a paused run can be unpaused"
        case .delete: "a run that has ended can be deleted"
        }
    }
}
