internal import Hummingbird

/// What a request without an identity of its own must show.
///
/// With a token it may carry that. Without one the API listens on loopback only, and a page of another site must not
/// be able to use the browser of a person on this machine: the addressed host must be a loopback name, so that a name which
/// was pointed at this machine meanwhile is refused, and the request must not come from another origin.
enum AccessControl: Sendable, Hashable {
    case token(String)
    /// An identity of one's own is needed.
    case required
    case open

    // MARK: Token

    static func bearer(_ request: Request) -> String? {
        guard let header = request.headers[.authorization] else { return nil }
        let words = header.split(separator: " ", maxSplits: 1)
        guard words.count == 2, words[0].lowercased() == "bearer" else { return nil }
        return String(words[1])
    }

    /// Takes as long for a wrong token as for the right one of the same length.
    static func areEqual(_ given: String, _ expected: String) -> Bool {
        let given = Array(given.utf8)
        let expected = Array(expected.utf8)
        var difference: UInt8 = given.count == expected.count ? 0 : 1
        for index in given.indices {
            difference |= given[index] ^ expected[index % max(expected.count, 1)]
        }
        return difference == 0 && !expected.isEmpty
    }

    // MARK: Origin

    /// - Parameter otherOrigins: the other sites whose pages may come.
    static func isLocal(_ request: Request, otherOrigins: CrossOrigin) -> Bool {
        let authority = request.head.authority ?? ""
        return isLoopback(host: host(of: authority)) && otherOrigins.isFromOwnPage(request)
    }

    /// `host:port` or `[address]:port` without the port.
    private static func host(of authority: String) -> String {
        if authority.hasPrefix("[") { return String(authority.dropFirst().prefix { $0 != "]" }) }
        return String(authority.prefix { $0 != ":" })
    }

    /// Whether a host reaches only this machine.
    static func isLoopback(host: String) -> Bool {
        if host == "localhost" || host == "::1" { return true }
        let parts = host.split(separator: ".", omittingEmptySubsequences: false)
        return parts.count == 4 && parts[0] == "127" && parts.allSatisfy { UInt8($0) != nil }
    }
}
