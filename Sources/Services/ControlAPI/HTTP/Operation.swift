internal import Hummingbird
internal import NIOCore
internal import Observability
internal import RunStore
internal import SlipwayCore

/// One thing a client can ask for.
struct Operation: Sendable {
    /// As in the API's description, such as `CreateJobRun`.
    let id: String
    let method: HTTPRequest.Method
    /// Below `/api/v1`; `{name}` captures a segment.
    let path: String
    let allows: AccessRule
    let repetition: Repetition
    let handle: @Sendable (Call) async throws -> Response

    /// - Parameters:
    ///   - allows: checked before `handle` is called, which checks by the team what belongs to one.
    ///   - isSecret: the answer must never be stored.
    ///   - isOnce: carried out twice it takes effect twice, and it cannot see that it was.
    init(
        _ id: String,
        _ method: HTTPRequest.Method,
        _ path: String,
        allows: AccessRule,
        isSecret: Bool = false,
        isOnce: Bool = false,
        _ handle: @escaping @Sendable (Call) async throws -> Response
    ) {
        self.id = id
        self.method = method
        self.path = path
        self.allows = allows
        repetition = method != .post ? .ignored : isSecret ? .refused : isOnce ? .once : .found
        self.handle = handle
    }
}

/// What every request carries with it.
struct CallContext: RequestContext {
    var coreContext: CoreRequestContextStorage
    /// Where the request comes from, as far as trusted proxies tell; `nil` if that is not known.
    var address: String?
    /// Who asks, or why that is not known. Nobody is known until somebody has looked.
    var caller: Result<Principal, Problem> = .failure(.unauthorized)
    var lookAgain: @Sendable () async -> Result<Principal, Problem> = { .failure(.unauthorized) }
    var csrfToken: String?

    init(source: Source) {
        coreContext = CoreRequestContextStorage(source: source)
        address = source.channel.remoteAddress?.ipAddress
    }

    /// Who asks for an operation that they may ask for.
    ///
    /// - Throws: ``Problem`` if it is not known who they are, or they may not.
    func principal(for operation: Operation) throws(Problem) -> Principal {
        let principal: Principal
        switch caller {
        case .success(let known): principal = known
        case .failure(let problem):
            guard operation.allows == .open else { throw problem }
            principal = .stranger
        }
        guard operation.allows.admits(principal.grants) else {
            throw Problem.forbidden(
                "\(operation.id) needs \(operation.allows.need), and \(principal.name) has not got that"
            )
        }
        return principal
    }
}

extension Result {
    /// The error; `nil` if there is none.
    var failure: Failure? {
        if case .failure(let error) = self { error } else { nil }
    }
}

extension Router<CallContext> {
    /// Serves the operations, and answers 405 on their paths to every other method.
    func serve(
        _ operations: [Operation],
        under root: String,
        store: RunStore,
        limits: ControlAPILimits,
        metrics: MetricsRegistry
    ) {
        let installation = InstallationKey(store: store)
        let byPath = Dictionary(grouping: operations, by: \.path)
        for (path, operations) in byPath.sorted(by: { $0.key > $1.key }) {
            let route = RouterPath("\(root)\(path)")
            for operation in operations {
                let meter = OperationMeter(operation.id, in: metrics)
                let answer = Repeatable(store: store, operation: operation).answer
                on(route, method: operation.method) { request, context -> Response in
                    try await meter.measure {
                        let call = Call(
                            request: request,
                            parameters: context.parameters,
                            principal: try context.principal(for: operation),
                            lookAgain: context.lookAgain,
                            csrfToken: context.csrfToken,
                            address: context.address,
                            requestID: Boundary.requestID(request, context),
                            limits: limits,
                            operation: operation.id,
                            installation: installation
                        )
                        let origin = AuditOrigin(call.principal, address: context.address, requestID: call.requestID)
                        return try await AuditOrigin.$current.withValue(origin) {
                            try await answer(call).finished(for: request)
                        }
                    }
                }
            }
            let allowed = operations.map(\.method)
            let standard: [HTTPRequest.Method] = [.get, .head, .post, .put, .patch, .delete, .options]
            for method in standard where !allowed.contains(method) {
                on(route, method: method) { _, context -> Response in
                    if let problem = context.caller.failure { throw problem }
                    throw Problem.methodNotAllowed(method, allowed: allowed)
                }
            }
        }
    }
}

/// How often one operation was asked for, with what result, and how long it took.
struct OperationMeter: Sendable {
    private let answers: [Counter]
    private let seconds: Histogram

    init(_ operation: String, in registry: MetricsRegistry) {
        answers = (1...5).map { hundreds in
            registry.counter(
                "slipway_api_requests_total",
                help: "Requests, by operation and the answer's class.",
                labels: ["operation": operation, "class": "\(hundreds)xx"]
            )
        }
        seconds = registry.histogram(
            "slipway_api_request_seconds",
            help: "From a request's head to its answer's head.",
            labels: ["operation": operation],
            buckets: .latencySeconds
        )
    }

    func measure(_ body: () async throws -> Response) async throws -> Response {
        try await seconds.measure {
            do {
                let response = try await body()
                count(response.status)
                return response
            } catch {
                count(Problem(error).status)
                throw error
            }
        }
    }

    private func count(_ status: HTTPResponse.Status) {
        answers[min(max(status.code / 100, 1), 5) - 1].increment()
    }
}
