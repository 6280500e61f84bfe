internal import Hummingbird
internal import RunStore
internal import SlipwayCore

/// Finds out who asks: by an API token, an identity provider's token, a browser's session, or because an API without any of these
/// serves this machine only.
struct Authenticator: Sendable {
    let access: AccessControl
    let crossOrigin: CrossOrigin
    let store: RunStore
    let uses: TokenUses
    let guesses: GuessGate
    let providers: IdentityProviders
    let cookies: Cookies
    let now: @Sendable () -> Timestamp
    private let tokens: BriefMemory<Identifier, TokenLookup?>
    private let sessions: BriefMemory<[UInt8], SessionLookup?>
    private let users: BriefMemory<UserIdentity, Grants>

    init(
        access: AccessControl,
        crossOrigin: CrossOrigin,
        store: RunStore,
        uses: TokenUses,
        guesses: GuessGate,
        providers: IdentityProviders,
        cookies: Cookies,
        memory: Duration,
        now: @escaping @Sendable () -> Timestamp
    ) {
        self.access = access
        self.crossOrigin = crossOrigin
        self.store = store
        self.uses = uses
        self.guesses = guesses
        self.providers = providers
        self.cookies = cookies
        self.now = now
        tokens = BriefMemory(age: memory)
        sessions = BriefMemory(age: memory)
        users = BriefMemory(age: memory)
    }

    /// Finds out who asks, unless too many requests of their address had no valid credentials.
    ///
    /// - Parameter address: of the client.
    func caller(of request: Request, from address: String?) async -> Result<Principal, Problem> {
        guard let credential = credential(of: request) else { return await caller(of: request) }
        let isKnown = guesses.isKnown(credential)
        if !isKnown, let wait = guesses.enter(address) { return .failure(.tooManyRefusals(waitSeconds: wait)) }
        let found = await caller(of: request)
        switch found {
        case .success:
            guesses.accepted(credential)
            if !isKnown { guesses.giveBack(address) }
        case .failure(let problem) where problem.code == .unauthorized:
            guesses.refused(credential)
            if isKnown { _ = guesses.enter(address) }
        case .failure:
            // Nobody could tell.
            if !isKnown { guesses.giveBack(address) }
        }
        return found
    }

    /// Counts an answer that somebody without any credentials got for want of them.
    func noteStranger(_ request: Request, from address: String?) {
        if credential(of: request) == nil { _ = guesses.enter(address) }
    }

    /// Somebody has just logged in: that counts whatever else came from their address.
    func accepted(session cookie: String) { guesses.accepted(Secrets.sha256(cookie)) }

    /// What tells one credential from others; `nil`: the request has none.
    private func credential(of request: Request) -> [UInt8]? {
        (AccessControl.bearer(request) ?? cookies.value(cookies.session, in: request)).map(Secrets.sha256)
    }

    /// Finds out who asks.
    func caller(of request: Request) async -> Result<Principal, Problem> {
        do {
            return .success(try await principal(of: request))
        } catch {
            return .failure(Problem(error))
        }
    }

    private func principal(of request: Request) async throws -> Principal {
        if let given = AccessControl.bearer(request) { return try await principal(with: given) }
        if let secret = sessionSecret(of: request) { return try await principal(of: request, session: secret) }
        if access == .open {
            guard AccessControl.isLocal(request, otherOrigins: crossOrigin) else { throw Problem.forbiddenOrigin }
            return .local
        }
        throw Problem.unauthorized
    }

    private func principal(with given: String) async throws -> Principal {
        if case .token(let token) = access, AccessControl.areEqual(given, token) { return .installation }
        if let token = APIToken(given) { return try await principal(with: token) }
        return try await principal(withIdentity: given)
    }

    // MARK: People

    private func principal(withIdentity token: String) async throws -> Principal {
        let (user, end) = try await providers.identity(of: token, now: now())
        let grants = try await users.value(user) { [store] in try await store.note(user, isWhole: false) }
        return Principal(kind: .user, name: user.shownName, subject: user.subject, grants: grants, expiresAt: end)
    }

    private func principal(of request: Request, session secret: [UInt8]) async throws -> Principal {
        let hash = Secrets.sha256(secret)
        let found = try await sessions.value(hash) { [store] in try await store.lookUpSession(hash) }
        guard let found, found.expiresAt > now() else { throw Problem.unauthorized }
        if request.method != .get, request.method != .head, request.method != .options {
            guard crossOrigin.isFromOwnPage(request) else { throw Problem.foreignPage }
            let given = Array((request.headers[HeaderNames.csrfToken] ?? "").utf8)
            guard Secrets.areEqual(given, Array(Cookies.csrfToken(session: secret).utf8)) else {
                throw Problem.missingCSRFToken
            }
        }
        return Principal(
            kind: .user,
            name: found.user.shownName,
            subject: found.user.subject,
            grants: found.grants,
            isSession: true,
            expiresAt: found.expiresAt
        )
    }

    private func sessionSecret(of request: Request) -> [UInt8]? {
        cookies.value(cookies.session, in: request).flatMap { $0.isEmpty ? nil : Secrets.bytes(hexadecimal: $0) }
    }

    /// What a page must send with each change; `nil` for somebody who is not logged in with a browser.
    func csrfToken(of request: Request) -> String? {
        AccessControl.bearer(request) == nil ? sessionSecret(of: request).map(Cookies.csrfToken) : nil
    }

    // MARK: API tokens

    private func principal(with token: APIToken) async throws -> Principal {
        let found = try await tokens.value(token.id) { [store] in try await store.lookUpToken(token.id) }
        let now = now()
        guard let found, Secrets.areEqual(token.secretHash, found.secretHash), found.record.revokedAt == nil,
            found.record.expiresAt.map({ $0 > now }) ?? true
        else { throw Problem.unauthorized }
        uses.note(token.id, at: now)
        let record = found.record
        var principal = Principal(
            kind: .token,
            name: record.name,
            grants: found.ownerGrants.map { record.grants.limited(to: $0) } ?? record.grants,
            tokenID: record.id,
            expiresAt: record.expiresAt
        )
        switch record.owner {
        case .installation: break
        case .serviceAccount(let team, let name):
            principal.kind = .serviceAccount
            principal.name = "\(team)/\(name)"
        case .user(let subject):
            principal.kind = .user
            principal.name = found.ownerName ?? subject
            principal.subject = subject
        }
        return principal
    }

    /// A token was revoked here: that holds at once for this process.
    func forget(_ token: Identifier) { tokens.forget(token) }

    /// Somebody logged out here.
    func forget(session hash: [UInt8]) { sessions.forget(hash) }

    /// What somebody may do was changed here.
    func forgetAll() {
        tokens.forgetAll()
        sessions.forgetAll()
        users.forgetAll()
    }
}
