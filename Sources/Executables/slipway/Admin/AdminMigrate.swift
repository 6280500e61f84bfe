internal import ArgumentParser
internal import EventLoop
internal import FoundationEssentials
internal import PostgresClient
internal import RunStore
internal import Settings

struct AdminMigrate: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "migrate",
        abstract: "Bring the database's schema up to this version.",
        discussion: """
            Speaks to the database itself, not to the API. Safe to repeat and while an older version runs.

              slipway admin migrate --postgres-url postgres://slipway@localhost/slipway
              slipway admin migrate --check && echo up to date
            """
    )

    @Option(help: "The database's address; else SLIPWAY_POSTGRES_URL, or the file named by SLIPWAY_POSTGRES_URL_FILE.")
    var postgresURL: String?

    @Option(help: "A file that holds the address.")
    var postgresURLFile: String?

    @Flag(help: "Change nothing; exit with 10 if something would be changed.")
    var check = false

    @OptionGroup var appearance: AppearanceOptions

    static let description = CommandDescription(
        name: "slipway admin migrate",
        abstract: "brings the schema up to date",
        keys: [SharedSettings.postgresURL]
    )

    func run() async throws {
        let configuration = try configuration()
        let loop = EventLoop(name: "postgres")
        defer { loop.shutdown() }
        let pool = PostgresPool(configuration: configuration, eventLoop: loop, logger: Quiet.logger)
        do {
            let store = RunStore(pool: pool)
            let status = check ? try await store.checkMigrations() : try await store.migrate()
            await pool.close()
            try report(status)
        } catch let error as PostgresError {
            await pool.close()
            throw Self.failure(error)
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

    private func report(_ status: MigrationStatus) throws {
        if !status.unknown.isEmpty {
            Terminal.note(
                "The schema has steps of a newer version: \(status.unknown.map(String.init).joined(separator: ", "))."
            )
        }
        guard !status.pending.isEmpty else { return Terminal.print("The schema is up to date.") }
        let steps = status.pending.map(String.init).joined(separator: ", ")
        guard check else { return Terminal.print("Applied: \(steps). The schema is up to date.") }
        Terminal.print("To be applied: \(steps).")
        throw ExitRequest(status: .runFailed)
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
