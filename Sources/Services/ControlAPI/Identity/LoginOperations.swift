internal import Hummingbird
internal import RunStore
internal import SlipwayCore

/// How people log in to the dashboard: OpenID Connect's authorization code with PKCE.
struct LoginOperations: Sendable {
    private static let callback = "/login/callback"
    private static let loginSeconds = 600

    let store: RunStore
    let providers: IdentityProviders
    let authenticator: Authenticator
    let cookies: Cookies
    /// Where browsers reach the API; `nil`: nobody logs in.
    let publicURL: String?
    let sessionSeconds: Int
    let now: @Sendable () -> Timestamp

    var all: [Operation] {
        [
            Operation("ListIdentityProviders", .get, "/identity-providers", allows: .open, list),
            Operation("BeginLogin", .get, "/login", allows: .open, begin),
            Operation("FinishLogin", .get, Self.callback, allows: .open, finish),
            Operation("Logout", .post, "/logout", allows: .anyone, logout),
        ]
    }

    /// Those by which people log in.
    @Sendable private func list(_ call: Call) async throws -> Response {
        _ = try call.query()
        let able = publicURL == nil ? [] : providers.all.filter { $0.issuer.clientID != nil }
        return .json { json in
            json.object { json in
                json.array("identity_providers", able) { json, provider in
                    json.object { json in
                        json.member("name", provider.issuer.name)
                        json.member("login", "\(Links.root)/login?provider=\(FormText.encoded(provider.issuer.name))")
                    }
                }
            }
        }
    }

    // MARK: There

    /// Sends the browser to the provider.
    @Sendable private func begin(_ call: Call) async throws -> Response {
        let query = try call.query("provider", "return_to")
        let returnTo = try query.text("return_to") ?? "/"
        guard Self.isOwnPath(returnTo) else {
            throw Problem.invalidParameter(
                FieldError(
                    field: "return_to",
                    value: String(returnTo.prefix(100)),
                    message: "is not a path here",
                    allowed: ["a path such as /runs"]
                )
            )
        }
        guard let publicURL, let provider = providers.provider(named: try query.text("provider")),
            let clientID = provider.issuer.clientID
        else { throw Problem.noLogin }
        let metadata: ProviderMetadata
        do {
            metadata = try await provider.metadata()
        } catch {
            throw providers.away(provider, error)
        }
        if let wait = authenticator.guesses.enter(call.address) { throw Problem.tooManyRefusals(waitSeconds: wait) }
        let state = Secrets.random(bytes: 32)
        let verifier = Base64URL.text(Secrets.random(bytes: 32))
        let login = PendingLogin(
            stateHash: Secrets.sha256(state),
            issuer: provider.issuer.issuer,
            nonce: Base64URL.text(Secrets.random(bytes: 16)),
            verifier: verifier,
            returnTo: returnTo
        )
        guard try await store.begin(login, lasting: Self.loginSeconds) else {
            throw Problem.overloaded("too many people are logging in")
        }
        let text = Secrets.hexadecimal(state)
        let parameters = FormText.text([
            ("response_type", "code"), ("client_id", clientID),
            ("redirect_uri", publicURL + Links.root + Self.callback),
            ("scope", provider.issuer.scopes.joined(separator: " ")), ("state", text), ("nonce", login.nonce),
            ("code_challenge", Base64URL.text(Secrets.sha256(verifier))), ("code_challenge_method", "S256"),
        ])
        let mark = metadata.authorizationEndpoint.contains("?") ? "&" : "?"
        var response = Self.redirect(to: metadata.authorizationEndpoint + mark + parameters)
        // The login belongs to this browser.
        response.headers[.setCookie] = cookies.header(cookies.login, text, seconds: Self.loginSeconds)
        return response
    }

    // MARK: And back

