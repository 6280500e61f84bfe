internal import ArgumentParser
internal import SlipwayCore

struct RunOutput: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "output",
        abstract: "Show what a run's tasks gave as results.",
        discussion: """
              slipway run output 0192b1c4
              slipway run output 0192b1c4 --task totals -o csv > totals.csv
            """
    )

    enum Format: String, ExpressibleByArgument, CaseIterable {
        case table, wide, json, yaml, csv
    }

    @Argument(help: "The run.")
    var id: String

    @Option(help: "Only this task's.")
    var task: String?

    @Option(name: [.customShort("o"), .customLong("output")], help: "How to show it: table, wide, json, yaml or csv.")
    var format: Format = .table

    @OptionGroup var server: ServerOptions

    func run() async throws {
        let client = try server.client()
        let id = try await RunReference.resolve(id, client)
        let document = try await client.get("/runs/\(id)/outputs", [("task", task)])
        let outputs = document.elements("outputs")
        switch format {
        case .json: return Terminal.print(document.jsonText(isPretty: true))
        case .yaml: return Terminal.print(YAMLText.of(document))
        case .table, .wide, .csv: break
        }
        guard !outputs.isEmpty else { return Terminal.note("No outputs. A task's output appears when it has ended.") }
        if format == .csv { return try showCSV(outputs) }
        let texts = outputs.map { OutputText(output: $0).table(width: format == .wide ? nil : Terminal.width) }
        Terminal.print(texts.joined(separator: "\n\n"))
    }

    private func showCSV(_ outputs: [Document]) throws {
        guard outputs.count == 1 else {
            let tasks = outputs.map { $0.text("task") }.joined(separator: ", ")
            throw Failure(
                .usage,
                "CSV shows one output; the run has \(outputs.count)",
                advice: "Choose with --task: \(tasks)."
            )
        }
        Terminal.print(OutputText(output: outputs[0]).csv)
    }
}
