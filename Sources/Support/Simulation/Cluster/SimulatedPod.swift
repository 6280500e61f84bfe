internal import KubernetesClient
internal import Placement
internal import SlipwayCore

/// One pod of the simulated cluster and what it has done.
struct SimulatedPod: Sendable {
    enum Stage: Int, Sendable, Comparable {
        case unscheduled, creating, sailStarting, sailReady, running, ended

        static func < (left: Stage, right: Stage) -> Bool { left.rawValue < right.rawValue }
    }

    let key: String
    let uid: String
    /// `nil` for a pod that is not Slipway's.
    let owner: PlacementKey?
    let labels: [String: String]
    let behaviour: PodBehaviour
    let graceSeconds: Int
    let createdAt: KubernetesTime
    var stage = Stage.unscheduled
    var node: String?
    var scheduledAt: KubernetesTime?
    var sailStartedAt: KubernetesTime?
    var sailReadyAt: KubernetesTime?
    var runningAt: KubernetesTime?
    var runnerEnd: ContainerState.Terminated?
    var deletedAt: KubernetesTime?
    /// `Evicted` and such.
    var phaseReason: String?
    var disruption: String?
    /// Its node does not answer any more: nothing of it changes.
    var isFrozen = false
    var hasSucceeded = false
    /// What the runner wrote, a JSON line each.
    var lines: [String] = []
    /// The numbers among them that are lines of a log.
    var logNumbers: [Int64] = []
    var sailLines: [String] = []
    var waiting: [Reply<Void>] = []

    var isEnded: Bool { stage == .ended }

    /// The pod as the API server tells it.
    var snapshot: PodSnapshot {
        PodSnapshot(
            metadata: ObjectMetadata(
                name: key,
                namespace: SimulatedCluster.namespace,
                uid: uid,
                labels: labels,
                creationTimestamp: createdAt,
                deletionTimestamp: deletedAt
            ),
            spec: PodSnapshot.Placement(nodeName: node, terminationGracePeriodSeconds: graceSeconds),
            status: status
        )
    }

    private var status: PodStatus {
        PodStatus(
            phase: phase,
            conditions: conditions,
            containerStatuses: [runner].compactMap(\.self),
            initContainerStatuses: [sail].compactMap(\.self),
            reason: phaseReason,
            startTime: scheduledAt
        )
    }

    private var phase: String {
        if phaseReason != nil { return "Failed" }
        if let runnerEnd { return runnerEnd.exitCode == 0 ? "Succeeded" : "Failed" }
        return stage == .running ? "Running" : "Pending"
    }

    private var conditions: [PodCondition] {
        var conditions: [PodCondition] = []
        if let scheduledAt {
            conditions.append(PodCondition(type: "PodScheduled", status: "True", lastTransitionTime: scheduledAt))
        } else if behaviour.schedule == nil {
            let reason = "Unschedulable"
            conditions.append(PodCondition(type: "PodScheduled", status: "False", reason: reason, message: "0/3 nodes"))
        }
        if let sailReadyAt {
            conditions.append(PodCondition(type: "Initialized", status: "True", lastTransitionTime: sailReadyAt))
        }
        if let disruption {
            conditions.append(PodCondition(type: "DisruptionTarget", status: "True", reason: disruption))
        }
        return conditions
    }

    private var runner: ContainerStatus? {
        guard stage >= .creating else { return nil }
        var state = ContainerState(waiting: ContainerState.Waiting(reason: "ContainerCreating"))
        if let runnerEnd {
            state = ContainerState(terminated: runnerEnd)
        } else if let runningAt {
            state = ContainerState(running: ContainerState.Running(startedAt: runningAt))
        } else if behaviour.start == nil {
            state = ContainerState(
                waiting: ContainerState.Waiting(reason: "ImagePullBackOff", message: "no such image")
            )
        }
        return ContainerStatus(name: PodNaming.runnerContainer, state: state)
    }

    private var sail: ContainerStatus? {
        guard behaviour.hasSail, stage >= .creating else { return nil }
        var state = ContainerState(waiting: ContainerState.Waiting(reason: "ContainerCreating"))
        if let sailStartedAt {
            state = ContainerState(running: ContainerState.Running(startedAt: sailStartedAt))
            if isEnded {
                state = ContainerState(
                    terminated: ContainerState.Terminated(exitCode: 0, reason: "Completed", startedAt: sailStartedAt)
                )
            }
        }
        return ContainerStatus(name: PodNaming.sailContainer, state: state, started: sailReadyAt != nil)
    }

    // MARK: What the runner writes

    mutating func write(_ milliseconds: Int64, _ record: String, isLog: Bool = false) {
        let number = Int64(lines.count + 1)
        lines.append("{\"n\":\(number),\"ms\":\(milliseconds),\(record)}\n")
        if isLog { logNumbers.append(number) }
    }

    /// The number that the next line gets.
    var nextNumber: Int { lines.count + 1 }

    func summary(_ result: String, failure: String = "") -> String {
        "{\"result\":\"\(result)\"\(failure),\"warnings\":0,\"last_sequence\":\(nextNumber)}"
    }
}
