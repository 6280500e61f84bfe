internal import SlipwayCore

/// Which task is next and how the run ends: decided from what happened, without doing anything.
struct TaskSequence: ~Copyable {
    enum Action: Hashable {
        case report(TaskReport)
        case warn(task: String, message: String)
        /// Start the task of that index; answer with ``started()`` or ``ended(_:)``.
        case start(Int)
        /// Nothing is left to do.
        case finish
    }

    /// How a task ended.
    enum End: Hashable {
        case succeeded(exitCode: Int?)
        case failed(TaskFailure, exitCode: Int?)
        case cancelled
    }

    private let tasks: [TaskSpec]
    /// The task whose turn it is; the number of tasks at the end.
    private var index = 0
    private var isCancelled = false
    private var failure: (task: String, failure: TaskFailure)?
    private var warnings = 0

    init(tasks: [TaskSpec]) {
        self.tasks = tasks
    }

    mutating func begin() -> [Action] {
        tasks.map { .report(TaskReport(name: $0.name, state: .initial)) } + next()
    }

    /// The task's code begins to execute.
    func started() -> [Action] {
        [.report(TaskReport(name: tasks[index].name, state: .running))]
    }

    mutating func ended(_ end: End) -> [Action] {
        let task = tasks[index]
        index += 1
        switch end {
        case .succeeded(let exitCode):
            return [.report(TaskReport(name: task.name, state: .succeeded, exitCode: exitCode))] + next()
        case .cancelled:
            return [.report(TaskReport(name: task.name, state: .cancelled))] + next()
        case .failed(let reason, let exitCode):
            let report = Action.report(
                TaskReport(name: task.name, state: .failed, exitCode: exitCode, failure: reason)
            )
            if task.allowFailure {
                return [report, warn(task.name, "the task failed, which the job allows: \(reason.message)")] + next()
            }
            failure = (task.name, reason)
            return [report] + next()
        }
    }

    /// No further task begins. The one that runs is answered for by ``ended(_:)``.
    mutating func cancel() { isCancelled = true }

    /// Counts a warning that a task gave itself.
    mutating func warn(_ task: String, _ message: String) -> Action {
        warnings += 1
        return .warn(task: task, message: message)
    }

    /// How the run ended. Legal once `.finish` was returned.
    func summary(lastSequence: Int64) -> RunnerSummary {
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

    private mutating func next() -> [Action] {
        let rest = tasks[index...]
        if isCancelled || failure != nil {
            index = tasks.count
            let state: TaskState = failure != nil ? .upstreamFailed : .cancelled
            return rest.map { .report(TaskReport(name: $0.name, state: state)) } + [.finish]
        }
        guard let task = rest.first else { return [.finish] }
        return [.report(TaskReport(name: task.name, state: .queued)), .start(index)]
    }
}
