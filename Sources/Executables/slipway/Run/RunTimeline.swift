internal import ArgumentParser
internal import SlipwayCore

struct RunTimeline: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "timeline",
        abstract: "Draw when a run was in which state and when each task was executed.",
        discussion: """
            One line for each state and each task, over the time from the run's creation to its end or to now. Items of a task \
            are shown with --items.

              slipway run timeline 0192b1c4
              slipway run timeline 0192b1c4 --ascii --items
            """
    )

    @Argument(help: "The run.", completion: Candidates.runs)
    var id: String

    @Flag(help: "Draw with ASCII characters only.")
    var ascii = false

    @Flag(help: "Show each item of tasks that are executed for several, up to 500.")
    var items = false

    @Option(help: "So many columns, 40 to 400; those of the terminal unless given, else 80.")
    var width: Int?

    @OptionGroup var output: OutputOptions
    @OptionGroup var server: ServerOptions

    private static let mostRows = 500

    func validate() throws {
        if let width, !(40...400).contains(width) {
            throw ValidationError("--width is \(width); allowed is a number from 40 to 400.")
        }
    }

    func run() async throws {
        let client = try server.client()
        let id = try await RunReference.resolve(id, client)
        let run = try await client.get("/runs/\(id)")
        var tasks = run.elements("tasks")
        if items { tasks = try await client.all("/runs/\(id)/tasks", of: "tasks", limit: Self.mostRows) }
        let timeline = Timeline(run: run, tasks: tasks, now: Moments.now())
        output.format.show(
            timeline.document,
            name: id,
            sentence: timeline.text(
                width: width ?? (output.format == .wide ? max(Terminal.width, 160) : Terminal.width),
                isASCII: ascii || !Terminal.knowsBlocks
            )
        )
    }
}
