internal import ArgumentParser
internal import SlipwayCore

struct RunTasks: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tasks",
        abstract: "List a run's tasks, with each item of those that are executed for several.",
        discussion: """
              slipway run tasks 0192b1c4
              slipway run tasks 0192b1c4 --task load -o wide
            """
    )

    @Argument(help: "The run.", completion: Candidates.runs)
    var id: String

    @Option(help: "Only this task and its items.")
    var task: String?

    @OptionGroup var watching: WatchOptions
    @OptionGroup var output: OutputOptions
    @OptionGroup var server: ServerOptions

    func run() async throws {
        let client = try server.client()
        let id = try await RunReference.resolve(id, client)
        let empty = "The run's job cannot be read any more."
        try await Listing.tasks.show("tasks", watching, output.format, empty: empty) {
            try await client.all("/runs/\(id)/tasks", [("task", task)], of: "tasks")
        }
    }
}

extension Listing {
    static let tasks = Listing(
        columns: [
            Column(title: "TASK", isElastic: true) { $0.text("name") },
            Column(title: "STATE") { TaskText.state($0) },
            Column(title: "TIME") { TaskText.time($0) },
            Column(title: "ATTEMPT") { $0.text("attempt") },
            Column(title: "ITEM", isElastic: true) { $0.text("item") },
            Column(title: "MESSAGE", isElastic: true) { TaskText.message($0) },
            Column(title: "EXIT", isWide: true) { $0.text("exit_code") },
            Column(title: "WARNINGS", isWide: true) { $0.text("warnings") },
            Column(title: "STARTED", isWide: true) { $0.text("started_at") },
            Column(title: "CARRIED FROM", isWide: true) { $0.text("carried_from") },
        ],
        name: { $0.text("name") }
    )
}

/// What tables say of a task.
enum TaskText {
    /// With a mark if there were warnings.
    static func state(_ task: Document) -> String {
        (task.integer("warnings") ?? 0) > 0 ? "\(task.text("state")) (!)" : task.text("state")
    }

    static func time(_ task: Document) -> String {
        let start = task.text("started_at")
        guard !start.isEmpty else { return "" }
        // What was cut off has no end of its own.
        if task.text("ended_at").isEmpty, task.text("state") != "running" { return "" }
        return Moments.duration(from: start, to: task.text("ended_at"))
    }

    /// Why it failed, waits, or was not executed; of a task with items how many are done; how far it is.
    static func message(_ task: Document) -> String {
        var parts: [String] = []
        if let items = items(task) { parts.append(items) }
        if task.text("state") == "running", let progress = progress(task) { parts.append(progress) }
        let carried = task.text("carried_from")
        if !carried.isEmpty { parts.append("carried over from run \(carried)") }
        let failure = task["failure"]?.text("message") ?? ""
        if !failure.isEmpty {
            parts.append(failure)
        } else if carried.isEmpty {
            parts.append(task.text("note"))
        }
        return parts.filter { !$0.isEmpty }.joined(separator: "; ")
    }

    /// `8 of 10 succeeded`, and what the others are; `nil` for a task without items.
    static func items(_ task: Document) -> String? {
        guard let items = task["items"], let total = items.integer("total") else { return nil }
        let others = items.members.keys.sorted().filter { $0 != "total" && $0 != "succeeded" }
        let rest = others.map { ", \(items.text($0)) \($0)" }.joined()
        return "\(items.integer("succeeded") ?? 0) of \(total) succeeded\(rest)"
    }

    /// `3 of 10`, or `3`; `nil` if it says nothing.
    static func progress(_ task: Document) -> String? {
        guard let progress = task["progress"], let done = number(progress["done"]) else { return nil }
        return number(progress["total"]).map { "\(done) of \($0)" } ?? done
    }

    private static func number(_ value: Document?) -> String? {
        switch value {
        case .integer(let number)?: return String(number)
        case .number(let number)?:
            let tenths = (number * 10).rounded() / 10
            return tenths == tenths.rounded() && abs(tenths) < 1e15 ? String(Int64(tenths)) : "\(tenths)"
        default: return nil
        }
    }
}
