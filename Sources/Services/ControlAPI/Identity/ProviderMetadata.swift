internal import AsyncHTTPClient
internal import FoundationEssentials
internal import JWTKit
internal import NIOCore
internal import NIOHTTP1
internal import SlipwayCore

/// What a provider tells of itself.
struct ProviderMetadata: Sendable {
    var authorizationEndpoint: String
    var tokenEndpoint: String
    var keysAddress: String
}

/// Speaks to providers. Every answer has a bound, and no redirect is followed.
enum ProviderHTTP {
    private static let answerBytes = 1 << 20
    private static let timeout = TimeAmount.seconds(10)

    private static let http: HTTPClient = {
        var configuration = HTTPClient.Configuration()
        configuration.redirectConfiguration = .disallow
        configuration.timeout.connect = .seconds(5)
        // A refused connection is told at once rather than tried again until the deadline.
        configuration.connectionPool.retryConnectionEstablishment = false
        return HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
    }()

    static func metadata(of issuer: IdentityIssuer) async throws -> ProviderMetadata {
        let base = issuer.issuer.hasSuffix("/") ? String(issuer.issuer.dropLast()) : issuer.issuer
        let found = try await json(HTTPClientRequest(url: base + "/.well-known/openid-configuration"))
        guard found["issuer"]?.string == issuer.issuer else {
            throw ProviderError("it calls itself \"\(found["issuer"]?.string ?? "nothing")\"")
        }
        func address(_ name: String) throws -> String {
            guard let address = found[name]?.string, IdentityIssuer.isTrustworthy(address) else {
                throw ProviderError("its \(name) is missing or not an https address")
            }
            return address
        }
        return ProviderMetadata(
            authorizationEndpoint: try address("authorization_endpoint"),
            tokenEndpoint: try address("token_endpoint"),
            keysAddress: try address("jwks_uri")
        )
    }

    /// The keys by their ids; those that are for something else, or of no known kind, are left out.
    static func keys(at address: String) async throws -> [String: JWK] {
        guard case .array(let given)? = try await json(HTTPClientRequest(url: address))["keys"] else {
            throw ProviderError("its keys are missing")
        }
        var keys: [String: JWK] = [:]
        for value in given.prefix(100) where value["use"]?.string ?? "sig" == "sig" && value["kty"]?.string != "oct" {
            // why: a key of an unknown kind must not keep the others from being known.
            guard let key = try? JSONDecoder().decode(JWK.self, from: JSONEncoder().encode(value)),
                let id = key.keyIdentifier?.string, key.privateExponent == nil
            else { continue }
            keys[id] = key
        }
        return keys
    }

    /// Exchanges a code for tokens.
    ///
    /// - Returns: the token that tells who logged in.
    static func idToken(
        from address: String,
        form: [(String, String)],
        client: (id: String, secret: String)?
    ) async throws -> String {
        var request = HTTPClientRequest(url: address)
        request.method = .POST
        request.headers.add(name: "content-type", value: "application/x-www-form-urlencoded")
        if let client {
            let pair = "\(FormText.encoded(client.id)):\(FormText.encoded(client.secret))"
            request.headers.add(name: "authorization", value: "Basic \(Data(pair.utf8).base64EncodedString())")
        }
        request.body = .bytes(ByteBuffer(string: FormText.text(form)))
        guard let token = try await json(request)["id_token"]?.string else {
            throw ProviderError("it gave no id_token")
        }
        return token
    }

    private static func json(_ request: HTTPClientRequest) async throws -> JSONValue {
        var request = request
        request.headers.add(name: "accept", value: "application/json")
        let response = try await http.execute(request, timeout: timeout)
        let body = try await response.body.collect(upTo: answerBytes)
        guard response.status.code == 200 else {
            throw ProviderError(
                "it answered \(response.status.code)",
                isRefusal: [400, 401, 403].contains(response.status.code)
            )
        }
        return try JSONDecoder().decode(JSONValue.self, from: Data(body.readableBytesView))
    }
}

/// A provider did not do what it should. The words are for the log.
struct ProviderError: Error, CustomStringConvertible {
    let description: String
    /// Whether it could be reached and did not want to.
    let isRefusal: Bool

    init(_ description: String, isRefusal: Bool = false) {
        self.description = description
        self.isRefusal = isRefusal
    }
}

/// Texts in addresses and forms.
enum FormText {
    static func text(_ pairs: [(String, String)]) -> String {
        pairs.map { "\(encoded($0.0))=\(encoded($0.1))" }.joined(separator: "&")
    }

    static func encoded(_ text: String) -> String {
        let plain = Set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~".utf8)
        let digits = Array("0123456789ABCDEF".utf8)
        let bytes = text.utf8.flatMap { byte in
            plain.contains(byte) ? [byte] : [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
