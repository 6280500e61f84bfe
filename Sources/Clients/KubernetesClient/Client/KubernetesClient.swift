package import EventLoop
package import Logging

/// Talks to one Kubernetes API server.
///
/// All transfers run on the event loop's thread; answers are decoded where the caller runs. Cancelling the calling task
/// aborts the transfer at once. Bodies and credentials are never logged.
package final class KubernetesClient: Sendable {
    /// What the client was made with.
    package let configuration: KubernetesConfiguration
    let logger: Logger
    private let transport: CurlTransport
    private let credentials: CredentialSource
    private let budget: RequestBudget

    /// How often one call sends its request, when the server asks to come back later.
    private static let maximumAttempts = 5
    /// The most that is read of a refused stream's explanation.
    private static let maximumStatusBytes = 1 << 20

    /// Connects with the first request.
    ///
    /// - Parameter eventLoop: must outlive the client; may be shared.
    package init(configuration: KubernetesConfiguration, eventLoop: EventLoop, logger: Logger) {
        self.configuration = configuration
        self.logger = logger
        transport = CurlTransport(
            endpoint: ServerEndpoint(configuration),
            eventLoop: eventLoop,
            laneCount: configuration.connections,
            logger: logger
        )
        credentials = CredentialSource(configuration, logger: logger)
        budget = RequestBudget(perSecond: configuration.requestsPerSecond, burst: configuration.burst)
    }

    /// Fails what is under way with `.closed` (or `.outcomeUnknown`) and closes every connection. Call it before the
    /// event loop is shut down.
    package func close() async { await transport.close() }

    // MARK: Requests

    /// Sends a request until it is answered with success, waiting as the server asks.
    func exchange(_ request: APIRequest) async throws(KubernetesError) -> HTTPResponse {
        let deadline = ContinuousClock.now + (request.timeout ?? configuration.requestTimeout)
        return try await repeated(request, deadline: deadline) { headers throws(KubernetesError) in
            let left = deadline - .now
            guard left > .zero else { throw KubernetesError(.deadlineExceeded, message: "no time left to send") }
            let delivery = HTTPRequest.Delivery.whole(
                maximumBytes: self.configuration.maximumResponseBytes,
                timeout: left
            )
            switch await self.transport.send(self.httpRequest(request, headers, delivery)) {
            case .success(let response): return (response.head, response.body, response)
            case .failure(let failure): throw KubernetesError(failure, method: request.method)
            }
        }
    }

    /// Sends a request whose answer is a stream, and waits for its beginning.
    func open(
        _ request: APIRequest,
        headTimeout: Duration?,
        inactivityLimit: Duration?
    ) async throws(KubernetesError) -> HTTPStream {
        let deadline = ContinuousClock.now + (request.timeout ?? configuration.requestTimeout)
        let delivery = HTTPRequest.Delivery.stream(headTimeout: headTimeout, inactivityLimit: inactivityLimit)
        return try await repeated(request, deadline: deadline) { headers throws(KubernetesError) in
            switch await self.transport.open(self.httpRequest(request, headers, delivery)) {
            case .success(let (head, stream)):
                let isRefused = !(200..<300).contains(head.status)
                let body = isRefused ? await stream.rest(maximumBytes: Self.maximumStatusBytes) : []
                return (head, body, stream)
            case .failure(let failure): throw KubernetesError(failure, method: request.method)
            }
        }
    }

    /// The loop around one call: budget, credentials, and another attempt where the server asks for one.
    private func repeated<Answer>(
        _ request: APIRequest,
        deadline: ContinuousClock.Instant,
        attempt: (Authorization) async throws(KubernetesError) -> (HTTPHead, [UInt8], Answer)
    ) async throws(KubernetesError) -> Answer {
        var hasRenewedCredentials = false
        var attemptsLeft = Self.maximumAttempts
        while true {
            attemptsLeft -= 1
            if request.isBudgeted { try await budget.waitForTurn(before: deadline) }
            let authorization = try await credentials.current()
            let (head, body, answer) = try await attempt(authorization)
            if (200..<300).contains(head.status) { return answer }
            let error = KubernetesError(head, body: body, request: request)
            if error.isUnauthorized, authorization.isRenewable, !hasRenewedCredentials {
                hasRenewedCredentials = true
                await credentials.reject(authorization)
                continue
            }
            guard let wait = error.retryAfter, attemptsLeft > 0, .now + wait < deadline else { throw error }
            logger.debug(
                "The API server asks to come back later",
                metadata: ["http.status": "\(head.status)", "wait": "\(wait)", "http.path": "\(request.path)"]
            )
            do {
                // Those who were sent away together do not come back together.
                try await Task.sleep(for: wait + .milliseconds(Int.random(in: 0...100)))
            } catch {
                throw KubernetesError(.cancelled, message: "cancelled while the server asked to wait")
            }
        }
    }

    private func httpRequest(
        _ request: APIRequest,
        _ authorization: Authorization,
        _ delivery: HTTPRequest.Delivery
    ) -> HTTPRequest {
        var headers = ["Accept: \(request.accept)", "User-Agent: \(configuration.userAgent)"]
        if request.body != nil { headers.append("Content-Type: \(request.contentType)") }
        if let token = authorization.token { headers.append("Authorization: Bearer \(token)") }
        if let user = configuration.impersonatedUser {
            headers.append("Impersonate-User: \(user)")
            headers += configuration.impersonatedGroups.map { "Impersonate-Group: \($0)" }
        }
        return HTTPRequest(
            method: request.method.rawValue,
            target: request.target,
            headers: headers,
            body: request.body,
            clientCertificate: authorization.clientCertificate,
            delivery: delivery
        )
    }
}
