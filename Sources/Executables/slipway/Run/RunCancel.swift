internal import ArgumentParser
internal import SlipwayCore

struct RunCancel: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "cancel",
        abstract: "Ask runs to end. Safe to repeat.",
        discussion: """
            A run that was not placed yet ends at once; a placed one is over when its pod is gone.

              slipway run cancel 0192b1c4
              slipway run list --job report --state running -o name | xargs slipway run cancel
            """
    )

    @Argument(help: "The runs.")
    var ids: [String]

    @OptionGroup var output: OutputOptions
    @OptionGroup var server: ServerOptions

    func run() async throws {
        let client = try server.client()
        var results: [Document] = []
        for id in ids {
            let result = try await client.post("/runs/\(RunReference.resolve(id, client))/cancel")
            results.append(result)
            if output.format == .table || output.format == .wide { Terminal.print(Self.sentence(result)) }
        }
        switch output.format {
        case .json: Terminal.print(JSONValue.object(["runs": .array(results)]).jsonText(isPretty: true))
        case .yaml: Terminal.print(YAMLText.of(.object(["runs": .array(results)])))
        case .name: Terminal.print(results.map { $0.text("id") }.joined(separator: "\n"))
        case .table, .wide: break
        }
    }

    private static func sentence(_ result: Document) -> String {
        switch result.text("change") {
        case "ended": "run \(result.text("id")) cancelled"
        case "cancelling": "run \(result.text("id")) is cancelling; its pod is being removed"
        default: "run \(result.text("id")) was already \(result.text("state"))"
        }
    }
}
