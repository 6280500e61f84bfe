internal import KubernetesClient
internal import SlipwayCore

/// Why a pod's containers do not run yet.
enum PodWaiting {
    static func reason(_ status: PodStatus, _ containers: PodContainers) -> WaitingReason? {
        if let scheduled = status.condition("PodScheduled"), scheduled.status == "False" {
            return WaitingReason(
                reason: .unschedulable,
                message: text(scheduled.message, or: "No node has room for the pod.")
            )
        }
        for container in [containers.sail, containers.runner].compactMap(\.self) {
            guard let waiting = container.state?.waiting, let reason = code(waiting.reason, container) else { continue }
            let message = text(waiting.message, or: "")
            let word = waiting.reason ?? "waiting"
            return WaitingReason(
                reason: reason,
                message: "\(container.name): \(word)\(message.isEmpty ? "" : ": \(message)")"
            )
        }
        return crash(containers)
    }

    /// Sail was started again and does not answer yet.
    private static func crash(_ containers: PodContainers) -> WaitingReason? {
        guard let sail = containers.sail, sail.started != true, let ended = sail.lastState?.terminated,
            ended.exitCode != 0, containers.runner?.state?.running == nil
        else { return nil }
        let reason: ReasonCode = ended.reason == "OOMKilled" ? .sailOutOfMemory : .sailCrashed
        let message = "sail: ended with code \(ended.exitCode) and was started again (\(sail.restartCount) times)"
        return WaitingReason(reason: reason, message: message)
    }

    private static func code(_ reason: String?, _ container: ContainerStatus) -> ReasonCode? {
        switch reason {
        case "ErrImagePull", "ImagePullBackOff", "InvalidImageName", "ErrImageNeverPull", "ImageInspectError",
            "RegistryUnavailable", "SignatureValidationFailed":
            .imagePullFailed
        case "CreateContainerConfigError", "CreateContainerError", "RunContainerError", "PreCreateHookError",
            "PreStartHookError", "PostStartHookError":
            .containerCreateFailed
        case "CrashLoopBackOff":
            container.lastState?.terminated?.reason == "OOMKilled" ? .sailOutOfMemory : .sailCrashed
        default: nil
        }
    }

    private static func text(_ message: String?, or fallback: String) -> String {
        let message = message ?? ""
        return message.isEmpty ? fallback : String(message.prefix(1000))
    }
}
