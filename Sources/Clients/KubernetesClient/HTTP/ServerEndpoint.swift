/// What all requests to one server have in common.
struct ServerEndpoint: Sendable {
    /// Without a trailing slash.
    let baseURL: String
    let isEncrypted: Bool
    let isInsecure: Bool
    let authorities: PinnedBytes?
    /// Empty forbids a proxy, `nil` leaves the choice to the environment.
    let proxy: String?
    /// Connects elsewhere than the URL says, in libcurl's `host:port:host:port` form.
    let connectTo: String?
    /// The `Host` header when it is not the URL's host.
    let hostHeader: String?
    /// Whether the configured server is a URL with a host.
    let isComplete: Bool

    init(_ configuration: KubernetesConfiguration) {
        var server = configuration.server
        if !server.contains("://") { server = "https://\(server)" }
        while server.hasSuffix("/") { server.removeLast() }
        let parts = ServerAddress(server)
        isEncrypted = parts.scheme == "https"
        isComplete = !parts.host.isEmpty
        isInsecure = configuration.tls.isInsecure
        authorities = configuration.tls.certificateAuthorities.map(PinnedBytes.init)
        proxy = configuration.proxy ?? (parts.isLoopback ? "" : nil)
        if isEncrypted, let name = configuration.tls.serverName, !name.isEmpty, name != parts.host {
            // The certificate is checked against the URL's host, so the URL bears the certificate's name.
            baseURL = "\(parts.scheme)://\(name):\(parts.port)\(parts.prefix)"
            connectTo = "\(name):\(parts.port):\(parts.host):\(parts.port)"
            hostHeader = "Host: \(parts.host):\(parts.port)"
        } else {
            baseURL = server
            connectTo = nil
            hostHeader = nil
        }
    }
}

/// A server's URL in parts. libcurl judges whether it is a URL at all.
struct ServerAddress {
    var scheme = ""
    /// IPv6 addresses keep their brackets.
    var host = ""
    var port = ""
    /// Begins with a slash, or is empty.
    var prefix = ""

    init(_ text: String) {
        guard let separator = text.firstRange(of: "://") else { return }
        scheme = text[..<separator.lowerBound].lowercased()
        var rest = text[separator.upperBound...]
        if let slash = rest.firstIndex(of: "/") {
            prefix = String(rest[slash...])
            rest = rest[..<slash]
        }
        if let colon = rest.lastIndex(of: ":"), !rest[colon...].contains("]") {
            port = String(rest[rest.index(after: colon)...])
            rest = rest[..<colon]
        } else {
            port = scheme == "https" ? "443" : "80"
        }
        host = String(rest)
    }

    var isLoopback: Bool { host == "localhost" || host == "[::1]" || host.hasPrefix("127.") }
}
