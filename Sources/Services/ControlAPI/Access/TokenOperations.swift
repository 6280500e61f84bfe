internal import Hummingbird
internal import RunStore
internal import SlipwayCore

/// What clients do with API tokens.
struct TokenOperations: Sendable {
    let store: RunStore
    let authenticator: Authenticator
    let identifiers: RunIdentifiers
    let limits: ControlAPILimits
    let now: @Sendable () -> Timestamp

    var all: [Operation] {
        [
            Operation("CreateToken", .post, "/tokens", allows: .anyone, isSecret: true, create),
            Operation("ListTokens", .get, "/tokens", allows: .anyone, list),
            Operation("DescribeToken", .get, "/tokens/{token}", allows: .anyone, describe),
            Operation("RevokeToken", .delete, "/tokens/{token}", allows: .anyone, revoke),
            Operation("DescribeCaller", .get, "/caller", allows: .anyone, describeCaller),
        ]
    }

    // MARK: Making

    /// The answer is the only place where the token itself ever stands.
    @Sendable private func create(_ call: Call) async throws -> Response {
        _ = try call.query()
        let request = try TokenRequest(try await call.json())
        let (owner, most) = try await owner(of: request, call)
        let grants = request.grants ?? most
        guard call.principal.grants.covers(grants), most.covers(grants) else {
            throw Problem.forbidden(
                "a token may do no more than you and its owner; ask for less, or for nothing in particular"
            )
        }
        let expiresAt = try expiry(of: request, call)
        let token = APIToken(id: identifiers.next())
        let stored = NewToken(
            id: token.id,
            name: request.name,
            secretHash: token.secretHash,
            owner: owner,
            grants: grants,
            expiresAt: expiresAt
        )
        switch try await store.create(stored, by: call.actor()) {
        case .done(let record):
            return .json(.created, headers: [.location: Links.token(record.id)]) { json in
                json.object { json in
                    json.members(of: record)
                    json.member("token", token.text)
                }
            }
        case .noSuchAccount, .firstExists:
            throw Problem.serviceAccountNotFound(request.account?.name ?? "", team: request.account?.team ?? "")
        case .tooMany(let limit): throw Problem.limitReached("tokens of one owner", limit: limit)
        }
    }

    /// Whose it is to be, and what that one may do at most.
    private func owner(of request: TokenRequest, _ call: Call) async throws -> (TokenOwner, Grants) {
        if let (team, name) = request.account {
            let unknown = Problem.serviceAccountNotFound(name, team: team)
            try call.require(.admin, in: team, orElse: unknown)
            guard let account = try await store.serviceAccount(name, of: team) else { throw unknown }
            return (.serviceAccount(team: team, name: name), Grants(teams: [team: account.role]))
        }
        let principal = call.principal
        if let subject = principal.subject { return (.user(subject: subject), principal.grants) }
        guard principal.kind != .serviceAccount, call.isOverAll(.admin) else {
            throw Problem.forbidden("only a person, or an admin over all teams, makes tokens without service_account")
        }
        return (.installation, principal.grants)
    }

    /// A token that was made with a token of the same owner does not outlive that one.
    private func expiry(of request: TokenRequest, _ call: Call) throws(Problem) -> Timestamp? {
        let asked = request.lifetimeSeconds.map { now() + .seconds($0) }
        let isOwn = request.account == nil || call.principal.kind == .serviceAccount
        guard call.principal.tokenID != nil, isOwn, let end = call.principal.expiresAt else { return asked }
        guard let asked else { return end }
        return min(asked, end)
    }

    // MARK: Reading

    /// One's own, and those of the service accounts of teams that one is an admin of.
    @Sendable private func list(_ call: Call) async throws -> Response {
        let query = try call.query("team", "service_account", "revoked", "limit", "after")
        let page = try await call.page(query, default: 100)
        let asked = query.list("team")
        let tokens = try await store.tokens(
            teams: call.teams(.admin).narrowed(to: asked),
            orOf: asked == nil ? call.principal.subject : nil,
            serviceAccount: query.text("service_account"),
            includesRevoked: query.flag("revoked"),
            before: page.place { $0.first.flatMap(Identifier.init) },
            limit: page.limit
        )
        return .json { json in
            json.object { json in
                json.array("tokens", tokens) { $0.token($1) }
                json.member("next", page.next(tokens) { [$0.id.description] })
            }
        }
    }

    @Sendable private func describe(_ call: Call) async throws -> Response {
        _ = try call.query()
        let token = try await token(call)
        return .json { $0.token(token) }
    }

    @Sendable private func revoke(_ call: Call) async throws -> Response {
        _ = try call.query()
        let why = try await call.why()
        let token = try await token(call)
        guard let revoked = try await store.revokeToken(token.id, by: call.actor(), why: why) else {
            throw Problem.tokenNotFound(token.id.description)
        }
        authenticator.forget(token.id)
        return .json { $0.token(revoked) }
    }

    /// The token that the path names, if it is the caller's business.
    private func token(_ call: Call) async throws -> TokenRecord {
        let text = call.segment("token")
        guard let id = Identifier(text), let token = try await store.token(id) else {
            throw Problem.tokenNotFound(text)
        }
        let isTheirs =
            switch token.owner {
            case .installation: call.isOverAll(.admin)
            case .serviceAccount(let team, _): call.teams(.admin).contains(team)
            case .user(let subject): call.isOverAll(.admin) || call.principal.subject == subject
            }
        guard isTheirs || call.principal.tokenID == id else { throw Problem.tokenNotFound(text) }
        return token
    }

    // MARK: Oneself

    @Sendable private func describeCaller(_ call: Call) async throws -> Response {
        _ = try call.query()
        let principal = call.principal
        return .json { json in
            json.object { json in
                json.member("kind", principal.kind)
                json.member("name", principal.name)
                json.member("subject", principal.subject)
                json.grants("grants", principal.grants)
                json.member("token_id", principal.tokenID)
                json.member("session", principal.isSession)
                json.member("expires_at", principal.expiresAt)
                json.member("csrf_token", call.csrfToken)
            }
        }
    }
}

extension Problem {
    static func tokenNotFound(_ id: String) -> Problem {
        Problem(
            .notFound,
            .tokenNotFound,
            title: "There is no such token",
            detail: "no token has the id \(id.prefix(100))"
        )
    }

    static func serviceAccountNotFound(_ name: String, team: String) -> Problem {
        Problem(
            .notFound,
            .serviceAccountNotFound,
            title: "There is no such service account",
            detail: "team \"\(team.prefix(100))\" has no service account \"\(name.prefix(100))\""
        )
    }
}
