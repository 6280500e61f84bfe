package import SlipwayCore

extension ScheduleFilter {
    /// What ``ScheduleFilter/condition`` may ask.
    package static let schema = FilterSchema([
        "team": .text, "job": .text, "name": .text, "paused": .flag, "job_paused": .flag, "problem": .text,
        "zone": .text, "next": .time, "last_tick": .time, "from_job_file": .flag, "created_by": .text,
        "created_at": .time, "updated_at": .time,
    ])

    private static let columns: [String: FilterColumn] = [
        "team": .value("j.team"), "job": .value("j.name"), "name": .value("s.name"), "paused": .value("s.is_paused"),
        "job_paused": .value("(j.paused_at IS NOT NULL)"), "problem": .value("s.problem"),
        "zone": .value("(s.spec ->> 'zone')"), "next": .value("s.next_due"), "last_tick": .value("s.last_settled"),
        "from_job_file": .value("s.is_from_job_file"), "created_by": .value("s.created_by"),
        "created_at": .value("s.created_at"), "updated_at": .value("s.updated_at"),
    ]

    /// The conditions of a list of schedules `s` and their jobs `j`.
    var conditions: SQLConditions {
        var conditions = SQLConditions()
        conditions.require(teams) { "j.team = ANY(\($0)::text[])" }
        conditions.require(jobName) { "j.name = \($0)::text" }
        conditions.require(isPaused) { "s.is_paused = \($0)::boolean" }
        conditions.require(condition, Self.columns)
        return conditions
    }
}
