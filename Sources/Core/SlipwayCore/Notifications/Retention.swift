/// What is kept for a while and then goes.
package enum RetentionKind: String, Sendable, Hashable, Codable, CaseIterable {
    /// Runs that are over, with all that belongs to them.
    case runs
    /// What happened to a run, transition by transition.
    case events
    /// A run's tasks and warnings.
    case tasks
    /// What runs wrote as their results.
    case outputs
    /// Samples of what containers used.
    case metrics
    /// What runs wrote.
    case logs
    /// What became of the ticks of schedules.
    case ticks
    /// Who did what.
    case audit
    /// Notifications and what became of telling them.
    case deliveries

    /// For how many days it is kept if nobody says otherwise.
    package var standardDays: Int {
        switch self {
        case .runs, .events, .tasks, .outputs: 180
        case .metrics, .logs, .deliveries: 30
        case .ticks, .audit: 400
        }
    }

    /// Whether it belongs to a run, and so never outlives it.
    package var belongsToRun: Bool {
        switch self {
        case .events, .tasks, .outputs, .metrics, .logs: true
        case .runs, .ticks, .audit, .deliveries: false
        }
    }

    /// Whether old partitions are dropped; otherwise old rows are removed, a bounded number at once.
    package var isInPartitions: Bool { self != .ticks && self != .audit }
}

/// For how long what is kept, by team.
package struct RetentionPolicy: Sendable, Hashable {
    /// In days, by kind, of all teams that have no number of their own; 0: for ever.
    package var installation: [RetentionKind: Int]
    /// The same, by team.
    package var teams: [String: [RetentionKind: Int]]

    package init(installation: [RetentionKind: Int] = [:], teams: [String: [RetentionKind: Int]] = [:]) {
        self.installation = installation
        self.teams = teams
    }

    /// The most that can be said.
    package static let mostDays = 36_500

    /// What was said for a team, or for all; `nil`: nobody said anything of the kind.
    package func said(_ kind: RetentionKind, team: String) -> Int? { teams[team]?[kind] ?? installation[kind] }

    /// For how many days a kind is kept of a team; `nil`: for ever.
    ///
    /// - Parameter team: `nil` stands for one without numbers of its own.
    package func days(_ kind: RetentionKind, team: String?) -> Int? {
        let own = Self.limited(team.flatMap { teams[$0]?[kind] } ?? installation[kind] ?? kind.standardDays)
        guard kind.belongsToRun else { return own }
        let runs = Self.limited(
            team.flatMap { teams[$0]?[.runs] } ?? installation[.runs] ?? RetentionKind.runs.standardDays
        )
        return [own, runs].compactMap(\.self).min()
    }

    private static func limited(_ days: Int) -> Int? { days == 0 ? nil : days }

    /// For how many days partitions of a kind are kept: as long as any team needs them. `nil`: for ever.
    package func partitionDays(_ kind: RetentionKind) -> Int? {
        var longest = 0
        for team in [nil] + teams.keys.map(Optional.some) {
            guard let days = days(kind, team: team) else { return nil }
            longest = max(longest, days)
        }
        return longest
    }

    /// The teams of which less is kept than the partitions hold, with their days, by name; `""` stands for all without numbers
    /// of their own.
    package func shorter(_ kind: RetentionKind) -> [(team: String, days: Int)] {
        let partition = partitionDays(kind)
        return ([""] + teams.keys.sorted()).compactMap { team in
            guard let days = days(kind, team: team.isEmpty ? nil : team), days < partition ?? .max else { return nil }
            return (team, days)
        }
    }
}
