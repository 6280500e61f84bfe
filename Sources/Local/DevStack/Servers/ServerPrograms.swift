internal import FoundationEssentials

/// Finds the servers' programs, which distributions keep out of the search path.
enum ServerPrograms {
    /// The folder with `postgres` and `initdb` of the newest installed version.
    static func postgresFolder() throws(DevStackError) -> String {
        let versions = folders(in: "/usr/lib/postgresql").sorted { (Int($0) ?? 0) > (Int($1) ?? 0) }
        let candidates = versions.map { "/usr/lib/postgresql/\($0)/bin" } + ["/usr/pgsql/bin"] + searchPath
        guard let folder = candidates.first(where: { isExecutable("\($0)/initdb") && isExecutable("\($0)/postgres") })
        else {
            throw DevStackError("PostgreSQL is not installed: no initdb in /usr/lib/postgresql/*/bin or PATH")
        }
        return folder
    }

    /// The folder with the `rabbitmq-server` that ordinary users may run.
    static func rabbitMQFolder() throws(DevStackError) -> String {
        let candidates = ["/usr/lib/rabbitmq/bin", "/opt/rabbitmq/sbin"] + searchPath
        guard let folder = candidates.first(where: { isExecutable("\($0)/rabbitmq-server") }) else {
            throw DevStackError("RabbitMQ is not installed: no rabbitmq-server in /usr/lib/rabbitmq/bin or PATH")
        }
        return folder
    }

    /// Erlang's port mapper.
    static func portMapper() throws(DevStackError) -> String {
        guard let folder = searchPath.first(where: { isExecutable("\($0)/epmd") }) else {
            throw DevStackError("Erlang is not installed: no epmd in PATH")
        }
        return "\(folder)/epmd"
    }

    private static var searchPath: [String] {
        let given = ProcessInfo.processInfo.environment["PATH"] ?? ""
        return (given + ":/usr/bin:/usr/local/bin").split(separator: ":").map(String.init)
    }

    private static func folders(in folder: String) -> [String] {
        // why: a folder that is not there has nothing in it.
        (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
    }

    private static func isExecutable(_ path: String) -> Bool {
        FileManager.default.isExecutableFile(atPath: path)
    }
}
