internal import ArgumentParser

struct RetentionShow: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show",
        abstract: "Show for how long what is kept."
    )

    @Option(help: "Of this team; of all without numbers of their own if not given.")
    var team: String?
    @OptionGroup var output: OutputOptions
    @OptionGroup var server: ServerOptions

    func run() async throws {
        let document = try await server.client().get("/retention", [("team", team)])
        Listing.retention.show(document.elements("kinds"), document: document, format: output.format, empty: "")
    }
}
