/// What a pod is made of and where it may run. Fields the API server would default may be left out.
package struct PodSpec: Codable, Hashable, Sendable {
    @OmittedWhenEmpty package var containers: [Container]
    @OmittedWhenEmpty package var initContainers: [Container]
    @OmittedWhenEmpty package var volumes: [Volume]
    @OmittedWhenEmpty package var nodeSelector: [String: String]
    package var nodeName: String?
    @OmittedWhenEmpty package var tolerations: [Toleration]
    /// Passed on as given.
    package var affinity: KubernetesValue?
    package var priorityClassName: String?
    package var serviceAccountName: String?
    package var automountServiceAccountToken: Bool?
    package var securityContext: PodSecurityContext?
    package var terminationGracePeriodSeconds: Int?
    /// `Always`, `OnFailure` or `Never`.
    package var restartPolicy: String?
    @OmittedWhenEmpty package var imagePullSecrets: [LocalObjectReference]
    package var activeDeadlineSeconds: Int?
    package var enableServiceLinks: Bool?
    package var hostname: String?
    package var schedulerName: String?
    package var runtimeClassName: String?
    /// Passed on as given.
    @OmittedWhenEmpty package var topologySpreadConstraints: [KubernetesValue]

    /// A specification needs at least one container.
    package init(
        containers: [Container],
        initContainers: [Container] = [],
        volumes: [Volume] = [],
        nodeSelector: [String: String] = [:],
        nodeName: String? = nil,
        tolerations: [Toleration] = [],
        affinity: KubernetesValue? = nil,
        priorityClassName: String? = nil,
        serviceAccountName: String? = nil,
        automountServiceAccountToken: Bool? = nil,
        securityContext: PodSecurityContext? = nil,
        terminationGracePeriodSeconds: Int? = nil,
        restartPolicy: String? = nil,
        imagePullSecrets: [LocalObjectReference] = [],
        activeDeadlineSeconds: Int? = nil,
        enableServiceLinks: Bool? = nil,
        hostname: String? = nil,
        schedulerName: String? = nil,
        runtimeClassName: String? = nil,
        topologySpreadConstraints: [KubernetesValue] = []
    ) {
        self.containers = containers
        self.initContainers = initContainers
        self.volumes = volumes
        self.nodeSelector = nodeSelector
        self.nodeName = nodeName
        self.tolerations = tolerations
        self.affinity = affinity
        self.priorityClassName = priorityClassName
        self.serviceAccountName = serviceAccountName
        self.automountServiceAccountToken = automountServiceAccountToken
        self.securityContext = securityContext
        self.terminationGracePeriodSeconds = terminationGracePeriodSeconds
        self.restartPolicy = restartPolicy
        self.imagePullSecrets = imagePullSecrets
        self.activeDeadlineSeconds = activeDeadlineSeconds
        self.enableServiceLinks = enableServiceLinks
        self.hostname = hostname
        self.schedulerName = schedulerName
        self.runtimeClassName = runtimeClassName
        self.topologySpreadConstraints = topologySpreadConstraints
    }
}

/// An object in the pod's namespace, by name.
package struct LocalObjectReference: Codable, Hashable, Sendable {
    package var name: String

    /// A reference by name.
    package init(name: String) { self.name = name }
}

/// Lets a pod onto nodes with a matching taint.
package struct Toleration: Codable, Hashable, Sendable {
    package var key: String?
    /// `Exists` or `Equal`.
    package var `operator`: String?
    package var value: String?
    /// `NoSchedule`, `PreferNoSchedule` or `NoExecute`; all if absent.
    package var effect: String?
    package var tolerationSeconds: Int?

    /// A toleration; without a key and with `Exists` it matches every taint.
    package init(
        key: String? = nil,
        operator: String? = nil,
        value: String? = nil,
        effect: String? = nil,
        tolerationSeconds: Int? = nil
    ) {
        self.key = key
        self.operator = `operator`
        self.value = value
        self.effect = effect
        self.tolerationSeconds = tolerationSeconds
    }
}

/// Security settings of all containers of a pod.
package struct PodSecurityContext: Codable, Hashable, Sendable {
    package var runAsUser: Int?
    package var runAsGroup: Int?
    package var runAsNonRoot: Bool?
    package var fsGroup: Int?
    package var fsGroupChangePolicy: String?
    @OmittedWhenEmpty package var supplementalGroups: [Int]
    package var seccompProfile: SeccompProfile?

    /// Settings left out take the cluster's defaults.
    package init(
        runAsUser: Int? = nil,
        runAsGroup: Int? = nil,
        runAsNonRoot: Bool? = nil,
        fsGroup: Int? = nil,
        fsGroupChangePolicy: String? = nil,
        supplementalGroups: [Int] = [],
        seccompProfile: SeccompProfile? = nil
    ) {
        self.runAsUser = runAsUser
        self.runAsGroup = runAsGroup
        self.runAsNonRoot = runAsNonRoot
        self.fsGroup = fsGroup
        self.fsGroupChangePolicy = fsGroupChangePolicy
        self.supplementalGroups = supplementalGroups
        self.seccompProfile = seccompProfile
    }
}

/// The system call filter of a container.
package struct SeccompProfile: Codable, Hashable, Sendable {
    /// `RuntimeDefault`, `Unconfined` or `Localhost`.
    package var type: String
    package var localhostProfile: String?

    /// A profile by type.
    package init(type: String, localhostProfile: String? = nil) {
        self.type = type
        self.localhostProfile = localhostProfile
    }
}
