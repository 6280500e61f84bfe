internal import ArgumentParser
internal import SlipwayCore

struct QuotaShares: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "shares",
        abstract: "Show what part of what is scarce each team uses, beside its fair part.",
        discussion: """
            SHARE is the largest of a team's parts of runs, cpu and memory; FAIR what its weight would give it if all \
            teams in the list wanted more. Of teams with runs of one priority the one with the least WEIGHTED goes next.
            """
    )

    @Option(help: "Only this team's.")
    var team: String?

    @OptionGroup var watching: WatchOptions
    @OptionGroup var output: OutputOptions
    @OptionGroup var server: ServerOptions

    func run() async throws {
        let client = try server.client()
        try await Listing.shares.show("shares", watching, output.format, empty: "No team has runs.") {
            try await client.get("/admission/shares", [("team", team)]).elements("shares")
        }
    }
}

extension Listing {
    fileprivate static let shares = Listing(
        columns: [
            Column(title: "TEAM", isElastic: true) { $0.text("team") },
            Column(title: "LIVE") { $0["used"]?.text("runs") ?? "" },
            Column(title: "WAITING") { $0.text("waiting") },
            Column(title: "SHARE") { $0.text("share") },
            Column(title: "FAIR") { $0.text("fair_share") },
            Column(title: "HISTORY") { $0.text("history") },
            Column(title: "WEIGHTED") { $0.text("weighted") },
            Column(title: "WEIGHT", isWide: true) { $0.text("weight") },
            Column(title: "COHORT", isWide: true) { $0.text("cohort") },
        ],
        name: { $0.text("team") }
    )
}
