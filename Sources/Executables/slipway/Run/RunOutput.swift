internal import ArgumentParser
internal import FoundationEssentials
internal import NIOCore
internal import SlipwayCore

struct RunOutput: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "output",
        abstract: "Show what a run's tasks gave as results, or take one of them whole.",
        discussion: """
              slipway run output 0192b1c4
              slipway run output 0192b1c4 totals -o csv > totals.csv
              slipway run output 0192b1c4 totals.result -o csv --to totals.csv

            With a task that gave several, its name stands behind the task's: TASK.NAME. CSV has the columns' names in its first \
            record and nothing for null.
            """
    )

    enum Format: Equatable, Sendable {
        case csv
        case common(OutputFormat)

        init(_ text: String) throws { self = text == "csv" ? .csv : .common(try OutputFormat(text)) }
    }

    @Argument(help: "The run.", completion: Candidates.runs)
    var id: String

    @Argument(help: ArgumentHelp("One task's output.", valueName: "task[.name]"))
    var selected: String?

    @Option(help: "Only this task's.")
    var task: String?

    @Option(
        name: [.customShort("o"), .customLong("output")],
        help: ArgumentHelp("How to show it: csv, \(OutputFormat.allowed).", valueName: "format"),
        completion: .list(["csv"] + OutputFormat.words),
        transform: { try Format($0) }
    )
    var chosen: Format?

    @Option(help: "At most so many rows.")
    var rows: Int?

    @Option(help: ArgumentHelp("Write CSV or JSON to this file, whole or not at all.", valueName: "file"))
    var to: String?

    @OptionGroup var appearance: AppearanceOptions
    @OptionGroup var server: ServerOptions

    private var format: Format { chosen ?? .common(Surroundings.output ?? .table) }

    func validate() throws {
        if let rows, rows < 0 { throw ValidationError("--rows is \(rows); allowed are 0 and more.") }
        if to != nil, chosen != .csv, chosen != .common(.json) {
            throw ValidationError("--to needs -o csv or -o json.")
        }
        if rows != nil, selected == nil, to == nil, case .common(let whole)? = chosen, !whole.isForPeople {
            throw ValidationError("--rows with this -o needs the output's name, TASK.NAME.")
        }
        if selected != nil, task != nil { throw ValidationError("Name the task once: as an argument or with --task.") }
    }

    func run() async throws {
        let client = try server.client()
        let id = try await RunReference.resolve(id, client)
        let outputs = try await Self.outputs(of: id, task: wanted?.task ?? task, client).filter { output in
            wanted?.name.map { $0 == output.text("name") } ?? true
        }
        if selected == nil, to == nil, case .common(let whole) = format, !whole.isForPeople {
            let names = outputs.map { "\($0.text("task")).\($0.text("name"))" }
            return whole.show(.object(["outputs": .array(outputs)]), name: names.joined(separator: "\n"))
        }
        guard !outputs.isEmpty else {
            guard selected == nil else { throw try await nothing(id, client) }
            return Terminal.note("No outputs. A task's output appears when it has ended.")
        }
        switch format {
        case .csv: try await take(Self.single(outputs), of: id, "text/csv", client)
        case .common(.json): try await take(Self.single(outputs), of: id, "application/json", client)
        case .common(let form): try await show(outputs, of: id, form, client)
        }
    }

    private func show(
        _ outputs: [Document],
        of id: String,
        _ form: OutputFormat,
        _ client: APIClient
    ) async throws {
        var whole: [Document] = []
        for output in outputs { whole.append(try await Self.withValue(output, of: id, rows, client)) }
        let width = form == .wide ? nil : Terminal.width
        let names = whole.map { "\($0.text("task")).\($0.text("name"))" }
        form.show(
            .object(["outputs": .array(whole)]),
            name: names.joined(separator: "\n"),
            sentence: whole.map { OutputText(output: $0).table(width: width) }.joined(separator: "\n\n")
        )
    }

    /// The task and the name that the argument means; a task's name holds no dot.
    private var wanted: (task: String, name: String?)? {
        guard let selected else { return nil }
        let parts = selected.split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
        return (String(parts[0]), parts.count > 1 ? String(parts[1]) : nil)
    }

    static func outputs(of id: String, task: String?, _ client: APIClient) async throws -> [Document] {
        var outputs: [Document] = []
        var after: String?
        repeat {
            let page = try await client.get("/runs/\(id)/outputs", [("task", task), ("after", after)])
            outputs += page.elements("outputs")
            after = page["next"]?.string
        } while after != nil
        return outputs
    }

    /// Of several outputs of one task the rows are meant.
    private static func single(_ outputs: [Document]) throws -> Document {
        if outputs.count == 1 { return outputs[0] }
        let rows = outputs.filter { $0.text("kind") == "rows" }
        if rows.count == 1, Set(outputs.map { $0.text("task") }).count == 1 { return rows[0] }
        let names = outputs.prefix(20).map { "\($0.text("task")).\($0.text("name"))" }.joined(separator: ", ")
        throw Failure(
            .usage,
            "one output is shown in this form; the run has \(outputs.count)",
            advice: "Name it behind the run: \(names)."
        )
    }

    private func nothing(_ id: String, _ client: APIClient) async throws -> Failure {
        let names = try await Self.outputs(of: id, task: nil, client).prefix(20).map {
            "\($0.text("task")).\($0.text("name"))"
        }
        return Failure(
            .notFound,
            "the run has no output \"\(selected ?? "")\"",
            advice: names.isEmpty
                ? "It has none yet. A task's output appears when it has ended."
                : "It has \(names.joined(separator: ", "))."
        )
    }

    // MARK: One whole output

    private static func path(_ output: Document, of id: String) -> String {
        let parts = [output.text("task"), output.text("name")].map(APIClient.encoded)
        return "/runs/\(id)/outputs/\(parts[0])/\(parts[1])"
    }

    /// Lists leave long values out.
    static func withValue(
        _ output: Document,
        of id: String,
        _ rows: Int?,
        _ client: APIClient
    ) async throws -> Document {
        guard case .object(var members) = output else { return output }
        if members["value"] == nil {
            members["value"] = try await client.get(
                path(output, of: id),
                [("form", "arrays"), ("rows", rows.map(String.init))]
            )
        } else if let rows, case .array(let kept)? = members["value"], output.text("kind") == "rows" {
            members["value"] = .array(Array(kept.prefix(rows)))
        }
        return .object(members)
    }

    private func take(_ output: Document, of id: String, _ type: String, _ client: APIClient) async throws {
        let path = Self.path(output, of: id)
        let query = [("rows", rows.map(String.init))]
        var content = Data()
        try await client.stream(path, query, accept: type) { content.append(contentsOf: $0.readableBytesView) }
        guard let to else { return Terminal.write(Array(content)) }
        do {
            // Written beside its place first, so that nobody reads half of it.
            try content.write(to: URL(filePath: to), options: .atomic)
        } catch {
            throw Failure(.refused, "\(to) cannot be written", advice: "Is its folder there, and may you write to it?")
        }
        Terminal.note("\(content.count) bytes written to \(to)")
    }
}
