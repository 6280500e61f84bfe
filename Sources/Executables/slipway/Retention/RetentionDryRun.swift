internal import ArgumentParser

struct RetentionDryRun: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "dry-run",
        abstract: "Show what would go now. Nothing does."
    )

    @OptionGroup var output: OutputOptions
    @OptionGroup var server: ServerOptions

    func run() async throws {
        let document = try await server.client().get("/retention/forecast")
        Listing.oldPartitions.show(
            document.elements("partitions"),
            document: document,
            format: output.format,
            empty: "No partition is old enough."
        )
        guard output.format.isForPeople else { return }
        for rows in document.elements("rows") {
            let team = rows.text("team").isEmpty ? "teams without numbers of their own" : "team \(rows.text("team"))"
            let more = rows.text("more") == "true" ? " or more" : ""
            Terminal.print(
                "\(rows.text("kind")) of \(rows.text("runs"))\(more) runs of \(team) would be removed by rows"
            )
        }
    }
}
