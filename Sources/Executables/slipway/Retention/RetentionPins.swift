internal import ArgumentParser
internal import SlipwayCore

struct RetentionPins: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "pins",
        abstract: "List the runs that stay, whatever their age."
    )

    @Option(help: "Only this team's; several are separated by commas.")
    var team: String?
    @OptionGroup var output: OutputOptions
    @OptionGroup var server: ServerOptions

    func run() async throws {
        let found = try await server.client().all("/pinned-runs", [("team", team)], of: "runs")
        Listing.pins.show(
            found,
            document: .object(["runs": .array(found)]),
            format: output.format,
            empty: "No run is pinned. Pin one with `slipway run pin ID`."
        )
    }
}
