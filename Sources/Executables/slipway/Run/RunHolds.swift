internal import ArgumentParser
internal import SlipwayCore

struct RunHolds: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "holds",
        abstract: "Count the runs that wait, by team and reason."
    )

    @Option(help: "Only this team's.", completion: Candidates.teams)
    var team: String?

    @OptionGroup var watching: WatchOptions
    @OptionGroup var output: OutputOptions
    @OptionGroup var server: ServerOptions

    func run() async throws {
        let client = try server.client()
        try await Listing.holds.show("holds", watching, output.format, empty: "No run waits.") {
            try await client.get("/admission/holds", [("team", team)]).elements("holds")
        }
    }
}

extension Listing {
    static let holds = Listing(
        columns: [
            Column(title: "TEAM", isElastic: true) { $0.text("team") },
            Column(title: "STATE") { $0.text("state") },
            Column(title: "REASON") { $0.text("reason") },
            Column(title: "HELD BY") { $0.text("scope") },
            Column(title: "RUNS") { $0.text("runs") },
        ],
        name: { $0.text("reason") },
        identity: { "\($0.text("team")) \($0.text("state")) \($0.text("reason"))" }
    )
}
