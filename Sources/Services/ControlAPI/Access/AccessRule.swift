internal import SlipwayCore

/// Who may ask for an operation. What belongs to a team the operation itself checks by the team, or leaves out of its lists.
enum AccessRule: Sendable, Hashable {
    /// Everyone, without credentials too.
    case open
    /// Every known caller.
    case anyone
    /// Who has this role in the team that it is about.
    case team(TeamRole)
    /// Who has this role in every team.
    case installation(TeamRole)

    /// Whether somebody might be allowed: nobody else's request reaches the operation.
    func admits(_ grants: Grants) -> Bool {
        switch self {
        case .open, .anyone: true
        case .team(let role): grants.holds(role)
        case .installation(let role): grants.selection(role) == .all
        }
    }

    /// In words, such as `the role operator`.
    var need: String {
        switch self {
        case .open: "nothing"
        case .anyone: "credentials"
        case .team(let role): "the role \(role.rawValue) in a team"
        case .installation(let role): "the role \(role.rawValue) over all teams"
        }
    }
}
