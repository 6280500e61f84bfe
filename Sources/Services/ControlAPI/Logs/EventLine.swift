internal import RunStore
internal import SlipwayCore

/// The stream `run`: what the control plane did with a run, a line for each event.
enum EventLine {
    /// `state running`, `waiting: unschedulable: no node has enough memory`, `cancel_requested by ann: too slow`.
    static func text(_ event: RunEvent) -> String {
        var text = event.kind
        if let state = event.state { text += event.kind == "state" ? " \(state.rawValue)" : " → \(state.rawValue)" }
        if let actor = event.actor { text += " by \(actor)" }
        if let reason = event.reason { text += ": \(reason.rawValue)" }
        if let message = event.message { text += ": \(message)" }
        return String(text.map { $0.isNewline ? " " : $0 })
    }

    /// - Parameter placement: of the event before: an event of no placement belongs where it happened.
    static func line(_ event: RunEvent, after placement: Int) -> NamedLogLine {
        NamedLogLine(
            stream: LogStreams.events,
            placement: max(placement, event.placement ?? 0),
            line: LogLine(
                sequence: event.sequence,
                milliseconds: event.at.microsecondsSince1970 / 1000,
                channel: .stdout,
                text: text(event)
            )
        )
    }
}
