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
    /// is not carried over is executed again if anything that comes after it is.
    ///
    /// - Parameter states: of the job's tasks in the run that ended; a missing one had not been reached.
    package static func resuming(
        _ tasks: [TaskSpec],
        states: [String: TaskState]
    ) throws(ResumeRefusal) -> ResumePlan {
        let order = TaskOrder(tasks)
        var isExecuted = tasks.map { task in
            switch states[task.name] {
            case .succeeded, .skipped: false
            default: true
            }
        }
        // A condition that was not met is not met again if nothing before it is done anew.
        let isAnythingLeft = tasks.indices.contains { isExecuted[$0] && states[tasks[$0].name] != .conditionFailed }
        guard isAnythingLeft else { throw ResumeRefusal.nothingLeft }
        for index in order.executedAgain(after: isExecuted, where: { tasks[$0].always }) { isExecuted[index] = true }
        for index in order.leading(to: isExecuted) where !tasks[index].carryOver && states[tasks[index].name] == .succeeded {
            isExecuted[index] = true
        }
        return ResumePlan(tasks, states, isExecuted)
    }

    /// Begins with one task: it and all that follows from it are executed, what had succeeded beside them is carried over, and the
    /// rest is skipped.
    ///
    /// - Parameter states: of the job's tasks in the run that ended; a missing one had not been reached.
    package static func starting(
        from name: String,
        _ tasks: [TaskSpec],
        states: [String: TaskState]
    ) throws(ResumeRefusal) -> ResumePlan {
        guard let start = tasks.firstIndex(where: { $0.name == name }) else {
            throw ResumeRefusal.unknownTask(name, nearest: NearestName.of(name, among: tasks.map(\.name)))
        }
        let order = TaskOrder(tasks)
        var isExecuted = order.following(start)
        for index in tasks.indices where isExecuted[index] && !tasks[index].always {
            for before in order.needs(of: index) where !isExecuted[before] {
                let task = tasks[before]
                let state = states[task.name] ?? .initial
                guard order.isSatisfied(by: state, of: task) else {
                    throw ResumeRefusal.unmet(task: tasks[index].name, needs: task.name, state: state, from: name)
                }
            }
        }
        for index in order.leading(to: isExecuted) where !tasks[index].carryOver && states[tasks[index].name] == .succeeded {
            isExecuted[index] = true
        }
        return ResumePlan(tasks, states, isExecuted)
    }

    private init(_ tasks: [TaskSpec], _ states: [String: TaskState], _ isExecuted: [Bool]) {
        for (task, isExecuted) in zip(tasks, isExecuted) {
            if isExecuted {
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

/// Which tasks come after which.
private struct TaskOrder {
    /// Without needs in any task each follows the one before.
    private let isSequence: Bool
    /// The tasks that each one waits for itself; in a sequence the one before.
    private let before: [[Int]]
    private let after: [[Int]]

    init(_ tasks: [TaskSpec]) {
        isSequence = tasks.allSatisfy { $0.needs == nil }
        let indices = Dictionary(zip(tasks.map(\.name), tasks.indices), uniquingKeysWith: { first, _ in first })
        var before: [[Int]] = []
        for (index, task) in tasks.enumerated() {
            if isSequence {
                before.append(index == 0 ? [] : [index - 1])
            } else {
                before.append((task.needs ?? []).compactMap { indices[$0] })
            }
        }
        var after = Array(repeating: [Int](), count: tasks.count)
        for (index, needs) in before.enumerated() {
            for need in needs { after[need].append(index) }
        }
        self.before = before
        self.after = after
    }

    /// What must have ended well before a task begins.
    func needs(of index: Int) -> [Int] { isSequence ? Array(0..<index) : before[index] }

    /// Whether a task of a run that ended keeps nothing that comes after it from beginning.
    func isSatisfied(by state: TaskState, of task: TaskSpec) -> Bool {
        switch state {
        case .succeeded, .skipped: true
        case .failed: task.allowFailure
        case .conditionFailed: isSequence
        case .initial, .queued, .running, .cancelled, .upstreamFailed: false
        }
    }

    /// The task itself and all that comes after it.
    func following(_ start: Int) -> [Bool] {
        var isReached = Array(repeating: false, count: after.count)
        isReached[start] = true
        var waiting = [start]
        while let index = waiting.popLast() {
            for next in after[index] where !isReached[next] {
                isReached[next] = true
                waiting.append(next)
            }
        }
        return isReached
    }

    /// The tasks that come, with any number of tasks between, before one of these.
    func leading(to isExecuted: [Bool]) -> [Int] {
        var isReached = isExecuted
        var waiting = isExecuted.indices.filter { isExecuted[$0] }
        var found: [Int] = []
        while let index = waiting.popLast() {
            for previous in before[index] where !isReached[previous] {
                isReached[previous] = true
                waiting.append(previous)
                found.append(previous)
            }
        }
        return found
    }

    /// The tasks fit for it that come, with any number of tasks between, after one that is executed.
    func executedAgain(after isExecuted: [Bool], where isFit: (Int) -> Bool) -> [Int] {
        var isReached = isExecuted
        var waiting = isExecuted.indices.filter { isExecuted[$0] }
        var found: [Int] = []
        while let index = waiting.popLast() {
            for next in after[index] where !isReached[next] {
                isReached[next] = true
                waiting.append(next)
                if isFit(next) { found.append(next) }
            }
        }
        return found
    }
}
