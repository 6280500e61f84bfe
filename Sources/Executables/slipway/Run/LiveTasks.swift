internal import SlipwayCore

/// The tasks of a run that is followed, as far as its events told, for the line that shows what is under way.
struct LiveTasks {
    private struct Running {
        var position: Int
        var item: Int
        var progress: String?
    }

    private var running: [String: Running] = [:]

    /// Shown by name; the others are counted.
    private static let shown = 3

    /// Takes all tasks, or those that changed.
    mutating func take(_ tasks: [Document]) {
        for task in tasks {
            // Of a task with items the items are shown.
            guard task.text("state") == "running", task["items"] == nil else {
                running[task.text("name")] = nil
                continue
            }
            let item = task.integer("item_index")
            if item != nil, let bracket = task.text("name").firstIndex(of: "[") {
                running[String(task.text("name")[..<bracket])] = nil
            }
            running[task.text("name")] = Running(
                position: task.integer("position") ?? 0,
                item: item ?? -1,
                progress: TaskText.progress(task)
            )
        }
    }

    /// `load 3 of 10, check, +2`; empty while nothing runs.
    var text: String {
        let order = running.sorted { ($0.value.position, $0.value.item) < ($1.value.position, $1.value.item) }
        let named = order.prefix(Self.shown).map { name, task in
            TextWidth.singleLine(name) + (task.progress.map { " \($0)" } ?? "")
        }
        let more = order.count > Self.shown ? ["+\(order.count - Self.shown)"] : []
        return (named + more).joined(separator: ", ")
    }
}
