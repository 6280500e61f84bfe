internal import PostgresClient
package import SlipwayCore

/// Whose an API token is: it may never do more than its owner.
package enum TokenOwner: Sendable, Hashable {
    /// Nobody's: it lives as long as nobody revokes it.
    case installation
    case serviceAccount(team: String, name: String)
    case user(subject: String)
}

/// An API token as it is stored, without anything to ask with.
package struct TokenRecord: Sendable, Hashable {
    package var id: Identifier
    package var name: String
    package var owner: TokenOwner
    /// What it may do at most.
    package var grants: Grants
    package var createdBy: String?
    package var createdAt: Timestamp
    package var expiresAt: Timestamp?
    /// Known to the minute.
    package var lastUsedAt: Timestamp?
    package var revokedAt: Timestamp?
    package var revokedBy: String?

    static let columns = """
        t.id, t.name, t.team, t.service_account, t.subject, t.grants, t.created_by, t.created_at, t.expires_at, \
        t.last_used_at, t.revoked_at, t.revoked_by
        """

    init(row: PostgresRow) throws {
        id = try row.value("id")
        name = try row.value("name")
        grants = try decoded(row.value("grants"))
        createdBy = try row.value("created_by")
        createdAt = try row.value("created_at")
        expiresAt = try row.value("expires_at")
        lastUsedAt = try row.value("last_used_at")
        revokedAt = try row.value("revoked_at")
        revokedBy = try row.value("revoked_by")
        let team: String? = try row.value("team")
        let account: String? = try row.value("service_account")
        let subject: String? = try row.value("subject")
        if let team, let account {
            owner = .serviceAccount(team: team, name: account)
        } else {
            owner = subject.map { .user(subject: $0) } ?? .installation
        }
    }
}

/// A token that is to be stored.
package struct NewToken: Sendable {
    package var id: Identifier
    package var name: String
    /// SHA-256 of the secret part.
    package var secretHash: [UInt8]
    package var owner: TokenOwner
    package var grants: Grants
    package var expiresAt: Timestamp?
    /// Whether it is for the installation's first admin.
    package var isFirst: Bool

    package init(
        id: Identifier,
        name: String,
        secretHash: [UInt8],
        owner: TokenOwner,
        grants: Grants,
        expiresAt: Timestamp? = nil,
        isFirst: Bool = false
    ) {
        self.id = id
        self.name = name
        self.secretHash = secretHash
        self.owner = owner
        self.grants = grants
        self.expiresAt = expiresAt
        self.isFirst = isFirst
    }
}

/// What is known of a token that somebody came with.
package struct TokenLookup: Sendable, Hashable {
    package var record: TokenRecord
    package var secretHash: [UInt8]
    /// What its owner may do now; `nil` for one that is nobody's.
    package var ownerGrants: Grants?
    /// A user's name or e-mail address.
    package var ownerName: String?
}

package enum CreatedToken: Sendable, Hashable {
    case done(TokenRecord)
    case noSuchAccount
    /// Its owner has as many as there may be.
    case tooMany(limit: Int)
    /// The first admin's token has been made before.
    case firstExists
}

/// A program of a team.
package struct ServiceAccountRecord: Sendable, Hashable {
    package var team: String
    package var name: String
    package var role: TeamRole
    package var description: String?
    package var revision: Int64
    package var createdBy: String?
    package var createdAt: Timestamp
    package var updatedAt: Timestamp
    /// Those that are not revoked.
    package var tokens: Int

    static let columns = """
        a.team, a.name, a.role, a.description, a.revision, a.created_by, a.created_at, a.updated_at, \
        (SELECT count(*) FROM api_tokens t WHERE t.team = a.team AND t.service_account = a.name \
        AND t.revoked_at IS NULL) AS tokens
        """

    init(row: PostgresRow) throws {
        team = try row.value("team")
        name = try row.value("name")
        role = try row.value("role")
        description = try row.value("description")
        revision = try row.value("revision")
        createdBy = try row.value("created_by")
        createdAt = try row.value("created_at")
        updatedAt = try row.value("updated_at")
        tokens = try row.value("tokens")
    }
}

package enum AppliedServiceAccount: Sendable, Hashable {
    case done(ServiceAccountRecord, StoreChange)
    case teamNotFound
    case tooMany(limit: Int)
    case otherRevision(Int64)
}
