/// What a run that follows another executes of its job, and what it takes over. It never changes.
package struct RunPlan: Sendable, Hashable, Codable {
    /// The run whose results are taken over.
    package var fromRun: RunID
    /// The task it was asked to begin with; `nil` for a resumption.
    package var fromTask: String?
    /// Tasks that are not executed because they had succeeded, in the job's order.
    package var carried: [String]
    /// Tasks that are neither executed nor had succeeded, in the job's order. What needs them begins all the same.
    package var skipped: [String]

    package enum CodingKeys: String, CodingKey {
        case fromRun = "from_run"
        case fromTask = "from_task"
        case carried, skipped
    }

    package init(fromRun: RunID, fromTask: String? = nil, carried: [String], skipped: [String] = []) {
        self.fromRun = fromRun
        self.fromTask = fromTask
        self.carried = carried
        self.skipped = skipped
    }
}
