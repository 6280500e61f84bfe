extension KubernetesClient {
    /// Creates an object in its metadata's namespace, else in the configuration's, else in `default`.
    ///
    /// - Returns: the object as stored.
    /// - Throws: `isAlreadyExists` when the name is taken; `.outcomeUnknown` when no answer came.
    package func create<Resource: KubernetesResource>(
        _ resource: Resource,
        timeout: Duration? = nil
    ) async throws(KubernetesError) -> Resource {
        try await answer(to: creation(of: resource, timeout: timeout))
    }

    /// Creates an object like `create` and does not read it back, which costs more than sending it.
    package func submit<Resource: KubernetesResource>(
        _ resource: Resource,
        timeout: Duration? = nil
    ) async throws(KubernetesError) {
        _ = try await exchange(creation(of: resource, timeout: timeout))
    }

    private func creation<Resource: KubernetesResource>(
        of resource: Resource,
        timeout: Duration?
    ) throws(KubernetesError) -> APIRequest {
        let path = Resource.path(namespace: resource.metadata.namespace ?? defaultNamespace)
        var request = APIRequest(method: .post, path: path, timeout: timeout)
        request.body = try encoded(Manifest(resource: resource))
        request.accept = Resource.accept(isList: false)
        return request
    }

    /// Reads one object.
    package func get<Resource: KubernetesResource>(
        _ type: Resource.Type = Resource.self,
        namespace: String? = nil,
        name: String,
        timeout: Duration? = nil
    ) async throws(KubernetesError) -> Resource {
        let path = Resource.path(namespace: namespace ?? defaultNamespace, name: name)
        return try await answer(
            to: APIRequest(method: .get, path: path, accept: Resource.accept(isList: false), timeout: timeout)
        )
    }

    /// Reads one page of a list.
    ///
    /// - Parameters:
    ///   - namespace: `nil` lists all namespaces.
    ///   - limit: objects a page; `nil` asks for everything at once.
    ///   - continue: `nextPage` of the page before.
    /// - Throws: `isGone` when the token is too old; begin again then, or use `listAll`.
    package func list<Resource: KubernetesResource>(
        _ type: Resource.Type = Resource.self,
        namespace: String?,
        labelSelector: String? = nil,
        fieldSelector: String? = nil,
        limit: Int? = nil,
        continue token: String? = nil,
        timeout: Duration? = nil
    ) async throws(KubernetesError) -> ResourceList<Resource> {
        var request = APIRequest(method: .get, path: Resource.path(namespace: namespace), timeout: timeout)
        request.accept = Resource.accept(isList: true)
        request.add("labelSelector", labelSelector)
        request.add("fieldSelector", fieldSelector)
        request.add("limit", limit.map(String.init))
        request.add("continue", token)
        return try await answer(to: request)
    }

    /// Reads a whole list page by page; begins again when the list expires on the way.
    ///
    /// - Parameter restarts: how often it may begin again before the error is thrown.
    package func listAll<Resource: KubernetesResource>(
        _ type: Resource.Type = Resource.self,
        namespace: String?,
        labelSelector: String? = nil,
        fieldSelector: String? = nil,
        pageSize: Int = 500,
        restarts: Int = 3,
        timeout: Duration? = nil
    ) async throws(KubernetesError) -> ResourceList<Resource> {
        var restartsLeft = restarts
        var whole = ResourceList<Resource>()
        var token: String?
        while true {
            do {
                let page: ResourceList<Resource> = try await list(
                    namespace: namespace,
                    labelSelector: labelSelector,
                    fieldSelector: fieldSelector,
                    limit: pageSize,
                    continue: token,
                    timeout: timeout
                )
                whole.metadata = page.metadata
                whole.items += page.items
                guard let next = page.nextPage else { return whole }
                token = next
            } catch  where error.isGone && token != nil && restartsLeft > 0 {
                restartsLeft -= 1
                token = nil
                whole = ResourceList()
            }
        }
    }

    /// Changes part of an object.
    ///
    /// - Returns: the object after the change.
    package func patch<Resource: KubernetesResource>(
        _ type: Resource.Type = Resource.self,
        namespace: String? = nil,
        name: String,
        subresource: String? = nil,
        _ patch: Patch,
        timeout: Duration? = nil
    ) async throws(KubernetesError) -> Resource {
        let path = Resource.path(namespace: namespace ?? defaultNamespace, name: name, subresource: subresource)
        var request = APIRequest(method: .patch, path: path, timeout: timeout)
        request.accept = Resource.accept(isList: false)
        switch patch {
        case .merge(let value):
            request.contentType = "application/merge-patch+json"
            request.body = try encoded(value)
        case .json(let operations):
            request.contentType = "application/json-patch+json"
            request.body = try encoded(operations)
        }
        return try await answer(to: request)
    }

    /// Asks for an object's removal; a pod is gone only once a watch or a read says so.
    ///
    /// - Throws: `isNotFound` when it is gone already, `isConflict` when a precondition does not hold.
    package func delete<Resource: KubernetesResource>(
        _ type: Resource.Type,
        namespace: String? = nil,
        name: String,
        options: DeleteOptions = DeleteOptions(),
        timeout: Duration? = nil
    ) async throws(KubernetesError) {
        let path = Resource.path(namespace: namespace ?? defaultNamespace, name: name)
        var request = APIRequest(method: .delete, path: path, timeout: timeout)
        request.accept = Resource.accept(isList: false)
        request.body = try encoded(options)
        _ = try await exchange(request)
    }

    var defaultNamespace: String { configuration.namespace ?? "default" }

    func encoded(_ value: some Encodable) throws(KubernetesError) -> [UInt8] {
        do {
            return try JSON.encode(value)
        } catch {
            throw KubernetesError(.configuration, message: "a request of type \(type(of: value)) cannot be encoded")
        }
    }

    /// Sends a request and decodes its answer.
    func answer<Answer: Decodable>(to request: APIRequest) async throws(KubernetesError) -> Answer {
        let response = try await exchange(request)
        do {
            return try JSON.decode(Answer.self, from: response.body)
        } catch {
            // The change was made, so the caller must not take this for a refusal.
            throw KubernetesError(
                request.method.isChange ? .outcomeUnknown : .unexpectedAnswer,
                code: response.status,
                message: "the answer to \(request.method.rawValue) \(request.path) is not \(Answer.self)"
            )
        }
    }
}
