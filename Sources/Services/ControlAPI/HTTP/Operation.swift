internal import Hummingbird
internal import Observability
internal import RunStore

/// One thing a client can ask for.
struct Operation: Sendable {
    /// As in the API's description, such as `CreateJobRun`.
    let id: String
    let method: HTTPRequest.Method
    /// Below `/api/v1`; `{name}` captures a segment.
    let path: String
    let handle: @Sendable (Call) async throws -> Response

    init(
        _ id: String,
        _ method: HTTPRequest.Method,
        _ path: String,
        _ handle: @escaping @Sendable (Call) async throws -> Response
    ) {
        self.id = id
        self.method = method
        self.path = path
        self.handle = handle
    }
}

/// What every request carries with it.
struct CallContext: RequestContext {
    var coreContext: CoreRequestContextStorage

    init(source: Source) {
        coreContext = CoreRequestContextStorage(source: source)
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
                let answer =
                    operation.method == .post
                    ? Repeatable(store: store, handle: operation.handle).answer : operation.handle
                on(route, method: operation.method) { request, context -> Response in
                    let call = Call(
                        request: request,
                        parameters: context.parameters,
                        requestID: Boundary.requestID(request, context),
                        limits: limits,
                        operation: operation.id,
                        installation: installation
                    )
                    return try await meter.measure { try await answer(call).finished(for: request) }
                }
            }
            let allowed = operations.map(\.method)
            let standard: [HTTPRequest.Method] = [.get, .head, .post, .put, .patch, .delete, .options]
            for method in standard where !allowed.contains(method) {
                on(route, method: method) { _, _ -> Response in
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
