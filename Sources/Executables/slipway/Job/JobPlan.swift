internal import ArgumentParser
internal import SlipwayCore

struct JobPlan: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "plan",
        abstract: "Show what applying a job file would change, and whether its runs could be placed now.",
        discussion: "Nothing is changed."
    )

    @Argument(help: "A job file in YAML or JSON; - is standard input.")
    var file: String

    @Option(help: "The team to apply it to, instead of the file's.", completion: Candidates.teams)
    var team: String?

    @OptionGroup var output: OutputOptions
    @OptionGroup var server: ServerOptions

    func run() async throws {
        try await Self.show(file, team: team, output.format, server.client())
    }

    static func show(_ file: String, team: String?, _ format: OutputFormat, _ client: APIClient) async throws {
        let plan = try await DefinitionFile(file).send(asJobTo: "/jobs:plan", team: team, client)
        format.show(plan, name: plan.text("name"), sentence: Self.text(plan, isWide: format == .wide))
    }

    private static func text(_ plan: Document, isWide: Bool) -> String {
        let name = "job \(plan.text("team"))/\(plan.text("name"))"
        var lines: [String] = []
        let isSameVersion = plan.text("from_version") == plan.text("version")
        switch plan.text("change") {
        case "created": lines.append("\(name) would be created, version 1")
        case "unchanged": lines.append("\(name) would stay as it is, version \(plan.text("version"))")
        case "updated" where isSameVersion:
            lines.append("\(name) would stay as it is, version \(plan.text("version")), with other schedules")
        default:
            lines.append("\(name) would be updated, version \(plan.text("from_version")) to \(plan.text("version"))")
        }
        if plan["archived"] == .bool(true) {
            lines.append("It is archived, so applying is refused until it is unarchived.")
        }
        if plan["paused"] == .bool(true) { lines.append("It is paused: its schedules stay silent.") }
        let differences = DifferenceText.text(of: plan, isWhole: isWide)
        if !differences.isEmpty { lines += ["", differences] }
        let schedules = plan.elements("schedules").filter { $0.text("change") != "unchanged" }
        if !schedules.isEmpty {
            lines.append("")
            lines += schedules.map { "schedule \($0.text("name")) would be \($0.text("change"))" }
        }
        let placement = plan["placement"] ?? .null
        let cluster = placement.text("cluster")
        switch placement.text("verdict") {
        case "now": lines += ["", "A run could be placed now, on cluster \(cluster)."]
        case "later": lines += ["", "A run would wait for cluster \(cluster):"]
        default: lines += ["", "A run could not be placed:"]
        }
        lines += placement.elements("findings").map { "  \($0.text("message"))" }
        return lines.map(TextWidth.harmless).joined(separator: "\n")
    }
}

/// Differences between versions, as people read them.
enum DifferenceText {
    /// - Parameter isWhole: values are not cut.
    static func text(of document: Document, isWhole: Bool) -> String {
        let differences = document.elements("differences")
        var lines = differences.flatMap { difference -> [String] in
            let path = difference.text("path")
            if difference["too_long"] == .bool(true) { return ["~ \(path): changed; too long to be shown"] }
            let before = difference["before"].map { shown($0, isWhole: isWhole) } ?? ""
            let after = difference["after"].map { shown($0, isWhole: isWhole) } ?? ""
            return switch difference.text("kind") {
            case "added": ["+ \(path): \(after)"]
            case "removed": ["- \(path): \(before)"]
            default: ["~ \(path):", "    - \(before)", "    + \(after)"]
            }
        }
        let more = (document.integer("difference_count") ?? 0) - differences.count
        if more > 0 { lines.append("and \(more) more") }
        return lines.map(TextWidth.harmless).joined(separator: "\n")
    }

    private static func shown(_ value: Document, isWhole: Bool) -> String {
        let text = value.string ?? value.jsonText(isPretty: false)
        let line = text.replacing("\n", with: "⏎")
        return isWhole || line.count <= 100 ? line : "\(line.prefix(100))…"
    }
}
