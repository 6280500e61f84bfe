/// Which task executes when and how the run ends: decided from what happened, without doing anything.
///
/// Each event is one method and returns what to do. Time is the time since any fixed moment. All events together take time
/// that grows with the number of needs, not with its square.
package struct TaskMachine: ~Copyable {
    package enum Action: Sendable, Hashable {
        case report(TaskReport)
        case warn(task: String, message: String)
        /// Start it; answer with ``started(_:)`` once its code executes, and with ``ended(_:_:now:random:)``.
        case start(TaskExecution)
        /// Nothing is left to do.
        case finish
    }

    /// What executes, or waits for another attempt.
    struct Unit: Hashable {
        let task: Int
        let item: Int?
    }

    /// A further attempt and when it is due.
    struct Retry: Comparable {
        let due: Duration
        let number: Int
        let unit: Unit

        static func < (left: Retry, right: Retry) -> Bool {
            (left.due, left.number) < (right.due, right.number)
        }
    }

    let graph: TaskGraph
    private let parallelism: Int
    var results: TaskResults
    var actions: [Action] = []
    /// How many tasks each waits for.
    private var waiting: [Int]
    /// In a sequence: the task that stops each from being executed; -1 for none.
    private var blockers: [Int]
    /// Tasks that have ended and have not been told to those that wait for them.
    private var ended: [Int] = []
    /// Tasks that may start, least first.
    var ready = MinimumHeap<Int>()
    var retries = MinimumHeap<Retry>()
    var groups: [Int: TaskGroup] = [:]
    /// What executes, by its number.
    private(set) var executing: [Int: Unit] = [:]
    private var lastNumber = 0
    var retryNumber = 0
    /// Tasks that have not ended.
    private var left: Int
    /// Tasks without items and items so far; see ``TaskLimits/executions``.
    var executions: Int
    var isCancelled = false
    private var hasFinished = false
    private var failure: (task: String, failure: TaskFailure)?
    private var warnings = 0

    /// - Parameters:
    ///   - variables: the value of each.
    ///   - parallelism: how many tasks execute side by side.
    package init(_ graph: TaskGraph, variables: [String: JSONValue] = [:], parallelism: Int) {
        self.graph = graph
        self.parallelism = max(1, parallelism)
        results = TaskResults(graph, variables: variables)
        waiting = graph.needs.map(\.count)
        blockers = [Int](repeating: -1, count: graph.tasks.count)
        left = graph.tasks.count
        executions = graph.tasks.count { $0.forEach == nil }
    }

    // MARK: Events

    /// The run begins.
    ///
    /// - Parameters:
    ///   - carried: tasks that an earlier run executed, with what they gave.
    ///   - skipped: tasks before which the run starts.
    package mutating func begin(carried: [CarriedTask] = [], skipped: [String] = []) -> [Action] {
        for task in graph.tasks { actions.append(.report(TaskReport(name: task.name, state: .initial))) }
        for task in carried { carry(task) }
        for name in skipped {
            guard let task = graph.places[name], results.rows[task].state == .initial else { continue }
            end(task, .skipped, note: "skipped: the run starts after it")
        }
        for task in graph.tasks.indices where waiting[task] == 0 && results.rows[task].state == .initial {
            decide(task)
        }
        return settled()
    }

    /// The code of an execution begins to execute.
    package func started(_ number: Int) -> [Action] {
        guard let unit = executing[number] else { return [] }
        return [.report(report(unit, .running))]
    }

    /// What an execution gave. Only what some expression asks for is kept.
    ///
    /// - Parameter bytes: of the value as JSON.
    package mutating func gave(_ number: Int, _ name: String, _ value: JSONValue, bytes: Int) -> [Action] {
        guard let unit = executing[number], graph.askedOutputs[unit.task].contains(name) else { return [] }
        guard !results.keep(value, name, task: unit.task, item: unit.item, bytes: bytes) else { return [] }
        let limit = TaskLimits.keptOutputBytes
        return [
            warn(
                self.name(of: unit),
                "the output \(name) is not kept for conditions: all that are kept have more than \(limit) bytes"
            )
        ]
    }

    /// Whether ``gave(_:_:_:bytes:)`` wants to know of an output.
    package func asks(for name: String, of task: Int) -> Bool { graph.askedOutputs[task].contains(name) }

    /// An execution has ended.
    ///
    /// - Parameter random: 0 to 1, evenly spread.
    package mutating func ended(_ number: Int, _ end: TaskEnd, now: Duration, random: Double) -> [Action] {
        guard let unit = executing.removeValue(forKey: number) else { return [] }
        if unit.item != nil { groups[unit.task]?.executing -= 1 }
        switch end {
        case .succeeded(let exitCode): finish(unit, .succeeded, exitCode: exitCode)
        case .cancelled: finish(unit, .cancelled)
        case .failed(let failure, let exitCode):
            if !retry(unit, failure, now: now, random: random) {
                finish(unit, .failed, exitCode: exitCode, failure: failure)
            }
        }
        if unit.item != nil { offer(unit.task) }
        return settled()
    }

    /// Something waits for this time.
    package var nextDeadline: Duration? { retries.least?.due }

    package mutating func timePassed(now: Duration) -> [Action] {
        while let retry = retries.least, retry.due <= now, retries.removeLeast() != nil { makeReady(retry.unit) }
        return settled()
    }

    /// The run shall end: nothing further begins. What executes is answered for by ``ended(_:_:now:random:)``.
    package mutating func cancel() -> [Action] {
        guard !isCancelled else { return [] }
        isCancelled = true
        ready.removeAll()
        retries.removeAll()
        let busy = Set(executing.values)
        for task in graph.tasks.indices where !results.rows[task].state.isTerminal {
            if groups[task] != nil {
                cancelItems(of: task, except: busy)
            } else if !busy.contains(Unit(task: task, item: nil)) {
                end(task, .cancelled)
            }
        }
        return settled()
    }

    /// Counts a warning that a task gave itself.
    package mutating func warn(_ task: String, _ message: String) -> Action {
        warnings += 1
        return .warn(task: task, message: message)
    }

    /// How the run ended. Legal once `.finish` was returned.
    package func summary(lastSequence: Int64) -> RunnerSummary {
        if let failure {
            return RunnerSummary(
                result: .failed,
                failure: failure.failure,
                failedTask: failure.task,
                warnings: warnings,
                lastSequence: lastSequence
            )
        }
        return RunnerSummary(
            result: isCancelled ? .cancelled : .succeeded,
            warnings: warnings,
            lastSequence: lastSequence
        )
    }

    // MARK: Moving on

    /// Tells ends to those that wait, starts what may start, and gives out what there is to do.
    private mutating func settled() -> [Action] {
        var position = 0
        while position < ended.count {
            for dependent in graph.dependents[ended[position]] { release(dependent, from: ended[position]) }
            position += 1
        }
        ended.removeAll(keepingCapacity: true)
        while executing.count < parallelism, let task = ready.removeLeast() { start(task) }
        if left == 0, !hasFinished {
            hasFinished = true
            actions.append(.finish)
        }
        defer { actions = [] }
        return actions
    }

    private mutating func release(_ task: Int, from need: Int) {
        waiting[task] -= 1
        if graph.isSequence { blockers[task] = outcome(of: need) == .bad ? need : blockers[need] }
        guard waiting[task] == 0 else { return }
        if !results.rows[task].state.isTerminal {
            decide(task)
        } else if graph.isSequence {
            // It ended before its turn came: those after it still had to wait for those before it.
            ended.append(task)
        }
    }

    private mutating func start(_ task: Int) {
        lastNumber += 1
        var execution = TaskExecution(number: lastNumber, task: task, name: graph.tasks[task].name)
        if var group = groups.removeValue(forKey: task) {
            group.isOffered = false
            if let item = group.ready.removeLeast() {
                group.executing += 1
                execution.name += "[\(item)]"
                execution.item = group.items[item]
                execution.itemIndex = item
                execution.attempt = group.attempts[item]
            }
            groups[task] = group
            offer(task)
        } else {
            execution.attempt = results.rows[task].attempt
        }
        executing[execution.number] = Unit(task: task, item: execution.itemIndex)
        actions.append(.start(execution))
    }

    /// Puts a task with items among those that may start, once, if one of them may.
    mutating func offer(_ task: Int) {
        guard let group = groups[task], group.canStart, !group.isOffered, !isCancelled else { return }
        groups[task]?.isOffered = true
        ready.insert(task)
    }

    mutating func makeReady(_ unit: Unit) {
        guard let item = unit.item else { return ready.insert(unit.task) }
        groups[unit.task]?.ready.insert(item)
        offer(unit.task)
    }

    /// Ends a task for good.
    mutating func end(
        _ task: Int,
        _ state: TaskState,
        exitCode: Int? = nil,
        failure: TaskFailure? = nil,
        note: String? = nil
    ) {
        results.rows[task].state = state
        results.rows[task].exitCode = exitCode
        left -= 1
        // In a sequence the turn of those after it comes when its own has come.
        if !graph.isSequence || waiting[task] == 0 { ended.append(task) }
        var report = report(Unit(task: task, item: nil), state)
        report.exitCode = exitCode
        report.failure = failure
        report.note = note.map { $0.cut(to: TaskLimits.noteCharacters) }
        actions.append(.report(report))
        guard let failure else { return }
        if !graph.tasks[task].allowFailure {
            if self.failure == nil { self.failure = (graph.tasks[task].name, failure) }
        } else if groups[task] == nil {
            warnAllowed(graph.tasks[task].name, failure)
        }
    }

    mutating func warnAllowed(_ name: String, _ failure: TaskFailure) {
        actions.append(warn(name, "the task failed, which the job allows: \(failure.message)"))
    }

    // MARK: What is known

    enum Outcome { case good, conditionFailed, bad }

    func outcome(of task: Int) -> Outcome {
        switch results.rows[task].state {
        case .succeeded, .skipped: .good
        case .failed: graph.tasks[task].allowFailure ? .good : .bad
        case .conditionFailed: graph.isSequence ? .good : .conditionFailed
        case .initial, .queued, .running, .cancelled, .upstreamFailed: .bad
        }
    }

    /// In a sequence: the task before it because of which it is not executed.
    func blocker(of task: Int) -> Int? { blockers[task] < 0 ? nil : blockers[task] }

    func name(of unit: Unit) -> String {
        graph.tasks[unit.task].name + (unit.item.map { "[\($0)]" } ?? "")
    }

    func report(_ unit: Unit, _ state: TaskState) -> TaskReport {
        guard let item = unit.item, let group = groups[unit.task] else {
            return TaskReport(name: name(of: unit), state: state, attempt: results.rows[unit.task].attempt)
        }
        return TaskReport(name: name(of: unit), state: state, attempt: group.attempts[item], item: group.items[item])
    }
}
