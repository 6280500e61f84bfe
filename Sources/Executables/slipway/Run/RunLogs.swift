internal import ArgumentParser
internal import FoundationEssentials
internal import SlipwayCore

struct RunLogs: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "logs",
        abstract: "Read what a run wrote.",
        discussion: """
              slipway run logs 0192b1c4 --follow
              slipway run logs 0192b1c4 --stream task/extract
              slipway run logs 0192b1c4 --stream sail --since 10m --timestamps

            Streams are sail, runner, and task/NAME for each task. Without --stream all are shown, each line with its stream in front.
            """
    )

    @Argument(help: "The run.")
    var id: String

    @Option(help: "One stream: sail, runner or task/NAME; a task's name alone is enough.")
    var stream: String?

    @Flag(name: .shortAndLong, help: "Wait for more until the run is over.")
    var follow = false

    @Option(help: "Only lines since a time, such as 2026-01-31T09:00:00Z, or for so long: 30s, 10m, 2h.")
    var since: String?

    @Flag(name: .shortAndLong, help: "Show the time of each line.")
    var timestamps = false

    @OptionGroup var output: OutputOptions
    @OptionGroup var server: ServerOptions

    private var streamName: String? {
        guard let stream else { return nil }
        return stream == "sail" || stream == "runner" || stream.hasPrefix("task/") ? stream : "task/\(stream)"
    }

    func run() async throws {
        let client = try server.client()
        let start = try since.map(Self.start)
        let id = try await RunReference.resolve(id, client)
        if follow {
            _ = try await client.follow("/runs/\(id)/logs", [("follow", "true"), ("stream", streamName)]) { event in
                if event.name == "line" { show([event.data], since: start) }
            }
        } else {
            try await showAll(id, client, since: start)
        }
    }

    private func showAll(_ id: String, _ client: APIClient, since start: Timestamp?) async throws {
        var after: String?
        var count = 0
        var streams: [String] = []
        while true {
            let page = try await client.get("/runs/\(id)/logs", [("stream", streamName), ("after", after)])
            let lines = page.elements("lines")
            show(lines, since: start)
            count += lines.count
            streams = page.elements("streams").map { $0.text("name") }
            if lines.isEmpty || page["complete"] == .bool(true) { break }
            after = page["next"]?.string
        }
        if count == 0 {
            let known =
                streams.isEmpty
                ? "The run has written nothing yet." : "Streams with lines: \(streams.joined(separator: ", "))."
            Terminal.note("No lines. \(known)")
        }
    }

    private func show(_ lines: [Document], since start: Timestamp?) {
        let chosen = lines.filter { line in
            guard let start else { return true }
            return Moments.parse(line.text("at")).map { $0 >= start } ?? true
        }
        guard !chosen.isEmpty else { return }
        Terminal.print(chosen.map(text).joined(separator: "\n"))
    }

    private func text(_ line: Document) -> String {
        guard output.format != .json else { return line.jsonText(isPretty: false) }
        var prefix = timestamps ? "\(line.text("at")) " : ""
        if stream == nil { prefix += Terminal.paint("\(line.text("stream")) │ ", .cyan) }
        return prefix + (Terminal.isOutputTerminal ? TextWidth.harmless(line.text("text")) : line.text("text"))
    }

    private static func start(_ text: String) throws -> Timestamp {
        if let moment = Moments.parse(text) { return moment }
        let units: [Character: Int] = ["s": 1, "m": 60, "h": 3600, "d": 86_400]
        guard let unit = text.last.flatMap({ units[$0] }), let number = Int(text.dropLast()),
            (0...1_000_000).contains(number)
        else {
            throw Failure(
                .usage,
                "--since is \"\(text)\"; allowed is a time such as 2026-01-31T09:00:00Z, or 30s, 10m, 2h, 1d"
            )
        }
        return Moments.now() + .seconds(-number * unit)
    }
}
