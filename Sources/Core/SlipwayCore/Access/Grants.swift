extension TeamRole: Comparable {
    package static func < (left: TeamRole, right: TeamRole) -> Bool { left.rank < right.rank }

    private var rank: Int {
        switch self {
        case .viewer: 0
        case .submitter: 1
        case .operator: 2
        case .admin: 3
        }
    }
}

/// What somebody may do, and in which teams.
package struct Grants: Sendable, Hashable, Codable {
    /// In every team, those to come included, and for what belongs to no team; `nil`: nothing.
    package var everywhere: TeamRole?
    /// In single teams, beside that.
    package var teams: [String: TeamRole]

    package init(everywhere: TeamRole? = nil, teams: [String: TeamRole] = [:]) {
        self.everywhere = everywhere
        self.teams = teams
    }

    /// Everything.
    package static let all = Grants(everywhere: .admin)

    package var isEmpty: Bool { everywhere == nil && teams.isEmpty }

    /// The role in a team; `nil`: the team is not to be seen.
    package func role(in team: String) -> TeamRole? { Self.greater(everywhere, teams[team]) }

    /// Whether there is any team in which this role is held.
    package func holds(_ role: TeamRole) -> Bool {
        if let everywhere, everywhere >= role { return true }
        return teams.values.contains { $0 >= role }
    }

    /// The teams in which a role, or one that may do more, is held.
    package func selection(_ role: TeamRole) -> TeamSelection {
        if let everywhere, everywhere >= role { return .all }
        return .only(teams.filter { $0.value >= role }.keys.sorted())
    }

    /// Whether all that the others may do may be done with these too.
    package func covers(_ others: Grants) -> Bool {
        if let wanted = others.everywhere {
            guard let everywhere, everywhere >= wanted else { return false }
        }
        return others.teams.allSatisfy { team, wanted in role(in: team).map { $0 >= wanted } ?? false }
    }

    /// What may be done with both.
    package func limited(to others: Grants) -> Grants {
        var both = Grants(everywhere: Self.lesser(everywhere, others.everywhere))
        for team in Set(teams.keys).union(others.teams.keys) {
            guard let role = Self.lesser(role(in: team), others.role(in: team)),
                Self.is(role, moreThan: both.everywhere)
            else { continue }
            both.teams[team] = role
        }
        return both
    }

    /// What may be done with one of them.
    package func joined(with others: Grants) -> Grants {
        Grants(
            everywhere: Self.greater(everywhere, others.everywhere),
            teams: teams.merging(others.teams) { max($0, $1) }
        )
    }

    private static func greater(_ one: TeamRole?, _ other: TeamRole?) -> TeamRole? {
        guard let one, let other else { return one ?? other }
        return max(one, other)
    }

    private static func `is`(_ role: TeamRole, moreThan other: TeamRole?) -> Bool {
        guard let other else { return true }
        return other < role
    }

    private static func lesser(_ one: TeamRole?, _ other: TeamRole?) -> TeamRole? {
        guard let one, let other else { return nil }
        return min(one, other)
    }
}

/// Some teams, or all.
package enum TeamSelection: Sendable, Hashable {
    case all
    /// None if there are no names.
    case only([String])

    package func contains(_ team: String) -> Bool {
        switch self {
        case .all: true
        case .only(let names): names.contains(team)
        }
    }

    /// Those of these teams that somebody asked for, as filters have them.
    ///
    /// - Parameter asked: `nil` for all of these.
    /// - Returns: `nil` for every team; none if nothing is left.
    package func narrowed(to asked: [String]?) -> [String]? {
        switch self {
        case .all: asked
        case .only(let names): asked.map { $0.filter(names.contains) } ?? names
        }
    }
}
