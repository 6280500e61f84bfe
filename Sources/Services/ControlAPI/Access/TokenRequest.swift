internal import RunStore
internal import SlipwayCore

/// An API token that a client asks for.
struct TokenRequest: Sendable {
    private static let longestSeconds = 3650 * 86_400
    private static let mostTeams = 500

    var name: String
    /// `team/name`; `nil`: for whoever asks.
    var account: (team: String, name: String)?
    /// `nil`: whatever its owner may do.
    var grants: Grants?
    /// `nil`: it never ends by itself.
    var lifetimeSeconds: Int?
    var why: String?

    @inline(never)
    init(_ body: JSONValue) throws(Problem) {
        var reader = ObjectReader(body)
        name = reader.optionalText("name", characters: 1...100) ?? ""
        if name.isEmpty, reader.errors.isEmpty { reader.refuse("name", message: "is required") }
        account = reader.value("service_account", allowed: ["TEAM/NAME"]) { text in
            let parts = text.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
            return parts.count == 2 ? (parts[0], parts[1]) : nil
        }
        let roles = TeamRole.allCases.map(\.rawValue)
        let everywhere = reader.value("everywhere", allowed: roles) { TeamRole(rawValue: $0) }
        var teams: [String: TeamRole] = [:]
        let given = reader.values("teams")
        for (team, value) in given.sorted(by: { $0.key < $1.key }).prefix(Self.mostTeams) {
            if let role = value.string.flatMap(TeamRole.init(rawValue:)), !team.utf8.contains(0), team.count <= 63 {
                teams[team] = role
            } else {
                reader.refuse("teams.\(team.prefix(63))", message: "is not a role in a team", allowed: roles)
            }
        }
        if given.count > Self.mostTeams {
            reader.refuse("teams", message: "has too many members", allowed: ["at most \(Self.mostTeams)"])
        }
        if everywhere != nil || !teams.isEmpty { grants = Grants(everywhere: everywhere, teams: teams) }
        lifetimeSeconds = reader.value("expires_in", allowed: ["a duration such as 12h or 90d, at most 3650d"]) {
            text in
            DurationText.seconds(text).flatMap { (60...Self.longestSeconds).contains($0) ? $0 : nil }
        }
        why = reader.why()
        try reader.check()
    }
}
