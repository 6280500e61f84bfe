internal import ArgumentParser
internal import SlipwayCore

struct ClusterList: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "list", abstract: "List the registered clusters.")

    @OptionGroup var output: OutputOptions
    @OptionGroup var server: ServerOptions

    func run() async throws {
        let client = try server.client()
        var clusters: [Document] = []
        var after: String?
        repeat {
            let page = try await client.get("/clusters", [("limit", "500"), ("after", after)])
            clusters += page.elements("clusters")
            after = page["next"]?.string
        } while after != nil
        Listing.clusters.show(
            clusters,
            document: .object(["clusters": .array(clusters)]),
            format: output.format,
            empty: "There are no clusters."
        )
    }
}
