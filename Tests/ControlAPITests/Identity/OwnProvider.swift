import Crypto
import DevStack
import Foundation
import Hummingbird
import Logging
import ServiceLifecycle
import SlipwayCore
import Synchronization
import TestSupport
import Testing

@testable import ControlAPI

/// A provider of identities whose keys, tokens and mistakes a test decides: it does what others do only on bad days. It lets in
/// ann at once, whoever asks, and holds clients to PKCE.
final class OwnProvider: Sendable {
    struct SigningKey: Sendable {
        let id: String
        let key = P256.Signing.PrivateKey()

        /// As a set of keys has it.
        var form: JSONValue {
            let bytes = Array(key.publicKey.x963Representation)
            return .object([
                "kty": .string("EC"), "crv": .string("P-256"), "use": .string("sig"), "alg": .string("ES256"),
                "kid": .string(id), "x": .string(Base64URL.text(Array(bytes[1..<33]))),
                "y": .string(Base64URL.text(Array(bytes[33...]))),
            ])
        }
    }

    private struct Code {
        var redirect: String
        var challenge: String
        var nonce: String
    }

    private struct State {
        var keys = [SigningKey(id: "first")]
        var keyRequests = 0
        var codes: [String: Code] = [:]
        /// Beside the usual claims of the token that a login ends with.
        var loginClaims: [String: JSONValue] = [:]
    }

    static let clientSecret = "a secret"

    let issuer: String
    private let port: Int
    private let state = Mutex(State())

    private init() throws {
        port = try LoopbackPort.free(count: 1)[0]
        issuer = "http://127.0.0.1:\(port)"
    }

