internal import RunStore
internal import SlipwayCore

/// A task of a run as answers show it.
struct RunTask: Sendable {
    var stored: StoredTask
    /// Of a task with `for_each`: how many of its items are in each state.
    var items: [TaskState: Int] = [:]

    var row: TaskRow { stored.row }
}

/// The tasks of a run: what is stored of them, and from the job those of which nothing is.
struct RunTasks: Sendable {
    let spec: JobSpec?
    let plan: RunPlan?
    /// `nil` while the run is not over.
    let end: RunState?

    init(of run: RunRecord, spec: JobSpec?, plan: RunPlan?) {
        self.spec = spec
        self.plan = plan
        end = run.state.isTerminal ? run.state : nil
    }

    /// All tasks in the job's order.
    func complete(_ stored: [StoredTask], items: [ItemCount] = []) -> [RunTask] {
        let known = Dictionary(stored.map { ($0.row.position, $0) }, uniquingKeysWith: { first, _ in first })
        let counts = Dictionary(grouping: items, by: \.position)
        let last = max(spec?.tasks.count ?? 0, (known.keys.max() ?? -1) + 1)
        return (0..<last).compactMap { position in
            guard let task = known[position] ?? untold(position) else { return nil }
            let states = (counts[position] ?? []).map { ($0.state, $0.count) }
            return RunTask(stored: task, items: Dictionary(states, uniquingKeysWith: +))
        }
    }

    /// A page of rows with the tasks among them of which nothing is stored.
    ///
    /// - Parameters:
    ///   - page: rows after `start`, at most `limit`.
    ///   - position: if the rows are one task's only, its place.
    func complete(_ page: [StoredTask], after start: TaskPosition, at position: Int?, limit: Int) -> [StoredTask] {
        let reach = page.count < limit ? Int.max : page.last?.row.position ?? .max
        let told = Set(page.filter { $0.row.itemIndex == nil }.map(\.row.position))
        let wanted = (start.position + 1)..<max(start.position + 1, spec?.tasks.count ?? 0)
        let untold = wanted.filter { $0 <= reach && !told.contains($0) && (position ?? $0) == $0 }.compactMap(untold)
        let all = (page + untold).sorted {
            ($0.row.position, $0.row.itemIndex ?? -1) < ($1.row.position, $1.row.itemIndex ?? -1)
        }
        return Array(all.prefix(limit))
    }

    /// A task that its runner has told nothing of, or not yet.
    private func untold(_ position: Int) -> StoredTask? {
        guard let spec, spec.tasks.indices.contains(position) else { return nil }
        let name = spec.tasks[position].name
        var row = TaskRow(name: name, position: position)
        if plan?.skipped.contains(name) == true {
            row.state = .skipped
        } else if let end {
            row.state = .cancelled
            row.note = end == .succeeded ? "its end was not received" : "the run ended before"
        }
        return StoredTask(row)
    }
}

extension JSONWriter {
    mutating func task(_ task: RunTask) {
        object { json in
            json.members(of: task.stored)
            guard !task.items.isEmpty else { return }
            json.object("items") { json in
                json.member("total", task.items.values.reduce(0, +))
                for (state, count) in task.items.sorted(by: { $0.key.rawValue < $1.key.rawValue }) {
                    json.member(state.rawValue, count)
                }
            }
        }
    }

    mutating func task(_ task: StoredTask) {
        object { $0.members(of: task) }
    }

    private mutating func members(of stored: StoredTask) {
        let task = stored.row
        member("name", task.name)
        member("position", task.position)
        member("item_index", task.itemIndex)
        member("item", task.item)
        member("state", task.state)
        member("attempt", task.attempt)
        member("started_at", task.startedAt)
        member("ended_at", task.endedAt)
        if let start = task.startedAt, let end = task.endedAt { member("seconds", (end - start).secondsText) }
        member("exit_code", task.exitCode)
        member("note", task.note)
        if let progress = task.progress {
            object("progress") { json in
                json.member("done", progress.done)
                json.member("total", progress.total)
            }
        }
        if task.warnings > 0 { member("warnings", task.warnings) }
        if let origin = stored.carriedFrom {
            member("carried_from", origin)
            object("links") { $0.member("carried_from", Links.run(origin)) }
        }
        if let failure = task.failure {
            object("failure") { json in
                json.member("reason", failure.reason)
                json.member("failure_class", failure.failureClass)
                json.member("message", failure.message)
                json.member("error_name", failure.errorName)
                json.member("stack_trace", failure.stackTrace)
            }
        }
    }

    mutating func warning(_ stored: StoredWarning) {
        object { json in
            let warning = stored.warning
            json.member("placement", stored.placement)
            json.member("source", warning.source)
            json.member("line", warning.sequence == 0 ? nil : warning.sequence)
            json.member("at", stored.at)
            json.member("task", warning.task)
            json.member("message", warning.message)
            json.member("counted", warning.isCounted)
        }
    }
}
