/// One attempt at a task, or at one of its items.
package struct TaskExecution: Sendable, Hashable {
    /// Of this attempt and no other one in the run; from 1.
    package var number: Int
    /// The task's place in the job.
    package var task: Int
    /// The task's name, with the item's place for an item: `name[3]`.
    package var name: String
    /// From 1.
    package var attempt: Int
    /// What it is for, with `for_each`.
    package var item: JSONValue?
    /// From 0.
    package var itemIndex: Int?

    package init(
        number: Int,
        task: Int,
        name: String,
        attempt: Int = 1,
        item: JSONValue? = nil,
        itemIndex: Int? = nil
    ) {
        self.number = number
        self.task = task
        self.name = name
        self.attempt = attempt
        self.item = item
        self.itemIndex = itemIndex
    }
}

/// How an execution ended.
package enum TaskEnd: Sendable, Hashable {
    case succeeded(exitCode: Int?)
    case failed(TaskFailure, exitCode: Int?)
    case cancelled
}
