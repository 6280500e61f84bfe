package import KubernetesClient
internal import SlipwayCore

/// Makes the pod of a placement.
///
/// The pod is built from a closed set of fields, never merged from anything a tenant wrote, and checked once more as a
/// whole before it is returned. Source of the security settings: the Kubernetes Pod Security Standards, level restricted.
package enum PodManifest {
    /// The pod that executes a placement.
    ///
    /// - Throws: if the runner's assignment does not fit or the finished pod breaks a rule.
    package static func make(_ request: PlacementRequest) throws(ManifestError) -> Pod {
        let spec = request.spec
        var containers: [Container] = []
        if case .sail(let settings) = spec.engine { containers = [SailContainer.make(request, settings)] }
        let pod = Pod(
            metadata: metadata(request),
            spec: PodSpec(
                containers: [try RunnerContainer.make(request)],
                initContainers: containers,
                volumes: [
                    Volume(
                        name: PodNaming.scratchVolume,
                        emptyDir: EmptyDirVolumeSource(sizeLimit: request.policy.scratchBytes.map { String($0) })
                    )
                ],
                nodeSelector: spec.nodeSelector,
                tolerations: spec.tolerations.map {
                    Toleration(key: $0.key, operator: $0.operator, value: $0.value, effect: $0.effect)
                },
                serviceAccountName: request.policy.serviceAccount,
                automountServiceAccountToken: request.policy.mountsToken && request.policy.serviceAccount != nil,
                securityContext: podSecurity(request.policy),
                terminationGracePeriodSeconds: request.policy.terminationGraceSeconds,
                restartPolicy: "Never",
                imagePullSecrets: request.policy.imagePullSecrets.map { LocalObjectReference(name: $0) },
                enableServiceLinks: false
            )
        )
        try validate(pod, policy: request.policy)
        return pod
    }

    private static func metadata(_ request: PlacementRequest) -> ObjectMetadata {
        var labels = request.policy.labels
        labels[PodNaming.managerLabel] = PodNaming.manager
        labels[PodNaming.installationLabel] = request.installation
        labels[PodNaming.runIDLabel] = request.runID.description
        labels[PodNaming.placementLabel] = String(request.placement)
        labels[PodNaming.teamLabel] = request.team
        labels[PodNaming.jobLabel] = request.jobName
        labels[PodNaming.engineLabel] = request.spec.engine == .none ? "none" : "sail"
        var annotations = request.spec.annotations
        annotations[PodNaming.jobVersionAnnotation] = String(request.jobVersion)
        return ObjectMetadata(
            name: PodNaming.podName(run: request.runID, placement: request.placement),
            namespace: request.namespace,
            labels: labels,
            annotations: annotations
        )
    }

    private static func podSecurity(_ policy: PodPolicy) -> PodSecurityContext {
        PodSecurityContext(
            runAsUser: policy.userID,
            runAsGroup: policy.userID,
            runAsNonRoot: true,
            fsGroup: policy.userID,
            seccompProfile: SeccompProfile(type: "RuntimeDefault")
        )
    }

    // MARK: What both containers share

    static let containerSecurity = SecurityContext(
        allowPrivilegeEscalation: false,
        capabilities: SecurityContext.Capabilities(drop: ["ALL"]),
        privileged: false,
        readOnlyRootFilesystem: true,
        runAsNonRoot: true,
        seccompProfile: SeccompProfile(type: "RuntimeDefault")
    )

    /// The root file system is read-only; everything temporary goes to one folder that both containers see.
    static let scratchMounts = [VolumeMount(name: PodNaming.scratchVolume, mountPath: "/tmp")]

    /// Limits equal to requests make the pod's class of service `Guaranteed`: it is the last to be evicted.
    static func resources(_ resources: JobSpec.ContainerResources) -> ResourceRequirements {
        let amounts = ["cpu": "\(resources.cpuMillicores)m", "memory": String(resources.memoryBytes)]
        return ResourceRequirements(requests: amounts, limits: amounts)
    }
}
