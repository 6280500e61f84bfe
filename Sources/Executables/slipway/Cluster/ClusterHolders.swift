internal import ArgumentParser
internal import SlipwayCore

struct ClusterHolders: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "holders",
        abstract: "List the live schedulers, dispatchers and workers."
    )

    @OptionGroup var watching: WatchOptions
    @OptionGroup var output: OutputOptions
    @OptionGroup var server: ServerOptions

    func run() async throws {
        let client = try server.client()
        let empty = "No scheduler, dispatcher or worker is alive. Start them with `slipway dev up`."
        try await Listing.holders.show("holders", watching, output.format, empty: empty) {
            try await client.get("/holders").elements("holders")
        }
    }
}
