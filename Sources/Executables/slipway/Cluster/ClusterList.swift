internal import ArgumentParser
internal import SlipwayCore

struct ClusterList: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "list", abstract: "List the registered clusters.")

    @OptionGroup var watching: WatchOptions
    @OptionGroup var output: OutputOptions
    @OptionGroup var server: ServerOptions

    func run() async throws {
        let client = try server.client()
        try await Listing.clusters.show("clusters", watching, output.format, empty: "There are no clusters.") {
            try await client.all("/clusters", of: "clusters")
        }
    }
}
