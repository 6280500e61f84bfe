internal import ArgumentParser
internal import SlipwayCore

struct JobShow: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show",
        abstract: "Show a job: its variables, tasks and whole file."
    )

    @OptionGroup var job: JobOptions
    @OptionGroup var output: OutputOptions
    @OptionGroup var server: ServerOptions

    func run() async throws {
        let document = try await server.client().get(job.path())
        switch output.format {
        case .json: Terminal.print(document.jsonText(isPretty: true))
        case .yaml: Terminal.print(YAMLText.of(document))
        case .name: Terminal.print(document.text("name"))
        case .table, .wide: Terminal.print(Self.text(document, isWide: output.format == .wide))
        }
    }

    private static func text(_ job: Document, isWide: Bool) -> String {
        var facts = Facts()
        facts.add("Job", "\(job.text("team"))/\(job.text("name"))")
        for (title, key) in [
            ("Version", "version"), ("Kind", "kind"), ("Cluster", "cluster"), ("Description", "description"),
        ] {
            facts.add(title, job.text(key))
        }
        facts.add("Updated", "\(job.text("updated_at")) (\(Moments.age(job.text("updated_at"))) ago)")
        facts.add("Image", job["spec"]?.text("image") ?? "")
        facts.add("Tasks", job.elements("tasks").map(\.plainText).joined(separator: ", "))
        var text = facts.text
        let variables = (job["variables"]?.members ?? [:]).sorted { $0.key < $1.key }
        if !variables.isEmpty {
            let table = Table(
                titles: ["VARIABLE", "TYPE", "DEFAULT", "DESCRIPTION"],
                rows: variables.map { name, variable in
                    [
                        name, variable.text("type"), variable["default"]?.variableText ?? "(required)",
                        variable.text("description"),
                    ]
                },
                elastic: [2, 3]
            )
            text += "\n\n" + table.text(width: isWide ? nil : Terminal.width)
        }
        if isWide, let spec = job["spec"] { text += "\n\n" + YAMLText.of(spec) }
        return text
    }
}