    /// Where the provider sends the browser afterwards.
    @Sendable private func finish(_ call: Call) async throws -> Response {
        let given = call.request.uri.queryParameters
        guard let state = given["state"].map(String.init), let bytes = Secrets.bytes(hexadecimal: state),
            cookies.value(cookies.login, in: call.request) == state,
            let login = try await store.takeLogin(Secrets.sha256(bytes)),
            let provider = providers.provider(login.issuer),
            let publicURL, let clientID = provider.issuer.clientID
        else { throw Problem.loginFailed("it took too long, or was begun in another browser; log in again") }
        guard let code = given["code"].map(String.init), given["error"] == nil else {
            throw Problem.loginFailed("the provider did not let you in")
        }
        // RFC 9207: another provider's code must not be shown to this one.
        guard given["iss"].map({ $0 == login.issuer }) ?? true else {
            throw Problem.loginFailed("its answer is another provider's")
        }
        let token = try await idToken(code, login, provider, clientID, redirect: publicURL + Links.root + Self.callback)
        let claims = try await providers.claims(of: token, provider, [clientID], now())
        guard claims["nonce"]?.string == login.nonce else { throw Problem.loginFailed("its answer is another login's") }
        guard claims["azp"].map({ $0.string == clientID }) ?? true else {
            throw Problem.loginFailed("its answer is another program's")
        }
        let user = IdentityProviders.user(claims, provider.issuer)
        _ = try await store.note(user, isWhole: true)
        // Always a new session: one that somebody planted before is worth nothing.
        if let old = cookies.value(cookies.session, in: call.request).flatMap({ Secrets.bytes(hexadecimal: $0) }) {
            try await store.endSession(Secrets.sha256(old))
        }
        let secret = Secrets.random(bytes: 32)
        try await store.createSession(Secrets.sha256(secret), of: user.subject, lasting: sessionSeconds)
        let text = Secrets.hexadecimal(secret)
        authenticator.accepted(session: text)
        var response = Self.redirect(to: login.returnTo)
        let session = cookies.header(cookies.session, text, seconds: sessionSeconds)
        response.headers[values: .setCookie] = [session, cookies.header(cookies.login, "", seconds: 0)]
        return response
    }

    private func idToken(
        _ code: String,
        _ login: PendingLogin,
        _ provider: IdentityProvider,
        _ clientID: String,
        redirect: String
    ) async throws(Problem) -> String {
        do {
            let secret = try provider.issuer.clientSecretFile.map(SecretFile.text)
            let address = try await provider.metadata().tokenEndpoint
            return try await ProviderHTTP.idToken(
                from: address,
                form: [
                    ("grant_type", "authorization_code"), ("code", code), ("redirect_uri", redirect),
                    ("client_id", clientID), ("code_verifier", login.verifier),
                ],
                client: secret.map { (clientID, $0) }
            )
        } catch let error as ProviderError where error.isRefusal {
            throw providers.refusal(provider, error)
        } catch {
            throw providers.away(provider, error)
        }
    }

    @Sendable private func logout(_ call: Call) async throws -> Response {
        _ = try call.query()
        if let secret = cookies.value(cookies.session, in: call.request).flatMap({ Secrets.bytes(hexadecimal: $0) }) {
            let hash = Secrets.sha256(secret)
            try await store.endSession(hash)
            authenticator.forget(session: hash)
        }
        var response = Response(status: .noContent)
        response.headers[.setCookie] = cookies.header(cookies.session, "", seconds: 0)
        return response
    }

    private static func redirect(to address: String) -> Response {
        Response(status: .seeOther, headers: [.location: address])
    }

    /// A path on this host, which no browser takes for another host's address.
    static func isOwnPath(_ text: String) -> Bool {
        let bytes = Array(text.utf8)
        return bytes.first == UInt8(ascii: "/") && bytes.count <= 2000 && bytes.dropFirst().first != UInt8(ascii: "/")
            && bytes.allSatisfy { (0x21...0x7E).contains($0) && $0 != UInt8(ascii: "\\") }
    }
}

extension Problem {
    static let noLogin = Problem(
        .notFound,
        .noLogin,
        title: "Nobody logs in here",
        detail: "no provider of that name lets people log in; see /api/v1/identity-providers"
    )

    static func loginFailed(_ detail: String) -> Problem {
        Problem(.badRequest, .loginFailed, title: "The login did not succeed", detail: detail)
    }

    static let foreignPage = Problem(
        .forbidden,
        .forbiddenOrigin,
        title: forbiddenOrigin.title,
        detail: "with a session changes are made from the API's own pages, and from sites that api.cors.origins names"
    )

    static let missingCSRFToken = Problem(
        .forbidden,
        .missingCSRFToken,
        title: "The request may be another site's",
        detail: "with a session every change needs the header x-csrf-token, with the csrf_token of /api/v1/caller"
    )
}
