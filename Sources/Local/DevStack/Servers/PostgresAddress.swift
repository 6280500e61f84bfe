internal import FoundationEssentials

/// The parts of a database address, for programs that take them from the environment.
package struct PostgresAddress: Sendable {
    package let host: String
    package let port: Int
    package let user: String
    package let password: String
    package let database: String

    /// - Throws: `DevStackError`, without the address itself, when it is not `postgres://user:password@host:port/name`.
    package init(_ url: String) throws(DevStackError) {
        guard let parts = URLComponents(string: url), ["postgres", "postgresql"].contains(parts.scheme),
            let host = parts.host, !host.isEmpty, let user = parts.user
        else {
            throw DevStackError("the database address is not of the form postgres://user:password@host:port/name")
        }
        self.host = host
        self.user = user
        port = parts.port ?? 5432
        password = parts.password ?? ""
        database = String(parts.path.drop { $0 == "/" })
    }

    /// The variables PostgreSQL's own programs read.
    var environment: [String: String] {
        ["PGHOST": host, "PGPORT": "\(port)", "PGUSER": user, "PGPASSWORD": password, "PGDATABASE": database]
    }
}
