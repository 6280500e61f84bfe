internal import ArgumentParser
internal import SlipwayCore

struct RunWarnings: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "warnings",
        abstract: "List a run's warnings, oldest first.",
        discussion: """
            What the runner warned of counts, and errors in Sail's log do. Sail's own warnings are listed and do not count.

              slipway run warnings 0192b1c4
            """
    )

    @Argument(help: "The run.", completion: Candidates.runs)
    var id: String

    @OptionGroup var output: OutputOptions
    @OptionGroup var server: ServerOptions

    func run() async throws {
        let client = try server.client()
        let document = try await client.get("/runs/\(RunReference.resolve(id, client))/warnings")
        Listing.warnings.show(
            document.elements("warnings"),
            document: document,
            format: output.format,
            empty: "There are no warnings."
        )
    }
}

extension Listing {
    static let warnings = Listing(
        columns: [
            Column(title: "TIME") { Moments.clock($0.text("at")) },
            Column(title: "SOURCE") { $0.text("source") },
            Column(title: "TASK", isElastic: true) { $0.text("task") },
            Column(title: "MESSAGE", isElastic: true) { $0.text("message") },
            Column(title: "COUNTS", isWide: true) { $0.text("counted") },
            Column(title: "LINE", isWide: true) { $0.text("line") },
            Column(title: "PLACEMENT", isWide: true) { $0.text("placement") },
            Column(title: "AT", isWide: true) { $0.text("at") },
        ],
        name: { $0.text("message") }
    )
}
