internal import PostgresClient
internal import SlipwayCore

extension RunStore {
    private static let monthsAhead = 3

    /// Makes the partitions of the days and months to come. Safe to repeat, and keeps nobody waiting for longer than a moment: they
    /// are made so far ahead that what is being used can be left for the next time.
    ///
    /// - Returns: how many were missing and are there now.
    @discardableResult
    package func makePartitions() async throws -> Int {
        let days = Self.logDaysAhead
        var made = try await make("SELECT make_day_partitions('notifications', 'noted_on', \(days)::int)")
        made += try await make("SELECT make_day_partitions('webhook_deliveries', 'noted_on', \(days)::int)")
        for table in RunTable.allCases {
            made += try await make(
                "SELECT make_month_partitions(\(table.rawValue), \(table.key), \(Self.monthsAhead)::int)"
            )
        }
        return made
    }

    /// Makes partitions of one table unless it is being used by somebody who needs it for long.
    ///
    /// - Parameter statement: tells how many it made.
    func make(_ statement: PostgresQuery) async throws -> Int {
        do {
            return try await pool.transaction(retries: 0) { transaction in
                try await transaction.query("SET LOCAL lock_timeout = '250ms'")
                return try await transaction.query(statement).decode(Int.self)[0]
            }
        } catch let error as PostgresError where error.isLockTimeout {
            return 0
        }
    }
}
