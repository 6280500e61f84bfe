package import KubernetesClient
package import SlipwayCore

/// What the processes ask of a Kubernetes cluster about their pods. ``KubernetesClient`` asks the API server.
package protocol ClusterPods: Sendable {
    /// Creates a pod.
    func submit(_ pod: Pod) async throws(KubernetesError)

    /// Reads a pod.
    func pod(namespace: String, name: String) async throws(KubernetesError) -> PodSnapshot

    /// Asks for a pod's removal.
    func remove(namespace: String, name: String, options: DeleteOptions) async throws(KubernetesError)

    /// What the cluster recorded about a pod.
    func events(
        namespace: String,
        podUID: String,
        within limit: Duration
    ) async throws(KubernetesError) -> [KubernetesEvent]

    /// What the running pods of an installation used lately, in all namespaces, in one request.
    ///
    /// - Throws: see ``KubernetesError/isWithoutMetrics``.
    func podUsage(installation: String, within limit: Duration) async throws(KubernetesError) -> [PodMetrics]

    /// Every pod of Slipway's in any namespace, and each change, until the task is cancelled.
    func watchPods(_ handle: ([ReflectorEvent<PodSnapshot>]) async -> Void) async throws(CancellationError)

    /// Reads a container's log in chunks, cut anywhere, until its end or until `consume` returns `false`.
    func readLog(
        namespace: String,
        name: String,
        options: PodLogOptions,
        _ consume: ([UInt8]) async -> Bool
    ) async throws(KubernetesError)

    /// Asks the API server whether it is ready, which costs it next to nothing.
    func checkReady(within limit: Duration) async throws(KubernetesError)

    /// What the nodes that take pods offer.
    func nodeSummary(within limit: Duration) async throws(KubernetesError) -> NodeSummary

    /// Ends all that is under way. Nothing is asked afterwards.
    func close() async
}

extension KubernetesClient: ClusterPods {
    /// A creation that waits for its turn longer than this is given back to its caller, who looks at the lease again.
    package func submit(_ pod: Pod) async throws(KubernetesError) { try await submit(pod, timeout: .seconds(10)) }

    package func pod(namespace: String, name: String) async throws(KubernetesError) -> PodSnapshot {
        try await get(namespace: namespace, name: name)
    }

    package func remove(namespace: String, name: String, options: DeleteOptions) async throws(KubernetesError) {
        try await deletePod(namespace: namespace, name: name, options: options)
    }

    package func events(
        namespace: String,
        podUID: String,
        within limit: Duration
    ) async throws(KubernetesError) -> [KubernetesEvent] {
        try await events(namespace: namespace, involvedObjectUID: podUID, limit: 50, timeout: limit)
    }

    package func podUsage(
        installation: String,
        within limit: Duration
    ) async throws(KubernetesError) -> [PodMetrics] {
        let selector = "\(PodNaming.selector),\(PodNaming.installationLabel)=\(installation)"
        return try await podMetrics(namespace: nil, labelSelector: selector, timeout: limit)
    }

    package func watchPods(
        _ handle: ([ReflectorEvent<PodSnapshot>]) async -> Void
    ) async throws(CancellationError) {
        let reflector = Reflector<PodSnapshot>(
            client: self,
            namespace: nil,
            labelSelector: PodNaming.selector,
            settings: ReflectorSettings(inactivityLimit: configuration.watchSilence)
        )
        try await reflector.run(handle)
    }

    package func readLog(
        namespace: String,
        name: String,
        options: PodLogOptions,
        _ consume: ([UInt8]) async -> Bool
    ) async throws(KubernetesError) {
        for try await chunk in podLogs(namespace: namespace, name: name, options: options) {
            guard await consume(chunk) else { return }
        }
    }
}

extension KubernetesClient {
    package func nodeSummary(within limit: Duration) async throws(KubernetesError) -> NodeSummary {
        let nodes: ResourceList<Node> = try await listAll(namespace: nil, timeout: limit)
        let shapes = nodes.items.filter(\.takesPods).compactMap { node -> NodeSummary.Shape? in
            guard let allocatable = node.status?.allocatable,
                let cpu = allocatable["cpu"].flatMap(Quantity.millicores),
                let memory = allocatable["memory"].flatMap(Quantity.bytes)
            else { return nil }
            return NodeSummary.Shape(cpuMillicores: cpu, memoryBytes: memory)
        }
        return NodeSummary(shapes)
    }
}

extension Node {
    /// Ready, and not closed to new pods.
    fileprivate var takesPods: Bool {
        let isReady = status?.conditions.first { $0.type == "Ready" }.map { $0.status == "True" } ?? true
        return spec?.unschedulable != true && isReady
    }
}

extension KubernetesError {
    /// The cluster has no metrics API, it does not answer now, or it is not for us: asking again soon is no use.
    package var isWithoutMetrics: Bool { isNotFound || isForbidden || (kind == .refused && code == 503) }
}
