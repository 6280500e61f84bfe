internal import PostgresClient
package import SlipwayCore

extension RunStore {
    /// Service accounts of one team.
    package static let serviceAccountsPerTeam = 200

    /// Makes a service account, or changes it. Safe to repeat.
    ///
    /// - Parameter revision: if given, it is only changed if it has this one.
    package func applyServiceAccount(
        _ name: String,
        of team: String,
        role: TeamRole,
        description: String?,
        ifRevision revision: Int64? = nil,
        by actor: String?
    ) async throws -> AppliedServiceAccount {
        try await pool.transaction { transaction in
            let known = try await transaction.query("SELECT FROM teams WHERE name = \(team) FOR UPDATE")
            guard known.rowCount > 0 else { return .teamNotFound }
            let found = try await Self.serviceAccount(name, of: team, in: transaction)
            if let revision, revision != found?.revision ?? 0 { return .otherRevision(found?.revision ?? 0) }
            if let found, found.role == role, found.description == description { return .done(found, .unchanged) }
            if found == nil {
                let limit = Self.serviceAccountsPerTeam
                let count = try await transaction.query("SELECT count(*) FROM service_accounts WHERE team = \(team)")
                    .decode(Int.self)[0]
                guard count < limit else { return .tooMany(limit: limit) }
            }
            try await transaction.query(
                """
                INSERT INTO service_accounts AS a (team, name, role, description, created_by)
                VALUES (\(team), \(name), \(role), \(nullable: description)::text, \(nullable: actor)::text)
                ON CONFLICT (team, name) DO UPDATE SET role = excluded.role, description = excluded.description,
                    revision = a.revision + 1, updated_at = now()
                """
            )
            let before = found.map { ["role": $0.role.rawValue, "description": $0.description] }
            try await AuditEntry("apply", team: team, kind: "service_account", subject: "\(team)/\(name)", by: actor)
                .changing(from: before, to: ["role": role.rawValue, "description": description])
                .write(in: transaction)
            guard let stored = try await Self.serviceAccount(name, of: team, in: transaction) else {
                return .teamNotFound
            }
            return .done(stored, found == nil ? .created : .updated)
        }
    }

    /// Removes a service account with its tokens.
    ///
    /// - Returns: whether there was one.
    package func deleteServiceAccount(_ name: String, of team: String, by actor: String?, why: String?) async throws
        -> Bool
    {
        try await pool.transaction { transaction in
            guard let found = try await Self.serviceAccount(name, of: team, in: transaction) else { return false }
            try await transaction.query("DELETE FROM service_accounts WHERE team = \(team) AND name = \(name)")
            let before: [String: String?] = ["role": found.role.rawValue, "description": found.description]
            try await AuditEntry(
                "delete",
                team: team,
                kind: "service_account",
                subject: "\(team)/\(name)",
                by: actor,
                why: why
            ).changing(from: before, to: [String: String]?.none).write(in: transaction)
            return true
        }
    }

    package func serviceAccount(_ name: String, of team: String) async throws -> ServiceAccountRecord? {
        try await Self.serviceAccount(name, of: team, in: pool)
    }

    private static func serviceAccount(
        _ name: String,
        of team: String,
        in session: some PostgresQuerying
    ) async throws -> ServiceAccountRecord? {
        try await session.query(
            """
            SELECT \(unescaped: ServiceAccountRecord.columns) FROM service_accounts a
            WHERE a.team = \(team) AND a.name = \(name)
            """
        ).first.map(ServiceAccountRecord.init(row:))
    }

    /// Service accounts by team and name, after such a place.
    ///
    /// - Parameter teams: of these; `nil`: of all.
    package func serviceAccounts(
        teams: [String]?,
        after: (team: String, name: String)? = nil,
        limit: Int
    ) async throws -> [ServiceAccountRecord] {
        let page = min(max(limit, 1), limits.page)
        return try await pool.query(
            """
            SELECT \(unescaped: ServiceAccountRecord.columns) FROM service_accounts a
            WHERE (\(nullable: teams)::text[] IS NULL OR a.team = ANY(\(nullable: teams)::text[]))
                AND (a.team, a.name) > (\(after?.team ?? ""), \(after?.name ?? ""))
            ORDER BY a.team, a.name LIMIT \(page)
            """
        ).rows.map(ServiceAccountRecord.init(row:))
    }
}
