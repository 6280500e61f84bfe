import SlipwayCore
import Testing

/// What two sets of roles allow together.
@Suite struct GrantsTests {
    private static let roles: [TeamRole?] = [nil] + TeamRole.allCases
    private static let all = roles.flatMap { everywhere in
        roles.flatMap { finance in
            roles.map { sales in
                Grants(
                    everywhere: everywhere,
                    teams: ["finance": finance, "sales": sales].compactMapValues { $0 }
                )
            }
        }
    }

    @Test("limited to others, in every team exactly the lesser role is held")
    func limited() {
        for one in Self.all {
            for other in Self.all {
                let both = one.limited(to: other)
                for team in ["finance", "sales", "another"] {
                    let expected: TeamRole? =
                        if let first = one.role(in: team), let second = other.role(in: team) {
                            min(first, second)
                        } else {
                            nil
                        }
                    #expect(both.role(in: team) == expected, "\(one) limited to \(other) in \(team)")
                }
            }
        }
    }
}
