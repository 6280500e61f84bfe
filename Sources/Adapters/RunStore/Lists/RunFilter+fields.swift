package import SlipwayCore

extension RunFilter {
    /// What ``RunFilter/condition`` may ask.
    package static let schema = FilterSchema([
        "id": .identifier, "team": .text, "job": .text, "version": .integer, "kind": .text, "cluster": .text,
        "state": .word(RunState.allCases.map(\.rawValue)), "over": .flag,
        "reason": .word(ReasonCode.allCases.map(\.rawValue)),
        "failure_class": .word(FailureClass.allCases.map(\.rawValue)),
        "message": .text, "failed_task": .text, "error_name": .text, "exit_code": .integer, "submitted_by": .text,
        "node": .text, "priority": .integer, "attempt": .integer, "warnings": .integer, "promoted": .flag,
        "released": .flag, "origin": .identifier, "root": .identifier,
        "trigger": .word(["manual", "schedule", "backfill"]), "schedule": .text, "tick": .time,
        "created_at": .time, "running_at": .time, "ended_at": .time, "state_since": .time, "eligible_at": .time,
        "age": .duration, "wait": .duration, "duration": .duration, "tags": .list, "variables": .map,
    ])

    /// The same as expressions over the view `runs`.
    static let columns: [String: FilterColumn] = [
        "id": .value("id"), "team": .value("team"), "job": .value("job_name"), "version": .value("job_version"),
        "kind": .value("kind"), "cluster": .value("cluster"), "state": .value("state"),
        "over": .value("(ended_at IS NOT NULL)"), "reason": .value("reason"),
        "failure_class": .value("failure_class"), "message": .value("message"), "failed_task": .value("failed_task"),
        "error_name": .value("error_name"), "exit_code": .value("exit_code"), "submitted_by": .value("submitted_by"),
        "node": .value("node"), "priority": .value("priority"), "attempt": .value("attempt"),
        "warnings": .value("warnings"), "promoted": .value("is_promoted"),
        "released": .value("(released_at IS NOT NULL)"), "origin": .value("origin_id"), "root": .value("root_id"),
        "trigger": .value("trigger_kind"),
        "schedule": .value("(SELECT s.name FROM schedules s WHERE s.id = schedule_id)"), "tick": .value("tick"),
        "created_at": .value("created_at"), "running_at": .value("running_at"), "ended_at": .value("ended_at"),
        "state_since": .value("state_since"), "eligible_at": .value("eligible_at"),
        "age": .value("extract(epoch FROM now() - created_at)"),
        "wait": .value("extract(epoch FROM coalesce(running_at, ended_at, now()) - created_at)"),
        "duration": .value("extract(epoch FROM coalesce(ended_at, now()) - running_at)"),
        "tags": .list(
            "(SELECT v.spec -> 'tags' FROM job_versions v WHERE v.job_id = runs.job_id AND v.version = runs.job_version)"
        ),
        "variables": .map("variables"),
    ]

    /// The conditions of a list of runs.
    var conditions: SQLConditions {
        var conditions = SQLConditions()
        // One value is compared as such: an index then gives its rows in order.
        if let teams, teams.count == 1 {
            conditions.require(teams[0]) { "team = \($0)::text" }
        } else {
            conditions.require(teams) { "team = ANY(\($0)::text[])" }
        }
        conditions.require(jobName) { "job_name = \($0)::text" }
        if let states, states.count == 1 {
            conditions.require(states[0]) { "state = \($0)::text" }
        } else {
            conditions.require(states) { "state = ANY(\($0)::text[])" }
        }
        conditions.require(kind) { "kind = \($0)::text" }
        conditions.require(originID) { "origin_id = \($0)::uuid" }
        conditions.require(isReleased) { "(released_at IS NOT NULL) = \($0)::boolean" }
        conditions.require(createdBefore) { "created_at < \($0)::timestamptz" }
        conditions.require(createdAfter) { "created_at >= \($0)::timestamptz" }
        conditions.require(triggerKinds) { "trigger_kind = ANY(\($0)::text[])" }
        conditions.require(scheduleName) {
            "schedule_id = ANY(ARRAY(SELECT s.id FROM schedules s WHERE s.name = \($0)::text))"
        }
        for (name, value) in (variables ?? [:]).sorted(by: { $0.key < $1.key }) {
            let element = SQLConditions.element(conditions.bind(name), of: "variables")
            conditions.require(value) { "\(element) = \($0)::text" }
        }
        conditions.require(condition, Self.columns)
        conditions.require(search.map(Self.query(of:))) { "document @@ to_tsquery('simple', \($0)::text)" }
        return conditions
    }

    /// Every word of a search, of which any may go on.
    static func query(of search: String) -> String {
        search.split(whereSeparator: \.isWhitespace).map { word in
            "'" + word.replacing("\\", with: "\\\\").replacing("'", with: "''") + "':*"
        }.joined(separator: " & ")
    }
}
