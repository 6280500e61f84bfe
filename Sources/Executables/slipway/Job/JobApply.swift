internal import ArgumentParser
internal import SlipwayCore

struct JobApply: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "apply",
        abstract: "Store a job file: a new job, or a new version of it.",
        discussion: """
            Applying the same file again changes nothing. Where a task names a file by a relative path, its text is sent in its
            place; it must be below the job file's folder. With --dry-run it says what `slipway job plan` does.

              slipway job apply report.yaml
              slipway job apply -f a.yaml -f b.yaml
              cat report.yaml | slipway job apply -f -
            """
    )

    @Argument(help: "Job files in YAML or JSON; - is standard input.")
    var files: [String] = []

    @Option(name: [.customShort("f"), .customLong("file")], parsing: .singleValue, help: "The same, as an option.")
    var moreFiles: [String] = []

    @Option(help: "The team to apply it to, instead of the file's.", completion: Candidates.teams)
    var team: String?

    @OptionGroup var change: ChangeOptions
    @OptionGroup var output: OutputOptions
    @OptionGroup var server: ServerOptions

    func validate() throws {
        guard !(files + moreFiles).isEmpty else { throw ValidationError("Name a job file, or - for standard input.") }
    }

    func run() async throws {
        let client = try server.client()
        for file in files + moreFiles {
            if change.dryRun {
                try await JobPlan.show(file, team: team, output.format, client)
                continue
            }
            show(try await DefinitionFile(file).send(asJobTo: "/jobs", team: team, client))
        }
    }

    private func show(_ applied: Document) {
        guard output.format.isForPeople else { return output.format.show(applied, name: applied.text("name")) }
        Terminal.print(
            "job \(applied.text("team"))/\(applied.text("name")) \(applied.text("change")), version \(applied.text("version"))"
        )
        for schedule in applied.elements("schedules") {
            Terminal.print("schedule \(schedule.text("name")) \(schedule.text("change"))")
        }
    }
}
