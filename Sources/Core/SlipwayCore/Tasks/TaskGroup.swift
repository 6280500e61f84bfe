/// The items of a task with `for_each` while they execute.
struct TaskGroup {
    let items: [JSONValue]
    /// How many may execute side by side.
    let parallelism: Int
    var states: [TaskState]
    var attempts: [Int]
    /// Items whose turn has come.
    var ready = MinimumHeap<Int>()
    var executing = 0
    /// Items that have not ended.
    var left: Int
    /// Whether the task waits among those that may start.
    var isOffered = false
    /// The failure that tells most about the group's: the first one, or the first that is no fault of the job.
    private(set) var failure: (item: Int, failure: TaskFailure)?

    init(items: [JSONValue], parallelism: Int) {
        self.items = items
        self.parallelism = parallelism
        states = [TaskState](repeating: .queued, count: items.count)
        attempts = [Int](repeating: 1, count: items.count)
        left = items.count
    }

    var canStart: Bool { executing < parallelism && ready.least != nil }

    mutating func end(_ item: Int, _ state: TaskState) {
        states[item] = state
        left -= 1
    }

    mutating func note(_ failure: TaskFailure, of item: Int) {
        let isMoreTelling = failure.failureClass == .infrastructure && self.failure?.failure.failureClass == .user
        if self.failure == nil || isMoreTelling { self.failure = (item, failure) }
    }

    /// How the task ends when none of its items is left.
    var state: TaskState {
        if states.contains(.cancelled) { return .cancelled }
        return states.contains(.failed) ? .failed : .succeeded
    }

    /// The failure of the task as a whole.
    var wholeFailure: TaskFailure? {
        guard let failure else { return nil }
        let failed = states.indices.filter { states[$0] == .failed }
        let named = failed.prefix(TaskLimits.namedItems).map { "[\($0)]" }.joined(separator: ", ")
        let more = failed.count > TaskLimits.namedItems ? " and \(failed.count - TaskLimits.namedItems) more" : ""
        let message =
            "\(failed.count) of \(items.count) items failed: \(named)\(more); "
            + "[\(failure.item)]: \(failure.failure.message)"
        return TaskFailure(
            reason: failure.failure.reason,
            failureClass: failure.failure.failureClass,
            message: String(message.prefix(TaskLimits.messageCharacters)),
            errorName: failure.failure.errorName
        )
    }

    /// What there is to say about items that were not executed.
    var note: String? {
        let unmet = states.count { $0 == .conditionFailed }
        return unmet == 0 ? nil : "\(unmet) of \(items.count) items did not meet the condition"
    }
}
