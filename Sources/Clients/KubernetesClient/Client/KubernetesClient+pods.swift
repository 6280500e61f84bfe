extension KubernetesClient {
    /// Creates a pod. See `create`.
    package func createPod(_ pod: Pod, timeout: Duration? = nil) async throws(KubernetesError) -> Pod {
        try await create(pod, timeout: timeout)
    }

    /// Reads a pod.
    package func getPod(
        namespace: String,
        name: String,
        timeout: Duration? = nil
    ) async throws(KubernetesError) -> Pod {
        try await get(namespace: namespace, name: name, timeout: timeout)
    }

    /// Reads one page of pods. See `list`.
    package func listPods(
        namespace: String?,
        labelSelector: String? = nil,
        fieldSelector: String? = nil,
        limit: Int? = nil,
        continue token: String? = nil,
        timeout: Duration? = nil
    ) async throws(KubernetesError) -> ResourceList<Pod> {
        try await list(
            namespace: namespace,
            labelSelector: labelSelector,
            fieldSelector: fieldSelector,
            limit: limit,
            continue: token,
            timeout: timeout
        )
    }

    /// Asks for a pod's removal. See `delete`.
    package func deletePod(
        namespace: String,
        name: String,
        options: DeleteOptions = DeleteOptions(),
        timeout: Duration? = nil
    ) async throws(KubernetesError) {
        try await delete(Pod.self, namespace: namespace, name: name, options: options, timeout: timeout)
    }

    /// Changes part of a pod. See `patch`.
    package func patchPod(
        namespace: String,
        name: String,
        _ patch: Patch,
        timeout: Duration? = nil
    ) async throws(KubernetesError) -> Pod {
        try await self.patch(namespace: namespace, name: name, patch, timeout: timeout)
    }

    /// Events about one object, oldest first as the server lists them.
    package func events(
        namespace: String,
        involvedObjectUID: String,
        limit: Int = 500,
        timeout: Duration? = nil
    ) async throws(KubernetesError) -> [KubernetesEvent] {
        let page: ResourceList<KubernetesEvent> = try await list(
            namespace: namespace,
            fieldSelector: "involvedObject.uid=\(involvedObjectUID)",
            limit: limit,
            timeout: timeout
        )
        return page.items
    }

    /// What pods used lately.
    ///
    /// - Throws: `isNotFound` when the cluster has no metrics server.
    package func podMetrics(
        namespace: String?,
        labelSelector: String? = nil,
        timeout: Duration? = nil
    ) async throws(KubernetesError) -> [PodMetrics] {
        let page: ResourceList<PodMetrics> = try await list(
            namespace: namespace,
            labelSelector: labelSelector,
            timeout: timeout
        )
        return page.items
    }

    /// What the API server says about itself.
    package func serverVersion(timeout: Duration? = nil) async throws(KubernetesError) -> ServerVersion {
        try await answer(to: APIRequest(method: .get, path: "/version", timeout: timeout))
    }

    /// Asks the API server whether it is ready to serve.
    package func checkReady(within limit: Duration) async throws(KubernetesError) {
        _ = try await exchange(APIRequest(method: .get, path: "/readyz", accept: "*/*", timeout: limit))
    }

    /// Whether our own credentials allow something.
    package func accessReview(
        _ access: ResourceAccess,
        timeout: Duration? = nil
    ) async throws(KubernetesError) -> Bool {
        var request = APIRequest(
            method: .post,
            path: "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews",
            timeout: timeout
        )
        request.body = try encoded(SelfSubjectAccessReview(spec: .init(resourceAttributes: access)))
        let review: SelfSubjectAccessReview = try await answer(to: request)
        return review.status?.allowed ?? false
    }
}

/// The question and the answer of `accessReview`.
struct SelfSubjectAccessReview: Codable {
    struct Spec: Codable {
        var resourceAttributes: ResourceAccess?
    }

    struct Status: Codable {
        var allowed: Bool
    }

    var apiVersion: String? = "authorization.k8s.io/v1"
    var kind: String? = "SelfSubjectAccessReview"
    var spec: Spec
    var status: Status?
}
