internal import PostgresClient
internal import SlipwayCore

/// What a migration run did or found.
package struct MigrationStatus: Sendable, Hashable {
    /// The steps already in the schema before.
    package var applied: [Int]
    /// The steps this call applied (`migrate`) or would apply (`check`).
    package var pending: [Int]
    /// The newest step the database knows and this version does not: a newer Slipway was here.
    package var unknown: [Int]
}

extension RunStore {
    /// Brings the schema up to this version, one transaction a step, under a lock against a second caller.
    ///
    /// - Throws: `PostgresError` of the step that failed; the steps before it stay.
    package func migrate() async throws -> MigrationStatus {
        var status = MigrationStatus(applied: [], pending: [], unknown: [])
        try await pool.transaction { transaction in
            try await transaction.query(Self.migrationLock)
            try await transaction.query(
                """
                CREATE TABLE IF NOT EXISTS schema_migrations (
                    number integer PRIMARY KEY, name text NOT NULL, applied_at timestamptz NOT NULL DEFAULT now())
                """
            )
        }
        for migration in Migration.all {
            let isNew = try await pool.transaction { transaction in
                // Held until the commit: a second migration waits here and then finds the step done.
                try await transaction.query(Self.migrationLock)
                let found = try await transaction.query(
                    "SELECT number FROM schema_migrations WHERE number = \(migration.number)"
                )
                guard found.rowCount == 0 else { return false }
                for statement in migration.statements {
                    // A step may rewrite a table: no bound that fits everyday statements fits it.
                    try await transaction.query(PostgresQuery(statement).timeout(.seconds(3600)))
                }
                try await transaction.query(
                    "INSERT INTO schema_migrations (number, name) VALUES (\(migration.number), \(migration.name))"
                )
                return true
            }
            if isNew { status.pending.append(migration.number) } else { status.applied.append(migration.number) }
        }
        status.unknown = try await unknownMigrations()
        return status
    }

    /// An arbitrary number that every version uses; the lock ends with the transaction.
    private static let migrationLock: PostgresQuery = "SELECT pg_advisory_xact_lock(7203914411)"

    /// Tells what `migrate` would do, without doing it.
    package func checkMigrations() async throws -> MigrationStatus {
        let exists = try await pool.query("SELECT to_regclass('schema_migrations') IS NOT NULL AS is_there")
        guard try exists.first?.value("is_there", as: Bool.self) == true else {
            return MigrationStatus(applied: [], pending: Migration.all.map(\.number), unknown: [])
        }
        let applied = try await pool.query("SELECT number FROM schema_migrations ORDER BY number").decode(Int.self)
        let known = Set(Migration.all.map(\.number))
        return MigrationStatus(
            applied: applied.filter(known.contains),
            pending: known.subtracting(applied).sorted(),
            unknown: applied.filter { !known.contains($0) }
        )
    }

    private func unknownMigrations() async throws -> [Int] {
        let newest = Migration.all.map(\.number).max() ?? 0
        return try await pool.query("SELECT number FROM schema_migrations WHERE number > \(newest) ORDER BY 1")
            .decode(Int.self)
    }
}

extension Migration {
    /// The step's statements one by one: the extended protocol takes one at a time.
    ///
    /// In these files a statement ends with a `;` at the end of a line, outside a `$$` body; comments have lines of their own.
    var statements: [String] {
        var statements: [String] = []
        var current = ""
        var isInBody = false
        for line in sql.split(separator: "\n", omittingEmptySubsequences: true) {
            let text = line.split(separator: " ").joined(separator: " ")
            guard !text.hasPrefix("--") else { continue }
            current += line + "\n"
            let marks = text.split(separator: "$$", omittingEmptySubsequences: false).count - 1
            if marks % 2 == 1 { isInBody.toggle() }
            if !isInBody, text.hasSuffix(";") {
                statements.append(current)
                current = ""
            }
        }
        if current.contains(where: { !$0.isWhitespace }) { statements.append(current) }
        return statements
    }
}
