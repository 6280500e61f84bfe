internal import ArgumentParser
internal import FoundationEssentials
internal import SlipwayCore

struct RunLogs: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "logs",
        abstract: "Read what a run wrote.",
        discussion: """
              slipway run logs 0192b1c4 --follow
              slipway run logs 0192b1c4 --stream extract --tail 100
              slipway run logs 0192b1c4 --stream sail --since 10m --timestamps
              slipway run logs 0192b1c4 --grep 'connection refused' --ignore-case

            Streams are run (what the control plane did), sail, runner, and task/NAME for each task. Without --stream all are \
            shown, each line with its stream in front. Colours that the run wrote are kept on a terminal and taken out elsewhere, \
            unless --color says otherwise.
            """
    )

    enum Format: String, ExpressibleByArgument, CaseIterable {
        case table, json
    }

    @Argument(help: "The run.", completion: Candidates.runs)
    var id: String

    @Option(help: "A stream: run, sail, runner or task/NAME; a task's name alone is enough. May be repeated.")
    var stream: [String] = []

    @Flag(name: .shortAndLong, help: "Wait for more until the run is over.")
    var follow = false

    @Option(help: "Only lines since a time, such as 2026-01-31T09:00:00Z, or for so long: 30s, 10m, 2h.")
    var since: String?

    @Option(help: "Only lines until a time, likewise.")
    var until: String?

    @Option(help: "Only lines that contain this text.")
    var grep: String?

    @Flag(help: "Find --grep in capital and small letters alike.")
    var ignoreCase = false

    @Option(help: "Only the last so many lines, 1 to 10000.")
    var tail: Int?

    @Flag(name: .shortAndLong, help: "Show the time of each line.")
    var timestamps = false

    @Option(
        name: [.customShort("o"), .customLong("output")],
        help: ArgumentHelp("How to show it: table, or json with a document a line.", valueName: "format")
    )
    var output: Format?

    @OptionGroup var appearance: AppearanceOptions
    @OptionGroup var server: ServerOptions

    func validate() throws {
        if let tail, !(1...10_000).contains(tail) {
            throw ValidationError("--tail is \(tail); allowed is a number from 1 to 10000")
        }
        if follow, tail != nil, grep != nil || until != nil {
            throw ValidationError("--tail with --follow cannot be combined with --grep or --until.")
        }
        if ignoreCase, grep == nil { throw ValidationError("--ignore-case needs --grep") }
    }

    func run() async throws {
        let client = try server.client()
        let query = try chosen()
        let id = try await RunReference.resolve(id, client)
        if follow {
            _ = try await client.follow("/runs/\(id)/logs", query + [("follow", "true")]) { event in
                if event.name == "line" { show([event.data]) }
            }
        } else {
            try await showAll(id, client, query)
        }
    }

    /// What was asked for, else what the environment or the context says where logs have that form, else lines of text.
    private var format: Format { output ?? (Surroundings.output == .json ? .json : .table) }

    /// Lines that are searched, or end before the last one, cannot be counted from the end by the API.
    private var countsHere: Bool { grep != nil || until != nil }

    /// What is asked of the API.
    private func chosen() throws -> [(String, String?)] {
        let names = stream.map { Self.streamName($0) }
        return try names.map { ("stream", $0) } + [
            ("since", since.map { try Self.moment($0, "--since") }?.description),
            ("until", until.map { try Self.moment($0, "--until") }?.description),
            ("contains", grep), ("ignore_case", ignoreCase ? "true" : nil),
            ("tail", countsHere ? nil : tail.map(String.init)), ("ansi", keepsColors ? nil : "strip"),
        ]
    }

    private static func streamName(_ name: String) -> String {
        ["run", "sail", "runner"].contains(name) || name.hasPrefix("task/") ? name : "task/\(name)"
    }

    /// JSON is for programs, which get what was written.
    private var keepsColors: Bool { appearance.wantsColor ?? (format == .json || Terminal.showsColors) }

    private func showAll(_ id: String, _ client: APIClient, _ query: [(String, String?)]) async throws {
        var after: String?
        var count = 0
        var last: [Document] = []
        var streams: [String] = []
        var hasMore = true
        while hasMore {
            let page = try await client.get("/runs/\(id)/logs", query + [("after", after)])
            let lines = page.elements("lines")
            if let tail, countsHere { last = (last + lines).suffix(tail) } else { show(lines) }
            count += lines.count
            streams = page.elements("streams").map { $0.text("name") }
            hasMore = page["more"] == .bool(true)
            after = page["next"]?.string
        }
        show(last)
        if count == 0 {
            let known =
                streams.isEmpty
                ? "The run has written nothing yet." : "Streams with lines: \(streams.joined(separator: ", "))."
            Terminal.note("No lines. \(known)")
        }
    }

    private func show(_ lines: [Document]) {
        guard !lines.isEmpty else { return }
        Terminal.print(lines.map(text).joined(separator: "\n"))
    }

    private func text(_ line: Document) -> String {
        guard format != .json else { return line.jsonText(isPretty: false) }
        var prefix = timestamps ? "\(line.text("at")) " : ""
        if stream.count != 1 { prefix += Terminal.paint("\(line.text("stream")) │ ", .cyan) }
        guard Terminal.isOutputTerminal else { return prefix + line.text("text") }
        let text = line.text("text")
        return prefix + (keepsColors ? ANSIText.colored(text, harmless: TextWidth.harmless) : TextWidth.harmless(text))
    }

    private static func moment(_ text: String, _ option: String) throws -> Timestamp {
        if let moment = Moments.parse(text) { return moment }
        let units: [Character: Int] = ["s": 1, "m": 60, "h": 3600, "d": 86_400]
        guard let unit = text.last.flatMap({ units[$0] }), let number = Int(text.dropLast()),
            (0...1_000_000).contains(number)
        else {
            throw Failure(
                .usage,
                "\(option) is \"\(text)\"; allowed is a time such as 2026-01-31T09:00:00Z, or 30s, 10m, 2h, 1d"
            )
        }
        return Moments.now() + .seconds(-number * unit)
    }
}
