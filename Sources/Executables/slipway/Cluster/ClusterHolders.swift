internal import ArgumentParser
internal import SlipwayCore

struct ClusterHolders: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "holders",
        abstract: "List the live schedulers, dispatchers and workers."
    )

    @OptionGroup var output: OutputOptions
    @OptionGroup var server: ServerOptions

    func run() async throws {
        let document = try await server.client().get("/holders")
        Listing.holders.show(
            document.elements("holders"),
            document: document,
            format: output.format,
            empty: "No scheduler, dispatcher or worker is alive. Start them with `slipway dev up`."
        )
    }
}
