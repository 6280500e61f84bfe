internal import SlipwayCore

/// The orders a worker takes, as JSON.
enum PythonOrders {
    /// What holds for the whole run.
    ///
    /// - Parameters:
    ///   - sessionID: of the session all workers share; `nil`: one for each execution.
    ///   - confidential: values that must not be shown.
    static func greeting(
        _ assignment: RunnerAssignment,
        scratchFolder: String,
        sessionID: String?,
        confidential: [String]
    ) -> JSONValue {
        .object([
            "type": .string("hello"), "run_id": .string(assignment.runID.description), "job": .string(assignment.job),
            "variables": .object(assignment.variables),
            "dates": .array((assignment.dates ?? []).map { .string($0) }),
            "confidential": .array(confidential.map { .string($0) }),
            "sail_address": assignment.sailAddress.map { .string($0) } ?? .null,
            "session_id": sessionID.map { .string($0) } ?? .null,
            "scratch_folder": .string(scratchFolder),
            "output_bytes": .integer(Int64(assignment.limits.outputBytes)),
        ])
    }

    /// One execution.
    ///
    /// - Parameters:
    ///   - outputs: what the worker has not heard of yet.
    ///   - itemCounts: of the tasks with `for_each` so far.
    static func run(
        _ execution: TaskExecution,
        _ task: TaskSpec,
        environment: [String: String],
        outputs: ArraySlice<JSONValue>,
        itemCounts: [String: Int]
    ) -> JSONValue {
        var order: [String: JSONValue] = [
            "type": .string("run"), "execution": .integer(Int64(execution.number)), "name": .string(execution.name),
            "task": .string(task.name), "attempt": .integer(Int64(execution.attempt)),
            "item": .array(execution.item.map { [$0] } ?? []),
            "item_index": execution.itemIndex.map { .integer(Int64($0)) } ?? .null,
            "row_limit": .integer(Int64(task.output.rowLimit)),
            "output_path": task.output.path.map { .string($0) } ?? .null,
            "environment": .object(environment.mapValues { .string($0) }), "upstream": .array(Array(outputs)),
            "item_counts": .object(itemCounts.mapValues { .integer(Int64($0)) }),
        ]
        switch task.action {
        case .sql(let source): order["sql"] = text(of: source)
        case .python(let source): order["python"] = text(of: source)
        case .function(let module, let name):
            order["python"] = .object(["module": .string(module), "function": .string(name)])
        case .command: preconditionFailure("a command needs no Python")
        }
        return .object(order)
    }

    private static func text(of source: TaskSpec.Source) -> JSONValue {
        switch source {
        case .text(let text): .string(text)
        case .file(let path): .object(["file": .string(path)])
        }
    }
}

extension TaskSpec {
    /// Whether executing it is likely to need the query client.
    var needsSpark: Bool {
        switch action {
        case .sql: true
        case .python(.text(let text)): text.contains("spark")
        case .python(.file), .function: true
        case .command: false
        }
    }

    /// Whether a Python process executes it.
    var needsPython: Bool {
        if case .command = action { false } else { true }
    }

    /// Whether it sees what earlier tasks gave.
    var readsOutputs: Bool {
        switch action {
        case .python, .function: true
        case .sql, .command: false
        }
    }
}
