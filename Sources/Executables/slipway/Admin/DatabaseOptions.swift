internal import ArgumentParser
internal import EventLoop
internal import FoundationEssentials
internal import PostgresClient
internal import RunStore
internal import Settings

/// Where the database is, for what speaks to it rather than to the API.
struct DatabaseOptions: ParsableArguments {
    @Option(help: "The database's address; else SLIPWAY_POSTGRES_URL, or the file named by SLIPWAY_POSTGRES_URL_FILE.")
    var postgresURL: String?

    @Option(help: "A file that holds the address.")
    var postgresURLFile: String?

    private static let description = CommandDescription(
        name: "slipway admin",
        abstract: "speaks to the database",
        keys: [SharedSettings.postgresURL]
    )

    /// - Throws: ``Failure``.
    func withStore<Result>(_ body: (RunStore) async throws -> Result) async throws -> Result {
        let configuration = try configuration()
        let loop = EventLoop(name: "postgres")
        defer { loop.shutdown() }
        let pool = PostgresPool(configuration: configuration, eventLoop: loop, logger: Quiet.logger)
        do {
            let result = try await body(RunStore(pool: pool))
            await pool.close()
            return result
        } catch {
            await pool.close()
            if let error = error as? PostgresError { throw Self.failure(error) }
            throw error
        }
    }

    private func configuration() throws -> PostgresConfiguration {
        let arguments = [("--postgres-url", postgresURL), ("--postgres-url-file", postgresURLFile)]
            .flatMap { flag, value in value.map { [flag, $0] } ?? [] }
        do {
            let environment = ProcessInfo.processInfo.environment
            guard
                case .run(let settings) = try Settings.load(
                    Self.description,
                    arguments: arguments,
                    environment: environment
                )
            else { throw Failure(.usage, "postgres.url is not set") }
            return try PostgresConfiguration(url: settings(SharedSettings.postgresURL))
        } catch let error as SettingsError {
            throw Failure(.usage, error.description)
        } catch let error as PostgresError {
            throw Failure(.usage, error.message)
        }
    }

    private static func failure(_ error: PostgresError) -> Failure {
        switch error.code {
        case .connectFailed, .connectTimedOut, .acquireTimedOut, .connectionLost:
            Failure(
                .unreachable,
                "the database cannot be reached: \(error)",
                advice: "Check --postgres-url and that the server runs."
            )
        default: Failure(.software, "the database refused: \(error)")
        }
    }
}
