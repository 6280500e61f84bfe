internal import PostgresClient
package import SlipwayCore

/// Which schedules a list shows. All that is set must hold.
package struct ScheduleFilter: Sendable {
    package var teams: [String]?
    package var jobName: String?
    package var isPaused: Bool?
    /// What else must hold, over the fields of ``schema``.
    package var condition: FilterCondition?

    package init(
        teams: [String]? = nil,
        jobName: String? = nil,
        isPaused: Bool? = nil,
        condition: FilterCondition? = nil
    ) {
        self.teams = teams
        self.jobName = jobName
        self.isPaused = isPaused
        self.condition = condition
    }
}

extension RunStore {
    /// A schedule by its job and name.
    package func schedule(team: String, job: String, name: String) async throws -> ScheduleRecord? {
        try await schedules(where: "j.team = $1 AND j.name = $2 AND s.name = $3", [team, job, name], limit: 1).first
    }

    /// A schedule by its id.
    package func schedule(_ id: ScheduleID) async throws -> ScheduleRecord? {
        try await schedules(where: "s.id = $1", [id], limit: 1).first
    }

    /// Schedules by team, job and name, after such a place.
    package func schedules(
        _ filter: ScheduleFilter,
        after: (team: String, job: String, name: String)? = nil,
        limit: Int
    ) async throws -> [ScheduleRecord] {
        var conditions = filter.conditions
        if let after {
            let (team, job) = (conditions.bind(after.team), conditions.bind(after.job))
            conditions.require(after.name) { "(j.team, j.name, s.name) > (\(team)::text, \(job)::text, \($0)::text)" }
        }
        return try await schedules(
            where: conditions.text,
            conditions.parameters,
            order: "j.team, j.name, s.name",
            limit: min(max(limit, 1), limits.page)
        )
    }

    /// The schedules whose ticks the clock tells, those that are due next first.
    ///
    /// - Parameter includesPaused: also those that are paused, or whose job is.
    package func dueSchedules(_ filter: ScheduleFilter, includesPaused: Bool = false) async throws -> [ScheduleRecord] {
        try await schedules(
            where: """
                s.next_due IS NOT NULL AND j.archived_at IS NULL AND ($1::text[] IS NULL OR j.team = ANY($1))
                AND ($2::text IS NULL OR j.name = $2) AND ($3 OR (NOT s.is_paused AND j.paused_at IS NULL))
                """,
            [filter.teams, filter.jobName, includesPaused],
            order: "s.next_due, s.id",
            limit: limits.upcomingSchedules
        )
    }

    private func schedules(
        where condition: String,
        _ parameters: [any PostgresEncodable],
        order: String = "s.id",
        limit: Int
    ) async throws -> [ScheduleRecord] {
        let sql = """
            SELECT \(ScheduleRecord.columns) FROM schedules s JOIN jobs j ON j.id = s.job_id
            WHERE \(condition) ORDER BY \(order) LIMIT \(limit)
            """
        return try await pool.query(PostgresQuery(sql, parameters)).rows.map(ScheduleRecord.init(row:))
    }
}
