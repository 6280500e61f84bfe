/// One thing that keeps tasks from being executed as they are written.
package struct TaskGraphProblem: Sendable, Hashable, CustomStringConvertible {
    /// The member of the task that is wrong.
    package enum Field: Sendable, Hashable {
        case needs(Int)
        case when
        case forEach
    }

    /// The task's place in the job, and its name.
    package var task: Int
    package var name: String
    package var field: Field
    package var message: String
    /// A known name that was probably meant.
    package var nearest: String?

    package init(task: Int, name: String, field: Field, message: String, nearest: String? = nil) {
        self.task = task
        self.name = name
        self.field = field
        self.message = message
        self.nearest = nearest
    }

    package var description: String {
        let place =
            switch field {
            case .needs(let position): "needs[\(position)]"
            case .when: "when"
            case .forEach: "for_each"
            }
        return "\(name): \(place): \(message)" + (nearest.map { "; did you mean \"\($0)\"?" } ?? "")
    }
}

/// All of them, in the order of the tasks.
package struct TaskGraphError: Error, Sendable, Hashable, CustomStringConvertible {
    package var problems: [TaskGraphProblem]

    package init(problems: [TaskGraphProblem]) { self.problems = problems }

    package var description: String { problems.map(\.description).joined(separator: "; ") }
}
