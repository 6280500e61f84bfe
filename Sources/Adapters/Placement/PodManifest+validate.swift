package import KubernetesClient

extension PodManifest {
    /// Checks a finished pod against everything a tenant must never get, whatever built it.
    package static func validate(_ pod: Pod, policy: PodPolicy) throws(ManifestError) {
        let problems =
            metadataProblems(pod, policy) + podProblems(pod.spec, policy) + volumeProblems(pod.spec)
            + containerProblems(pod.spec)
        guard problems.isEmpty else { throw ManifestError(problems: problems) }
    }

    private static func metadataProblems(_ pod: Pod, _ policy: PodPolicy) -> [String] {
        var problems: [String] = []
        if PodNaming.owner(of: pod.metadata) == nil {
            problems.append("metadata.labels must name the run and placement")
        }
        if pod.metadata.labels[PodNaming.installationLabel, default: ""].isEmpty {
            problems.append("metadata.labels must name the installation")
        }
        if let owner = PodNaming.owner(of: pod.metadata),
            pod.metadata.name != PodNaming.podName(run: owner.run, placement: owner.placement)
        {
            problems.append("metadata.name must be run-<id>-<placement>")
        }
        if !pod.metadata.ownerReferences.isEmpty { problems.append("metadata.ownerReferences must be empty") }
        if !pod.metadata.finalizers.isEmpty { problems.append("metadata.finalizers must be empty") }
        for name in policy.labels.keys.sorted() where isReserved(name) {
            problems.append("the policy's label \(name) is in a reserved domain")
        }
        for name in pod.metadata.annotations.keys.sorted()
        where name != PodNaming.jobVersionAnnotation && isReserved(name) {
            problems.append("metadata.annotations.\(name) is in a reserved domain")
        }
        return problems
    }

    private static func isReserved(_ name: String) -> Bool {
        guard let slash = name.firstIndex(of: "/") else { return false }
        let domain = name[..<slash].lowercased()
        return ["kubernetes.io", "k8s.io", "slipway.dev"].contains { domain == $0 || domain.hasSuffix(".\($0)") }
    }

    private static func podProblems(_ spec: PodSpec, _ policy: PodPolicy) -> [String] {
        let security = spec.securityContext
        let rules: [(isKept: Bool, problem: String)] = [
            (spec.restartPolicy == "Never", "spec.restartPolicy must be Never"),
            (
                spec.automountServiceAccountToken == (policy.mountsToken && spec.serviceAccountName != nil),
                "spec.automountServiceAccountToken must be false unless the account's token is allowed"
            ),
            (spec.enableServiceLinks == false, "spec.enableServiceLinks must be false"),
            (spec.nodeName == nil, "spec.nodeName must not be set"),
            (spec.affinity == nil, "spec.affinity must not be set"),
            (spec.hostname == nil, "spec.hostname must not be set"),
            (spec.schedulerName == nil, "spec.schedulerName must not be set"),
            (spec.priorityClassName == nil, "spec.priorityClassName must not be set"),
            (spec.runtimeClassName == nil, "spec.runtimeClassName must not be set"),
            (spec.activeDeadlineSeconds == nil, "spec.activeDeadlineSeconds must not be set"),
            (spec.topologySpreadConstraints.isEmpty, "spec.topologySpreadConstraints must be empty"),
            (
                spec.serviceAccountName.map(policy.allowedServiceAccounts.contains) ?? true,
                "spec.serviceAccountName must be one of the allowed accounts"
            ),
            (
                (spec.terminationGracePeriodSeconds ?? 0) >= 10,
                "spec.terminationGracePeriodSeconds must be at least 10"
            ),
            (security?.runAsNonRoot == true, "spec.securityContext.runAsNonRoot must be true"),
            ((security?.runAsUser ?? 0) > 0, "spec.securityContext.runAsUser must not be 0"),
            ((security?.runAsGroup ?? 0) > 0, "spec.securityContext.runAsGroup must not be 0"),
            ((security?.fsGroup ?? 0) > 0, "spec.securityContext.fsGroup must not be 0"),
            (security?.supplementalGroups.isEmpty == true, "spec.securityContext.supplementalGroups must be empty"),
            (
                security?.seccompProfile?.type == "RuntimeDefault",
                "spec.securityContext.seccompProfile must be RuntimeDefault"
            ),
        ]
        return rules.filter { !$0.isKept }.map(\.problem)
    }

    private static func volumeProblems(_ spec: PodSpec) -> [String] {
        spec.volumes.filter { volume in
            volume.emptyDir == nil || volume.secret != nil || volume.configMap != nil || volume.projected != nil
                || volume.persistentVolumeClaim != nil
        }.map { "spec.volumes.\($0.name) must be an emptyDir" }
    }

    private static func containerProblems(_ spec: PodSpec) -> [String] {
        var problems: [String] = []
        if spec.containers.map(\.name) != [PodNaming.runnerContainer] {
            problems.append("spec.containers must be the runner alone")
        }
        if !spec.initContainers.allSatisfy({ $0.name == PodNaming.sailContainer && $0.restartPolicy == "Always" })
            || spec.initContainers.count > 1
        {
            problems.append("spec.initContainers must be Sail as a sidecar, or nothing")
        }
        for container in spec.containers + spec.initContainers {
            let volumes = Set(spec.volumes.map(\.name))
            problems += rules(container, volumes: volumes).filter { !$0.isKept }.map {
                "container \(container.name): \($0.problem)"
            }
        }
        return problems
    }

    private static func rules(
        _ container: Container,
        volumes: Set<String>
    ) -> [(isKept: Bool, problem: String)] {
        let security = container.securityContext
        let resources = container.resources
        return [
            (container.image?.isEmpty == false, "image must be set"),
            (security?.privileged != true, "privileged must not be true"),
            (security?.allowPrivilegeEscalation == false, "allowPrivilegeEscalation must be false"),
            (security?.capabilities?.drop == ["ALL"], "capabilities.drop must be ALL"),
            (security?.capabilities?.add.isEmpty == true, "capabilities.add must be empty"),
            (security?.readOnlyRootFilesystem == true, "readOnlyRootFilesystem must be true"),
            (security?.runAsNonRoot == true, "runAsNonRoot must be true"),
            (security?.runAsUser == nil && security?.runAsGroup == nil, "runAsUser and runAsGroup must be the pod's"),
            (security?.seccompProfile?.type == "RuntimeDefault", "seccompProfile must be RuntimeDefault"),
            (container.ports.isEmpty, "ports must be empty"),
            (container.envFrom.isEmpty, "envFrom must be empty"),
            (container.env.allSatisfy(isAllowed), "env may refer to secrets, config maps and status.podIP only"),
            (Set(container.env.map(\.name)).count == container.env.count, "env must hold each name once"),
            (
                container.volumeMounts.allSatisfy { volumes.contains($0.name) && $0.mountPath == "/tmp" },
                "volumeMounts must be the scratch folder at /tmp"
            ),
            (
                resources.map { !$0.limits.isEmpty && $0.limits == $0.requests } ?? false,
                "resources.limits must equal resources.requests"
            ),
            (container.lifecycle?.postStart == nil, "lifecycle.postStart must not be set"),
        ]
    }

    private static func isAllowed(_ variable: EnvironmentVariable) -> Bool {
        guard let source = variable.valueFrom else { return true }
        return source.resourceFieldRef == nil && (source.fieldRef.map { $0.fieldPath == "status.podIP" } ?? true)
    }
}
