internal import HTTPTypes
internal import Hummingbird
internal import Logging
internal import NIOCore

/// Answers the API's requests: finds what a path means, applies faults and the token, turns refusals into `Status`.
struct APIServer: HTTPResponder {
    typealias Context = BasicRequestContext

    /// A real API server takes about this much.
    static let bodyLimitBytes = 3 << 20

    let cluster: Cluster

    func respond(to request: Request, context: Context) async throws -> Response {
        let parsed = APIRequest(request)
        do {
            try cluster.authorize(request.headers[.authorization])
            if parsed.path.first == "localkube" { return try await faultAdministration(parsed, request) }
            if let fault = cluster.faults.strike(parsed) {
                if fault.latencyMilliseconds > 0 { try await Task.sleep(for: .milliseconds(fault.latencyMilliseconds)) }
                if let error = fault.error { return Reply.error(error) }
            }
            return try await route(parsed, request)
        } catch let error as APIError {
            return Reply.error(error)
        } catch let error as JSONError {
            return Reply.error(.badRequest("the body of the request is \(error)"))
        } catch is CancellationError {
            throw CancellationError()
        } catch {
            context.logger.warning("request failed", metadata: ["error": "\(error)"])
            return Reply.error(
                APIError(code: 500, reason: "InternalError", message: "Internal error occurred: \(error)")
            )
        }
    }

    private func route(_ parsed: APIRequest, _ request: Request) async throws -> Response {
        let path = parsed.path
        switch path.first {
        case "api" where path.count > 2 && path[1] == "v1":
            guard let resource = ResourcePath(path.dropFirst(2)) else { throw APIError.noSuchPath }
            return try await handle(resource, parsed, request)
        case "apis" where path.count > 3 && path[1] == "metrics.k8s.io" && path[2] == "v1beta1":
            guard parsed.method == .get else { throw APIError.methodNotAllowed }
            return Reply.json(try await cluster.metrics(path.dropFirst(3), parsed))
        case "apis" where path.count > 3 && path[1] == "authorization.k8s.io":
            return try await accessReview(parsed, request)
        default:
            guard let document = Discovery.document(path, cluster) else { throw APIError.noSuchPath }
            guard parsed.method == .get else { throw APIError.methodNotAllowed }
            return document
        }
    }

    private func handle(_ resource: ResourcePath, _ parsed: APIRequest, _ request: Request) async throws -> Response {
        if !resource.subresource.isEmpty { return try await handleSubresource(resource, parsed, request) }
        if resource.name.isEmpty {
            switch parsed.method {
            case .get where parsed.flag("watch"): return try watch(resource, parsed, request)
            case .get: return try list(resource, parsed)
            case .post: return try create(resource, parsed, try await body(request, parsed))
            case .delete: return try await deleteCollection(resource, parsed, request)
            default: throw APIError.methodNotAllowed
            }
        }
        switch parsed.method {
        case .get where parsed.flag("watch"): return try watch(resource, parsed, request)
        case .get: return present(try existing(resource), parsed)
        case .put: return try replace(resource, parsed, try await body(request, parsed))
        case .patch: return try await patch(resource, parsed, request)
        case .delete: return try await delete(resource, parsed, request)
        default: throw APIError.methodNotAllowed
        }
    }

    private func handleSubresource(
        _ resource: ResourcePath,
        _ parsed: APIRequest,
        _ request: Request
    ) async throws -> Response {
        switch (resource.kind, resource.subresource) {
        case (.pods, "log"):
            guard parsed.method == .get else { throw APIError.methodNotAllowed }
            return try await cluster.logs(of: try existing(resource), parsed, request)
        case (_, "status") where resource.kind.hasStatus:
            switch parsed.method {
            case .get: return present(try existing(resource), parsed)
            case .patch: return try await patch(resource, parsed, request)
            case .put: return try replace(resource, parsed, try await body(request, parsed))
            default: throw APIError.methodNotAllowed
            }
        case (.pods, "eviction"):
            guard parsed.method == .post else { throw APIError.methodNotAllowed }
            let options = DeletionOptions(body: try await body(request, parsed)["deleteOptions"])
            try cluster.delete(.pods, resource.key, options)
            return Reply.json(
                ["kind": "Status", "apiVersion": "v1", "metadata": [:], "status": "Success", "code": 201],
                code: 201
            )
        default: throw APIError.noSuchPath
        }
    }

    func existing(_ resource: ResourcePath) throws(APIError) -> StoredObject {
        guard let object = cluster.store.get(resource.kind, resource.key) else {
            throw .notFound(resource.kind, resource.name)
        }
        return object
    }

    /// An object as the client asked to see it.
    func present(_ object: StoredObject, _ parsed: APIRequest, code: Int = 200, warnings: [String] = []) -> Response {
        if parsed.wantsTable {
            let table = Table.make(
                object.kind,
                [object],
                listMetadata: ["resourceVersion": .string(String(object.version))],
                includeObject: parsed["includeObject"]
            )
            return Reply.json(table, code: code)
        }
        return Reply.bytes(object.buffer, code: code, warnings: warnings)
    }

    /// The JSON body of a request.
    func body(_ request: Request, _ parsed: APIRequest) async throws -> JSONValue {
        guard parsed.contentType == "application/json" || parsed.contentType.isEmpty else {
            throw APIError.unsupportedMediaType(parsed.contentType, supported: ["application/json"])
        }
        return try JSONParser.parse(try await bytes(of: request))
    }

    func bytes(of request: Request) async throws -> [UInt8] {
        do {
            return Array(try await request.body.collect(upTo: Self.bodyLimitBytes).readableBytesView)
        } catch is NIOTooManyBytesError {
            throw APIError(
                code: 413,
                reason: "RequestEntityTooLarge",
                message: "Request entity too large: limit is \(Self.bodyLimitBytes)"
            )
        }
    }

    private func accessReview(_ parsed: APIRequest, _ request: Request) async throws -> Response {
        guard parsed.path.count == 4, parsed.method == .post else { throw APIError.noSuchPath }
        // Everything is allowed, so a review in a form not read here gets the same answer.
        var review: JSONValue = [:]
        if parsed.contentType == "application/json" { review = try await body(request, parsed) }
        review["apiVersion"] = "authorization.k8s.io/v1"
        switch parsed.path[3] {
        case "selfsubjectaccessreviews":
            review["kind"] = "SelfSubjectAccessReview"
            review["status"] = ["allowed": true]
        case "selfsubjectrulesreviews":
            review["kind"] = "SelfSubjectRulesReview"
            review["status"] = [
                "incomplete": false, "nonResourceRules": [],
                "resourceRules": [["verbs": ["*"], "apiGroups": ["*"], "resources": ["*"]]],
            ]
        default: throw APIError.noSuchPath
        }
        return Reply.json(review, code: 201)
    }
}
