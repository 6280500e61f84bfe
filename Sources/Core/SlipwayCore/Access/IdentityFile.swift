internal import Yams

/// The providers of identities that an API trusts, as a file in YAML or JSON has them.
package struct IdentityFile: Sendable, Hashable, Decodable {
    package var issuers: [IdentityIssuer]

    private enum CodingKeys: String, CodingKey, CaseIterable { case issuers }

    package init(issuers: [IdentityIssuer]) { self.issuers = issuers }

    package init(from decoder: any Decoder) throws {
        try StrictKey.check(decoder, CodingKeys.allCases.map(\.rawValue))
        issuers = try decoder.container(keyedBy: CodingKeys.self).decode([IdentityIssuer].self, forKey: .issuers)
        guard (1...20).contains(issuers.count), Set(issuers.map(\.name)).count == issuers.count,
            Set(issuers.map(\.issuer)).count == issuers.count
        else {
            throw IdentityFileError("issuers must be 1 to 20, each with a name and an address of its own")
        }
    }

    /// - Throws: ``IdentityFileError``.
    package static func parse(_ text: String) throws(IdentityFileError) -> IdentityFile {
        do {
            return try YAMLDecoder().decode(IdentityFile.self, from: text)
        } catch let error as IdentityFileError {
            throw error
        } catch let DecodingError.keyNotFound(key, context) {
            throw IdentityFileError("\(path(context.codingPath + [key])) is required")
        } catch let DecodingError.typeMismatch(type, context) {
            throw IdentityFileError("\(path(context.codingPath)) must be of type \(type)")
        } catch let DecodingError.dataCorrupted(context) {
            let cause = (context.underlyingError as? IdentityFileError)?.description ?? context.debugDescription
            throw IdentityFileError("\(path(context.codingPath)): \(cause)")
        } catch {
            throw IdentityFileError("it is not YAML: \(error)")
        }
    }

    private static func path(_ path: [any CodingKey]) -> String {
        let words = path.map { key in key.intValue.map { "[\($0)]" } ?? key.stringValue }
        return words.joined(separator: ".").replacing(".[", with: "[")
    }
}

package struct IdentityFileError: Error, CustomStringConvertible {
    package let description: String

    package init(_ description: String) { self.description = description }
}

/// One provider of identities: an OpenID Connect issuer.
package struct IdentityIssuer: Sendable, Hashable, Decodable {
    /// With which a token may be signed. All are asymmetric: whoever can check one cannot make one.
    package static let knownAlgorithms = [
        "RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA",
    ]

    /// Shown where people log in.
    package var name: String
    /// Exactly as its tokens name it.
    package var issuer: String
    /// A token must be meant for one of these.
    package var audiences: [String]
    package var algorithms: [String]
    /// As which people log in to the dashboard; `nil`: they do not, by this one.
    package var clientID: String?
    /// Holds the client's secret; `nil`: it has none.
    package var clientSecretFile: String?
    package var scopes: [String]
    /// Whose e-mail addresses, if it says that it has verified them, name members of teams.
    package var trustsEmail: Bool
    package var emailClaim: String
    package var nameClaim: String
    package var groupsClaim: String
    /// What groups give.
    package var groups: [String: Grants]

    private enum CodingKeys: String, CodingKey, CaseIterable {
        case name, issuer, audiences, algorithms
        case clientID = "client_id"
        case clientSecretFile = "client_secret_file"
        case scopes
        case trustsEmail = "trust_email"
        case emailClaim = "email_claim"
        case nameClaim = "name_claim"
        case groupsClaim = "groups_claim"
        case groups
    }

    package init(from decoder: any Decoder) throws {
        try StrictKey.check(decoder, CodingKeys.allCases.map(\.rawValue))
        let values = try decoder.container(keyedBy: CodingKeys.self)
        name = try values.decode(String.self, forKey: .name)
        issuer = try values.decode(String.self, forKey: .issuer)
        clientID = try values.decodeIfPresent(String.self, forKey: .clientID)
        clientSecretFile = try values.decodeIfPresent(String.self, forKey: .clientSecretFile)
        audiences = try values.decodeIfPresent([String].self, forKey: .audiences) ?? clientID.map { [$0] } ?? []
        algorithms = try values.decodeIfPresent([String].self, forKey: .algorithms) ?? ["RS256"]
        scopes = try values.decodeIfPresent([String].self, forKey: .scopes) ?? ["openid", "email", "profile"]
        trustsEmail = try values.decodeIfPresent(Bool.self, forKey: .trustsEmail) ?? false
        emailClaim = try values.decodeIfPresent(String.self, forKey: .emailClaim) ?? "email"
        nameClaim = try values.decodeIfPresent(String.self, forKey: .nameClaim) ?? "name"
        groupsClaim = try values.decodeIfPresent(String.self, forKey: .groupsClaim) ?? "groups"
        groups = try values.decodeIfPresent([String: GivenGrants].self, forKey: .groups)?.mapValues(\.grants) ?? [:]
        try check()
    }

    private func check() throws(IdentityFileError) {
        guard !name.isEmpty, name.count <= 100 else { throw IdentityFileError("name must have 1 to 100 characters") }
        guard Self.isTrustworthy(issuer) else {
            throw IdentityFileError(
                "issuer is \"\(issuer)\"; allowed is an address that begins with https://, or http:// on loopback"
            )
        }
        guard !audiences.isEmpty, !audiences.contains("") else {
            throw IdentityFileError("audiences or client_id is required for issuer \"\(issuer)\"")
        }
        for algorithm in algorithms where !Self.knownAlgorithms.contains(algorithm) {
            let allowed = Self.knownAlgorithms.joined(separator: ", ")
            throw IdentityFileError("algorithms has \"\(algorithm)\"; allowed are \(allowed)")
        }
        guard !algorithms.isEmpty, scopes.contains("openid") else {
            throw IdentityFileError("algorithms must not be empty, and scopes must contain openid")
        }
    }

    /// Whether nobody on the way can answer in its place.
    package static func isTrustworthy(_ address: String) -> Bool {
        if address.hasPrefix("https://"), address.utf8.count > 8 { return true }
        guard address.hasPrefix("http://") else { return false }
        let host = address.dropFirst(7).prefix { $0 != "/" && $0 != ":" && $0 != "?" }
        return host == "localhost" || host == "127.0.0.1"
    }
}

/// Grants as the file has them.
private struct GivenGrants: Decodable {
    var grants: Grants

    private enum CodingKeys: String, CodingKey, CaseIterable { case everywhere, teams }

    init(from decoder: any Decoder) throws {
        try StrictKey.check(decoder, CodingKeys.allCases.map(\.rawValue))
        let values = try decoder.container(keyedBy: CodingKeys.self)
        grants = Grants(
            everywhere: try values.decodeIfPresent(TeamRole.self, forKey: .everywhere),
            teams: try values.decodeIfPresent([String: TeamRole].self, forKey: .teams) ?? [:]
        )
    }
}

/// Any key: a misspelt one must not be ignored.
private struct StrictKey: CodingKey {
    var stringValue: String
    var intValue: Int? { nil }

    init(stringValue: String) { self.stringValue = stringValue }

    init?(intValue: Int) { nil }

    static func check(_ decoder: any Decoder, _ known: [String]) throws {
        for key in try decoder.container(keyedBy: StrictKey.self).allKeys where !known.contains(key.stringValue) {
            throw IdentityFileError("\(key.stringValue) is not known; allowed are \(known.joined(separator: ", "))")
        }
    }
}
