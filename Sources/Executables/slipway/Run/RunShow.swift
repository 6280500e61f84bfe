internal import ArgumentParser
internal import SlipwayCore

struct RunShow: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show",
        abstract: "Show a run: its state, tasks, times, and why it failed."
    )

    @Argument(help: "The run.", completion: Candidates.runs)
    var id: String

    @OptionGroup var output: OutputOptions
    @OptionGroup var server: ServerOptions

    func run() async throws {
        let client = try server.client()
        let run = try await client.get("/runs/\(RunReference.resolve(id, client))")
        output.format.show(
            run,
            name: run.text("id"),
            sentence: RunReport(run: run, isWide: output.format == .wide).text
        )
    }
}
