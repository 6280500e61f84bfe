internal import SlipwayCore

// What each list shows.

extension Listing {
    static let jobs = Listing(
        columns: [
            Column(title: "NAME", isElastic: true) { $0.text("name") },
            Column(title: "TEAM") { $0.text("team") },
            Column(title: "VERSION") { $0.text("version") },
            Column(title: "KIND") { $0.text("kind") },
            Column(title: "TASKS", isElastic: true) { $0.elements("tasks").map(\.plainText).joined(separator: ",") },
            Column(title: "UPDATED") { Moments.age($0.text("updated_at")) },
            Column(title: "CLUSTER", isWide: true) { $0.text("cluster") },
            Column(title: "VARIABLES", isWide: true) {
                ($0["variables"]?.members.keys.sorted() ?? []).joined(separator: ",")
            },
            Column(title: "DESCRIPTION", isWide: true) { $0.text("description") },
        ],
        name: { $0.text("name") }
    )

    static let versions = Listing(
        columns: [
            Column(title: "VERSION") { $0.text("version") },
            Column(title: "CREATED") { $0.text("created_at") },
            Column(title: "AGE") { Moments.age($0.text("created_at")) },
            Column(title: "BY") { $0.text("created_by") },
            Column(title: "IMAGE", isWide: true) { $0["spec"]?.text("image") ?? "" },
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
            Column(title: "AGE") { Moments.age($0.text("created_at")) },
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
