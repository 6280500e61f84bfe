/// What a team uses of what is scarce, and where that places it among others.
package struct TeamShare: Sendable, Hashable {
    package var team: String
    package var weight: Double
    package var cohort: String?
    package var used: ResourceAmounts
    package var waiting: Int
    /// The largest of its parts of runs, cpu and memory; 0 to 1 and, where the whole is only the standard, beyond.
    package var share: Double
    /// The part of the whole that its weight would give it if all teams in ``AdmissionQueue/shares()`` wanted more.
    package var fairShare: Double
    /// What it used in the past, fading, in the unit of ``share``.
    package var history: Double
    /// Among teams whose next runs have the same level the one with the smallest goes first.
    package var weighted: Double
}

extension AdmissionQueue {
    /// Each team that has runs live or waiting, or a past that counts, by name; and what their shares are parts of.
    package func shares() -> (teams: [TeamShare], whole: ResourceAmounts) {
        let whole = capacity
        let present = teams.values.filter { !$0.live.isEmpty || $0.pendingCount > 0 || $0.history > 0.0005 }
        let weights = present.reduce(0) { $0 + $1.settings.effectiveWeight }
        let shares = present.map { team in
            TeamShare(
                team: team.name,
                weight: team.settings.effectiveWeight,
                cohort: team.settings.cohort,
                used: team.used,
                waiting: team.pendingCount,
                share: team.used.dominantShare(of: whole),
                fairShare: team.settings.effectiveWeight / weights,
                history: team.history,
                weighted: weightedShare(team, of: whole)
            )
        }
        return (shares.sorted { $0.team < $1.team }, whole)
    }
}
