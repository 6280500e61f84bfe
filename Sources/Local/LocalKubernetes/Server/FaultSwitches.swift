internal import HTTPTypes
internal import Synchronization

/// Faults that tests ask for: requests that fail or dawdle, and watches that go silent.
package final class FaultSwitches: Sendable {
    /// What befalls matching requests.
    struct Rule: Sendable {
        /// get, list, watch, create, update, patch, delete, or `*`.
        var verb: String
        /// A plural such as pods, with its subresource after a slash (`pods/log`) or its group after a point
        /// (`pods.metrics.k8s.io`), or `*`.
        var resource: String
        /// The share of matching requests that fail, 0 to 1.
        var rate: Double
        /// The status code they fail with; 0 leaves them slow only.
        var code: Int
        var latencyMilliseconds: Int64
        /// How many more requests it befalls; `nil` for no end.
        var remaining: Int64?

        init(_ value: JSONValue) throws(APIError) {
            verb = value["verb"]?.text ?? "*"
            resource = value["resource"]?.text ?? "*"
            rate = value["rate"].flatMap { rate in rate.integer.map(Double.init) ?? rate.fraction } ?? 1
            code = Int(clamping: value["code"]?.integer ?? 0)
            latencyMilliseconds = value["latencyMilliseconds"]?.integer ?? 0
            remaining = value["count"]?.integer
            guard remaining ?? 0 >= 0 else { throw .badRequest("count: \(remaining ?? 0) is not from 0 on") }
            guard (0...1).contains(rate) else { throw .badRequest("rate: \(rate) is not from 0 to 1") }
            guard code == 0 || (400...599).contains(code) else {
                throw .badRequest("code: \(code) is not 0 or from 400 to 599")
            }
            guard (0...600_000).contains(latencyMilliseconds) else {
                throw .badRequest("latencyMilliseconds: \(latencyMilliseconds) is not from 0 to 600000")
            }
        }
    }

    struct Strike: Sendable {
        var latencyMilliseconds: Int64
        var error: APIError?
    }

    private let rules = Mutex<[Rule]>([])
    private let hasRules = Atomic<Bool>(false)
    private let isFrozen = Atomic<Bool>(false)

    package init() {}

    /// While set, watches stay open and say nothing, like a connection whose other half is gone.
    var areWatchesFrozen: Bool {
        get { isFrozen.load(ordering: .relaxed) }
        set { isFrozen.store(newValue, ordering: .relaxed) }
    }

    func set(_ new: [Rule]) {
        rules.withLock { $0 = new }
        hasRules.store(!new.isEmpty, ordering: .relaxed)
    }

    /// What befalls a request, if anything.
    func strike(_ request: APIRequest) -> Strike? {
        guard hasRules.load(ordering: .relaxed) else { return nil }
        let (verb, resource) = Self.classify(request)
        return rules.withLock { rules in
            for index in rules.indices {
                let rule = rules[index]
                guard rule.verb == "*" || rule.verb == verb, rule.resource == "*" || rule.resource == resource,
                    rule.remaining != 0, rule.rate >= 1 || Double.random(in: 0..<1) < rule.rate
                else { continue }
                rules[index].remaining = rule.remaining.map { $0 - 1 }
                return Strike(
                    latencyMilliseconds: rule.latencyMilliseconds,
                    error: rule.code == 0 ? nil : Self.error(rule.code)
                )
            }
            return nil
        }
    }

    private static func classify(_ request: APIRequest) -> (verb: String, resource: String) {
        if request.path.starts(with: ["apis", "metrics.k8s.io"]) {
            let names = request.path.dropFirst(3)
            let plural = names.contains("pods") ? "pods" : "nodes"
            return (names.last == plural ? "list" : "get", "\(plural).metrics.k8s.io")
        }
        guard request.path.first == "api", let path = ResourcePath(request.path.dropFirst(2)) else {
            return ("get", "")
        }
        let resource = path.subresource.isEmpty ? path.kind.plural : "\(path.kind.plural)/\(path.subresource)"
        let verb =
            switch request.method {
            case .get: request.flag("watch") ? "watch" : path.name.isEmpty ? "list" : "get"
            case .post: "create"
            case .put: "update"
            case .patch: "patch"
            case .delete: "delete"
            default: ""
            }
        return (verb, resource)
    }

    private static func error(_ code: Int) -> APIError {
        let reason =
            switch code {
            case 401: "Unauthorized"
            case 403: "Forbidden"
            case 404: "NotFound"
            case 409: "Conflict"
            case 410: "Expired"
            case 422: "Invalid"
            case 429: "TooManyRequests"
            case 503: "ServiceUnavailable"
            case 504: "Timeout"
            default: "InternalError"
            }
        var error = APIError(code: code, reason: reason, message: "injected fault")
        if code == 429 || code == 503 { error.retryAfterSeconds = 1 }
        return error
    }
}

extension JSONValue {
    fileprivate var fraction: Double? { if case .number(let value) = self { value } else { nil } }
}
