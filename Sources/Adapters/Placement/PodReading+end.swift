package import KubernetesClient
package import SlipwayCore

extension PodReading {
    /// How the placement ended, or `nil` while it has not.
    ///
    /// It is over once the runner's container has ended, even while Sail is still stopping, or once the pod has failed
    /// without one.
    ///
    /// - Parameter events: what the cluster recorded about the pod, for the evidence.
    package func end(events: [KubernetesEvent] = []) -> PlacementEnd? {
        let verdict: Verdict
        if let runnerEnd {
            verdict = self.verdict(on: runnerEnd)
        } else if phase == "Failed" {
            verdict = verdictWithoutRunner()
        } else if phase == "Succeeded" {
            verdict = Verdict(outcome: .succeeded, reason: .completed)
        } else {
            return nil
        }
        return placementEnd(verdict, at: runnerEnd?.finishedAt ?? lastChange, events)
    }

    /// The end of a placement whose pod is gone without having shown how it ended.
    ///
    /// - Parameter at: when the pod was seen to be gone.
    package func endOfVanishedPod(at time: Timestamp, events: [KubernetesEvent] = []) -> PlacementEnd {
        if let end = end(events: events) { return end }
        let reason = disruption?.reason ?? (isNodeLost ? .nodeLost : .podLost)
        let message = disruption.map { "The pod was removed: \($0.message)" } ?? "The pod was deleted from outside."
        return placementEnd(Verdict(outcome: .lost, reason: reason, message: message), at: time, events)
    }

    /// The end of a placement that a passed deadline brings about; its pod is still to be deleted.
    package func end(passing deadline: PlacementDeadline, at time: Timestamp, events: [KubernetesEvent] = [])
        -> PlacementEnd
    {
        let verdict = Verdict(outcome: deadline.outcome, reason: deadline.reason, message: deadline.message)
        return placementEnd(verdict, at: time, events)
    }

    // MARK: Verdicts

    private struct Verdict {
        var outcome: PlacementEnd.Outcome
        var reason: ReasonCode
        var failureClass: FailureClass?
        var message: String?
        var failure: TaskFailure?
        var failedTask: String?
    }

    private func verdict(on end: RunnerEnd) -> Verdict {
        if end.isStartFailure {
            let message =
                "The runner's container could not be started: \(end.message ?? end.reason ?? "no reason given")"
            return Verdict(outcome: .failed, reason: .containerCreateFailed, message: message)
        }
        guard let summary = end.summary else { return verdictWithoutSummary(end) }
        switch summary.result {
        case .succeeded where end.exitCode == 0: return Verdict(outcome: .succeeded, reason: .completed)
        case .succeeded: return verdictWithoutSummary(end)
        case .failed: return verdict(onFailed: summary)
        // The runner was asked to stop. Whether a person asked is known to whoever holds the run; seen from the pod
        // it was removed.
        case .cancelled: return removal("The pod was asked to stop while the job ran.")
        }
    }

    private func verdict(onFailed summary: RunnerSummary) -> Verdict {
        let told = summary.failure
        var reason = told?.reason ?? .taskFailed
        var failureClass = told?.failureClass ?? reason.failureClass
        var message = told?.message
        if sail?.isOutOfMemory == true, reason == .sailCrashed || reason == .sailUnreachable {
            reason = .sailOutOfMemory
            failureClass = reason.failureClass
            message = "Sail used more memory than resources.sail.memory allows and was ended."
        }
        return Verdict(
            outcome: .failed,
            reason: reason,
            failureClass: failureClass,
            message: message,
            failure: told,
            failedTask: summary.failedTask
        )
    }

    /// The exit code alone, by the runner's contract: 0 all well, 1 a task failed, 143 asked to stop.
    private func verdictWithoutSummary(_ end: RunnerEnd) -> Verdict {
        if end.isOutOfMemory {
            let message = "The runner used more memory than resources.runner.memory allows and was ended."
            return Verdict(outcome: .failed, reason: .runnerOutOfMemory, message: message)
        }
        switch end.exitCode {
        case 0 where end.summary == nil: return Verdict(outcome: .succeeded, reason: .completed)
        case 1: return Verdict(outcome: .failed, reason: .taskFailed, message: "A task failed; its log says why.")
        case 137 where isTerminating || disruption != nil, 143:
            return removal("The pod was ended while the job ran.")
        default:
            if end.reason == "ContainerStatusUnknown" { return removal("The node lost sight of the runner.") }
            let how = end.signal.map { "was ended by signal \($0)" } ?? "ended with code \(end.exitCode)"
            return Verdict(outcome: .failed, reason: .runnerCrashed, message: "The runner \(how) without a summary.")
        }
    }

    private func removal(_ message: String) -> Verdict {
        let reason = disruption?.reason ?? (isNodeLost ? .nodeLost : .podLost)
        return Verdict(outcome: .lost, reason: reason, message: disruption?.message ?? message)
    }

    /// The pod failed and no runner has a status: its node refused or ended it.
    private func verdictWithoutRunner() -> Verdict {
        let word = status.reason ?? "no reason given"
        let said = status.message.map { ": \($0)" } ?? ""
        if let disruption { return Verdict(outcome: .lost, reason: disruption.reason, message: disruption.message) }
        if word == "DeadlineExceeded" {
            return Verdict(outcome: .timeout, reason: .runTimeout, message: "The pod's own deadline passed\(said)")
        }
        if hasUserCodeRun { return removal("The pod failed (\(word))\(said)") }
        return Verdict(outcome: .lost, reason: .podRejected, message: "The node refused the pod (\(word))\(said)")
    }

    private func placementEnd(_ verdict: Verdict, at time: Timestamp, _ events: [KubernetesEvent]) -> PlacementEnd {
        PlacementEnd(
            outcome: verdict.outcome,
            at: max(time, timeline.last?.at ?? time),
            hasUserCodeRun: hasUserCodeRun || verdict.outcome == .succeeded,
            reason: verdict.reason,
            failureClass: verdict.failureClass,
            message: Self.storable(verdict.message, 2000),
            failedTask: Self.storable(verdict.failedTask, 63),
            exitCode: runnerEnd?.exitCode,
            errorName: Self.storable(verdict.failure?.errorName, 200),
            stackTrace: Self.storable(verdict.failure?.stackTrace, 8000),
            evidence: PodEvidence.of(self, events: events)
        )
    }

    /// User code can write the termination message: it is cut, and null characters, which no database text holds, go.
    private static func storable(_ text: String?, _ characters: Int) -> String? {
        text.map { String($0.unicodeScalars.prefix(characters).filter { $0 != "\0" }) }
    }

    /// The latest time the status holds, for ends that carry none of their own.
    private var lastChange: Timestamp {
        let times = status.conditions.compactMap { Timestamp($0.lastTransitionTime) } + timeline.map(\.at)
        return times.max() ?? createdAt
    }
}
