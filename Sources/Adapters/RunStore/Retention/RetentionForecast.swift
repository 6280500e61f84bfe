package import SlipwayCore

/// What would go if retention looked now.
package struct RetentionForecast: Sendable, Hashable {
    /// Runs of a team of which a kind goes by rows, because others keep it longer.
    package struct Rows: Sendable, Hashable {
        package var kind: RetentionKind
        /// Empty: of all teams without numbers of their own.
        package var team: String
        package var runs: Int
        /// Whether there may be more.
        package var isCut: Bool
    }

    package var partitions: [OldPartition] = []
    package var rows: [Rows] = []
}

extension RunStore {
    /// What would go; nothing does.
    package func forecastRetention(_ policy: RetentionPolicy) async throws -> RetentionForecast {
        var forecast = RetentionForecast()
        for table in RunTable.allCases {
            guard let days = policy.partitionDays(table.kind) else { continue }
            forecast.partitions += try await oldPartitions(table, days: days)
        }
        if let days = policy.partitionDays(.logs) { forecast.partitions += try await oldLogPartitions(days: days) }
        if let days = policy.partitionDays(.deliveries) {
            forecast.partitions += try await oldDeliveryPartitions(days: days)
        }
        let most = 10_000
        for kind in RetentionKind.allCases where kind == .runs || kind.belongsToRun {
            for (team, days) in policy.shorter(kind) {
                let scope = RetentionScope(team: team, policy: policy)
                let runs = try await countOldRows(kind, of: scope, days: days, most: most)
                guard runs > 0 else { continue }
                forecast.rows.append(.init(kind: kind, team: team, runs: runs, isCut: runs >= most))
            }
        }
        return forecast
    }
}
