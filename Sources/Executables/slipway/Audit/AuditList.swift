internal import ArgumentParser
internal import SlipwayCore

struct AuditList: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "List what was changed, newest first.",
        discussion: """
              slipway audit list --team finance --since 2026-01-31T00:00:00Z
              slipway audit list --actor ann@example.org --action cancel,delete
            """
    )

    @OptionGroup var filter: AuditOptions
    @Option(help: "The most to show.")
    var limit = 50
    @OptionGroup var watching: WatchOptions
    @OptionGroup var output: OutputOptions
    @OptionGroup var server: ServerOptions

    func validate() throws {
        guard limit >= 1 else { throw ValidationError("--limit is \(limit); allowed is 1 or more.") }
    }

    func run() async throws {
        let client = try server.client()
        let empty = "Nothing of that kind was changed."
        try await Listing.auditEvents.show("audit_events", watching, output.format, empty: empty) {
            try await client.all("/audit-events", filter.query, of: "audit_events", limit: limit)
        }
    }
}

extension Listing {
    static let auditEvents = Listing(
        columns: [
            Column(title: "TIME") { $0.text("at") },
            Column(title: "WHO", isElastic: true) { $0.text("actor") },
            Column(title: "ACTION") { $0.text("action") },
            Column(title: "KIND") { $0.text("kind") },
            Column(title: "SUBJECT", isElastic: true) { $0.text("subject") },
            Column(title: "TEAM") { $0.text("team") },
            Column(title: "WHY", isElastic: true) { $0.text("why") },
            Column(title: "BY", isWide: true) { $0["origin"]?.text("kind") ?? "" },
            Column(title: "FROM", isWide: true) { $0["origin"]?.text("address") ?? "" },
            Column(title: "TOKEN", isWide: true) { $0["origin"]?.text("token") ?? "" },
            Column(title: "REQUEST", isWide: true) { $0["origin"]?.text("request") ?? "" },
        ],
        name: { $0.text("id") }
    )
}
