/// How to reach a database, and the bounds on using it.
///
/// ```
/// postgres://user:password@host:5432/database?sslmode=verify-full&sslrootcert=/etc/ca.crt
/// postgres:///database?host=/var/run/postgresql&user=slipway
/// ```
/// Several hosts are written `host1:5432,host2:5432`; with `target_session_attrs=read-write` the primary among them is taken.
package struct PostgresConfiguration: Sendable {
    /// What the URL says, as libpq's keywords.
    let settings: [ConnectionURL.Setting]

    /// The most connections a pool keeps; at least 1.
    package var poolSize: Int = 8 {
        didSet { precondition(poolSize >= 1, "poolSize is \(poolSize); at least 1 is needed") }
    }
    /// The most statements sent on one shared connection before their results are back; at least 1.
    package var pipelineDepth: Int = 128 {
        didSet { precondition(pipelineDepth >= 1, "pipelineDepth is \(pipelineDepth); at least 1 is needed") }
    }
    /// The most prepared statements a connection keeps; at least 1.
    package var statementCacheSize: Int = 256 {
        didSet {
            precondition(statementCacheSize >= 1, "statementCacheSize is \(statementCacheSize); at least 1 is needed")
        }
    }
    /// How long resolving, connecting, TLS and authentication may take together.
    package var connectTimeout: Duration = .seconds(10)
    /// How long a query or a transaction waits for a connection.
    package var acquireTimeout: Duration = .seconds(10)
    /// How long a statement may run, unless its query says otherwise.
    package var statementTimeout: Duration = .seconds(30)
    /// How long the server may take to react to a cancel request before the connection is given up.
    package var cancelGrace: Duration = .seconds(1)
    /// Pauses between attempts to connect.
    package var reconnectBackoff = Backoff(first: .milliseconds(50), limit: .seconds(5))
    /// Shown in `pg_stat_activity`.
    package var applicationName: String
    /// The `search_path` of every connection, for example a schema of a test's own.
    package var searchPath: String?

    /// - Throws: `PostgresError` with code `invalidConfiguration`; its message never shows the password.
    package init(url: String) throws(PostgresError) {
        settings = try ConnectionURL.parse(url)
        applicationName = settings.last { $0.keyword == "application_name" }?.value ?? "slipway"
    }

    /// The database's name, if the URL gives one.
    package var database: String? { settings.last { $0.keyword == "dbname" }?.value }

    /// What libpq is started with: the URL's settings, and ours where the URL is silent.
    var connectionParameters: [ConnectionURL.Setting] {
        var options = searchPath.map { ["-c", "search_path=\($0)"] } ?? []
        options += ["-c", "client_min_messages=warning", "-c", "datestyle=ISO"]
        // The locks of a client that vanished within a transaction must not be kept for longer than a lease.
        options += ["-c", "idle_in_transaction_session_timeout=15s", "-c", "tcp_keepalives_idle=10"]
        options += ["-c", "tcp_keepalives_interval=5", "-c", "tcp_keepalives_count=3"]
        let escaped = options.map(Self.escapeOption).joined(separator: " ")
        let given = settings.last { $0.keyword == "options" }.map { "\($0.value) " } ?? ""
        let defaults: [ConnectionURL.Setting] = [
            .init("gssencmode", "disable"), .init("keepalives_idle", "30"), .init("keepalives_interval", "10"),
            .init("keepalives_count", "3"), .init("tcp_user_timeout", "30000"),
        ]
        let replaced: [ConnectionURL.Setting] = [
            .init("application_name", applicationName), .init("client_encoding", "UTF8"),
            .init("options", given + escaped),
        ]
        let keywords = Set(settings.map(\.keyword))
        let overriding = Set(replaced.map(\.keyword))
        return settings.filter { !overriding.contains($0.keyword) } + defaults.filter { !keywords.contains($0.keyword) }
            + replaced
    }

    /// Inside `options` the server splits at blanks unless a backslash precedes them.
    private static func escapeOption(_ text: String) -> String {
        var escaped = ""
        for character in text {
            if character == " " || character == "\\" { escaped.append("\\") }
            escaped.append(character)
        }
        return escaped
    }
}

extension PostgresConfiguration: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// Host, port, database, user and TLS mode; never a password.
    package var description: String {
        let shown = ["host", "port", "dbname", "user", "sslmode"]
        let facts = settings.filter { shown.contains($0.keyword) }.map { "\($0.keyword)=\($0.value)" }
        return (facts + ["poolSize=\(poolSize)"]).joined(separator: " ")
    }

    package var debugDescription: String { description }

    package var customMirror: Mirror { Mirror(self, children: ["description": description]) }
}
