import Foundation
import PostgresClient
import RunStore
import SlipwayCore
import Testing

@testable import ControlAPI

/// People who log in with a browser.
@Suite struct LoginTests {
    private static func with(
        publicURL: String = "https://slipway.example",
        _ body: @Sendable @escaping (APIFixture, OwnProvider) async throws -> Void
    ) async throws {
        var limits = APIFixture.quick
        limits.accessMemory = .zero
        try await OwnProvider.with { provider, _ in
            let issuer = try IdentityIssuer.trusted(provider.issuer, algorithm: "ES256")
            try await APIFixture.with(limits: limits, issuers: [issuer], publicURL: publicURL) { api in
                try await body(api, provider)
            }
        }
    }

    /// A browser in which ann is logged in, with the name of its session's cookie.
    private static func loggedIn(_ api: APIFixture) async throws -> Browser {
        let browser = Browser(base: api.client.base)
        let back = try await browser.finishLogin(browser.letIn(at: browser.beginLogin()))
        #expect(back.status == 303, "\(back.text)")
        return browser
    }

    private static let session = "__Host-slipway-session"

    @Test("there and back, with cookies that no page reads and no other host gets")
    func thereAndBack() async throws {
        try await Self.with { api, provider in
            let browser = Browser(base: api.client.base)
            let listed = try await browser.ask("GET", "/api/v1/identity-providers").json
            let first = try #require(listed.elements("identity_providers").first)
            #expect(first["name"]?.string == "corp" && first["login"]?.string == "/api/v1/login?provider=corp")
            #expect(try await browser.ask("GET", "/api/v1/runs").status == 401)
            let there = try await browser.beginLogin(returnTo: "/runs?state=failed")
            let address = try #require(URLComponents(string: there))
            let asked = Dictionary((address.queryItems ?? []).map { ($0.name, $0.value ?? "") }) { $1 }
            #expect(there.hasPrefix(provider.issuer + "/authorize?"))
            #expect(asked["redirect_uri"] == "https://slipway.example/api/v1/login/callback")
            #expect(asked["scope"] == "openid email profile" && asked["code_challenge_method"] == "S256")
            #expect(asked["state"]?.count == 64 && asked["nonce"]?.count == 22 && asked["code_challenge"]?.count == 43)
            #expect(browser.cookies["__Host-slipway-login"] == asked["state"])
            let once = "; Path=/; Max-Age=600; HttpOnly; SameSite=Lax; Secure"
            #expect(browser.settings["__Host-slipway-login"] == once)
            // A session that somebody planted is worth nothing.
            let planted = String(repeating: "ab", count: 32)
            browser.cookies[Self.session] = planted
            let back = try await browser.finishLogin(browser.letIn(at: there))
            #expect(back.status == 303 && back.headers["location"] == "/runs?state=failed", "\(back.text)")
            let session = try #require(browser.cookies[Self.session])
            #expect(session != planted && session.count == 64 && browser.cookies["__Host-slipway-login"] == nil)
            #expect(browser.settings[Self.session] == "; Path=/; Max-Age=43200; HttpOnly; SameSite=Lax; Secure")
            let caller = try await browser.ask("GET", "/api/v1/caller").json
            #expect(caller["session"] == .bool(true) && caller["name"]?.string == "ann@example.org")
            #expect(caller["grants"]?["teams"] == .object(["default": .string("submitter")]))
            let rows = try await api.store.pool.query("SELECT s::text FROM sessions s").decode(String.self)
            #expect(rows.count == 1 && !rows.joined().contains(session))
        }
    }

    @Test("without TLS the cookies go without what browsers would refuse")
    func plain() async throws {
        try await Self.with(publicURL: "http://slipway.example/") { api, _ in
            let browser = try await Self.loggedIn(api)
            #expect(browser.settings["slipway-session"] == "; Path=/; Max-Age=43200; HttpOnly; SameSite=Lax")
        }
    }

