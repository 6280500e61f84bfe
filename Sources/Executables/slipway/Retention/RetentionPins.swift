internal import ArgumentParser
internal import SlipwayCore

struct RetentionPins: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "pins",
        abstract: "List the runs that stay, whatever their age."
    )

    @Option(help: "Only this team's; several are separated by commas.")
    var team: String?
    @OptionGroup var watching: WatchOptions
    @OptionGroup var output: OutputOptions
    @OptionGroup var server: ServerOptions

    func run() async throws {
        let client = try server.client()
        let empty = "No run is pinned. Pin one with `slipway run pin ID`."
        try await Listing.pins.show("runs", watching, output.format, empty: empty) {
            try await client.all("/pinned-runs", [("team", team)], of: "runs")
        }
    }
}
