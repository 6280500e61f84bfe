package import KubernetesClient

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

extension KubernetesError {
    /// The cluster has no metrics API, it does not answer now, or it is not for us: asking again soon is no use.
    package var isWithoutMetrics: Bool { isNotFound || isForbidden || (kind == .refused && code == 503) }
}
