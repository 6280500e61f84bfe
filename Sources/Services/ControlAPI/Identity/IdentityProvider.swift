internal import FoundationEssentials
internal import JWTKit
internal import RunStore
internal import SlipwayCore

/// One provider of identities, with its keys as they were told last. A key that is not known has the keys asked for again, but
/// not more often than every few seconds, whoever sends what.
actor IdentityProvider {
    private struct Known {
        var metadata: ProviderMetadata
        var keys: [String: JWK]
        var readAt: ContinuousClock.Instant

        func key(_ id: String?) -> JWK? { id.map { keys[$0] } ?? (keys.count == 1 ? keys.values.first : nil) }
    }

    /// How far a provider's clock may be off.
    private static let leewaySeconds: Int64 = 30
    private static let longestToken = 16 << 10

    private typealias Reading = Task<Known, any Error>

    nonisolated let issuer: IdentityIssuer
    private let shortestPause: Duration
    private let longestMemory: Duration
    private var known: Known?
    private var triedAt: ContinuousClock.Instant?
    /// Why it could not be asked the last time.
    private var failure: (any Error)?
    private var reading: Reading?

    /// - Parameters:
    ///   - shortestPause: between two requests for its keys.
    ///   - longestMemory: how old what is known of it may be, as long as it can be asked.
    init(_ issuer: IdentityIssuer, shortestPause: Duration, longestMemory: Duration) {
        self.issuer = issuer
        self.shortestPause = shortestPause
        self.longestMemory = longestMemory
    }

    /// Where people log in and codes are exchanged.
    func metadata() async throws -> ProviderMetadata {
        if let known { return known.metadata }
        if let failure, isPausing { throw failure }
        return try await refresh().metadata
    }

    /// The claims of a token of this provider.
    ///
    /// - Parameters:
    ///   - audiences: it must be meant for one of these.
    ///   - now: the time, against which it must hold.
    /// - Throws: ``TokenRefusal`` for a token that does not hold, other errors if the provider cannot be asked.
    func claims(of token: String, audiences: [String], now: Timestamp) async throws -> [String: JSONValue] {
        guard token.utf8.count <= Self.longestToken, let header = UnverifiedToken(token)?.header else {
            throw TokenRefusal(reason: "it has not the form of a token")
        }
        guard let algorithm = header["alg"]?.string, issuer.algorithms.contains(algorithm) else {
            throw TokenRefusal(reason: "its algorithm is not one of the issuer's")
        }
        guard header["crit"] == nil else { throw TokenRefusal(reason: "it asks for what is not known here") }
        var key = try await key(header["kid"]?.string)
        if let stated = key.algorithm, stated.rawValue != algorithm {
            throw TokenRefusal(reason: "its algorithm is not its key's")
        }
        key.algorithm = JWK.Algorithm(rawValue: algorithm)
        let claims: [String: JSONValue]
        do {
            let keys = JWTKeyCollection()
            try await keys.add(jwk: key)
            claims = try await keys.verify(token, as: AllClaims.self).values
        } catch {
            throw TokenRefusal(reason: "its signature does not hold")
        }
        try check(claims, audiences, now)
        return claims
    }

    private func check(_ claims: [String: JSONValue], _ audiences: [String], _ now: Timestamp) throws(TokenRefusal) {
        guard claims["iss"]?.string == issuer.issuer else { throw TokenRefusal(reason: "it is of another issuer") }
        let meant: [String] =
            switch claims["aud"] {
            case .string(let one): [one]
            case .array(let several): several.compactMap(\.string)
            default: []
            }
        guard meant.contains(where: audiences.contains) else {
            throw TokenRefusal(reason: "it is for another audience")
        }
        let seconds = now.microsecondsSince1970 / 1_000_000
        guard let end = Self.seconds(claims["exp"]), end + Self.leewaySeconds > seconds else {
            throw TokenRefusal(reason: "it has expired, or never does")
        }
        if let begin = claims["nbf"] {
            guard let begin = Self.seconds(begin), begin - Self.leewaySeconds <= seconds else {
                throw TokenRefusal(reason: "it does not hold yet")
            }
        }
        guard let subject = claims["sub"]?.string, (1...500).contains(subject.utf8.count), !subject.utf8.contains(0)
        else {
            throw TokenRefusal(reason: "it names nobody")
        }
    }

    static func seconds(_ value: JSONValue?) -> Int64? {
        switch value {
        case .integer(let number) where (0...253_402_300_799).contains(number): number
        case .number(let number) where number >= 0 && number < 253_402_300_800: Int64(number)
        default: nil
        }
    }

    // MARK: Keys

    /// - Parameter id: `nil`: the only one, as long as there is one only.
    private func key(_ id: String?) async throws -> JWK {
        if let known, ContinuousClock.now - known.readAt < longestMemory, let key = known.key(id) { return key }
        if failure != nil, let key = known?.key(id) {
            // It was away, and may be for long: nobody waits for it who need not.
            if !isPausing { _ = asking() }
            return key
        }
        if isPausing {
            guard let key = known?.key(id) else { throw failure ?? TokenRefusal(reason: "its key is not known") }
            return key
        }
        do {
            guard let key = try await refresh().key(id) else { throw TokenRefusal(reason: "its key is not known") }
            return key
        } catch let error as TokenRefusal {
            throw error
        } catch {
            // A provider that is away for a while does not lock out whom it has told of.
            guard let key = known?.key(id) else { throw error }
            return key
        }
    }

    /// Whether it was asked a moment ago.
    private var isPausing: Bool {
        guard reading == nil, let triedAt else { return false }
        return ContinuousClock.now - triedAt < shortestPause
    }

    private static func read(_ issuer: IdentityIssuer) async throws -> Known {
        let metadata = try await ProviderHTTP.metadata(of: issuer)
        let keys = try await ProviderHTTP.keys(at: metadata.keysAddress)
        return Known(metadata: metadata, keys: keys, readAt: .now)
    }

    /// Asks it again, or waits for the answer that others wait for.
    private func refresh() async throws -> Known { try await asking().value }

    private func asking() -> Reading {
        if let reading { return reading }
        triedAt = .now
        // why: callers who ask meanwhile share the answer, so it belongs to none of them.
        let task = Task { try await ask() }
        reading = task
        return task
    }

    private func ask() async throws -> Known {
        defer { reading = nil }
        do {
            let found = try await Self.read(issuer)
            (known, failure) = (found, nil)
            return found
        } catch {
            failure = error
            throw error
        }
    }
}

/// A token does not hold. The reason is for the log; whoever sent it is not told.
struct TokenRefusal: Error {
    let reason: String
}

/// The parts of a token that nobody has looked at yet: they say only whom to ask.
struct UnverifiedToken {
    let header: JSONValue
    let claims: JSONValue

    init?(_ text: String) {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 3, let header = Self.json(parts[0]), let claims = Self.json(parts[1]) else { return nil }
        self.header = header
        self.claims = claims
    }

    private static func json(_ part: Substring) -> JSONValue? {
        // why: what is not JSON is no token.
        Base64URL.bytes(part).flatMap { try? JSONDecoder().decode(JSONValue.self, from: Data($0)) }
    }
}

/// Every claim of a token, as it is.
private struct AllClaims: JWTPayload {
    var values: [String: JSONValue]

    init(from decoder: any Decoder) throws {
        values = try decoder.singleValueContainer().decode([String: JSONValue].self)
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(values)
    }

    /// What they say is checked where the issuer is known.
    func verify(using algorithm: some JWTAlgorithm) {}
}
