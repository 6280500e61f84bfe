/// Reads `postgres://` URLs into libpq's keywords.
enum ConnectionURL {
    struct Setting: Sendable, Equatable {
        let keyword: String
        let value: String

        init(_ keyword: String, _ value: String) {
            self.keyword = keyword
            self.value = value
        }
    }

    /// The keywords a URL's query may set.
    private static let allowedKeywords: Set<String> = [
        "host", "hostaddr", "port", "user", "password", "dbname", "passfile", "application_name", "options", "sslmode",
        "sslrootcert", "sslcert", "sslkey", "sslpassword", "sslcrl", "sslcrldir", "sslsni", "ssl_min_protocol_version",
        "ssl_max_protocol_version", "channel_binding", "requirepeer", "target_session_attrs", "gssencmode",
        "krbsrvname",
        "keepalives", "keepalives_idle", "keepalives_interval", "keepalives_count", "tcp_user_timeout",
    ]

    private static let sslModes: Set<String> = ["disable", "allow", "prefer", "require", "verify-ca", "verify-full"]

    static func parse(_ url: String) throws(PostgresError) -> [Setting] {
        guard let scheme = ["postgres://", "postgresql://"].first(where: { url.hasPrefix($0) }) else {
            throw invalid("the URL does not begin with postgres:// or postgresql://")
        }
        let (beforeQuery, query) = split(url.dropFirst(scheme.count), atFirst: "?")
        let (authority, path) = split(beforeQuery, atFirst: "/")
        var settings: [Setting] = []
        var hosts = authority
        if let at = authority.lastIndex(of: "@") {
            settings += try parseUser(authority[..<at])
            hosts = authority[authority.index(after: at)...]
        }
        settings += try parseHosts(hosts)
        if let path, !path.isEmpty {
            settings.append(Setting("dbname", try decode(path, of: "the database name")))
        }
        if let query {
            try parseQuery(query, into: &settings)
        }
        return settings
    }

    private static func parseUser(_ text: Substring) throws(PostgresError) -> [Setting] {
        let (user, password) = split(text, atFirst: ":")
        var settings: [Setting] = []
        if !user.isEmpty { settings.append(Setting("user", try decode(user, of: "the user name"))) }
        if let password { settings.append(Setting("password", try decode(password, of: "the password"))) }
        return settings
    }

    private static func parseHosts(_ text: Substring) throws(PostgresError) -> [Setting] {
        guard !text.isEmpty else { return [] }
        var hosts: [String] = []
        var ports: [String] = []
        for item in text.split(separator: ",", omittingEmptySubsequences: false) {
            let (host, port) = try splitPort(item)
            hosts.append(try decode(host, of: "the host"))
            ports.append(port.map { String($0) } ?? "5432")
        }
        return [Setting("host", hosts.joined(separator: ",")), Setting("port", ports.joined(separator: ","))]
    }

    private static func splitPort(_ item: Substring) throws(PostgresError) -> (host: Substring, port: Int?) {
        let host: Substring
        let port: Substring?
        if item.hasPrefix("[") {
            guard let bracket = item.firstIndex(of: "]") else {
                throw invalid("the host \(item) has no closing bracket")
            }
            host = item[item.index(after: item.startIndex)..<bracket]
            let rest = item[item.index(after: bracket)...]
            guard rest.isEmpty || rest.hasPrefix(":") else {
                throw invalid("after the host \(host) stands neither : nor /")
            }
            port = rest.isEmpty ? nil : rest.dropFirst()
        } else {
            (host, port) = split(item, atFirst: ":")
        }
        guard let port, !port.isEmpty else { return (host, nil) }
        guard let number = Int(port), (1...65_535).contains(number) else {
            throw invalid("the port of host \(host) is not a number from 1 to 65535")
        }
        return (host, number)
    }

    private static func parseQuery(_ query: Substring, into settings: inout [Setting]) throws(PostgresError) {
        for item in query.split(separator: "&") {
            let (keyword, encoded) = split(item, atFirst: "=")
            guard let encoded else { throw invalid("the setting \(keyword) has no value") }
            guard allowedKeywords.contains(String(keyword)) else {
                throw invalid(
                    "the setting \(keyword) is not known; known are \(allowedKeywords.sorted().joined(separator: ", "))"
                )
            }
            let value = try decode(encoded, of: "the setting \(keyword)")
            if keyword == "sslmode", !sslModes.contains(value) {
                throw invalid("sslmode is \(value); allowed are \(sslModes.sorted().joined(separator: ", "))")
            }
            settings.removeAll { $0.keyword == keyword }
            settings.append(Setting(String(keyword), value))
        }
    }

    private static func decode(_ text: Substring, of name: String) throws(PostgresError) -> String {
        var bytes: [UInt8] = []
        var rest = text.utf8[...]
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "%") else {
                bytes.append(byte)
                continue
            }
            guard rest.count >= 2, let value = UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16),
                value != 0
            else { throw invalid("\(name) has a % without two hexadecimal digits behind it") }
            bytes.append(value)
            rest = rest.dropFirst(2)
        }
        guard let decoded = String(validating: bytes, as: UTF8.self) else { throw invalid("\(name) is not UTF-8") }
        return decoded
    }

    private static func split(_ text: Substring, atFirst separator: Character) -> (Substring, Substring?) {
        guard let index = text.firstIndex(of: separator) else { return (text, nil) }
        return (text[..<index], text[text.index(after: index)...])
    }

    private static func invalid(_ problem: String) -> PostgresError {
        PostgresError(.invalidConfiguration, "the database URL is not usable: \(problem)")
    }
}
