internal import ArgumentParser
internal import SlipwayCore

struct JobShow: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show",
        abstract: "Show a job: its variables, tasks and whole file."
    )

    @OptionGroup var job: JobOptions

    // `--version` is the program's own.
    @Option(help: "A version's whole file instead.")
    var atVersion: Int?

    @Option(help: "How its latest finished runs went: at most so many of them, 1 to 1000.")
    var runs: Int?

    @Option(help: "How its latest finished runs went: only those of so many days, 1 to 3650.")
    var days: Int?

    @OptionGroup var output: OutputOptions
    @OptionGroup var server: ServerOptions

    func validate() throws {
        guard atVersion == nil || (runs == nil && days == nil) else {
            throw ValidationError("--runs and --days are of the job, not of the version that --at-version names.")
        }
    }

    func run() async throws {
        let client = try server.client()
        if let atVersion { return try await show(atVersion, client) }
        var document = try await client.get(job.path())
        if output.format != .name, case .object(var members) = document {
            members["statistics"] = try await client.get(
                job.path() + "/statistics",
                [("runs", runs.map { String($0) }), ("days", days.map { String($0) })]
            )
            document = .object(members)
        }
        output.format.show(
            document,
            name: document.text("name"),
            sentence: Self.text(document, isWide: output.format == .wide)
        )
    }

    private func show(_ version: Int, _ client: APIClient) async throws {
        let document = try await client.get(job.path() + "/versions/\(version)")
        output.format.show(document, name: document.text("version"), sentence: YAMLText.of(document["spec"] ?? .null))
    }

    private static func text(_ job: Document, isWide: Bool) -> String {
        var facts = Facts()
        facts.add("Job", "\(job.text("team"))/\(job.text("name"))")
        for (title, key) in [
            ("Version", "version"), ("Kind", "kind"), ("Owner", "owner"), ("Cluster", "cluster"),
            ("Description", "description"),
        ] {
            facts.add(title, job.text(key))
        }
        facts.add("Clusters with", Self.labels(job["cluster_selector"]))
        facts.add("Paused", job.text("paused_at"))
        facts.add("Archived", job.text("archived_at"))
        facts.add("Updated", "\(job.text("updated_at")) (\(Moments.age(job.text("updated_at"))) ago)")
        facts.add("Image", job["spec"]?.text("image") ?? "")
        facts.add("Tasks", job.elements("tasks").map(\.plainText).joined(separator: ", "))
        if let statistics = job["statistics"] { add(statistics, to: &facts) }
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

    static func labels(_ labels: Document?) -> String {
        (labels?.members ?? [:]).sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value.plainText)" }.joined(
            separator: ", "
        )
    }

    /// How the latest runs went.
    private static func add(_ statistics: Document, to facts: inout Facts) {
        let runs = statistics.integer("runs") ?? 0
        guard runs > 0 else { return facts.add("Finished runs", "none yet") }
        let ends = ["succeeded", "failed", "timeout", "cancelled"].compactMap { state in
            statistics.integer(state).flatMap { $0 > 0 ? "\($0) \(state)" : nil }
        }
        facts.add("Finished runs", "the latest \(runs): \(ends.joined(separator: ", "))")
        facts.add("Success rate", statistics.seconds("success_rate").map { "\(($0 * 1000).rounded() / 10) %" } ?? "")
        for (title, key) in [("Running time", "running_seconds"), ("Whole time", "total_seconds")] {
            guard let times = statistics[key] else { continue }
            let parts = [("average", "average"), ("median", "p50"), ("95 %", "p95")].compactMap { name, key in
                times.seconds(key).map { "\(name) \(Moments.duration($0))" }
            }
            facts.add(title, parts.joined(separator: ", "))
        }
    }
}
