/// A probe or hook, read from a container.
struct ProbeSettings: Sendable {
    var action: ProbeAction
    var initialDelaySeconds: Double
    var periodSeconds: Double
    var timeoutSeconds: Double
    var successThreshold: Int
    var failureThreshold: Int

    init?(_ value: JSONValue?, container: JSONValue, podIP: String) {
        guard let value, let action = ProbeAction(value, container: container, podIP: podIP) else { return nil }
        self.action = action
        func number(_ key: String, _ standard: Int64) -> Int64 { min(value[key]?.integer ?? standard, 1_000_000) }
        initialDelaySeconds = Double(number("initialDelaySeconds", 0))
        periodSeconds = Double(max(1, number("periodSeconds", 10)))
        timeoutSeconds = Double(max(1, number("timeoutSeconds", 1)))
        successThreshold = Int(clamping: max(1, number("successThreshold", 1)))
        failureThreshold = Int(clamping: max(1, number("failureThreshold", 3)))
    }
}

extension ProbeAction {
    /// The same with the words of a command replaced.
    func mappingCommand(_ transform: (String) -> String) -> ProbeAction {
        if case .execute(let words) = self { .execute(words.map(transform)) } else { self }
    }
}

/// What a probe or a lifecycle hook does.
enum ProbeAction: Sendable {
    case execute([String])
    case http(host: String, port: Int, path: String, headers: [(name: String, value: String)])
    case tcp(host: String, port: Int)
    case grpc(host: String, port: Int, service: String)
    case sleep(seconds: Double)

    init?(_ value: JSONValue, container: JSONValue, podIP: String) {
        func host(_ action: JSONValue) -> String { action.text("host").isEmpty ? podIP : action.text("host") }
        func port(_ action: JSONValue) -> Int? {
            if let number = action["port"]?.integer { return Int(clamping: number) }
            let name = action.text("port")
            if let number = Int(name) { return number }
            return container["ports"]?.elements.first { $0.text("name") == name }?["containerPort"]?.integer
                .map(Int.init(clamping:))
        }
        if let action = value["exec"] {
            self = .execute((action["command"]?.elements ?? []).map { $0.text ?? "" })
        } else if let action = value["httpGet"], let port = port(action) {
            let headers = (action["httpHeaders"]?.elements ?? []).map { ($0.text("name"), $0.text("value")) }
            let path = action.text("path")
            self = .http(
                host: host(action),
                port: port,
                path: path.hasPrefix("/") ? path : "/\(path)",
                headers: headers
            )
        } else if let action = value["tcpSocket"], let port = port(action) {
            self = .tcp(host: host(action), port: port)
        } else if let action = value["grpc"], let port = port(action) {
            self = .grpc(host: podIP, port: port, service: action.text("service"))
        } else if let action = value["sleep"] {
            self = .sleep(seconds: Double(min(action["seconds"]?.integer ?? 0, 1_000_000)))
        } else {
            return nil
        }
    }
}

/// What came of a probe.
enum ProbeOutcome: Sendable, Equatable {
    case success
    case failure(String)
}
