internal import SlipwayCore

/// One API that a person speaks to, and what holds there unless they say otherwise.
struct ClientContext: Equatable, Sendable {
    /// The API's address.
    var server: String
    var token: String?
    /// A file whose first line is the token.
    var tokenFile: String?
    /// An environment variable with the token.
    var tokenVariable: String?
    var team: String?
    var output: String?

    init(server: String) { self.server = server }

    private static let members: [(name: String, path: any WritableKeyPath<ClientContext, String?> & Sendable)] = [
        ("token", \.token), ("token_file", \.tokenFile), ("token_variable", \.tokenVariable), ("team", \.team),
        ("output", \.output),
    ]

    /// - Parameter place: for messages, such as `contexts.prod`.
    init(_ document: Document, _ place: String) throws(ConfigurationMistake) {
        guard case .object(let members) = document else { throw ConfigurationMistake("\(place) must have members") }
        let allowed = ["server"] + Self.members.map(\.name)
        for key in members.keys.sorted() where !allowed.contains(key) {
            let nearest = NearestName.of(key, among: allowed).map { "; did you mean \($0)?" } ?? ""
            throw ConfigurationMistake(
                "\(place).\(key) is not known\(nearest); allowed are \(allowed.joined(separator: ", "))"
            )
        }
        guard let server = document["server"]?.string else { throw ConfigurationMistake("\(place).server is missing") }
        self.server = server
        for (name, path) in Self.members {
            guard let value = document[name], value != .null else { continue }
            guard let text = value.string, !text.isEmpty else {
                throw ConfigurationMistake("\(place).\(name) must be a text")
            }
            self[keyPath: path] = text
        }
    }

    var document: Document {
        var members = ["server": Document.string(server)]
        for (name, path) in Self.members { members[name] = self[keyPath: path].map(Document.string) }
        return .object(members)
    }

    /// What may be shown: the token itself is not.
    var shown: Document {
        guard case .object(var members) = document else { return document }
        if token != nil { members["token"] = .string("<set>") }
        return .object(members)
    }

    /// Where its token is from; empty if it has none.
    var tokenOrigin: String {
        if token != nil { return "stored" }
        if let tokenFile { return "file \(tokenFile)" }
        return tokenVariable.map { "variable \($0)" } ?? ""
    }
}

/// What is wrong with the configuration file.
struct ConfigurationMistake: Error {
    let what: String
    init(_ what: String) { self.what = what }
}
