internal import ArgumentParser
internal import SlipwayCore

struct ClusterList: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "list", abstract: "List the registered clusters.")

    @OptionGroup var output: OutputOptions
    @OptionGroup var server: ServerOptions

    func run() async throws {
        let document = try await server.client().get("/clusters")
        Listing.clusters.show(
            document.elements("clusters"),
            document: document,
            format: output.format,
            empty: "There are no clusters."
        )
    }
}
