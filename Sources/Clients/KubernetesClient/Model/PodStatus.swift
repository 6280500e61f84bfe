/// What became of a pod, as the scheduler and its node report it.
package struct PodStatus: Codable, Hashable, Sendable {
    /// `Pending`, `Running`, `Succeeded`, `Failed` or `Unknown`.
    package var phase: String?
    @OmittedWhenEmpty package var conditions: [PodCondition]
    @OmittedWhenEmpty package var containerStatuses: [ContainerStatus]
    @OmittedWhenEmpty package var initContainerStatuses: [ContainerStatus]
    /// For example `Evicted`, `NodeLost`, `OutOfcpu`.
    package var reason: String?
    package var message: String?
    package var startTime: KubernetesTime?
    package var hostIP: String?
    package var podIP: String?
    package var nominatedNodeName: String?
    package var qosClass: String?

    /// A status made by hand, for tests of what reads statuses.
    package init(
        phase: String? = nil,
        conditions: [PodCondition] = [],
        containerStatuses: [ContainerStatus] = [],
        initContainerStatuses: [ContainerStatus] = [],
        reason: String? = nil,
        message: String? = nil,
        startTime: KubernetesTime? = nil,
        hostIP: String? = nil,
        podIP: String? = nil,
        nominatedNodeName: String? = nil,
        qosClass: String? = nil
    ) {
        self.phase = phase
        self.conditions = conditions
        self.containerStatuses = containerStatuses
        self.initContainerStatuses = initContainerStatuses
        self.reason = reason
        self.message = message
        self.startTime = startTime
        self.hostIP = hostIP
        self.podIP = podIP
        self.nominatedNodeName = nominatedNodeName
        self.qosClass = qosClass
    }

    /// The condition of a type, for example `PodScheduled`.
    package func condition(_ type: String) -> PodCondition? { conditions.first { $0.type == type } }

    /// The status of a container or init container by name.
    package func container(_ name: String) -> ContainerStatus? {
        containerStatuses.first { $0.name == name } ?? initContainerStatuses.first { $0.name == name }
    }
}

/// One aspect of a pod's state.
package struct PodCondition: Codable, Hashable, Sendable {
    /// For example `PodScheduled`, `Ready`, `DisruptionTarget`.
    package var type: String
    /// `True`, `False` or `Unknown`.
    package var status: String
    package var reason: String?
    package var message: String?
    package var lastProbeTime: KubernetesTime?
    package var lastTransitionTime: KubernetesTime?

    /// A condition.
    package init(
        type: String,
        status: String,
        reason: String? = nil,
        message: String? = nil,
        lastProbeTime: KubernetesTime? = nil,
        lastTransitionTime: KubernetesTime? = nil
    ) {
        self.type = type
        self.status = status
        self.reason = reason
        self.message = message
        self.lastProbeTime = lastProbeTime
        self.lastTransitionTime = lastTransitionTime
    }
}

/// What became of one container.
package struct ContainerStatus: Codable, Hashable, Sendable {
    package var name: String
    package var state: ContainerState?
    /// How the previous instance ended, if it was restarted.
    package var lastState: ContainerState?
    package var ready: Bool
    /// For a sidecar, whether its startup probe has passed.
    package var started: Bool?
    package var restartCount: Int
    @OmittedWhenEmpty package var image: String
    @OmittedWhenEmpty package var imageID: String
    package var containerID: String?

    /// A status made by hand, for tests of what reads statuses.
    package init(
        name: String,
        state: ContainerState? = nil,
        lastState: ContainerState? = nil,
        ready: Bool = false,
        started: Bool? = nil,
        restartCount: Int = 0,
        image: String = "",
        imageID: String = "",
        containerID: String? = nil
    ) {
        self.name = name
        self.state = state
        self.lastState = lastState
        self.ready = ready
        self.started = started
        self.restartCount = restartCount
        self.image = image
        self.imageID = imageID
        self.containerID = containerID
    }
}

/// Where a container stands. At most one field is set; none means waiting.
package struct ContainerState: Codable, Hashable, Sendable {
    /// Not started yet, and why.
    package struct Waiting: Codable, Hashable, Sendable {
        /// For example `ContainerCreating`, `ImagePullBackOff`, `CreateContainerConfigError`.
        package var reason: String?
        package var message: String?

        /// A reason and the runtime's words.
        package init(reason: String? = nil, message: String? = nil) {
            self.reason = reason
            self.message = message
        }
    }

    /// Started.
    package struct Running: Codable, Hashable, Sendable {
        package var startedAt: KubernetesTime?

        /// Since when.
        package init(startedAt: KubernetesTime? = nil) { self.startedAt = startedAt }
    }

    /// Ended.
    package struct Terminated: Codable, Hashable, Sendable {
        package var exitCode: Int
        package var signal: Int?
        /// For example `Completed`, `Error`, `OOMKilled`, `ContainerStatusUnknown`.
        package var reason: String?
        /// The termination message the container left, or the runtime's words.
        package var message: String?
        package var startedAt: KubernetesTime?
        package var finishedAt: KubernetesTime?
        package var containerID: String?

        /// How and when.
        package init(
            exitCode: Int,
            signal: Int? = nil,
            reason: String? = nil,
            message: String? = nil,
            startedAt: KubernetesTime? = nil,
            finishedAt: KubernetesTime? = nil,
            containerID: String? = nil
        ) {
            self.exitCode = exitCode
            self.signal = signal
            self.reason = reason
            self.message = message
            self.startedAt = startedAt
            self.finishedAt = finishedAt
            self.containerID = containerID
        }
    }

    package var waiting: Waiting?
    package var running: Running?
    package var terminated: Terminated?

    /// A state.
    package init(waiting: Waiting? = nil, running: Running? = nil, terminated: Terminated? = nil) {
        self.waiting = waiting
        self.running = running
        self.terminated = terminated
    }
}
