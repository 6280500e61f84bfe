internal import Dashboard
internal import Hummingbird

/// Serves the dashboard beside the API. Its files hold nothing that is confidential, so nobody is asked who they are:
/// what they show comes from the API, which asks.
struct DashboardPages: RouterMiddleware {
    let files: DashboardFiles

    @concurrent func handle(
        _ request: Request,
        context: CallContext,
        next: @concurrent (Request, CallContext) async throws -> Response
    ) async throws -> Response {
        guard request.method == .get || request.method == .head, let file = files.file(at: request.uri.path) else {
            return try await next(request, context)
        }
        var headers = Self.headers
        headers[.eTag] = file.entityTag
        if let known = request.headers[.ifNoneMatch], Self.matches(known, file.entityTag) {
            return Response(status: .notModified, headers: headers)
        }
        headers[.contentType] = file.contentType
        headers[.contentLength] = String(file.bytes.count)
        guard request.method == .get else { return Response(status: .ok, headers: headers) }
        return Response(status: .ok, headers: headers, body: ResponseBody(byteBuffer: ByteBuffer(bytes: file.bytes)))
    }

    private static func matches(_ header: String, _ tag: String) -> Bool {
        header.split(separator: ",").contains { part in
            let word = part.filter { !$0.isWhitespace }
            return word == tag || word == "W/\(tag)" || word == "*"
        }
    }

    /// Nothing but what this server sends is loaded, nothing is written into the page as code or markup, and no other
    /// page may hold it in a frame. A browser asks each time whether a file is still the same.
    private static let headers: HTTPFields = {
        var headers: HTTPFields = [
            .cacheControl: "no-cache", .contentSecurityPolicy: policy, .xContentTypeOptions: "nosniff",
        ]
        headers[HeaderNames.referrerPolicy] = "no-referrer"
        headers[HeaderNames.frameOptions] = "DENY"
        headers[HeaderNames.openerPolicy] = "same-origin"
        headers[HeaderNames.resourcePolicy] = "same-origin"
        return headers
    }()

    private static let policy = [
        "default-src 'none'", "script-src 'self'", "style-src 'self'", "img-src 'self'", "connect-src 'self'",
        "base-uri 'none'", "form-action 'none'", "frame-ancestors 'none'", "require-trusted-types-for 'script'",
        "trusted-types 'none'",
    ].joined(separator: "; ")
}
