internal import KubernetesClient
internal import SlipwayCore

/// What ended a pod, or is about to, for reasons outside its job.
///
/// Sources: the reasons of the `DisruptionTarget` condition, and the `status.reason` values that schedulers, taint
/// managers and nodes write.
enum PodDisruption {
    static func of(_ status: PodStatus) -> WaitingReason? {
        if let reason = reason(ofStatus: status.reason) {
            return WaitingReason(reason: reason, message: text(status.message, or: status.reason))
        }
        guard let condition = status.condition("DisruptionTarget"), condition.status == "True" else { return nil }
        return WaitingReason(
            reason: reason(ofCondition: condition.reason),
            message: text(condition.message, or: condition.reason)
        )
    }

    /// "Node lost" is never a verdict on its own: the pod may still run where nobody can see it.
    static func isNodeLost(_ status: PodStatus, isTerminating: Bool) -> Bool {
        if status.reason == "NodeLost" || status.phase == "Unknown" { return true }
        let disruption = status.condition("DisruptionTarget")
        if isTerminating, disruption?.status == "True", disruption?.reason == "DeletionByTaintManager" { return true }
        let ready = status.condition("Ready")
        return isTerminating && ready?.status != "True" && ready?.reason == "NodeNotReady"
    }

    private static func reason(ofStatus reason: String?) -> ReasonCode? {
        switch reason {
        case "Evicted": .evicted
        case "Preempting", "Preempted": .preempted
        case "NodeLost", "Shutdown", "NodeShutdown", "Terminated": .nodeLost
        default: nil
        }
    }

    private static func reason(ofCondition reason: String?) -> ReasonCode {
        switch reason {
        case "PreemptionByScheduler": .preempted
        case "DeletionByTaintManager", "DeletionByPodGC": .nodeLost
        default: .evicted
        }
    }

    private static func text(_ message: String?, or reason: String?) -> String {
        let message = message ?? ""
        return message.isEmpty ? reason ?? "disrupted" : String(message.prefix(1000))
    }
}
