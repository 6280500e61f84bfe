/// Who asks.
package struct Principal: Sendable, Hashable {
    package enum Kind: String, Sendable, Hashable, CaseIterable {
        /// Whoever is on the machine of an API that asks for no credentials.
        case local
        /// Whoever has the installation's own token, or one that belongs to nobody.
        case token
        /// A person, by a provider of identities.
        case user
        /// A program of a team.
        case serviceAccount = "service_account"
    }

    package var kind: Kind
    /// What records call them: a user's e-mail address or subject, a service account as `team/name`, a token's name.
    package var name: String
    /// As team members are named; `nil` for those that can be members of none.
    package var subject: String?
    package var grants: Grants
    /// The API token they came with; `nil`: they came with something else.
    package var tokenID: Identifier?
    /// Whether they are logged in with a browser.
    package var isSession: Bool
    /// When what they came with ends; `nil`: never by itself.
    package var expiresAt: Timestamp?

    package init(
        kind: Kind,
        name: String,
        subject: String? = nil,
        grants: Grants,
        tokenID: Identifier? = nil,
        isSession: Bool = false,
        expiresAt: Timestamp? = nil
    ) {
        self.kind = kind
        self.name = name
        self.subject = subject
        self.grants = grants
        self.tokenID = tokenID
        self.isSession = isSession
        self.expiresAt = expiresAt
    }

    /// Everyone on the machine of an API that asks for no credentials.
    package static let local = Principal(kind: .local, name: "local", grants: .all)

    /// Whoever has the token that the API was configured with.
    package static let installation = Principal(kind: .token, name: "installation", grants: .all)

    /// Somebody without credentials, where those are not asked for.
    package static let stranger = Principal(kind: .user, name: "stranger", grants: Grants())

    /// Tells callers apart, whatever they call themselves.
    package var identity: String {
        tokenID.map { "token \($0)" } ?? subject.map { "user \($0)" } ?? "\(kind.rawValue) \(name)"
    }

    /// Whether the same credentials may be in many hands, so that what they say of themselves is worth recording.
    package var isShared: Bool { kind == .local || (kind == .token && tokenID == nil) }
}
