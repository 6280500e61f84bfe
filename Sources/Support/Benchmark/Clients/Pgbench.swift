internal import DevStack
internal import FoundationEssentials

/// PostgreSQL's own load generator.
struct Pgbench: Sendable {
    private let program: String
    private let environment: [String: String]
    private let seconds: Int

    /// - Parameter schema: where the scripts find their tables.
    init(url: String, schema: String, seconds: Int) throws {
        let address = try PostgresAddress(url)
        environment = ProcessCommand.basicEnvironment.merging([
            "PGHOST": address.host, "PGPORT": String(address.port), "PGUSER": address.user,
            "PGPASSWORD": address.password, "PGDATABASE": address.database, "PGOPTIONS": "-c search_path=\(schema)",
        ]) { $1 }
        program = try Self.find()
        self.seconds = seconds
    }

    /// Runs a script again and again over prepared statements.
    ///
    /// - Parameter variables: texts for the script's `:name`.
    func transactionsPerSecond(
        _ script: String,
        clients: Int,
        variables: [String: String] = [:]
    ) async throws -> Double {
        let folder = FileManager.default.temporaryDirectory.path
        let file = "\(folder)/\(ScratchName.fresh("-")).sql"
        try Data(script.utf8).write(to: URL(filePath: file))
        // why: it is only the scratch file that would remain.
        defer { try? FileManager.default.removeItem(atPath: file) }
        let arguments =
            [
                "--no-vacuum", "--protocol=prepared", "--client=\(clients)", "--jobs=\(min(clients, 2))",
                "--time=\(seconds)", "--file=\(file)",
            ] + variables.sorted { $0.key < $1.key }.map { "--define=\($0.key)=\($0.value)" }
        let output = try await ProcessOutput.of(
            ProcessCommand(executable: program, arguments: arguments, environment: environment),
            name: "pgbench",
            scratch: folder,
            limit: .seconds(seconds + 60)
        )
        guard let rate = Self.rate(in: output) else {
            throw BenchmarkError("pgbench printed no rate")
        }
        return rate
    }

    /// The number of the line `tps = 12345.678901 (without initial connection time)`.
    static func rate(in output: String) -> Double? {
        for line in output.split(separator: "\n") where line.hasPrefix("tps = ") {
            return Double(line.dropFirst(6).prefix { $0 != " " })
        }
        return nil
    }

    /// Distributions keep it beside the server.
    private static func find() throws(BenchmarkError) -> String {
        let home = "/usr/lib/postgresql"
        // why: where there is no such folder there is nothing in it.
        let versions = (try? FileManager.default.contentsOfDirectory(atPath: home)) ?? []
        let path = ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin"
        let candidates =
            versions.sorted { (Int($0) ?? 0) > (Int($1) ?? 0) }.map { "\(home)/\($0)/bin/pgbench" }
            + path.split(separator: ":").map { "\($0)/pgbench" }
        guard let program = candidates.first(where: { FileManager.default.isExecutableFile(atPath: $0) }) else {
            throw BenchmarkError("there is no pgbench in \(home)/*/bin or PATH; it comes with PostgreSQL's programs")
        }
        return program
    }
}