    @Test("changes need the page's token and come from no other site's page; logging out ends the session")
    func changes() async throws {
        try await Self.with { api, _ in
            let browser = try await Self.loggedIn(api)
            let csrf = try #require(try await browser.ask("GET", "/api/v1/caller").json["csrf_token"]?.string)
            let run = #"{"job": "none"}"#
            func code(_ headers: [(String, String)]) async throws -> String? {
                try await browser.ask("POST", "/api/v1/runs", run, headers: headers).code
            }
            let page = ("x-csrf-token", csrf)
            #expect(try await code([]) == "missing_csrf_token")
            #expect(try await code([("x-csrf-token", String(csrf.reversed()))]) == "missing_csrf_token")
            #expect(try await code([page]) == "job_not_found")
            #expect(try await code([page, ("origin", "https://slipway.example")]) == "job_not_found")
            #expect(try await code([page, ("origin", api.client.base)]) == "job_not_found")
            for foreign in [
                "https://evil.example", "null", "http://slipway.example", "https://slipway.example.evil",
                "https://slipway.example:444",
            ] { #expect(try await code([page, ("origin", foreign)]) == "forbidden_origin", "\(foreign)") }
            #expect(try await code([page, ("sec-fetch-site", "cross-site")]) == "forbidden_origin")
            #expect(try await code([page, ("sec-fetch-site", "same-origin")]) == "job_not_found")
            let session = try #require(browser.cookies[Self.session])
            #expect(try await browser.ask("POST", "/api/v1/logout").code == "missing_csrf_token")
            #expect(try await browser.ask("POST", "/api/v1/logout", headers: [page]).status == 204)
            #expect(browser.cookies[Self.session] == nil)
            browser.cookies[Self.session] = session
            #expect(try await browser.ask("GET", "/api/v1/caller").status == 401, "it is over, not only forgotten")
        }
    }

    @Test("answers of other logins, other browsers and other times are refused")
    func refused() async throws {
        try await Self.with { api, provider in
            func expectRefusal(
                _ what: String,
                _ answer: Answer,
                location: SourceLocation = #_sourceLocation
            ) {
                let isRefused = answer.status == 400 && answer.code == "login_failed"
                #expect(
                    isRefused && answer.headers["set-cookie"] == nil,
                    "\(what): \(answer.text)",
                    sourceLocation: location
                )
            }
            let browser = Browser(base: api.client.base)
            let query = try await browser.letIn(at: browser.beginLogin())
            let state = try #require(browser.cookies["__Host-slipway-login"])
            let stranger = Browser(base: api.client.base)
            expectRefusal("no login", try await stranger.finishLogin(query))
            stranger.cookies["__Host-slipway-login"] = String(repeating: "00", count: 32)
            expectRefusal("another browser", try await stranger.finishLogin(query))
            let wrong = query.replacing(state, with: String(repeating: "00", count: 32))
            expectRefusal("a state of nobody's", try await stranger.finishLogin(wrong))
            expectRefusal("no state", try await browser.finishLogin("code=1"))
            #expect(try await browser.finishLogin(query).status == 303)
            browser.cookies["__Host-slipway-login"] = state
            expectRefusal("the same again", try await browser.finishLogin(query))

            // Codes are good once, and for the login that they were given to: PKCE has the provider see that.
            func begun() async throws -> (address: String, state: String) {
                let address = try await browser.beginLogin()
                return (address, try #require(browser.cookies["__Host-slipway-login"]))
            }
            let used = try #require(query.split(separator: "&").first)
            expectRefusal("a used code", try await browser.finishLogin("\(used)&state=\(begun().state)"))
            let theirs = try await stranger.letIn(at: stranger.beginLogin()).split(separator: "&")[0]
            expectRefusal("another login's code", try await browser.finishLogin("\(theirs)&state=\(begun().state)"))
            expectRefusal("no", try await browser.finishLogin("error=access_denied&state=\(begun().state)"))
            let foreign = try await browser.letIn(at: begun().address)
                .replacing(FormText.encoded(provider.issuer), with: FormText.encoded("https://evil.example"))
            expectRefusal("another provider", try await browser.finishLogin(foreign))
            let late = try await browser.letIn(at: begun().address)
            try await api.store.pool.query("UPDATE logins SET expires_at = now() - interval '1 s'")
            expectRefusal("too late", try await browser.finishLogin(late))

            // What the provider itself might do.
            provider.setLoginClaims(["nonce": .string("another")])
            expectRefusal("another nonce", try await browser.finishLogin(browser.letIn(at: begun().address)))
            provider.setLoginClaims(["nonce": .null])
            expectRefusal("no nonce", try await browser.finishLogin(browser.letIn(at: begun().address)))
            provider.setLoginClaims(["azp": .string("another")])
            expectRefusal("another client's", try await browser.finishLogin(browser.letIn(at: begun().address)))
            provider.setLoginClaims(["aud": .string("another")])
            let other = try await browser.finishLogin(browser.letIn(at: begun().address))
            #expect(other.status == 401 && other.headers["set-cookie"] == nil)
            for path in ["//evil.example", "https://evil.example", "/%5Cevil.example"] {
                #expect(try await browser.ask("GET", "/api/v1/login?return_to=\(path)").status == 400)
            }
        }
    }

    @Test("a session ends by itself")
    func end() async throws {
        try await Self.with { api, _ in
            let browser = try await Self.loggedIn(api)
            #expect(try await browser.ask("GET", "/api/v1/runs").status == 200)
            try await api.store.pool.query("UPDATE sessions SET expires_at = now() - interval '1 s'")
            #expect(try await browser.ask("GET", "/api/v1/runs").status == 401)
            // The next login sweeps it away.
            _ = try await Self.loggedIn(api)
            #expect(try await api.store.pool.query("SELECT count(*) FROM sessions").decode(Int.self) == [1])
        }
    }

    @Test(
        "people come by somebody else's provider too, and so do the tokens that it gives them",
        .enabled(if: MockProvider.pythonEnvironment != nil, "SLIPWAY_TEST_PYTHON_ENV is not set")
    )
    func otherProvider() async throws {
        let provider = try await MockProvider()
        let issuer = try IdentityIssuer.trusted(provider.issuer, algorithm: "RS256")
        try await APIFixture.with(issuers: [issuer], publicURL: "https://slipway.example") { api in
            let browser = Browser(base: api.client.base)
            let query = try await browser.letIn(at: browser.beginLogin(returnTo: "/jobs"), form: "sub=ann")
            let back = try await browser.finishLogin(query)
            #expect(back.status == 303 && back.headers["location"] == "/jobs", "\(back.text)")
            let caller = try await browser.ask("GET", "/api/v1/caller").json
            #expect(caller["subject"]?.string == "\(provider.issuer)|ann" && caller["session"] == .bool(true))
            #expect(caller["grants"]?["teams"] == .object(["default": .string("submitter")]))
            // The same person by a program that has asked the provider itself.
            let callback = "https://slipway.example/api/v1/login/callback"
            let asked = FormText.text([
                ("response_type", "code"), ("client_id", "slipway"), ("redirect_uri", callback),
                ("scope", "openid email profile"), ("nonce", "n"), ("state", "s"),
            ])
            let program = try await browser.letIn(at: "\(provider.issuer)/oauth2/authorize?\(asked)", form: "sub=ann")
            let code = try #require(program.split(separator: "&").first?.dropFirst("code=".count))
            let token = try await ProviderHTTP.idToken(
                from: "\(provider.issuer)/oauth2/token",
                form: [("grant_type", "authorization_code"), ("code", String(code)), ("redirect_uri", callback)],
                client: ("slipway", "any")
            )
            let ann = try await TestClient(base: api.client.base, token: token).get("/caller")
            #expect(ann.status == 200 && ann.json["subject"]?.string == "\(provider.issuer)|ann", "\(ann.text)")
            let parts = token.split(separator: ".")
            let cut = "\(parts[0]).\(parts[1]).\(parts[2].reversed().map(String.init).joined())"
            #expect(try await TestClient(base: api.client.base, token: cut).get("/caller").status == 401)
        }
    }
}
