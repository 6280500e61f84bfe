internal import SlipwayCore

// What the lists about schedules show.

extension Listing {
    static let schedules = Listing(
        columns: [
            Column(title: "JOB", isElastic: true) { $0.text("job") },
            Column(title: "NAME", isElastic: true) { $0.text("name") },
            Column(title: "WHEN", isElastic: true) { ScheduleText.when($0["spec"] ?? .null) },
            Column(title: "STATE") { $0.text("state") },
            Column(title: "NEXT") { $0["next"]?.text("local") ?? "" },
            Column(title: "TEAM", isWide: true) { $0.text("team") },
            Column(title: "MISSED", isWide: true) { ScheduleText.missed($0["spec"] ?? .null) },
            Column(title: "LAST TICK", isWide: true) { $0.text("last_tick") },
            Column(title: "LAST RUN", isWide: true) { $0.text("last_run") },
            Column(title: "REVISION", isWide: true) { $0.text("revision") },
            Column(title: "PROBLEM", isWide: true) { $0.text("problem") },
        ],
        name: { "\($0.text("job"))/\($0.text("name"))" },
        identity: { "\($0.text("team"))/\($0.text("job"))/\($0.text("name"))" }
    )

    static let ticks = Listing(
        columns: [
            Column(title: "TICK") { $0.text("tick") },
            Column(title: "SCHEDULE", isElastic: true) { $0.text("schedule") },
            Column(title: "OUTCOME") { $0.text("outcome") },
            Column(title: "REASON", isElastic: true) { tick in
                let many = tick.text("ticks")
                return tick.text("reason") + (many.isEmpty ? "" : " (\(many) ticks)")
            },
            Column(title: "RUN") { tick in
                tick.text("backfill_run").isEmpty ? tick.text("run") : tick.text("backfill_run")
            },
            Column(title: "THROUGH", isWide: true) { $0.text("through") },
            Column(title: "DECIDED", isWide: true) { $0.text("decided_at") },
            Column(title: "MESSAGE", isWide: true) { $0.text("message") },
        ],
        name: { $0.text("tick") },
        identity: { "\($0.text("schedule")) at \($0.text("tick"))" }
    )

    static let dryRun = Listing(
        columns: [
            Column(title: "TICK") { $0.text("local") },
            Column(title: "WOULD") { ($0.text("verdict")) },
            Column(title: "REASON") { $0.text("reason") },
            Column(title: "UNTIL") { $0.text("until") },
            Column(title: "DUE", isWide: true) { $0.text("due") },
            Column(title: "UTC", isWide: true) { $0.text("tick") },
            Column(title: "REPLACED", isWide: true) { $0.text("runs") },
        ],
        name: { $0.text("tick") }
    )

    static let backfill = Listing(
        columns: [
            Column(title: "TICK") { $0.text("local") },
            Column(title: "KNOWN") { $0.text("known") },
            Column(title: "REASON", isElastic: true) { $0.text("reason") },
            Column(title: "RUN") { tick in
                tick.text("run").isEmpty ? (tick["creates_run"] == .bool(true) ? "yes" : "no") : tick.text("run")
            },
            Column(title: "UTC", isWide: true) { $0.text("tick") },
        ],
        name: { $0.text("run").isEmpty ? $0.text("tick") : $0.text("run") }
    )

    static let upcoming = Listing(
        columns: [
            Column(title: "AT") { $0.text("local") },
            Column(title: "JOB", isElastic: true) { $0.text("job") },
            Column(title: "SCHEDULE", isElastic: true) { $0.text("schedule") },
            Column(title: "TEAM") { $0.text("team") },
            Column(title: "UTC", isWide: true) { $0.text("tick") },
            Column(title: "DUE", isWide: true) { $0.text("due") },
        ],
        name: { "\($0.text("job"))/\($0.text("schedule"))" },
        identity: { "\($0.text("team"))/\($0.text("job"))/\($0.text("schedule")) at \($0.text("tick"))" }
    )
}
