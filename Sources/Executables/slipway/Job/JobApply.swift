internal import ArgumentParser
internal import SlipwayCore

struct JobApply: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "apply",
        abstract: "Store a job file: a new job, or a new version of it.",
        discussion: """
            Applying the same file again changes nothing. Where a task names a file by a relative path, its text is sent in its
            place; it must be below the job file's folder.

              slipway job apply report.yaml
              slipway job apply -f a.yaml -f b.yaml
              cat report.yaml | slipway job apply -f -
            """
    )

    @Argument(help: "Job files in YAML or JSON; - is standard input.")
    var files: [String] = []

    @Option(name: [.customShort("f"), .customLong("file")], parsing: .singleValue, help: "The same, as an option.")
    var moreFiles: [String] = []

    @Option(help: "The team to apply it to, instead of the file's.")
    var team: String?

    @OptionGroup var output: OutputOptions
    @OptionGroup var server: ServerOptions

    func validate() throws {
        guard !(files + moreFiles).isEmpty else { throw ValidationError("Name a job file, or - for standard input.") }
    }

    func run() async throws {
        let client = try server.client()
        for file in files + moreFiles {
            let text = try GivenFile.text(file)
            let isJSON = text.first { !$0.isWhitespace } == "{"
            let folder = JobFolder(ofJobFile: file)
            let whole: String
            do throws(JobFileErrors) {
                whole = try JobFile.inlined(text) { path throws(JobFileReadingError) in try folder.text(path) }
            } catch {
                throw Failure(error, file: GivenFile.shown(file))
            }
            do {
                let applied = try await client.post(
                    "/jobs",
                    [("team", team)],
                    contentType: isJSON ? "application/json" : "application/yaml",
                    body: whole
                )
                show(applied)
            } catch var failure as Failure {
                failure.details = failure.details.map { "\(GivenFile.shown(file)): \($0)" }
                throw failure
            }
        }
    }

    private func show(_ applied: Document) {
        switch output.format {
        case .json: Terminal.print(applied.jsonText(isPretty: true))
        case .yaml: Terminal.print(YAMLText.of(applied))
        case .name: Terminal.print(applied.text("name"))
        case .table, .wide:
            Terminal.print(
                "job \(applied.text("team"))/\(applied.text("name")) \(applied.text("change")), version \(applied.text("version"))"
            )
            for schedule in applied.elements("schedules") {
                Terminal.print("schedule \(schedule.text("name")) \(schedule.text("change"))")
            }
        }
    }
}
