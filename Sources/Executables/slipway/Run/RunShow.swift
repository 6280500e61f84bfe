internal import ArgumentParser
internal import SlipwayCore

struct RunShow: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show",
        abstract: "Show a run: its state, tasks, times, and why it failed."
    )

    @Argument(help: "The run.")
    var id: String

    @OptionGroup var output: OutputOptions
    @OptionGroup var server: ServerOptions

    func run() async throws {
        let client = try server.client()
        let run = try await client.get("/runs/\(RunReference.resolve(id, client))")
        switch output.format {
        case .json: Terminal.print(run.jsonText(isPretty: true))
        case .yaml: Terminal.print(YAMLText.of(run))
        case .name: Terminal.print(run.text("id"))
        case .table, .wide: Terminal.print(RunReport(run: run, isWide: output.format == .wide).text)
        }
    }
}
