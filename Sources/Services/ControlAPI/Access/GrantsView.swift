internal import RunStore
internal import SlipwayCore

extension JSONWriter {
    mutating func grants(_ name: String, _ grants: Grants) {
        object(name) { json in
            json.member("everywhere", grants.everywhere)
            json.object("teams") { json in
                for (team, role) in grants.teams.sorted(by: { $0.key < $1.key }) { json.member(team, role) }
            }
        }
    }

    mutating func token(_ token: TokenRecord) { object { $0.members(of: token) } }

    mutating func members(of token: TokenRecord) {
        member("id", token.id)
        member("name", token.name)
        switch token.owner {
        case .installation: member("owner", "installation")
        case .serviceAccount(let team, let name):
            member("owner", "service_account")
            member("team", team)
            member("service_account", name)
        case .user(let subject):
            member("owner", "user")
            member("subject", subject)
        }
        grants("grants", token.grants)
        member("created_by", token.createdBy)
        member("created_at", token.createdAt)
        member("expires_at", token.expiresAt)
        member("last_used_at", token.lastUsedAt)
        member("revoked_at", token.revokedAt)
        member("revoked_by", token.revokedBy)
        object("links") { $0.member("self", Links.token(token.id)) }
    }

    mutating func serviceAccount(_ account: ServiceAccountRecord, change: StoreChange? = nil) {
        object { json in
            json.member("team", account.team)
            json.member("name", account.name)
            json.member("role", account.role)
            json.member("description", account.description)
            json.member("tokens", account.tokens)
            json.member("revision", account.revision)
            json.member("created_by", account.createdBy)
            json.member("created_at", account.createdAt)
            json.member("updated_at", account.updatedAt)
            json.member("change", change)
            json.object("links") { $0.member("self", Links.serviceAccount(account.team, account.name)) }
        }
    }
}

extension Links {
    static func token(_ id: Identifier) -> String { "\(root)/tokens/\(id)" }
    static func serviceAccount(_ team: String, _ name: String) -> String { "\(root)/service-accounts/\(team)/\(name)" }
}
