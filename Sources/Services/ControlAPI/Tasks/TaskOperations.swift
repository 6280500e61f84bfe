internal import Hummingbird
internal import RunStore
internal import SlipwayCore

/// How clients read what became of a run's tasks.
struct TaskOperations: Sendable {
    let store: RunStore
    let directory: JobDirectory
    let limits: ControlAPILimits

    var all: [Operation] {
        [
            Operation("ListJobRunTasks", .get, "/runs/{id}/tasks", allows: .team(.viewer), tasks),
            Operation("ListJobRunWarnings", .get, "/runs/{id}/warnings", allows: .team(.viewer), warnings),
        ]
    }

    /// Each task, followed by the executions for its items.
    @Sendable private func tasks(_ call: Call) async throws -> Response {
        let query = try call.query("task", "after", "limit")
        let limit = try query.integer("limit", default: limits.pageRows, allowed: 1...limits.pageRows)
        let name = try query.text("task")
        let start = try Self.position(query.text("after"))
        let run = try await call.run(.viewer, in: store)
        let spec = try await directory.spec(run.jobID, version: run.jobVersion)
        let position = try name.map { try Self.position(of: $0, in: spec) }
        let page = try await store.tasks(run.id, at: position, after: start, limit: limit)
        let complete = RunTasks(of: run, spec: spec, plan: try await store.plan(run.id))
            .complete(page, after: start, at: position, limit: limit)
        return .json { json in
            json.object { json in
                json.array("tasks", complete) { $0.task($1) }
                if complete.count == limit, let last = complete.last?.row {
                    json.member("next", "\(last.position).\(last.itemIndex ?? -1)")
                }
            }
        }
    }

    /// What a page ended with: a task's place and its item's number, -1 for the task as a whole.
    private static func position(_ text: String?) throws(Problem) -> TaskPosition {
        guard let text else { return .start }
        let parts = text.split(separator: ".", omittingEmptySubsequences: false).map { Int32($0) }
        guard parts.count == 2, let position = parts[0], let item = parts[1], position >= 0, item >= -1 else {
            let error = FieldError(
                field: "after",
                value: String(text.prefix(100)),
                message: "is not allowed",
                allowed: ["what an answer gave as next"]
            )
            throw Problem.invalidParameter(error)
        }
        return TaskPosition(position: Int(position), itemIndex: Int(item))
    }

    private static func position(of task: String, in spec: JobSpec?) throws(Problem) -> Int {
        let names = spec?.tasks.map(\.name) ?? []
        if let position = names.firstIndex(of: task) { return position }
        let error = FieldError(
            field: "task",
            value: String(task.prefix(100)),
            message: "is not a task of the job",
            allowed: Array(names.prefix(20)) + (names.count > 20 ? ["and \(names.count - 20) more"] : [])
        )
        throw Problem.invalidParameter(error)
    }

    @Sendable private func warnings(_ call: Call) async throws -> Response {
        _ = try call.query()
        let run = try await call.run(.viewer, in: store)
        let warnings = try await store.warnings(run.id, limit: limits.pageRows)
        return .json { json in
            json.object { json in
                json.member("counted", run.warnings)
                json.array("warnings", warnings) { $0.warning($1) }
            }
        }
    }
}
