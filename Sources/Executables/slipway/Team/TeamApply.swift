internal import ArgumentParser
internal import SlipwayCore

struct TeamApply: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "apply",
        abstract: "Store a team file: a new team, or a changed one.",
        discussion: """
            Applying the same file again changes nothing. Credits and members are not in the file.

              slipway team apply finance.yaml
              cat finance.yaml | slipway team apply -
            """
    )

    @Argument(help: "Team files in YAML or JSON; - is standard input.")
    var files: [String]

    @Option(help: "Only if the team has this revision; 0: only if it does not exist.")
    var revision: Int?

    @OptionGroup var change: ChangeOptions
    @OptionGroup var output: OutputOptions
    @OptionGroup var server: ServerOptions

    func run() async throws {
        let client = try server.client(change, output)
        try await UnsentRequest.each(files) { file in
            let text = try GivenFile.text(file)
            if change.dryRun {
                try JobFileErrors.refusing("team") { _ = try TeamFile.parse(text, file: GivenFile.shown(file)) }
            }
            let isJSON = text.first { !$0.isWhitespace } == "{"
            do {
                let applied = try await client.post(
                    "/teams",
                    [],
                    contentType: isJSON ? "application/json" : "application/yaml",
                    body: text,
                    ifRevision: revision
                )
                let name = applied.text("name")
                let sentence = "team \(name) \(applied.text("change")), revision \(applied.text("revision"))"
                output.format.show(applied, name: name, sentence: sentence)
            } catch var failure as Failure {
                failure.details = failure.details.map { "\(GivenFile.shown(file)): \($0)" }
                throw failure
            }
        }
    }
}
