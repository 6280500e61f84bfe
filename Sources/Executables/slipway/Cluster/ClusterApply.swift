internal import ArgumentParser
internal import SlipwayCore

struct ClusterApply: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "apply",
        abstract: "Register a cluster, or change what is said of it.",
        discussion: """
            Applying the same file again changes nothing. A new cluster takes runs once a dispatcher or worker that has its kubeconfig
            found it healthy.

              slipway cluster apply west.yaml
            """
    )

    @Argument(help: "Files in YAML or JSON, each with one cluster; - is standard input.")
    var files: [String]

    @Option(help: "Refuse unless the cluster has this revision.")
    var revision: Int?

    @OptionGroup var output: OutputOptions
    @OptionGroup var server: ServerOptions

    func run() async throws {
        let client = try server.client()
        for path in files {
            let file = DefinitionFile(path)
            let answer = try await file.send(file.text(), to: "/clusters", [], client, revision: revision)
            ClusterAnswer.show(answer, answer.text("change"), output.format)
        }
    }
}

/// What the API says of a change to a cluster.
enum ClusterAnswer {
    static func show(_ answer: Document, _ word: String, _ format: OutputFormat) {
        switch format {
        case .json: Terminal.print(answer.jsonText(isPretty: true))
        case .yaml: Terminal.print(YAMLText.of(answer))
        case .name: Terminal.print(answer.text("name"))
        case .table, .wide:
            Terminal.print("cluster \(answer.text("name")) \(word), revision \(answer.text("revision"))")
        }
    }
}
