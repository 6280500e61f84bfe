internal import ArgumentParser
internal import SlipwayCore

struct RunMetrics: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "metrics",
        abstract: "Show what a run took: time in each state and task, processor, memory, cost.",
        discussion: """
            What containers use is sampled while they run, every 15 seconds unless the installation says otherwise. What happens \
            between a container's last sample and its end is not seen, so a short run may show nothing.
            """
    )

    @Argument(help: "The run.", completion: Candidates.runs)
    var id: String

    @Option(help: "Points of each course in JSON and YAML: 0 to 720.")
    var points = 120

    @OptionGroup var output: OutputOptions
    @OptionGroup var server: ServerOptions

    func run() async throws {
        let client = try server.client()
        let id = try await RunReference.resolve(id, client)
        let metrics = try await client.get("/runs/\(id)/metrics", [("points", String(points))])
        guard output.format.isForPeople else { return output.format.show(metrics, name: metrics.text("run")) }
        let isWide = output.format == .wide
        Terminal.print(MetricsReport(metrics: metrics, width: isWide ? nil : Terminal.width).text)
    }
}
