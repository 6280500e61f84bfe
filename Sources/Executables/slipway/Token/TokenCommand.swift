internal import ArgumentParser
internal import SlipwayCore

struct TokenCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "token",
        abstract: "Make, list and revoke API tokens.",
        subcommands: [TokenCreate.self, TokenList.self, TokenShow.self, TokenRevoke.self]
    )

    static func path(_ id: String) throws -> String {
        guard Identifier(id) != nil else {
            throw Failure(.usage, "the token's id is \"\(id)\"; allowed is a UUID, as `slipway token list` shows it")
        }
        return "/tokens/\(id)"
    }

    /// What a token may do, in words.
    static func grants(_ grants: Document?) -> String {
        let everywhere = grants?.text("everywhere") ?? ""
        let teams = (grants?["teams"]?.members ?? [:]).sorted { $0.key < $1.key }
            .map { "\($0.value.plainText) of \($0.key)" }
        return ((everywhere.isEmpty ? [] : ["\(everywhere) everywhere"]) + teams).joined(separator: ", ")
    }

    static func owner(_ token: Document) -> String {
        switch token.text("owner") {
        case "service_account": "\(token.text("team"))/\(token.text("service_account"))"
        case "user": token.text("subject")
        default: token.text("owner")
        }
    }
}

/// What a token is to be able to do.
struct GrantOptions: ParsableArguments {
    @Option(name: .customLong("role"), help: "A role in every team: viewer, submitter, operator or admin.")
    var everywhere: String?

    @Option(
        name: .customLong("team"),
        help: ArgumentHelp("A role in one team; may be given more than once.", valueName: "team=role")
    )
    var teams: [String] = []

    func members() throws -> [String: Document] {
        let roles = TeamRole.allCases.map(\.rawValue)
        var members: [String: Document] = [:]
        if let everywhere {
            guard roles.contains(everywhere) else {
                throw Failure(.usage, "--role is \"\(everywhere)\"; allowed are \(roles.joined(separator: ", "))")
            }
            members["everywhere"] = .string(everywhere)
        }
        var given: [String: Document] = [:]
        for text in teams {
            let parts = text.split(separator: "=", maxSplits: 1).map(String.init)
            guard parts.count == 2, roles.contains(parts[1]) else {
                throw Failure(
                    .usage,
                    "--team is \"\(text)\"; allowed is TEAM=ROLE with \(roles.joined(separator: ", "))"
                )
            }
            given[parts[0]] = .string(parts[1])
        }
        if !given.isEmpty { members["teams"] = .object(given) }
        return members
    }
}
