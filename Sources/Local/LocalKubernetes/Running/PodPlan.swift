/// Decides what a pod's containers need next: level-triggered, from what is known now.
///
/// Regular init containers run one after another; sidecars start in their place and what follows waits until their
/// startup probe passed; then the main containers start together. When all main containers are done, the sidecars are
/// stopped from the last to the first. A pod that is ending is stopped in the same order.
package enum PodPlan {
    package enum Action: Sendable, Equatable {
        case start(String)
        /// The container waits for its next start after a failure.
        case backOff(String, seconds: Double)
        case stop(String)
    }

    package struct Decision: Sendable, Equatable {
        package var actions: [Action] = []
        /// Nothing runs and nothing will be started: the pod has reached its end.
        package var isFinished = false
    }

    /// A container with what the plan must know beside its record.
    package struct Container: Sendable {
        package var record: ContainerRecord
        /// A start or a stop is under way.
        package var isBusy: Bool
        /// Seconds until it may be started again; 0 is now.
        package var secondsToStart: Double

        package init(_ record: ContainerRecord, isBusy: Bool = false, secondsToStart: Double = 0) {
            self.record = record
            self.isBusy = isBusy
            self.secondsToStart = secondsToStart
        }
    }

    package static func decide(_ containers: [Container], restartPolicy: String, isEnding: Bool) -> Decision {
        let sidecars = containers.filter { $0.record.role == .sidecar }
        let others = containers.filter { $0.record.role != .sidecar }
        if isEnding { return stopping(first: others, then: sidecars) }

        var decision = Decision()
        guard advance(containers.filter { $0.record.role != .main }, restartPolicy, &decision) else {
            if hasFailedInitialization(containers, restartPolicy) { return stopping(first: [], then: sidecars) }
            return decision
        }
        let main = containers.filter { $0.record.role == .main }
        if main.allSatisfy({ isDone($0.record, restartPolicy) }) { return stopping(first: [], then: sidecars) }
        for container in main where !isDone(container.record, restartPolicy) { run(container, &decision) }
        return decision
    }

    /// Whether a container has ended and is not to be started again.
    private static func isDone(_ record: ContainerRecord, _ restartPolicy: String) -> Bool {
        guard let end = record.end, record.role != .sidecar else { return false }
        switch (record.role, restartPolicy) {
        case (.initialization, "Never"): return true
        case (.initialization, _): return end.exitCode == 0
        case (_, "Always"): return false
        case (_, "OnFailure"): return end.exitCode == 0
        default: return true
        }
    }

    private static func hasFailedInitialization(_ containers: [Container], _ restartPolicy: String) -> Bool {
        restartPolicy == "Never"
            && containers.contains { $0.record.role == .initialization && ($0.record.end?.exitCode ?? 0) != 0 }
    }

    /// Brings the init containers forward. Returns true once the main containers may start.
    private static func advance(
        _ containers: [Container],
        _ restartPolicy: String,
        _ decision: inout Decision
    ) -> Bool {
        var mayGoOn = true
        for container in containers {
            let record = container.record
            if record.role == .sidecar {
                // A sidecar that was up once is kept up whatever comes after it does.
                if mayGoOn || record.wasStarted { run(container, &decision) }
                if !record.wasStarted { mayGoOn = false }
            } else if mayGoOn {
                if let end = record.end, end.exitCode == 0 { continue }
                mayGoOn = false
                if !isDone(record, restartPolicy) { run(container, &decision) }
            }
        }
        return mayGoOn
    }

    /// Starts what does not run, or has it wait.
    private static func run(_ container: Container, _ decision: inout Decision) {
        guard !container.record.isRunning, !container.isBusy else { return }
        if container.secondsToStart > 0 {
            decision.actions.append(.backOff(container.record.name, seconds: container.secondsToStart))
        } else {
            decision.actions.append(.start(container.record.name))
        }
    }

    private static func stopping(first: [Container], then sidecars: [Container]) -> Decision {
        var decision = Decision()
        let running = first.filter { $0.record.isRunning || $0.isBusy }
        if !running.isEmpty {
            decision.actions = running.filter { !$0.isBusy }.map { .stop($0.record.name) }
            return decision
        }
        guard let last = sidecars.last(where: { $0.record.isRunning || $0.isBusy }) else {
            decision.isFinished = true
            return decision
        }
        if !last.isBusy { decision.actions = [.stop(last.record.name)] }
        return decision
    }
}
