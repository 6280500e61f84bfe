internal import Hummingbird
internal import Logging

/// Stands around every request: finds out who asks, and turns every error into a problem. Whether they may ask for what they ask
/// for is decided where that is known: on the operation that was found.
struct Boundary: RouterMiddleware {
    let authenticator: Authenticator
    let proxies: TrustedProxies
    let rates: RateGate
    let crossOrigin: CrossOrigin

    @concurrent func handle(
        _ request: Request,
        context: CallContext,
        next: @concurrent (Request, CallContext) async throws -> Response
    ) async throws -> Response {
        let requestID = Self.requestID(request, context)
        var context = context
        context.address = proxies.client(
            connection: context.address,
            forwarded: request.headers[values: HeaderNames.forwardedFor]
        )
        context.caller = await authenticator.caller(of: request, from: context.address)
        context.csrfToken = authenticator.csrfToken(of: request)
        context.lookAgain = { await authenticator.caller(of: request) }
        // why: a caller who is not known is not counted.
        let allowance = (try? context.caller.get()).flatMap { rates.enter($0) }
        var response: Response
        do {
            if let allowance, allowance.waitSeconds > 0 { throw Problem.tooManyRequests(allowance) }
            if let preflight = crossOrigin.preflight(request) {
                response = preflight
            } else {
                response = try await next(request, context)
            }
        } catch is HTTPError {
            // A stranger is not told what there is.
            let problem = context.caller.failure ?? Problem.routeNotFound(path: request.uri.path)
            response = problem.response(requestID: requestID)
        } catch {
            let problem = Problem(error)
            report(error, problem, requestID, context)
            response = problem.response(requestID: requestID)
        }
        if response.status == .unauthorized { authenticator.noteStranger(request, from: context.address) }
        response.headers[HeaderNames.requestID] = requestID
        allowance?.write(to: &response.headers)
        response.headers[.cacheControl] = response.headers[.cacheControl] ?? "no-store"
        // Logs and outputs are users' texts, and come from the address that has the session.
        response.headers[.xContentTypeOptions] = "nosniff"
        if response.headers[.contentSecurityPolicy] == nil {
            response.headers[.contentSecurityPolicy] = "default-src 'none'; frame-ancestors 'none'"
        }
        crossOrigin.mark(&response.headers, for: request)
        return response
    }

    /// Only what an operator must know is logged: a client's mistakes are the client's.
    private func report(_ error: any Error, _ problem: Problem, _ requestID: String, _ context: CallContext) {
        guard problem.status.kind == .serverError else { return }
        let metadata: Logger.Metadata = [
            "api.request_id": "\(requestID)", "api.route": "\(context.endpointPath ?? "")", "error": "\(error)",
        ]
        if problem.code == .internalError {
            context.logger.error("A request failed", metadata: metadata)
        } else {
            context.logger.warning("A request was turned away", metadata: metadata)
        }
    }

    // MARK: Request ids

    /// The client's own id if it is harmless, else a new one.
    static func requestID(_ request: Request, _ context: CallContext) -> String {
        if let given = request.headers[HeaderNames.requestID], (1...64).contains(given.utf8.count),
            given.utf8.allSatisfy({ isHarmless($0) })
        {
            return given
        }
        return context.id
    }

    private static func isHarmless(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "z"),
            UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."):
            true
        default: false
        }
    }
}
