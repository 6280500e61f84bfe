/// Reads the names and expressions of tasks and collects what is wrong with them.
struct TaskGraphCheck {
    private let tasks: [TaskSpec]
    let places: [String: Int]
    private(set) var problems: [TaskGraphProblem] = []

    init(_ tasks: [TaskSpec]) {
        self.tasks = tasks
        places = Dictionary(tasks.enumerated().map { ($0.element.name, $0.offset) }) { first, _ in first }
    }

    var sortedProblems: [TaskGraphProblem] {
        // The sort is stable, so each task's problems keep the order in which they were found.
        problems.sorted { $0.task < $1.task }
    }

    private mutating func note(_ task: Int, _ field: TaskGraphProblem.Field, _ message: String, nearest: String? = nil)
    {
        problems.append(
            TaskGraphProblem(task: task, name: tasks[task].name, field: field, message: message, nearest: nearest)
        )
    }

    /// Looked for only while the mistake will be told: with very many it would take long.
    private func nearest(_ name: String) -> String? {
        guard problems.count < JobLimits.standard.errors else { return nil }
        return NearestName.of(name, among: tasks.map(\.name))
    }

    // MARK: Reading

    mutating func resolvedNeeds() -> [[Int]] {
        tasks.indices.map { task in
            var resolved: [Int] = []
            var seen: Set<Int> = []
            for (position, name) in (tasks[task].needs ?? []).enumerated() {
                guard let need = places[name] else {
                    let message = "there is no task \(name.cut(to: 80)) in the job"
                    note(task, .needs(position), message, nearest: nearest(name))
                    continue
                }
                if need == task {
                    note(task, .needs(position), "a task cannot need itself")
                } else if !seen.insert(need).inserted {
                    note(task, .needs(position), "stands twice in the list")
                } else {
                    resolved.append(need)
                }
            }
            return resolved
        }
    }

    mutating func conditions() -> [Expression?] {
        tasks.indices.map { task in tasks[task].when.flatMap { parsed($0, task, .when) } }
    }

    mutating func itemExpressions() -> [Expression?] {
        tasks.indices.map { task in
            guard case .expression(let text)? = tasks[task].forEach?.items else { return nil }
            return parsed(text, task, .forEach)
        }
    }

    private mutating func parsed(_ text: String, _ task: Int, _ field: TaskGraphProblem.Field) -> Expression? {
        do {
            return try Expression(text)
        } catch {
            note(task, field, "\(error)")
            return nil
        }
    }

    func askedOutputs(_ expressions: [Expression?]) -> [Set<String>] {
        var asked = [Set<String>](repeating: [], count: tasks.count)
        for case let expression? in expressions {
            for reference in expression.references.tasks {
                if case .output(let name) = reference.member, let place = places[reference.name] {
                    asked[place].insert(name)
                }
            }
        }
        return asked
    }

    // MARK: Cycles

    /// Tells one cycle of each part of the graph that has any.
    mutating func noteCycles(needs: [[Int]], reachable: [Int]) {
        var isDone = [Bool](repeating: false, count: tasks.count)
        for task in reachable { isDone[task] = true }
        for root in tasks.indices where !isDone[root] {
            // Every task left needs another one that is left, so the way always leads on until it meets itself.
            var path: [Int] = []
            var positions: [Int: Int] = [:]
            var current = root
            while positions[current] == nil, !isDone[current] {
                positions[current] = path.count
                path.append(current)
                guard let next = needs[current].first(where: { !isDone[$0] }) else { break }
                current = next
            }
            if let start = positions[current] { noteCycle(Array(path[start...])) }
            for task in path { isDone[task] = true }
        }
    }

    private mutating func noteCycle(_ cycle: [Int]) {
        guard let first = cycle.min(), let start = cycle.firstIndex(of: first) else { return }
        let turned = cycle[start...] + cycle[..<start]
        var names = (turned + [first]).map { tasks[$0].name }
        if names.count > 12 { names = names.prefix(8) + ["…"] + names.suffix(2) }
        let next = turned.dropFirst().first ?? first
        let position = tasks[first].needs?.firstIndex(of: tasks[next].name) ?? 0
        note(first, .needs(position), "the task waits for itself: \(names.joined(separator: " -> "))")
    }

    // MARK: References

