package import KubernetesClient
package import SlipwayCore

/// What a pod's status tells about its placement.
///
/// Everything is derived from the status' own timestamps, by the cluster's clock: reading the same status again gives the
/// same reading, and a status that was missed is made up for by later ones.
package struct PodReading: Sendable, Hashable {
    package var podName: String
    package var podUID: String?
    package var createdAt: Timestamp
    /// The states entered, in order, each once, at times that never go back.
    package var timeline: [ObservedState]
    package var scheduledAt: Timestamp?
    package var node: String?
    /// Why it is not further; `nil` while it proceeds.
    package var waiting: WaitingReason?
    /// Set once the runner's container has ended.
    package var runnerEnd: RunnerEnd?
    package var sail: SailReading?
    /// Whether user code may have begun.
    package var hasUserCodeRun: Bool
    /// Someone asked for the pod's deletion.
    package var isTerminating: Bool
    /// The node has stopped answering; the pod may still run there. It stays until the node returns or it is deleted by
    /// force.
    package var isNodeLost: Bool
    /// Why something outside the job ended or is about to end the pod.
    package var disruption: WaitingReason?
    /// `Pending`, `Running`, `Succeeded`, `Failed` or `Unknown`.
    package var phase: String
    /// The status as it was, for the evidence.
    package var status: PodStatus

    /// Where the placement stands: the last state of the timeline.
    package var state: RunState { timeline.last?.state ?? .starting }

    /// How the runner's container ended.
    package struct RunnerEnd: Sendable, Hashable {
        package var exitCode: Int
        package var signal: Int?
        /// Kubernetes' word, such as `Completed`, `Error`, `OOMKilled`.
        package var reason: String?
        package var finishedAt: Timestamp?
        /// What the runner left; `nil` if it left nothing readable.
        package var summary: RunnerSummary?
        /// Why there is no summary.
        package var summaryProblem: String?
        /// The termination message, cut.
        package var message: String?
        package var isOutOfMemory: Bool
        /// The container never executed anything: its program or mounts were refused.
        package var isStartFailure: Bool
    }

    /// What the sidecar did.
    package struct SailReading: Sendable, Hashable {
        package var isRunning: Bool
        /// Its startup probe has passed at least once.
        package var hasAnswered: Bool
        package var restarts: Int
        /// The exit code of its present or last end.
        package var exitCode: Int?
        package var isOutOfMemory: Bool
        /// It ended other than on request, at least once.
        package var hasCrashed: Bool
    }

    /// Reads a pod.
    ///
    /// - Parameter previous: an earlier reading of the same pod. What it saw is kept even where Kubernetes has since
    ///   forgotten it, as it does when a container restarts; a reading of a pod with another uid is ignored.
    package static func read(_ pod: PodSnapshot, after previous: PodReading? = nil) -> PodReading {
        let status = pod.status ?? PodStatus()
        let containers = PodContainers(pod: pod, status: status)
        var reading = PodReading(
            podName: pod.metadata.name,
            podUID: pod.metadata.uid,
            createdAt: Timestamp(pod.metadata.creationTimestamp) ?? Timestamp(microsecondsSince1970: 0),
            timeline: [],
            scheduledAt: containers.scheduledAt,
            node: pod.nodeName,
            waiting: nil,
            runnerEnd: containers.runnerEnd,
            sail: containers.sailReading,
            hasUserCodeRun: containers.hasUserCodeRun,
            isTerminating: pod.metadata.deletionTimestamp != nil,
            isNodeLost: PodDisruption.isNodeLost(status, isTerminating: pod.metadata.deletionTimestamp != nil),
            disruption: PodDisruption.of(status),
            phase: status.phase ?? "Pending",
            status: status
        )
        reading.timeline = containers.timeline(from: reading.createdAt)
        if let previous, previous.podUID == reading.podUID { reading.keep(previous) }
        if reading.runnerEnd == nil { reading.waiting = PodWaiting.reason(status, containers) }
        return reading
    }

    /// Adds what an earlier reading saw and this one does not.
    private mutating func keep(_ previous: PodReading) {
        hasUserCodeRun = hasUserCodeRun || previous.hasUserCodeRun
        runnerEnd = runnerEnd ?? previous.runnerEnd
        scheduledAt = previous.scheduledAt ?? scheduledAt
        node = node ?? previous.node
        if let before = previous.sail, var now = sail {
            now.hasAnswered = now.hasAnswered || before.hasAnswered
            now.hasCrashed = now.hasCrashed || before.hasCrashed
            now.isOutOfMemory = now.isOutOfMemory || before.isOutOfMemory
            sail = now
        } else {
            sail = sail ?? previous.sail
        }
        let reached = RunState.placed.firstIndex(of: previous.state) ?? 0
        let later = timeline.filter { (RunState.placed.firstIndex(of: $0.state) ?? 0) > reached }
        timeline = Self.ascending(previous.timeline + later)
    }

    /// The states with times that never go back: Kubernetes' have whole seconds and come from several clocks.
    static func ascending(_ timeline: [ObservedState]) -> [ObservedState] {
        var latest: Timestamp?
        return timeline.map { observed in
            let time = latest.map { max($0, observed.at) } ?? observed.at
            latest = time
            return ObservedState(state: observed.state, at: time)
        }
    }
}

extension Timestamp {
    /// The same instant; `nil` for `nil` and for the zero time, which Kubernetes writes for "never".
    init?(_ time: KubernetesTime?) {
        guard let time, time.microsecondsSince1970 > 0 else { return nil }
        self.init(microsecondsSince1970: time.microsecondsSince1970)
    }
}
