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
        let page = try await call.page(query, default: limits.pageRows)
        let name = try query.text("task")
        let start = try page.place(Self.position) ?? .start
        let run = try await call.run(.viewer, in: store)
        let spec = try await directory.spec(run.jobID, version: run.jobVersion)
        let position = try name.map { try Self.position(of: $0, in: spec) }
        let rows = try await store.tasks(run.id, at: position, after: start, limit: page.limit)
        let complete = RunTasks(of: run, spec: spec, plan: try await store.plan(run.id))
            .complete(rows, after: start, at: position, limit: page.limit)
        return .json { json in
            json.object { json in
                json.array("tasks", complete) { $0.task($1) }
                json.member("next", page.next(complete) { [String($0.row.position), String($0.row.itemIndex ?? -1)] })
            }
        }
    }

    /// A task's place and its item's number, -1 for the task as a whole.
    private static func position(_ parts: [String]) -> TaskPosition? {
        let numbers = parts.compactMap { Int($0) }
        return numbers.count == 2 ? TaskPosition(position: numbers[0], itemIndex: numbers[1]) : nil
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
