package import SlipwayCore

/// A moment by which a placement must have got further, and what it means if it has not.
package struct PlacementDeadline: Sendable, Hashable {
    package var at: Timestamp
    /// `timeout` for user code, whose job says what that means; else `failed`.
    package var outcome: PlacementEnd.Outcome
    package var reason: ReasonCode
    package var message: String

    package init(at: Timestamp, outcome: PlacementEnd.Outcome, reason: ReasonCode, message: String) {
        self.at = at
        self.outcome = outcome
        self.reason = reason
        self.message = message
    }
}

/// Which deadline holds for a placement. Each phase has its own, beginning when the phase did:
/// waiting for a node, creating Sail's container, Sail's own start, creating the runner's container, user code.
package enum PlacementDeadlines {
    /// The next deadline; `nil` once the placement has ended.
    package static func next(_ timeouts: JobSpec.Timeouts, for reading: PodReading) -> PlacementDeadline? {
        guard reading.end() == nil, let phase = reading.timeline.last else { return nil }
        switch phase.state {
        case .starting:
            return deadline(
                phase.at,
                timeouts.scheduleSeconds,
                .scheduleTimeout,
                reading,
                "No node was found within timeouts.schedule"
            )
        case .creatingSail, .creatingRunner:
            return deadline(
                phase.at,
                timeouts.startSeconds,
                .startTimeout,
                reading,
                "The container was not started within timeouts.start",
                instead: [.imagePullFailed, .containerCreateFailed]
            )
        case .waitingForSail:
            return deadline(
                phase.at,
                timeouts.sailReadySeconds,
                .sailReadyTimeout,
                reading,
                "Sail did not answer within timeouts.sail_ready",
                instead: [.sailCrashed, .sailOutOfMemory, .imagePullFailed, .containerCreateFailed]
            )
        case .running:
            let text = "The job ran longer than timeouts.run (\(DurationText.text(seconds: timeouts.runSeconds)))."
            return PlacementDeadline(
                at: phase.at + .seconds(timeouts.runSeconds),
                outcome: .timeout,
                reason: .runTimeout,
                message: text
            )
        default:
            return nil
        }
    }

    /// The deadline that has passed at a moment; `nil` if none has.
    package static func passed(
        _ timeouts: JobSpec.Timeouts,
        for reading: PodReading,
        now: Timestamp
    ) -> PlacementDeadline? {
        next(timeouts, for: reading).flatMap { $0.at <= now ? $0 : nil }
    }

    /// - Parameter specific: reasons to wait that say more than the deadline does and stand in its place.
    private static func deadline(
        _ since: Timestamp,
        _ seconds: Int,
        _ reason: ReasonCode,
        _ reading: PodReading,
        _ text: String,
        instead specific: [ReasonCode] = []
    ) -> PlacementDeadline {
        let cause = reading.waiting.map { ": \($0.message)" } ?? "."
        return PlacementDeadline(
            at: since + .seconds(seconds),
            outcome: .failed,
            reason: reading.waiting.flatMap { specific.contains($0.reason) ? $0.reason : nil } ?? reason,
            message: "\(text) (\(DurationText.text(seconds: seconds)))\(cause)"
        )
    }
}
