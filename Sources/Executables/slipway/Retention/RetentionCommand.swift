internal import ArgumentParser

struct RetentionCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "retention",
        abstract: "Say for how long what is kept, and see what would go.",
        subcommands: [RetentionShow.self, RetentionSet.self, RetentionDryRun.self, RetentionPins.self]
    )
}

extension Listing {
    static let retention = Listing(
        columns: [
            Column(title: "KIND") { $0.text("kind") },
            Column(title: "KEPT") { $0.text("keep") },
            Column(title: "SAID") { $0.text("said") },
            Column(title: "STANDARD") { $0.text("standard") },
            Column(title: "GOES BY", isWide: true) { $0.text("by") },
        ],
        name: { $0.text("kind") }
    )

    static let oldPartitions = Listing(
        columns: [
            Column(title: "PARTITION", isElastic: true) { $0.text("name") },
            Column(title: "KIND") { $0.text("kind") },
            Column(title: "ROWS") { ($0.text("rows_are_counted") == "true" ? "" : "about ") + $0.text("rows") },
            Column(title: "BYTES") { $0.text("bytes") },
            Column(title: "KEPT RUNS") { $0.text("kept_runs") },
        ],
        name: { $0.text("name") }
    )

    static let pins = Listing(
        columns: [
            Column(title: "RUN") { $0.text("id") },
            Column(title: "TEAM") { $0.text("team") },
            Column(title: "AGE") { Moments.age($0.text("pinned_at")) },
            Column(title: "BY") { $0.text("pinned_by") },
            Column(title: "WHY", isElastic: true) { $0.text("why") },
        ],
        name: { $0.text("id") }
    )
}
