internal import PostgresClient
package import SlipwayCore

extension RunStore {
    /// Tokens of one owner that are not revoked.
    package static let tokensPerOwner = 1000

    // MARK: Making and ending

    package func create(_ token: NewToken, by actor: String?) async throws -> CreatedToken {
        try await pool.transaction { transaction in
            var team: String?
            var account: String?
            var subject: String?
            switch token.owner {
            case .installation: break
            case .serviceAccount(let ownerTeam, let name): (team, account) = (ownerTeam, name)
            case .user(let name): subject = name
            }
            // Who deletes the account meanwhile waits; of two first tokens one is made.
            try await transaction.query("SELECT pg_advisory_xact_lock(7203914415)")
            if let team, let account {
                let found = try await transaction.query(
                    "SELECT FROM service_accounts WHERE team = \(team) AND name = \(account) FOR SHARE"
                )
                guard found.rowCount > 0 else { return .noSuchAccount }
            }
            if token.isFirst {
                let others = try await transaction.query("SELECT FROM api_tokens WHERE is_first AND revoked_at IS NULL")
                guard others.rowCount == 0 else { return .firstExists }
            }
            let count = try await transaction.query(
                """
                SELECT count(*) FROM api_tokens WHERE revoked_at IS NULL AND team IS NOT DISTINCT FROM \(nullable: team)::text
                    AND service_account IS NOT DISTINCT FROM \(nullable: account)::text
                    AND subject IS NOT DISTINCT FROM \(nullable: subject)::text
                """
            ).decode(Int.self)[0]
            guard count < Self.tokensPerOwner else { return .tooMany(limit: Self.tokensPerOwner) }
            let stored = try await transaction.query(
                """
                INSERT INTO api_tokens AS t (id, name, secret_hash, grants, team, service_account, subject, created_by,
                    expires_at, is_first)
                VALUES (\(token.id), \(token.name), \(token.secretHash), \(try postgresJSON(token.grants)),
                    \(nullable: team)::text, \(nullable: account)::text, \(nullable: subject)::text,
                    \(nullable: actor)::text, \(nullable: token.expiresAt)::timestamptz, \(token.isFirst))
                RETURNING \(unescaped: TokenRecord.columns)
                """
            )
            let record = try TokenRecord(row: stored.rows[0])
            try await Self.entry("create", record, by: actor)
                .changing(from: Grants?.none, to: record.grants).write(in: transaction)
            return .done(record)
        }
    }

    /// Ends a token. Safe to repeat.
    ///
    /// - Returns: the token as it is then; `nil` if there is none.
    package func revokeToken(_ id: Identifier, by actor: String?, why: String?) async throws -> TokenRecord? {
        try await pool.transaction { transaction in
            let found = try await transaction.query(
                "SELECT \(unescaped: TokenRecord.columns) FROM api_tokens t WHERE t.id = \(id) FOR UPDATE"
            ).first.map(TokenRecord.init(row:))
            guard let found, found.revokedAt == nil else { return found }
            let stored = try await transaction.query(
                """
                UPDATE api_tokens t SET revoked_at = clock_timestamp(), revoked_by = \(nullable: actor)::text
                WHERE id = \(id) RETURNING \(unescaped: TokenRecord.columns)
                """
            )
            try await Self.entry("revoke", found, by: actor, why: why)
                .changing(from: found.grants, to: Grants?.none).write(in: transaction)
            return try TokenRecord(row: stored.rows[0])
        }
    }

    private static func entry(
        _ action: String,
        _ token: TokenRecord,
        by actor: String?,
        why: String? = nil
    ) throws -> AuditEntry {
        var team: String?
        if case .serviceAccount(let name, _) = token.owner { team = name }
        let details = JSONValue.object(["name": .string(token.name)])
        return try AuditEntry(
            action,
            team: team,
            kind: "token",
            subject: token.id.description,
            by: actor,
            why: why,
            details: details
        )
    }

    // MARK: Reading

    package func token(_ id: Identifier) async throws -> TokenRecord? {
        try await pool.query("SELECT \(unescaped: TokenRecord.columns) FROM api_tokens t WHERE t.id = \(id)")
            .first.map(TokenRecord.init(row:))
    }

