internal import Hummingbird
internal import Logging

/// Stands around every request: decides whether it may enter, and turns every error into a problem.
struct Boundary: RouterMiddleware {
    let access: AccessControl
    let crossOrigin: CrossOrigin

    @concurrent func handle(
        _ request: Request,
        context: CallContext,
        next: @concurrent (Request, CallContext) async throws -> Response
    ) async throws -> Response {
        let requestID = Self.requestID(request, context)
        var response: Response
        do {
            if let preflight = crossOrigin.preflight(request) {
                response = preflight
            } else {
                try access.check(request, otherOrigins: crossOrigin)
                response = try await next(request, context)
            }
        } catch is HTTPError {
            response = Problem.routeNotFound(path: request.uri.path).response(requestID: requestID)
        } catch {
            let problem = Problem(error)
            report(error, problem, requestID, context)
            response = problem.response(requestID: requestID)
        }
        response.headers[HeaderNames.requestID] = requestID
        response.headers[.cacheControl] = response.headers[.cacheControl] ?? "no-store"
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