    mutating func noteReferences(_ graph: TaskGraph, variables: [String: JobSpec.VariableType]?) {
        let upstream = UpstreamTable(graph)
        for task in tasks.indices {
            if let condition = graph.conditions[task] {
                check(condition, task, .when, graph, upstream, variables)
                if condition.references.usesItem, tasks[task].forEach == nil {
                    note(task, .when, "asks for item, which only a task with for_each has")
                }
            }
            if let items = graph.itemExpressions[task] {
                check(items, task, .forEach, graph, upstream, variables)
                if items.references.usesItem { note(task, .forEach, "asks for item, which is what it has to give") }
                noteConstantItems(items, task)
            }
        }
    }

    private mutating func check(
        _ expression: Expression,
        _ task: Int,
        _ field: TaskGraphProblem.Field,
        _ graph: TaskGraph,
        _ upstream: UpstreamTable,
        _ variables: [String: JobSpec.VariableType]?
    ) {
        for name in expression.references.variables {
            guard let variables else { break }
            guard let type = variables[name] else {
                let nearest = NearestName.of(name, among: variables.keys.sorted())
                note(
                    task,
                    field,
                    "asks for the variable \(name.cut(to: 80)), which the job does not have",
                    nearest: nearest
                )
                continue
            }
            if type == .secret { note(task, field, "asks for the variable \(name), which is a secret") }
        }
        var told: Set<String> = []
        for reference in expression.references.tasks where told.insert(reference.name).inserted {
            let shown = reference.name.cut(to: 80)
            guard let place = graph.places[reference.name] else {
                let nearest = nearest(reference.name)
                note(task, field, "asks for the task \(shown), which the job does not have", nearest: nearest)
                continue
            }
            guard !upstream.isUpstream(place, of: task) else { continue }
            let advice = graph.isSequence ? "a task before it" : "a task that it needs, directly or not"
            note(task, field, "asks for the task \(shown), but must ask for \(advice)")
        }
    }

    private mutating func noteConstantItems(_ items: Expression, _ task: Int) {
        do {
            guard let value = try items.constant() else { return }
            if case .array = value { return }
            note(task, .forEach, "must be a list, but gives \(value.typeName)")
        } catch {
            note(task, .forEach, "\(error)")
        }
    }

    // MARK: Unreachable tasks

    /// A condition that no run can meet.
    mutating func noteUnreachable(_ graph: TaskGraph) {
        for task in tasks.indices {
            guard let condition = graph.conditions[task] else { continue }
            do {
                guard let value = try condition.constant() else { continue }
                if value == .bool(true) { continue }
                guard value == .bool(false) else {
                    note(task, .when, "must be true or false, but is always \(value.typeName)")
                    continue
                }
                note(task, .when, "is never true, so \(unreachable(task, graph)) never executed")
            } catch {
                note(task, .when, "\(error)")
            }
        }
    }

    private func unreachable(_ task: Int, _ graph: TaskGraph) -> String {
        guard !graph.isSequence else { return "the task is" }
        var reached = Set([task])
        for next in graph.order where !tasks[next].always && graph.needs[next].contains(where: reached.contains) {
            reached.insert(next)
        }
        let others = reached.subtracting([task]).sorted().map { tasks[$0].name }
        guard !others.isEmpty else { return "the task is" }
        let shown = others.prefix(5).joined(separator: ", ") + (others.count > 5 ? " and \(others.count - 5) more" : "")
        return "the task and what needs it (\(shown)) are"
    }
}

/// Whether a task comes before another one, as one bit each.
private struct UpstreamTable {
    private let isSequence: Bool
    private var rows: [[UInt64]] = []

    init(_ graph: TaskGraph) {
        isSequence = graph.isSequence
        guard !isSequence, graph.tasks.indices.contains(where: { graph.asksForTasks($0) }) else { return }
        let width = (graph.tasks.count + 63) / 64
        rows = [[UInt64]](repeating: [UInt64](repeating: 0, count: width), count: graph.tasks.count)
        for task in graph.order {
            var row = rows[task]
            for need in graph.needs[task] {
                for word in 0..<width { row[word] |= rows[need][word] }
                row[need / 64] |= 1 << UInt64(need % 64)
            }
            rows[task] = row
        }
    }

    func isUpstream(_ other: Int, of task: Int) -> Bool {
        isSequence ? other < task : rows[task][other / 64] & 1 << UInt64(other % 64) != 0
    }
}

extension TaskGraph {
    fileprivate func asksForTasks(_ task: Int) -> Bool {
        [conditions[task], itemExpressions[task]].contains { $0?.references.tasks.isEmpty == false }
    }
}
