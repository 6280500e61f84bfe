internal import SlipwayCore

/// What the Python part says about the task it executes.
///
/// User code shares its process, so each report is read with suspicion: it can only speak of the task that runs.
enum WorkerReport: Hashable {
    /// It has started and reads its orders; the number of its process.
    case ready(processID: Int32)
    case progress(done: Double, total: Double?)
    case warning(String)
    case output(TaskOutput)
    case done(TaskEnd)

    /// The report and the number of the execution it is about; `nil` for `ready`.
    ///
    /// - Parameter name: the name of what executes, by its number.
    static func parse(
        _ line: ArraySlice<UInt8>,
        name: (Int) -> String?
    ) -> (execution: Int?, report: WorkerReport)? {
        guard let message = try? JSONParser.parse(line) else { return nil }  // why: anything else is no report either
        if message["type"] == .string("ready") {
            return message["pid"]?.integer.flatMap(Int32.init(exactly:)).map { (nil, .ready(processID: $0)) }
        }
        guard case .integer(let number)? = message["execution"], let execution = Int(exactly: number),
            let name = name(execution), let report = report(message, task: name)
        else { return nil }
        return (execution, report)
    }

    private static func report(_ message: JSONValue, task: String) -> WorkerReport? {
        switch message["type"]?.string {
        case "progress":
            guard let done = message["done"]?.double else { return nil }
            return .progress(done: done, total: message["total"]?.double)
        case "warning":
            guard let text = message["message"]?.string else { return nil }
            return .warning(UTF8Text.prefix(of: text, bytes: 2000))
        case "output": return output(message, task: task).map { .output($0) }
        case "done": return end(message).map { .done($0) }
        default: return nil
        }
    }

    private static func output(_ message: JSONValue, task: String) -> TaskOutput? {
        guard let name = message["name"]?.string, CommandOutputs.isName(name),
            let kind = message["kind"]?.string.flatMap(TaskOutput.Kind.init(rawValue:)), let value = message["value"]
        else { return nil }
        var columns: [TaskOutput.Column]?
        if case .array(let elements)? = message["columns"] {
            columns = elements.compactMap { element in
                guard let name = element["name"]?.string, let type = element["type"]?.string else { return nil }
                return TaskOutput.Column(name: name, type: type)
            }
        }
        return TaskOutput(
            task: task,
            name: name,
            kind: kind,
            columns: columns,
            value: value,
            rowCount: message["row_count"]?.integer,
            isTruncated: message["truncated"] == .bool(true)
        )
    }

    private static func end(_ message: JSONValue) -> TaskEnd? {
        let exitCode = message["exit_code"]?.integer
        switch message["state"]?.string {
        case "succeeded": return .succeeded(exitCode: exitCode)
        case "cancelled": return .cancelled
        case "failed":
            guard let failure = message["failure"] else { return nil }
            return .failed(self.failure(failure), exitCode: exitCode)
        default: return nil
        }
    }

    private static func failure(_ value: JSONValue) -> TaskFailure {
        let reason = value["reason"]?.string.flatMap(ReasonCode.init(rawValue:)) ?? .taskFailed
        let failureClass = value["failure_class"]?.string.flatMap(FailureClass.init(rawValue:))
        return TaskFailure(
            reason: reason,
            failureClass: failureClass ?? reason.failureClass ?? .user,
            message: UTF8Text.prefix(of: value["message"]?.string ?? "the task failed", bytes: 2000),
            errorName: value["error_name"]?.string.map { UTF8Text.prefix(of: $0, bytes: 200) },
            stackTrace: value["stack_trace"]?.string.map { UTF8Text.suffix(of: $0, bytes: 8000) }
        )
    }
}

extension JSONValue {
    var integer: Int? {
        if case .integer(let value) = self { Int(exactly: value) } else { nil }
    }

    var double: Double? {
        switch self {
        case .integer(let value): Double(value)
        case .number(let value): value
        default: nil
        }
    }
}
