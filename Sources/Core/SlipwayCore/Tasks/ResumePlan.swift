/// Which tasks a run that follows another executes, carries over, or skips: a pure decision.
///
/// A task with `for_each` counts as a whole: unless all its items were done well, all of them are executed again.
package struct ResumePlan: Sendable, Hashable {
    /// Each list in the job's order; together they hold every task once.
    package var executed: [String] = []
    package var carried: [String] = []
    package var skipped: [String] = []

    /// Goes on where a run ended: what had succeeded is carried over, what had been skipped stays so, the rest is executed.
    ///
    /// A task with `always` is executed again if anything it waits for is: what it does belongs to their end. One whose result
    /// is not carried over is executed again if anything that waits for it is.
    ///
    /// - Parameter states: of the job's tasks in the run that ended; a missing one had not been reached.
    package static func resuming(
        _ graph: TaskGraph,
        states: [String: TaskState]
    ) throws(ResumeRefusal) -> ResumePlan {
        let tasks = graph.tasks
        let open = tasks.indices.filter { index in
            switch states[tasks[index].name] {
            case .succeeded, .skipped: false
            default: true
            }
        }
        // A condition that was not met is not met again if nothing before it is done anew.
        guard open.contains(where: { states[tasks[$0].name] != .conditionFailed }) else {
            throw ResumeRefusal.nothingLeft
        }
        let again = graph.downstream(of: open).filter { tasks[$0].always }
        return ResumePlan(graph, states, Set(open).union(again))
    }

    /// Begins with one task: it and all that follows from it are executed, what had succeeded beside them is carried over, and the
    /// rest is skipped.
    ///
    /// - Parameter states: of the job's tasks in the run that ended; a missing one had not been reached.
    package static func starting(
        from name: String,
        _ graph: TaskGraph,
        states: [String: TaskState]
    ) throws(ResumeRefusal) -> ResumePlan {
        let tasks = graph.tasks
        guard let start = graph.places[name] else {
            throw ResumeRefusal.unknownTask(name, nearest: NearestName.of(name, among: tasks.map(\.name)))
        }
        let isExecuted = graph.downstream(of: [start])
        let checked = isExecuted.sorted().filter { !tasks[$0].always }
        for index in checked {
            // In a sequence all that stands before must let the first one begin, and with it the others.
            let needs = graph.isSequence ? Array(0..<(index == checked[0] ? start : 0)) : graph.needs[index]
            for before in needs where !isExecuted.contains(before) {
                let task = tasks[before]
                let state = states[task.name] ?? .initial
                guard isPassed(state, of: task, graph) else {
                    throw ResumeRefusal.unmet(task: tasks[index].name, needs: task.name, state: state, from: name)
                }
            }
        }
        return ResumePlan(graph, states, isExecuted)
    }

    /// Whether a task of a run that ended keeps nothing that comes after it from beginning.
    private static func isPassed(_ state: TaskState, of task: TaskSpec, _ graph: TaskGraph) -> Bool {
        switch state {
        case .succeeded, .skipped: true
        case .failed: task.allowFailure
        case .conditionFailed: graph.isSequence
        case .initial, .queued, .running, .cancelled, .upstreamFailed: false
        }
    }

    private init(_ graph: TaskGraph, _ states: [String: TaskState], _ wanted: Set<Int>) {
        let before = graph.upstream(of: wanted)
        for (index, task) in graph.tasks.enumerated() {
            let isDoneAnew = !task.carryOver && before.contains(index) && states[task.name] == .succeeded
            if wanted.contains(index) || isDoneAnew {
                executed.append(task.name)
            } else if states[task.name] == .succeeded {
                carried.append(task.name)
            } else {
                skipped.append(task.name)
            }
        }
    }
}

/// Why a run cannot be followed by one that does only a part.
package enum ResumeRefusal: Error, Sendable, Hashable, CustomStringConvertible {
    case nothingLeft
    case unknownTask(String, nearest: String?)
    /// What a task needs has neither succeeded nor would be executed.
    case unmet(task: String, needs: String, state: TaskState, from: String)

    package var description: String {
        switch self {
        case .nothingLeft: "nothing is left to execute: every task has succeeded"
        case .unknownTask(let name, let nearest):
            "the job has no task \"\(name.prefix(80))\"" + (nearest.map { "; did you mean \"\($0)\"?" } ?? "")
        case .unmet(let task, let needs, let state, let from):
            "task \"\(task)\" comes after \"\(needs)\", which is \(state.rawValue) and does not follow from \"\(from)\"; "
                + "begin with \"\(needs)\", or resume the run"
        }
    }
}
