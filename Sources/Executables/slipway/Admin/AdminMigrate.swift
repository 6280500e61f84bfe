internal import ArgumentParser
internal import RunStore

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

    @OptionGroup var database: DatabaseOptions

    @Flag(help: "Change nothing; exit with 10 if something would be changed.")
    var check = false

    @OptionGroup var appearance: AppearanceOptions

    func run() async throws {
        try await database.withStore { store in
            try report(check ? await store.checkMigrations() : await store.migrate())
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
}
