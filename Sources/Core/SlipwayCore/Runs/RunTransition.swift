/// Every way in which a run changes its state. This is the one transition table: the database's constraints and the
/// documentation's diagram are compared with it.
///
/// Callers name what happened; ``target(from:)`` says where that leads.
package enum RunTransition: Sendable, Hashable {
    /// Admission let it go. `pending` → `ready`
    case admit
    /// It is held for a reason. `pending` → `paused`
    case pause(ReasonCode)
    /// What held it is gone. `paused` → `pending`
    case unpause
    /// An operator sent it past admission. `pending` → `starting`
    case promote
    /// A dispatcher leased it. `ready` → `starting`
    case claim
    /// Its pod was seen in a later state. A placed state → a later placed state, skipping allowed
    case observe(ObservedState)
    /// Someone asked to cancel; safe to repeat. Without a pod → `cancelled`, with one → `cancelling`
    case cancelRequested
    /// The pod is gone and user code surely never ran. A replaceable state → `ready`; `cancelling` → `cancelled`
    case placementLost(ReasonCode)
    /// The placement is over. An active state → a terminal state; from `cancelling` only `succeeded` or `cancelled`
    case end(PlacementEnd, onTimeout: JobSpec.TimeoutOutcome)
    /// It makes room for a run of higher priority. `ready` → `pending`
    case sendBack
    /// It cannot be placed at all. `ready` → `failed`
    case endBeforePlacement(ReasonCode)

    /// The state this leads to, or why it does not apply to a run in `state`.
    package func target(from state: RunState) -> Result<RunState, IllegalTransition> {
        guard let target = legalTarget(from: state) else {
            return .failure(IllegalTransition(from: state, transition: self))
        }
        return .success(target)
    }

    private func legalTarget(from state: RunState) -> RunState? {
        switch (self, state) {
        case (.admit, .pending): .ready
        case (.pause, .pending): .paused
        case (.unpause, .paused): .pending
        case (.promote, .pending): .starting
        case (.claim, .ready): .starting
        case (.observe(let observed), _): Self.isLater(observed.state, than: state) ? observed.state : nil
        case (.cancelRequested, .pending), (.cancelRequested, .paused), (.cancelRequested, .ready): .cancelled
        case (.cancelRequested, _): state.isActive ? .cancelling : nil
        case (.placementLost, .cancelling): .cancelled
        case (.placementLost, _): RunState.replaceable.contains(state) ? .ready : nil
        case (.end(let end, _), .cancelling): end.outcome == .succeeded ? .succeeded : .cancelled
        case (.end(let end, let onTimeout), _): state.isActive ? Self.terminalState(of: end, onTimeout) : nil
        case (.sendBack, .ready): .pending
        case (.endBeforePlacement, .ready): .failed
        default: nil
        }
    }

    /// Both are placed states and the first comes after the second.
    private static func isLater(_ later: RunState, than earlier: RunState) -> Bool {
        guard let position = RunState.placed.firstIndex(of: earlier),
            let laterPosition = RunState.placed.firstIndex(of: later)
        else { return false }
        return laterPosition > position
    }

    private static func terminalState(of end: PlacementEnd, _ onTimeout: JobSpec.TimeoutOutcome) -> RunState {
        switch end.outcome {
        case .succeeded: .succeeded
        case .failed, .lost: .failed
        case .cancelled: .cancelled
        case .timeout:
            switch onTimeout {
            case .timeout: .timeout
            case .failed: .failed
            case .cancelled: .cancelled
            }
        }
    }
}

/// A transition that does not apply to the state a run is in.
package struct IllegalTransition: Error, Sendable, Hashable, CustomStringConvertible {
    package var from: RunState
    package var transition: RunTransition

    /// One sentence that is safe to show.
    package var description: String { "a run that is \(from.rawValue) cannot \(transition.phrase)" }
}

extension RunTransition {
    /// A change from one state to another.
    package struct Pair: Sendable, Hashable, Comparable, CustomStringConvertible {
        package var from: RunState
        package var to: RunState

        package init(from: RunState, to: RunState) {
            self.from = from
            self.to = to
        }

        package var description: String { "\(from.rawValue) → \(to.rawValue)" }

        /// In the order in which the states are declared.
        package static func < (left: Pair, right: Pair) -> Bool {
            left.positions.lexicographicallyPrecedes(right.positions)
        }

        private var positions: [Int] { [from, to].compactMap(RunState.allCases.firstIndex) }
    }

    /// Every change of state that some transition makes.
    package static let legalPairs: Set<Pair> = {
        var pairs: Set<Pair> = []
        for transition in everyShape {
            for state in RunState.allCases {
                guard case .success(let target) = transition.target(from: state), target != state else { continue }
                pairs.insert(Pair(from: state, to: target))
            }
        }
        return pairs
    }()

    /// One value for each way the table distinguishes; times and reasons make no difference to it.
    private static let everyShape: [RunTransition] = {
        let start = Timestamp(microsecondsSince1970: 0)
        var shapes: [RunTransition] = [
            .admit, .pause(.quotaExceeded), .unpause, .promote, .claim, .cancelRequested, .placementLost(.podLost),
            .sendBack, .endBeforePlacement(.invalidJob),
        ]
        shapes += RunState.placed.map { .observe(ObservedState(state: $0, at: start)) }
        for outcome in [PlacementEnd.Outcome.succeeded, .failed, .cancelled, .timeout, .lost] {
            let end = PlacementEnd(outcome: outcome, at: start, hasUserCodeRun: true, reason: .completed)
            shapes += JobSpec.TimeoutOutcome.allCases.map { .end(end, onTimeout: $0) }
        }
        return shapes
    }()

    /// Completes the sentence "a run that is … cannot …".
    fileprivate var phrase: String {
        switch self {
        case .admit: "be admitted"
        case .pause: "be paused"
        case .unpause: "be unpaused"
        case .promote: "be promoted"
        case .claim: "be claimed"
        case .observe(let observed): "be observed as \(observed.state.rawValue)"
        case .cancelRequested: "be cancelled"
        case .placementLost: "lose its placement"
        case .end: "end with its placement"
        case .sendBack: "be sent back to wait"
        case .endBeforePlacement: "end before its placement"
        }
    }
}
