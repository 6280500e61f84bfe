/// The parts of an `amqp` or `amqps` URL, decoded.
struct AMQPAddress: Sendable, Hashable {
    let isEncrypted: Bool
    let host: String
    let port: Int
    let user: String
    let password: String
    let virtualHost: String

    init(url: String) throws(AMQPError) {
        let schemes = [("amqp://", false), ("amqps://", true)]
        guard let (prefix, isEncrypted) = schemes.first(where: { url.lowercased().hasPrefix($0.0) }) else {
            throw Self.invalid("it must begin with amqp:// or amqps://")
        }
        var rest = url.dropFirst(prefix.count)
        guard !rest.contains("?"), !rest.contains("#") else {
            throw Self.invalid("it must not have a query or fragment")
        }
        var path: Substring?
        if let slash = rest.firstIndex(of: "/") {
            path = rest[rest.index(after: slash)...]
            rest = rest[..<slash]
        }
        var user = "guest"
        var password = "guest"
        if let at = rest.lastIndex(of: "@") {
            let credentials = rest[..<at].split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
            user = try Self.decoded(credentials[0], part: "user")
            password = credentials.count == 2 ? try Self.decoded(credentials[1], part: "password") : ""
            rest = rest[rest.index(after: at)...]
        }
        self.isEncrypted = isEncrypted
        self.user = user
        self.password = password
        (host, port) = try Self.hostAndPort(rest, defaultPort: isEncrypted ? 5671 : 5672)
        guard path?.contains("/") != true else {
            throw Self.invalid("the virtual host must not hold a bare slash; write it %2F")
        }
        if let path, !path.isEmpty {
            virtualHost = try Self.decoded(path, part: "virtual host")
        } else {
            virtualHost = "/"
        }
    }

    /// `host`, `host:port`, `[v6]` or `[v6]:port`.
    private static func hostAndPort(_ text: Substring, defaultPort: Int) throws(AMQPError) -> (String, Int) {
        var host = text
        var portText: Substring?
        if text.hasPrefix("[") {
            guard let end = text.firstIndex(of: "]") else { throw invalid("the address in brackets does not end") }
            host = text[text.index(after: text.startIndex)..<end]
            let after = text[text.index(after: end)...]
            guard after.isEmpty || after.hasPrefix(":") else { throw invalid("after ] only a port may follow") }
            portText = after.isEmpty ? nil : after.dropFirst()
        } else if let colon = text.firstIndex(of: ":") {
            host = text[..<colon]
            portText = text[text.index(after: colon)...]
        }
        guard !host.isEmpty else { throw invalid("the host is missing") }
        guard let portText else { return (try decoded(host, part: "host"), defaultPort) }
        guard let port = Int(portText), (1...65535).contains(port) else {
            throw invalid("the port must be a number from 1 to 65535")
        }
        return (try decoded(host, part: "host"), port)
    }

    private static func decoded(_ text: Substring, part: String) throws(AMQPError) -> String {
        var bytes: [UInt8] = []
        var rest = text.utf8[...]
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "%") else {
                bytes.append(byte)
                continue
            }
            let digits = rest.prefix(2).compactMap { Character(UnicodeScalar($0)).hexDigitValue }
            guard digits.count == 2 else { throw invalid("the \(part) has % without two hexadecimal digits") }
            bytes.append(UInt8(digits[0] * 16 + digits[1]))
            rest = rest.dropFirst(2)
        }
        guard !bytes.contains(0), let decoded = String(validating: bytes, as: UTF8.self) else {
            throw invalid("the \(part) is not text")
        }
        return decoded
    }

    private static func invalid(_ problem: String) -> AMQPError {
        AMQPError(.invalidConfiguration, "the broker's URL is not usable: \(problem)")
    }
}

extension AMQPAddress: CustomStringConvertible {
    /// Without the password.
    var description: String {
        let scheme = isEncrypted ? "amqps" : "amqp"
        let shownHost = host.contains(":") ? "[\(host)]" : host
        return "\(scheme)://\(user)@\(shownHost):\(port) virtual host \(virtualHost)"
    }
}
