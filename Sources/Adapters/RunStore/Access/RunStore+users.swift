internal import PostgresClient
package import SlipwayCore

/// Somebody that a provider of identities has told of.
package struct UserIdentity: Sendable, Hashable, Codable {
    /// As team members are named: `issuer|subject`.
    package var subject: String
    package var name: String?
    /// One that its provider has verified; members may be named by it too.
    package var email: String?
    /// What their groups give them; `nil` if the provider did not tell of groups.
    package var groupGrants: Grants?

    package init(subject: String, name: String? = nil, email: String? = nil, groupGrants: Grants? = nil) {
        self.subject = subject
        self.name = name
        self.email = email
        self.groupGrants = groupGrants
    }

    /// What records call them.
    package var shownName: String { email ?? name ?? subject }
}

/// A login that waits for the person to come back from the provider.
package struct PendingLogin: Sendable, Hashable {
    package var stateHash: [UInt8]
    package var issuer: String
    package var nonce: String
    package var verifier: String
    /// Where the browser goes afterwards, a path.
    package var returnTo: String

    package init(stateHash: [UInt8], issuer: String, nonce: String, verifier: String, returnTo: String) {
        self.stateHash = stateHash
        self.issuer = issuer
        self.nonce = nonce
        self.verifier = verifier
        self.returnTo = returnTo
    }
}

/// A browser that is logged in.
package struct SessionLookup: Sendable, Hashable {
    package var user: UserIdentity
    package var grants: Grants
    package var expiresAt: Timestamp
}

extension RunStore {
    /// Logins that wait at once, of all people.
    private static let pendingLogins = 10_000

    /// Remembers somebody and what their groups give them now.
    ///
    /// - Parameter isWhole: what is not told of them is not so any more. Otherwise what was told before stays: many providers
    ///   tell less in the tokens of programs than at a login.
    /// - Returns: what they may do, by the groups that were told and membership.
    package func note(_ user: UserIdentity, isWhole: Bool) async throws -> Grants {
        let rows = try await pool.query(
            """
            WITH u AS (
                INSERT INTO access_users AS k (subject, name, email, group_grants)
                VALUES (\(user.subject), \(nullable: user.name)::text, \(nullable: user.email)::text,
                    \(try postgresJSON(user.groupGrants ?? Grants())))
                ON CONFLICT (subject) DO UPDATE SET
                    name = CASE WHEN \(isWhole) THEN excluded.name ELSE coalesce(excluded.name, k.name) END,
                    email = CASE WHEN \(isWhole) THEN excluded.email ELSE coalesce(excluded.email, k.email) END,
                    group_grants = CASE WHEN \(isWhole || user.groupGrants != nil) THEN excluded.group_grants
                        ELSE k.group_grants END,
                    seen_at = now()
                RETURNING *
            )
            SELECT \(try postgresJSON(user.groupGrants ?? Grants())) AS group_grants, \(unescaped: Self.memberRoles) FROM u
            """
        )
        return try rows.first.map(Self.userGrants) ?? Grants()
    }

    // MARK: Logging in

    /// - Returns: whether there was room for it.
    package func begin(_ login: PendingLogin, lasting seconds: Int) async throws -> Bool {
        try await pool.transaction { transaction in
            try await transaction.query("DELETE FROM logins WHERE expires_at < now()")
            let waiting = try await transaction.query("SELECT count(*) FROM logins").decode(Int.self)[0]
            guard waiting < Self.pendingLogins else { return false }
            try await transaction.query(
                """
                INSERT INTO logins (state_hash, issuer, nonce, verifier, return_to, expires_at)
                VALUES (\(login.stateHash), \(login.issuer), \(login.nonce), \(login.verifier), \(login.returnTo),
                    now() + make_interval(secs => \(Double(seconds))))
                """
            )
            return true
        }
    }

    /// Takes a login that has not been taken before and is not too old.
    package func takeLogin(_ stateHash: [UInt8]) async throws -> PendingLogin? {
        try await pool.query(
            """
            DELETE FROM logins WHERE state_hash = \(stateHash) RETURNING issuer, nonce, verifier, return_to, expires_at > now()
            """
        ).decode(String.self, String.self, String.self, String.self, Bool.self).first.flatMap {
            guard $0.4 else { return nil }
            return PendingLogin(stateHash: stateHash, issuer: $0.0, nonce: $0.1, verifier: $0.2, returnTo: $0.3)
        }
    }

    // MARK: Sessions

    package func createSession(_ secretHash: [UInt8], of subject: String, lasting seconds: Int) async throws {
        try await pool.transaction { transaction in
            try await transaction.query("DELETE FROM sessions WHERE expires_at < now()")
            try await transaction.query(
                """
                INSERT INTO sessions (secret_hash, subject, expires_at)
                VALUES (\(secretHash), \(subject), now() + make_interval(secs => \(Double(seconds))))
                """
            )
            try await AuditEntry("login", team: nil, kind: "user", subject: subject, by: subject).write(in: transaction)
        }
    }

    /// Who is logged in; `nil` if that is over.
    package func lookUpSession(_ secretHash: [UInt8]) async throws -> SessionLookup? {
        let row = try await pool.query(
            """
            SELECT u.subject, u.name, u.email, \(unescaped: Self.presentGroups), s.expires_at, \(unescaped: Self.memberRoles)
            FROM sessions s JOIN access_users u ON u.subject = s.subject
            WHERE s.secret_hash = \(secretHash) AND s.expires_at > now()
            """
        ).first
        guard let row else { return nil }
        let user = UserIdentity(
            subject: try row.value("subject"),
            name: try row.value("name"),
            email: try row.value("email"),
            groupGrants: try decoded(row.value("group_grants"))
        )
        return SessionLookup(user: user, grants: try Self.userGrants(row), expiresAt: try row.value("expires_at"))
    }

    package func endSession(_ secretHash: [UInt8]) async throws {
        try await pool.query("DELETE FROM sessions WHERE secret_hash = \(secretHash)")
    }
}