    /// Tokens, newest first, older than `before`.
    ///
    /// - Parameters:
    ///   - teams: of these teams' service accounts; `nil`: everybody's.
    ///   - subject: also this user's.
    ///   - includesRevoked: also those that are over.
    package func tokens(
        teams: [String]?,
        orOf subject: String?,
        serviceAccount: String? = nil,
        includesRevoked: Bool = false,
        before: Identifier? = nil,
        limit: Int
    ) async throws -> [TokenRecord] {
        let page = min(max(limit, 1), limits.page)
        return try await pool.query(
            """
            SELECT \(unescaped: TokenRecord.columns) FROM api_tokens t
            WHERE (\(nullable: teams)::text[] IS NULL OR t.team = ANY(\(nullable: teams)::text[])
                    OR t.subject = \(nullable: subject)::text)
                AND (\(nullable: serviceAccount)::text IS NULL OR t.service_account = \(nullable: serviceAccount)::text)
                AND (\(includesRevoked) OR t.revoked_at IS NULL)
                AND (\(nullable: before)::uuid IS NULL OR t.id < \(nullable: before)::uuid)
            ORDER BY t.id DESC LIMIT \(page)
            """
        ).rows.map(TokenRecord.init(row:))
    }

    // MARK: Asking with one

    /// What is known of a token, by the part that is no secret; `nil` if there is none.
    package func lookUpToken(_ id: Identifier) async throws -> TokenLookup? {
        let row = try await pool.query(
            """
            SELECT \(unescaped: TokenRecord.columns), t.secret_hash, a.role AS account_role,
                coalesce(u.email, u.name, u.subject) AS owner_name, \(unescaped: Self.presentGroups), \(unescaped: Self.memberRoles)
            FROM api_tokens t
            LEFT JOIN service_accounts a ON a.team = t.team AND a.name = t.service_account
            LEFT JOIN access_users u ON u.subject = t.subject
            WHERE t.id = \(id)
            """
        ).first
        guard let row else { return nil }
        let record = try TokenRecord(row: row)
        var lookup = TokenLookup(record: record, secretHash: try row.value("secret_hash"))
        lookup.ownerName = try row.value("owner_name")
        switch record.owner {
        case .installation: break
        case .serviceAccount(let team, _):
            let role: TeamRole? = try row.value("account_role")
            lookup.ownerGrants = Grants(teams: role.map { [team: $0] } ?? [:])
        case .user: lookup.ownerGrants = try Self.userGrants(row)
        }
        return lookup
    }

    /// That the provider of the user `u` has told of them of late. What it told before may not be so any more.
    private static let isPresent = "u.seen_at > now() - interval '7 days'"

    /// What groups give the user `u`.
    static let presentGroups =
        "CASE WHEN \(isPresent) THEN u.group_grants ELSE '{\"teams\": {}}'::jsonb END AS group_grants"

    /// The roles of the user `u` in teams, by membership.
    static let memberRoles = """
        coalesce((SELECT jsonb_object_agg(role_of.team, role_of.role) FROM (
            SELECT DISTINCT ON (m.team) m.team, m.role FROM team_members m 
            WHERE m.subject = u.subject OR m.subject = u.email AND \(isPresent)
            ORDER BY m.team, array_position(ARRAY['admin', 'operator', 'submitter', 'viewer'], m.role)
        ) AS role_of), '{}'::jsonb) AS member_roles
        """

    /// What a user may do by groups and membership.
    static func userGrants(_ row: PostgresRow) throws -> Grants {
        let groups: Grants = try decoded(row.value("group_grants"))
        let teams: [String: TeamRole] = try decoded(row.value("member_roles"))
        return groups.joined(with: Grants(teams: teams))
    }

    /// Notes when tokens were used last.
    package func noteUse(_ uses: [Identifier: Timestamp]) async throws {
        guard !uses.isEmpty else { return }
        let uses = uses.sorted { $0.key < $1.key }
        try await pool.query(
            """
            UPDATE api_tokens t SET last_used_at = greatest(t.last_used_at, u.at)
            FROM unnest(\(uses.map(\.key)), \(uses.map(\.value))) AS u (id, at) WHERE t.id = u.id
            """
        )
    }
}
