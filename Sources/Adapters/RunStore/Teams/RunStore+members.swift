internal import PostgresClient
package import SlipwayCore

/// Somebody's part in a team.
package struct TeamMember: Sendable, Hashable {
    /// Who, as the credential they come with names them.
    package var subject: String
    package var role: TeamRole
    package var createdAt: Timestamp
}

package enum ChangedMember: Sendable, Hashable {
    case done(StoreChange)
    case teamNotFound
    /// The team has as many members as there may be.
    case tooMany(limit: Int)
}

extension TeamRole: PostgresEncodable, PostgresDecodable {}

extension RunStore {
    /// Gives somebody a role in a team. Safe to repeat.
    package func setMember(
        _ subject: String,
        of team: String,
        role: TeamRole,
        by actor: String?
    ) async throws -> ChangedMember {
        try await pool.transaction { transaction in
            let known = try await transaction.query("SELECT FROM teams WHERE name = \(team) FOR UPDATE")
            guard known.rowCount > 0 else { return .teamNotFound }
            let before = try await transaction.query(
                "SELECT role FROM team_members WHERE team = \(team) AND subject = \(subject)"
            ).decode(TeamRole.self).first
            guard before != role else { return .done(.unchanged) }
            let limit = TeamLimits.standard.members
            let count = try await transaction.query("SELECT count(*) FROM team_members WHERE team = \(team)")
                .decode(Int.self)[0]
            guard before != nil || count < limit else { return .tooMany(limit: limit) }
            try await transaction.query(
                """
                INSERT INTO team_members (team, subject, role) VALUES (\(team), \(subject), \(role))
                ON CONFLICT (team, subject) DO UPDATE SET role = excluded.role
                """
            )
            let details = JSONValue.object(["subject": .string(subject), "role": .string(role.rawValue)])
            try await AuditEntry("set_member", team: team, kind: "team", subject: team, by: actor, details: details)
                .changing(from: before, to: role).write(in: transaction)
            return .done(before == nil ? .created : .updated)
        }
    }

    /// - Returns: whether somebody of that name was a member.
    package func removeMember(_ subject: String, of team: String, by actor: String?) async throws -> Bool {
        try await pool.transaction { transaction in
            let gone = try await transaction.query(
                "DELETE FROM team_members WHERE team = \(team) AND subject = \(subject) RETURNING role"
            ).decode(TeamRole.self).first
            guard let gone else { return false }
            let details = JSONValue.object(["subject": .string(subject)])
            try await AuditEntry("remove_member", team: team, kind: "team", subject: team, by: actor, details: details)
                .changing(from: gone, to: TeamRole?.none).write(in: transaction)
            return true
        }
    }

    /// The members of a team by name, after `subject`.
    package func members(of team: String, after subject: String? = nil, limit: Int = 100) async throws -> [TeamMember] {
        let page = min(max(limit, 1), limits.page)
        return try await pool.query(
            """
            SELECT subject, role, created_at FROM team_members WHERE team = \(team) AND subject > \(subject ?? "")
            ORDER BY subject LIMIT \(page)
            """
        ).decode(String.self, TeamRole.self, Timestamp.self).map {
            TeamMember(subject: $0.0, role: $0.1, createdAt: $0.2)
        }
    }
}
