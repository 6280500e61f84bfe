internal import SlipwayCore

// What each list shows.

extension Listing {
    static let jobs = Listing(
        columns: [
            Column(title: "NAME", isElastic: true) { $0.text("name") },
            Column(title: "TEAM") { $0.text("team") },
            Column(title: "VERSION") { $0.text("version") },
            Column(title: "KIND") { $0.text("kind") },
            Column(title: "TASKS", isElastic: true) { Listing.tasks(of: $0) },
            Column(title: "UPDATED") { Moments.age($0.text("updated_at")) },
            Column(title: "STATE") { job in
                job.text("archived_at").isEmpty ? (job.text("paused_at").isEmpty ? "active" : "paused") : "archived"
            },
            Column(title: "CLUSTER", isWide: true) { job in
                job.text("cluster").isEmpty ? JobShow.labels(job["cluster_selector"]) : job.text("cluster")
            },
            Column(title: "OWNER", isWide: true) { $0.text("owner") },
            Column(title: "TAGS", isWide: true) { $0.elements("tags").map(\.plainText).joined(separator: ",") },
            Column(title: "VARIABLES", isWide: true) {
                $0.elements("variable_names").map(\.plainText).joined(separator: ",")
            },
            Column(title: "DESCRIPTION", isWide: true) { $0.text("description") },
        ],
        name: { $0.text("name") },
        identity: { "\($0.text("team"))/\($0.text("name"))" }
    )

    /// The first names, and how many more there are.
    private static func tasks(of job: Document) -> String {
        let names = job.elements("tasks").map(\.plainText)
        let more = (job.integer("task_count") ?? names.count) - names.count
        return names.joined(separator: ",") + (more > 0 ? " and \(more) more" : "")
    }

    static let versions = Listing(
        columns: [
            Column(title: "VERSION") { $0.text("version") },
            Column(title: "CREATED") { $0.text("created_at") },
            Column(title: "AGE") { Moments.age($0.text("created_at")) },
            Column(title: "BY") { $0.text("created_by") },
            Column(title: "IMAGE", isWide: true) { $0.text("image") },
            Column(title: "TASKS", isWide: true) { $0.text("task_count") },
        ],
        name: { $0.text("version") }
    )

    static let runs = Listing(
        columns: [
            Column(title: "ID") { $0.text("id") },
            Column(title: "STATE") { Listing.state(of: $0) },
            Column(title: "JOB", isElastic: true) { $0.text("job") },
            Column(title: "AGE") { Moments.age($0.text("created_at")) },
            Column(title: "TIME") { run in
                run.text("running_at").isEmpty
                    ? "" : Moments.duration(from: run.text("running_at"), to: run.text("ended_at"))
            },
            Column(title: "TEAM", isWide: true) { $0.text("team") },
            Column(title: "VERSION", isWide: true) { $0.text("version") },
            Column(title: "CLUSTER", isWide: true) { $0.text("cluster") },
            Column(title: "NODE", isWide: true) { $0.text("node") },
            Column(title: "REASON", isWide: true) { $0.text("reason") },
            Column(title: "MESSAGE", isWide: true) { $0.text("message") },
        ],
        name: { $0.text("id") }
    )

    /// The state, with a mark if somebody let go of the run, and one if there were warnings.
    private static func state(of run: Document) -> String {
        let state = run.text("state") + (run.text("released_at").isEmpty ? "" : ", released")
        return (run.integer("warnings") ?? 0) > 0 ? "\(state) (!)" : state
    }

    static let events = Listing(
        columns: [
            Column(title: "TIME") { Moments.clock($0.text("at")) },
            Column(title: "EVENT") { $0.text("kind") },
            Column(title: "STATE") { $0.text("state") },
            Column(title: "REASON") { $0.text("reason") },
            Column(title: "MESSAGE", isElastic: true) { $0.text("message") },
            Column(title: "FROM", isWide: true) { $0.text("from_state") },
            Column(title: "PLACEMENT", isWide: true) { $0.text("placement") },
            Column(title: "ACTOR", isWide: true) { $0.text("actor") },
            Column(title: "AT", isWide: true) { $0.text("at") },
        ],
        name: { $0.text("sequence") }
    )

    static let clusters = Listing(
        columns: [
            Column(title: "NAME", isElastic: true) { $0.text("name") },
            Column(title: "STATE") { $0.text("state") },
            Column(title: "SINCE") { Moments.age($0.text("state_since")) },
            Column(title: "RUNS") { cluster in
                let limit = cluster["capacity"]?.text("runs") ?? ""
                return (cluster["used"]?.text("runs") ?? "") + (limit.isEmpty ? "" : "/\(limit)")
            },
            Column(title: "LABELS", isElastic: true) { JobShow.labels($0["labels"]) },
            Column(title: "MESSAGE", isElastic: true) { $0.text("message") },
            Column(title: "WANTED", isWide: true) { $0.text("wanted") },
            Column(title: "NODES", isWide: true) { $0["nodes"]?.text("count") ?? "" },
            Column(title: "TEAMS", isWide: true) { $0.elements("teams").map(\.plainText).joined(separator: ",") },
            Column(title: "REVISION", isWide: true) { $0.text("revision") },
            Column(title: "DESCRIPTION", isWide: true) { $0.text("description") },
        ],
        name: { $0.text("name") }
    )

    static let holders = Listing(
        columns: [
            Column(title: "KIND") { $0.text("kind") },
            Column(title: "NAME", isElastic: true) { $0.text("name") },
            Column(title: "CLUSTERS", isElastic: true) {
                $0.elements("clusters").map(\.plainText).joined(separator: ",")
            },
            Column(title: "ALIVE") { $0.text("alive") },
            Column(title: "AGE") { Moments.age($0.text("started_at")) },
            Column(title: "ID", isWide: true) { $0.text("id") },
            Column(title: "VERSION", isWide: true) { $0.text("version") },
        ],
        name: { $0.text("id") }
    )
}
