internal import RunStore
internal import SlipwayCore

/// How long a run was in each state, from its events.
enum StateTimes {
    struct Stay: Sendable, Hashable {
        var state: RunState
        var enteredAt: Timestamp
        /// `nil` for the state it is in.
        var leftAt: Timestamp?
    }

    /// The stays in order; a state entered twice is there twice. A terminal state has no duration and comes last.
    static func stays(_ events: [RunEvent]) -> [Stay] {
        var stays: [Stay] = []
        for event in events {
            guard let state = event.state, stays.last?.state != state else { continue }
            if let last = stays.indices.last { stays[last].leftAt = max(event.at, stays[last].enteredAt) }
            stays.append(Stay(state: state, enteredAt: event.at, leftAt: state.isTerminal ? event.at : nil))
        }
        return stays
    }
}
