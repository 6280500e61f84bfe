internal import ArgumentParser
internal import SlipwayCore

struct RunRetry: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "retry",
        abstract: "Run again what has ended: same version, same variables."
    )

    @Argument(help: "The runs.")
    var ids: [String]

    @Flag(help: "Wait until the new runs are over.")
    var wait = false

    @OptionGroup var output: OutputOptions
    @OptionGroup var server: ServerOptions

    func run() async throws {
        let client = try server.client()
        var runs: [Document] = []
        for id in ids {
            let run = try await client.post("/runs/\(RunReference.resolve(id, client))/retry")
            runs.append(run)
            if output.format == .table || output.format == .wide {
                Terminal.print("run \(run.text("id")) created, retry of \(run.text("origin"))")
            }
        }
        switch output.format {
        case .json: Terminal.print(JSONValue.object(["runs": .array(runs)]).jsonText(isPretty: true))
        case .yaml: Terminal.print(YAMLText.of(.object(["runs": .array(runs)])))
        case .name: Terminal.print(runs.map { $0.text("id") }.joined(separator: "\n"))
        case .table, .wide: break
        }
        if wait { try await RunWait.wait(for: runs.map { $0.text("id") }, client, timeoutSeconds: nil) }
    }
}
