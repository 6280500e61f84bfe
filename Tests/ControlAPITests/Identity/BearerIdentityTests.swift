import Crypto
import Foundation
import RunStore
import SlipwayCore
import TestSupport
import Testing

@testable import ControlAPI

/// Tokens of trusted providers, and those that only look like them.
@Suite struct BearerIdentityTests {
    /// Keys are asked for as often as they are needed.
    private static var impatient: ControlAPILimits {
        var limits = APIFixture.quick
        limits.identityKeysPause = .zero
        return limits
    }

    private static func with(
        limits: ControlAPILimits = impatient,
        refusalRate: RequestRate? = nil,
        _ body: @Sendable @escaping (APIFixture, OwnProvider) async throws -> Void
    ) async throws {
        try await OwnProvider.with { provider, _ in
            let issuer = try IdentityIssuer.trusted(provider.issuer, algorithm: "ES256")
            try await APIFixture.with(
                token: "the-installation",
                limits: limits,
                refusalRate: refusalRate,
                issuers: [issuer]
            ) { api in try await body(api, provider) }
        }
    }

    private static func caller(_ api: APIFixture, _ token: String) async throws -> Answer {
        try await TestClient(base: api.client.base, token: token).get("/caller")
    }

    @Test("a person may do what membership and groups give, and so may their tokens, as long as that is so")
    func grants() async throws {
        try await Self.with { api, provider in
            let ann = TestClient(base: api.client.base, token: try provider.token())
            let caller = try await ann.get("/caller").json
            #expect(caller["kind"]?.string == "user" && caller["name"]?.string == "ann@example.org")
            #expect(caller["subject"]?.string == "\(provider.issuer)|ann" && caller["expires_at"] != nil)
            #expect(caller["grants"]?["teams"] == .object(["default": .string("submitter")]))
            _ = try await api.client.send("POST", "/teams", "name: finance", contentType: "application/yaml")
            let member = "/teams/finance/members/ann%40example.org"
            _ = try await api.client.send("PUT", member, #"{"role": "admin"}"#)
            let grants = try await ann.get("/caller").json["grants"]?["teams"]
            #expect(grants == .object(["default": .string("submitter"), "finance": .string("admin")]))
            // An address that the provider has not verified names nobody.
            for verified in [JSONValue.bool(false), .null, .string("true")] {
                let token = try provider.token(["sub": .string("eve"), "email_verified": verified])
                let eve = try await Self.caller(api, token).json
                #expect(eve["grants"]?["teams"] == .object(["default": .string("submitter")]), "\(verified)")
            }
            // Without groups and membership somebody is known, and may do nothing.
            let stranger = try provider.token(["sub": .string("bob"), "email": .null, "groups": .string("others")])
            #expect(try await Self.caller(api, stranger).json["grants"]?["teams"] == .object([:]))
            // A token of one's own does no more than oneself.
            let made = try await ann.send("POST", "/tokens", #"{"name": "laptop"}"#)
            let laptop = TestClient(base: api.client.base, token: try #require(made.json["token"]?.string))
            #expect(try await laptop.get("/teams/finance").status == 200)
            _ = try await api.client.send("DELETE", member)
            #expect(try await laptop.get("/teams/finance").code == "team_not_found")
            #expect(try await laptop.get("/teams/default").status == 200)
        }
    }

    @Test("tokens that do not hold are refused, whatever is wrong with them")
    func refused() async throws {
        try await Self.with { api, provider in
            let key = provider.key
            let now = Int64(Date().timeIntervalSince1970)
            func signed(_ algorithm: String, _ signature: (Data) -> [UInt8]) throws -> String {
                let text = try OwnProvider.unsigned(
                    provider.claims(),
                    ["alg": .string(algorithm), "kid": .string(key.id)]
                )
                return text + "." + Base64URL.text(signature(Data(text.utf8)))
            }
            func withSecret(_ secret: some ContiguousBytes) throws -> String {
                try signed("HS256") {
                    Array(HMAC<SHA256>.authenticationCode(for: $0, using: SymmetricKey(data: secret)))
                }
            }
            let good = try provider.token()
            let parts = good.split(separator: ".")
            let others = try provider.token(["sub": .string("root")]).split(separator: ".")
            let tokens: [(String, String)] = [
                ("no algorithm", try signed("none") { _ in [] }), ("No algorithm", try signed("None") { _ in [] }),
                ("HS256 with the public key", try withSecret(Data(key.key.publicKey.pemRepresentation.utf8))),
                ("HS256 with the public key's bytes", try withSecret(key.key.publicKey.x963Representation)),
                ("an algorithm that is not the issuer's", try provider.token(header: ["alg": .string("ES384")])),
                ("an algorithm of other keys", try provider.token(header: ["alg": .string("RS256")])),
                ("a key that nobody has", try provider.token(header: ["kid": .string("other")])),
                ("a key of its own", try provider.token(header: ["kid": .null, "jwk": key.form], by: .init(id: "x"))),
                ("a stranger's key by a known name", try provider.token(by: .init(id: key.id))),
                ("something critical", try provider.token(header: ["crit": .array([.string("b64")])])),
                ("another's signature", "\(others[0]).\(others[1]).\(parts[2])"),
                ("a part missing", "\(parts[0]).\(parts[1])"), ("a part more", good + ".x"),
                ("another audience", try provider.token(["aud": .string("another")])),
                ("no audience", try provider.token(["aud": .null])),
                ("an empty list of audiences", try provider.token(["aud": .array([])])),
                ("another issuer", try provider.token(["iss": .string("https://id.example.org")])),
                ("nearly the issuer", try provider.token(["iss": .string(provider.issuer + "/")])),
                ("expired", try provider.token(["exp": .integer(now - 31)])),
                ("no end", try provider.token(["exp": .null])),
                ("an end that is a text", try provider.token(["exp": .string("9999999999")])),
                ("not yet", try provider.token(["nbf": .integer(now + 120)])),
                ("nobody", try provider.token(["sub": .string("")])),
                ("too long", try provider.token(["padding": .string(String(repeating: "x", count: 20_000))])),
            ]
            for (what, token) in tokens {
                let answer = try await Self.caller(api, token)
                #expect(answer.status == 401 && answer.code == "unauthorized", "\(what): \(answer.text)")
            }
            // What is only unusual holds.
            let unusual: [(name: String, from: Int64, fraction: Double)] = [
                ("nbf", 20, 0), ("exp", -5, 0), ("exp", 60, 0.5),
            ]
            for claim in unusual {
                let seconds = Double(Int64(Date().timeIntervalSince1970) + claim.from) + claim.fraction
                let answer = try await Self.caller(api, provider.token([claim.name: .number(seconds)]))
                #expect(answer.status == 200, "\(claim)")
            }
            let several = try provider.token(["aud": .array([.string("x"), .string("slipway")])])
            #expect(try await Self.caller(api, several).status == 200)
            let nameless = try provider.token(header: ["kid": .null])
            #expect(try await Self.caller(api, nameless).status == 200, "there is one key only")
        }
    }

    @Test("a new key is found, an old one is forgotten, and a flood of unknown ones does not reach the provider")
    func rotation() async throws {
        let pause = Duration.milliseconds(400)
        var limits = APIFixture.quick
        limits.identityKeysPause = pause
        try await Self.with(limits: limits) { api, provider in
            let old = try provider.token()
            #expect(try await Self.caller(api, old).status == 200 && provider.keyRequests == 1)
            provider.rotate(to: "second")
            let clock = ContinuousClock()
            let begin = clock.now
            let token = try provider.token()
            try await eventually("the new key is known") { try await Self.caller(api, token).status == 200 }
            #expect(try await Self.caller(api, old).status == 401, "its key is the provider's no more")
            try await withThrowingTaskGroup(of: Int.self) { tasks in
                for number in 0..<200 {
                    let unknown = try provider.token(header: ["kid": .string("unknown-\(number)")])
                    tasks.addTask { try await Self.caller(api, unknown).status }
                }
                for try await status in tasks { #expect(status == 401) }
            }
            let pauses = Int((clock.now - begin) / pause)
            #expect(provider.keyRequests <= 2 + pauses, "one each pause")
            #expect(try await Self.caller(api, token).status == 200)
        }
    }

    @Test("while the provider is away known keys count, and of unknown ones it is said that nobody can tell")
    func away() async throws {
        try await OwnProvider.with { provider, stop in
            var impatient = Self.impatient
            impatient.identityKeysMemory = .zero
            let limits = impatient
            let issuer = try IdentityIssuer.trusted(provider.issuer, algorithm: "ES256")
            let tokens = [try provider.token(), try provider.token(["sub": .string("bob")])]
            let unknown = try provider.token(header: ["kid": .string("unknown")])
            let (gone, isGone) = AsyncStream.makeStream(of: Void.self)
            let (known, isKnown) = AsyncStream.makeStream(of: Void.self)
            try await withThrowingTaskGroup(of: Void.self) { tasks in
                tasks.addTask {
                    try await APIFixture.with(limits: limits, issuers: [issuer]) { api in
                        #expect(try await Self.caller(api, tokens[0]).status == 200)
                        isKnown.yield()
                        for await _ in gone { break }
                        // Its keys are older than they may be, and cannot be asked for.
                        for token in tokens { #expect(try await Self.caller(api, token).status == 200) }
                        let answer = try await Self.caller(api, unknown)
                        #expect(answer.status == 503 && answer.code == "identity_provider_unavailable")
                        #expect(answer.headers["retry-after"] != nil && answer.text.contains("corp"))
                    }
                }
                for await _ in known { break }
                await stop()
                isGone.finish()
                try await tasks.waitForAll()
            }
            // An API that has never reached it says so too, also while it does not ask again.
            try await APIFixture.with(limits: APIFixture.quick, issuers: [issuer], publicURL: "http://slipway.example")
            { api in
                for _ in 0..<2 {
                    for answer in [try await Self.caller(api, tokens[0]), try await api.client.get("/login")] {
                        #expect(answer.code == "identity_provider_unavailable", "\(answer.text)")
                    }
                }
            }
        }
    }
}
