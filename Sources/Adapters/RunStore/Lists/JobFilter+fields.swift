package import SlipwayCore

extension JobFilter {
    /// What ``JobFilter/condition`` may ask.
    package static let schema = FilterSchema([
        "team": .text, "name": .text, "kind": .text, "description": .text, "owner": .text, "cluster": .text,
        "version": .integer, "paused": .flag, "archived": .flag, "tags": .list, "created_at": .time,
        "updated_at": .time,
    ])

    private static let columns: [String: FilterColumn] = [
        "team": .value("j.team"), "name": .value("j.name"), "kind": .value("(v.spec ->> 'kind')"),
        "description": .value("(v.spec ->> 'description')"), "owner": .value("(v.spec ->> 'owner')"),
        "cluster": .value("(v.spec ->> 'cluster')"), "version": .value("j.current_version"),
        "paused": .value("(j.paused_at IS NOT NULL)"), "archived": .value("(j.archived_at IS NOT NULL)"),
        "tags": .list("(v.spec -> 'tags')"), "created_at": .value("j.created_at"), "updated_at": .value("j.updated_at"),
    ]

    /// The conditions of a list of jobs `j` and their current versions `v`.
    var conditions: SQLConditions {
        var conditions = SQLConditions()
        conditions.require(teams) { "j.team = ANY(\($0)::text[])" }
        conditions.require(isArchived) { "(j.archived_at IS NOT NULL) = \($0)::boolean" }
        conditions.require(isPaused) { "(j.paused_at IS NOT NULL) = \($0)::boolean" }
        conditions.require(kind) { "v.spec ->> 'kind' = \($0)::text" }
        conditions.require(owner) { "v.spec ->> 'owner' = \($0)::text" }
        conditions.require(tags) { "v.spec -> 'tags' ?& \($0)::text[]" }
        conditions.require(text) {
            "(strpos(lower(j.name), lower(\($0)::text)) > 0 OR strpos(lower(v.spec ->> 'description'), lower(\($0)::text)) > 0)"
        }
        conditions.require(condition, Self.columns)
        return conditions
    }
}
