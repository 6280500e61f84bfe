extension KubernetesError {
    /// A refusal, from its `Status` if there is one.
    init(_ head: HTTPHead, body: [UInt8], request: APIRequest) {
        // why: proxies answer with text; the code alone must do then.
        let status = (try? JSON.decode(Status.self, from: body)) ?? Status()
        self.init(status: status, code: head.status, context: "\(request.method.rawValue) \(request.path)")
        let seconds = head.retryAfter.flatMap(Int.init) ?? details?.retryAfterSeconds
        if let seconds, seconds > 0, head.status == 429 || head.status == 503 {
            retryAfter = .seconds(min(seconds, 3600))
        }
    }

    /// An error that arrived as an object, in an answer or inside a watch.
    init(status: Status, code: Int?, context: String) {
        let code = status.code ?? code
        self.init(
            .refused,
            code: code,
            reason: status.reason,
            message: status.message ?? "\(context) was answered with \(code.map(String.init) ?? "an error")",
            details: status.details
        )
    }

    /// A transfer without an answer.
    init(_ failure: TransferFailure, method: APIRequest.Method) {
        let mayHaveActed = failure.wasSent && method.isChange
        let kind: Kind =
            switch failure.cause {
            case .notConnected: .unreachable
            case .misconfigured: .configuration
            case .tooLarge: mayHaveActed ? .outcomeUnknown : .unexpectedAnswer
            case .broken: mayHaveActed ? .outcomeUnknown : failure.wasSent ? .interrupted : .unreachable
            case .timedOut: mayHaveActed ? .outcomeUnknown : failure.wasSent ? .deadlineExceeded : .unreachable
            case .cancelled: mayHaveActed ? .outcomeUnknown : .cancelled
            case .closed: mayHaveActed ? .outcomeUnknown : .closed
            }
        self.init(kind, message: failure.message)
    }
}
