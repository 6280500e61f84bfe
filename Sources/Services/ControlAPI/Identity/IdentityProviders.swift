internal import Hummingbird
internal import Logging
internal import RunStore
internal import SlipwayCore

/// The providers whose word counts here.
struct IdentityProviders: Sendable {
    let all: [IdentityProvider]
    let logger: Logger
    private let byIssuer: [String: IdentityProvider]

    /// - Parameters:
    ///   - shortestPause: between two requests for a provider's keys.
    ///   - longestMemory: how old what is known of a provider may be, as long as it can be asked.
    init(_ issuers: [IdentityIssuer], shortestPause: Duration, longestMemory: Duration, logger: Logger) {
        all = issuers.map { IdentityProvider($0, shortestPause: shortestPause, longestMemory: longestMemory) }
        byIssuer = Dictionary(all.map { ($0.issuer.issuer, $0) }, uniquingKeysWith: { first, _ in first })
        self.logger = logger
    }

    func provider(_ issuer: String) -> IdentityProvider? { byIssuer[issuer] }

    /// - Parameter name: `nil`: the only one by which people log in.
    func provider(named name: String?) -> IdentityProvider? {
        let able = all.filter { $0.issuer.clientID != nil }
        guard let name else { return able.count == 1 ? able[0] : nil }
        return able.first { $0.issuer.name == name }
    }

    /// Who has a token, and until when.
    ///
    /// - Throws: ``Problem``.
    func identity(of token: String, now: Timestamp) async throws(Problem) -> (UserIdentity, until: Timestamp) {
        guard let issuer = UnverifiedToken(token)?.claims["iss"]?.string, let provider = provider(issuer) else {
            throw Problem.unauthorized
        }
        let claims = try await claims(of: token, provider, provider.issuer.audiences, now)
        return (Self.user(claims, provider.issuer), until: Self.end(of: claims))
    }

    /// The claims of a token that holds.
    ///
    /// - Throws: ``Problem``.
    func claims(
        of token: String,
        _ provider: IdentityProvider,
        _ audiences: [String],
        _ now: Timestamp
    ) async throws(Problem) -> [String: JSONValue] {
        do {
            return try await provider.claims(of: token, audiences: audiences, now: now)
        } catch let refusal as TokenRefusal {
            logger.info(
                "A token was refused",
                metadata: ["identity.issuer": "\(provider.issuer.issuer)", "reason": "\(refusal.reason)"]
            )
            throw Problem.unauthorized
        } catch {
            throw away(provider, error)
        }
    }

    /// A provider cannot be asked.
    func away(_ provider: IdentityProvider, _ error: any Error) -> Problem {
        logger.warning(
            "A provider of identities cannot be asked",
            metadata: ["identity.issuer": "\(provider.issuer.issuer)", "error": "\(error)"]
        )
        return Problem.identityProviderAway(provider.issuer.name)
    }

    /// A provider was asked, and did not do what a login needs.
    func refusal(_ provider: IdentityProvider, _ error: any Error) -> Problem {
        logger.warning(
            "A provider of identities refused a login",
            metadata: ["identity.issuer": "\(provider.issuer.issuer)", "error": "\(error)"]
        )
        return Problem.loginFailed("the provider did not confirm it; log in again")
    }

    /// Whom claims tell of.
    static func user(_ claims: [String: JSONValue], _ issuer: IdentityIssuer) -> UserIdentity {
        func text(_ name: String) -> String? {
            claims[name]?.string.flatMap { (1...200).contains($0.count) && !$0.utf8.contains(0) ? $0 : nil }
        }
        var user = UserIdentity(
            subject: "\(issuer.issuer)|\(claims["sub"]?.string ?? "")",
            name: text(issuer.nameClaim)
        )
        if issuer.trustsEmail, claims["email_verified"] == .bool(true) { user.email = text(issuer.emailClaim) }
        let groups: [String] =
            switch claims[issuer.groupsClaim] {
            case .string(let one): [one]
            case .array(let several): several.compactMap(\.string)
            default: []
            }
        if claims[issuer.groupsClaim] != nil {
            user.groupGrants = groups.compactMap { issuer.groups[$0] }.reduce(Grants()) { $0.joined(with: $1) }
        }
        return user
    }

    static func end(of claims: [String: JSONValue]) -> Timestamp {
        Timestamp(microsecondsSince1970: (IdentityProvider.seconds(claims["exp"]) ?? 0) * 1_000_000)
    }
}

extension Problem {
    static func identityProviderAway(_ name: String) -> Problem {
        var problem = Problem(
            .serviceUnavailable,
            .identityProviderUnavailable,
            title: "Who you are cannot be found out",
            detail: "the provider \"\(name)\" cannot be reached; try again in a moment"
        )
        problem.headers[.retryAfter] = "5"
        return problem
    }
}
