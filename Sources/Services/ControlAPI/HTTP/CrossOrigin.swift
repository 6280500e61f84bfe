internal import Hummingbird

/// Which other sites' pages may use the API (CORS).
struct CrossOrigin: Sendable {
    private static let methods = "GET, POST, PUT, PATCH, DELETE"
    private static let exposed = """
        etag, location, retry-after, x-request-id, idempotent-replayed, content-disposition, ratelimit, ratelimit-policy, \
        slipway-output-path
        """
    private static let secondsKnown = "600"

    /// Such as `https://slipway.example.org`.
    let origins: [String]
    /// That of the API's own pages, where browsers reach it by another name than they send; `nil`: there is none.
    var own: String?

    func isAllowed(_ request: Request) -> Bool { request.headers[.origin].map(origins.contains) ?? false }

    /// Whether no page of a strange site asks. Browsers name the page's origin with every change; who names none is no browser, or
    /// wants only to read.
    func isFromOwnPage(_ request: Request) -> Bool {
        if isAllowed(request) { return true }
        if let site = request.headers[HeaderNames.fetchSite], site != "same-origin", site != "none" { return false }
        guard let origin = request.headers[.origin] else { return true }
        let authority = request.head.authority ?? ""
        return origin == own || origin == "http://\(authority)" || origin == "https://\(authority)"
    }

    /// The origin of pages below an address, such as `https://slipway.example.org` of `https://slipway.example.org/a`.
    static func origin(of address: String) -> String {
        let parts = address.split(separator: "/", maxSplits: 3, omittingEmptySubsequences: false)
        return parts.prefix(3).joined(separator: "/").lowercased()
    }

    /// The answer to a browser that asks before it sends the request itself; `nil` if this is not such a question.
    func preflight(_ request: Request) -> Response? {
        guard request.method == .options, isAllowed(request),
            let method = request.headers[.accessControlRequestMethod], !method.isEmpty
        else { return nil }
        var headers: HTTPFields = [
            .accessControlAllowMethods: Self.methods, .accessControlMaxAge: Self.secondsKnown,
        ]
        if let asked = request.headers[.accessControlRequestHeaders], asked.utf8.count <= 1000 {
            headers[.accessControlAllowHeaders] = asked
        }
        return Response(status: .noContent, headers: headers)
    }

    /// What every answer says to the browser.
    func mark(_ headers: inout HTTPFields, for request: Request) {
        guard !origins.isEmpty else { return }
        headers.append(HTTPFields.Element(name: .vary, value: "origin"))
        guard let origin = request.headers[.origin], isAllowed(request) else { return }
        headers[.accessControlAllowOrigin] = origin
        headers[.accessControlExposeHeaders] = Self.exposed
    }

    /// Whether a text is the origin of pages.
    static func isOrigin(_ text: String) -> Bool {
        guard let end = text.firstRange(of: "://") else { return false }
        let rest = text[end.upperBound...]
        return ["http", "https"].contains(text[..<end.lowerBound]) && !rest.isEmpty
            && rest.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "-"),
                    UInt8(ascii: "."), UInt8(ascii: ":"), UInt8(ascii: "["), UInt8(ascii: "]"):
                    true
                default: false
                }
            }
    }
}
