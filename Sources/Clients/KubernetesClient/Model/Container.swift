/// One container of a pod.
package struct Container: Codable, Hashable, Sendable {
    package var name: String
    package var image: String?
    @OmittedWhenEmpty package var command: [String]
    @OmittedWhenEmpty package var args: [String]
    package var workingDir: String?
    @OmittedWhenEmpty package var env: [EnvironmentVariable]
    @OmittedWhenEmpty package var envFrom: [EnvironmentSource]
    package var resources: ResourceRequirements?
    @OmittedWhenEmpty package var volumeMounts: [VolumeMount]
    @OmittedWhenEmpty package var ports: [ContainerPort]
    package var startupProbe: Probe?
    package var readinessProbe: Probe?
    package var livenessProbe: Probe?
    package var lifecycle: Lifecycle?
    package var securityContext: SecurityContext?
    package var terminationMessagePath: String?
    /// `File` or `FallbackToLogsOnError`.
    package var terminationMessagePolicy: String?
    /// `Always`, `IfNotPresent` or `Never`.
    package var imagePullPolicy: String?
    /// `Always` makes an init container a sidecar.
    package var restartPolicy: String?

    /// A container needs a name; the image is required by the server.
    package init(
        name: String,
        image: String? = nil,
        command: [String] = [],
        args: [String] = [],
        workingDir: String? = nil,
        env: [EnvironmentVariable] = [],
        envFrom: [EnvironmentSource] = [],
        resources: ResourceRequirements? = nil,
        volumeMounts: [VolumeMount] = [],
        ports: [ContainerPort] = [],
        startupProbe: Probe? = nil,
        readinessProbe: Probe? = nil,
        livenessProbe: Probe? = nil,
        lifecycle: Lifecycle? = nil,
        securityContext: SecurityContext? = nil,
        terminationMessagePath: String? = nil,
        terminationMessagePolicy: String? = nil,
        imagePullPolicy: String? = nil,
        restartPolicy: String? = nil
    ) {
        self.name = name
        self.image = image
        self.command = command
        self.args = args
        self.workingDir = workingDir
        self.env = env
        self.envFrom = envFrom
        self.resources = resources
        self.volumeMounts = volumeMounts
        self.ports = ports
        self.startupProbe = startupProbe
        self.readinessProbe = readinessProbe
        self.livenessProbe = livenessProbe
        self.lifecycle = lifecycle
        self.securityContext = securityContext
        self.terminationMessagePath = terminationMessagePath
        self.terminationMessagePolicy = terminationMessagePolicy
        self.imagePullPolicy = imagePullPolicy
        self.restartPolicy = restartPolicy
    }
}

/// CPU, memory and other resources, as quantities by name.
package struct ResourceRequirements: Codable, Hashable, Sendable {
    @OmittedWhenEmpty package var requests: [String: String]
    @OmittedWhenEmpty package var limits: [String: String]

    /// What the scheduler reserves and what the node enforces.
    package init(requests: [String: String] = [:], limits: [String: String] = [:]) {
        self.requests = requests
        self.limits = limits
    }
}

/// Where a volume appears in a container.
package struct VolumeMount: Codable, Hashable, Sendable {
    package var name: String
    package var mountPath: String
    package var subPath: String?
    package var readOnly: Bool?

    /// The volume's name and the path inside the container.
    package init(name: String, mountPath: String, subPath: String? = nil, readOnly: Bool? = nil) {
        self.name = name
        self.mountPath = mountPath
        self.subPath = subPath
        self.readOnly = readOnly
    }
}

/// A port a container listens on.
package struct ContainerPort: Codable, Hashable, Sendable {
    package var name: String?
    package var containerPort: Int
    package var `protocol`: String?

    /// A TCP port unless `protocol` says otherwise.
    package init(name: String? = nil, containerPort: Int, protocol: String? = nil) {
        self.name = name
        self.containerPort = containerPort
        self.protocol = `protocol`
    }
}

/// Security settings of one container.
package struct SecurityContext: Codable, Hashable, Sendable {
    /// Linux capabilities.
    package struct Capabilities: Codable, Hashable, Sendable {
        @OmittedWhenEmpty package var add: [String]
        @OmittedWhenEmpty package var drop: [String]

        /// What is added to and dropped from the runtime's default set.
        package init(add: [String] = [], drop: [String] = []) {
            self.add = add
            self.drop = drop
        }
    }

    package var allowPrivilegeEscalation: Bool?
    package var capabilities: Capabilities?
    package var privileged: Bool?
    package var readOnlyRootFilesystem: Bool?
    package var runAsUser: Int?
    package var runAsGroup: Int?
    package var runAsNonRoot: Bool?
    package var seccompProfile: SeccompProfile?

    /// Settings left out are inherited from the pod.
    package init(
        allowPrivilegeEscalation: Bool? = nil,
        capabilities: Capabilities? = nil,
        privileged: Bool? = nil,
        readOnlyRootFilesystem: Bool? = nil,
        runAsUser: Int? = nil,
        runAsGroup: Int? = nil,
        runAsNonRoot: Bool? = nil,
        seccompProfile: SeccompProfile? = nil
    ) {
        self.allowPrivilegeEscalation = allowPrivilegeEscalation
        self.capabilities = capabilities
        self.privileged = privileged
        self.readOnlyRootFilesystem = readOnlyRootFilesystem
        self.runAsUser = runAsUser
        self.runAsGroup = runAsGroup
        self.runAsNonRoot = runAsNonRoot
        self.seccompProfile = seccompProfile
    }
}