    /// Runs `body` with one that listens; `stop` has it go away before.
    static func with(_ body: (_ provider: OwnProvider, _ stop: () async -> Void) async throws -> Void) async throws {
        let provider = try OwnProvider()
        var logger = Logger(label: "test")
        logger.logLevel = .critical
        let (listening, isListening) = AsyncStream.makeStream(of: Void.self)
        let application = Application(
            responder: provider.routes().buildResponder(),
            configuration: .init(address: .hostname("127.0.0.1", port: provider.port)),
            onServerRunning: { _ in isListening.yield() },
            logger: logger
        )
        let group = ServiceGroup(services: [application], logger: logger)
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask { try await group.run() }
            for await _ in listening { break }
            let stop = {
                await group.triggerGracefulShutdown()
                _ = await Polling.until(within: .seconds(10)) { LoopbackPort.isFree(provider.port) }
            }
            try await body(provider, stop)
            await group.triggerGracefulShutdown()
            try await tasks.waitForAll()
        }
    }

    // MARK: What a test decides

    /// How often the keys were asked for.
    var keyRequests: Int { state.withLock { $0.keyRequests } }
    var key: SigningKey { state.withLock { $0.keys[0] } }

    /// Signs with another key from now on, and tells only of that.
    func rotate(to id: String) { state.withLock { $0.keys = [SigningKey(id: id)] } }

    func setLoginClaims(_ claims: [String: JSONValue]) { state.withLock { $0.loginClaims = claims } }

    /// The claims of a token for ann that holds for ten minutes.
    func claims(_ others: [String: JSONValue] = [:]) -> [String: JSONValue] {
        let now = Int64(Date().timeIntervalSince1970)
        return [
            "iss": .string(issuer), "aud": .string("slipway"), "sub": .string("ann"), "iat": .integer(now),
            "exp": .integer(now + 600), "email": .string("ann@example.org"), "email_verified": .bool(true),
            "groups": .array([.string("data"), .string("unknown")]),
        ].merging(others) { $1 }.filter { $0.value != .null }
    }

    /// A token signed by one of its keys, or a stranger's.
    func token(
        _ others: [String: JSONValue] = [:],
        header: [String: JSONValue] = [:],
        by key: SigningKey? = nil
    ) throws -> String {
        let key = key ?? self.key
        let signed = try Self.unsigned(claims(others), ["kid": .string(key.id)].merging(header) { $1 })
        return signed + "." + Base64URL.text(Array(try key.key.signature(for: Data(signed.utf8)).rawRepresentation))
    }

    /// A token's first two parts.
    static func unsigned(_ claims: [String: JSONValue], _ header: [String: JSONValue]) throws -> String {
        let header = ["alg": .string("ES256"), "typ": .string("JWT")].merging(header) { $1 }.filter {
            $0.value != .null
        }
        return try [header, claims].map { Base64URL.text(Array(try JSONEncoder().encode(JSONValue.object($0)))) }
            .joined(separator: ".")
    }

    // MARK: What it serves

    private func routes() -> Router<BasicRequestContext> {
        let router = Router()
        router.get("/.well-known/openid-configuration") { [issuer] _, _ in
            try Self.json([
                "issuer": .string(issuer), "jwks_uri": .string(issuer + "/keys"),
                "authorization_endpoint": .string(issuer + "/authorize"),
                "token_endpoint": .string(issuer + "/token"),
            ])
        }
        router.get("/keys") { [self] _, _ in
            let keys = state.withLock { state in
                state.keyRequests += 1
                return state.keys
            }
            return try Self.json(["keys": .array(keys.map(\.form))])
        }
        router.get("/authorize") { [self] request, _ in authorize(request.uri.queryParameters) }
        router.post("/token") { [self] request, _ in
            let body = String(buffer: try await request.body.collect(upTo: 1 << 16))
            let form = try URLEncodedFormDecoder().decode([String: String].self, from: body)
            return try exchange(form, request.headers[.authorization] ?? "")
        }
        return router
    }

    private func authorize(_ asked: Parameters) -> Response {
        func text(_ name: String) -> String { asked[Substring(name)].map(String.init) ?? "" }
        guard text("response_type") == "code", text("client_id") == "slipway",
            text("code_challenge_method") == "S256", text("scope").split(separator: " ").contains("openid")
        else { return Response(status: .badRequest) }
        let code = String(UInt64.random(in: 0 ... .max))
        state.withLock {
            $0.codes[code] = Code(
                redirect: text("redirect_uri"),
                challenge: text("code_challenge"),
                nonce: text("nonce")
            )
        }
        let back = "\(text("redirect_uri"))?code=\(code)&state=\(text("state"))&iss=\(FormText.encoded(issuer))"
        return Response(status: .seeOther, headers: [.location: back])
    }

    private func exchange(_ form: [String: String], _ authorization: String) throws -> Response {
        let client = Data("slipway:\(FormText.encoded(Self.clientSecret))".utf8).base64EncodedString()
        guard authorization == "Basic \(client)" else {
            return try Self.json(["error": .string("invalid_client")], status: .unauthorized)
        }
        // A code is good for one attempt.
        let (code, claims) = state.withLock { state in
            (state.codes.removeValue(forKey: form["code"] ?? ""), state.loginClaims)
        }
        let challenge = Base64URL.text(Array(SHA256.hash(data: Data((form["code_verifier"] ?? "").utf8))))
        guard let code, form["grant_type"] == "authorization_code", form["redirect_uri"] == code.redirect,
            challenge == code.challenge
        else { return try Self.json(["error": .string("invalid_grant")], status: .badRequest) }
        return try Self.json([
            "token_type": .string("Bearer"), "access_token": .string("none"),
            "id_token": .string(try token(["nonce": .string(code.nonce)].merging(claims) { $1 })),
        ])
    }

    private static func json(_ members: [String: JSONValue], status: HTTPResponse.Status = .ok) throws -> Response {
        let body = try JSONEncoder().encode(JSONValue.object(members))
        return Response(
            status: status,
            headers: [.contentType: "application/json"],
            body: ResponseBody(byteBuffer: ByteBuffer(bytes: body))
        )
    }
}

extension IdentityIssuer {
    /// How an installation trusts a provider of a test.
    ///
    /// - Parameter algorithm: with which it signs.
    static func trusted(_ address: String, algorithm: String) throws -> IdentityIssuer {
        let secret = try TestScratch.shared.folder("client") + "/secret"
        try "\(OwnProvider.clientSecret)\n".write(toFile: secret, atomically: true, encoding: .utf8)
        let text = """
            issuers:
              - name: corp
                issuer: \(address)
                client_id: slipway
                client_secret_file: \(secret)
                algorithms: [\(algorithm)]
                trust_email: true
                groups: {data: {teams: {default: submitter}}}
            """
        return try #require(try IdentityFile.parse(text).issuers.first)
    }
}
