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

    @OptionGroup var change: ChangeOptions
    @OptionGroup var output: OutputOptions
    @OptionGroup var server: ServerOptions

    func run() async throws {
        let client = try server.client(change, output)
        try await UnsentRequest.each(files) { path in
            let file = DefinitionFile(path)
            let text = try file.text()
            if change.dryRun {
                try JobFileErrors.refusing("cluster") { _ = try ClusterFile.parse(text, file: file.shown) }
            }
            let answer = try await file.send(text, to: "/clusters", [], client, revision: revision)
            ClusterAnswer.show(answer, answer.text("change"), output.format)
        }
    }
}

/// What the API says of a change to a cluster.
enum ClusterAnswer {
    static func show(_ answer: Document, _ word: String, _ format: OutputFormat) {
        guard format.isForPeople else { return format.show(answer, name: answer.text("name")) }
        Terminal.print("cluster \(answer.text("name")) \(word), revision \(answer.text("revision"))")
    }
}
