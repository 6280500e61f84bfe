/// One line of what a runner writes to its standard output: JSON, numbered from 1 without gaps.
///
/// The stream is the only way a placement tells what happens in it. A reader that resumes skips the numbers it has.
package struct RunnerLine: Sendable, Hashable {
    package var sequence: Int64
    /// The pod's clock, in milliseconds since 1970.
    package var milliseconds: Int64
    package var record: RunnerRecord

    package init(sequence: Int64, milliseconds: Int64, record: RunnerRecord) {
        self.sequence = sequence
        self.milliseconds = milliseconds
        self.record = record
    }
}

/// What a line says.
package enum RunnerRecord: Sendable, Hashable {
    /// The first line: the runner is up and is about to execute tasks.
    case started(version: String)
    /// A task entered a state.
    case task(TaskReport)
    /// Output of a task (`task`) or of the runner itself (`nil`). One line without its line end, valid UTF-8.
    case log(task: String?, channel: LogChannel, text: String)
    /// Something a person should see although the run goes on.
    case warning(task: String?, message: String)
    case progress(task: String, done: Double, total: Double?)
    case output(TaskOutput)
    /// The runner is alive. Written only if the assignment asks for it.
    case heartbeat
    /// The last line. The same summary is the container's termination message.
    case finished(RunnerSummary)
}

package enum LogChannel: String, Sendable, Hashable, Codable {
    case stdout, stderr
}

/// A task's state, told by the runner.
///
/// A task with `for_each` is told as a whole under its name, and each of its items under `name[0]`, `name[1]` and so on.
package struct TaskReport: Sendable, Hashable, Codable {
    package var name: String
    package var state: TaskState
    /// 1 for the first.
    package var attempt: Int
    package var exitCode: Int?
    package var failure: TaskFailure?
    /// What this execution is for, with `for_each`.
    package var item: JSONValue?
    /// Why it was not executed, or waits for another attempt: one sentence, at most 500 characters.
    package var note: String?

    package enum CodingKeys: String, CodingKey {
        case name, state, attempt
        case exitCode = "exit_code"
        case failure, item, note
    }

    package init(
        name: String,
        state: TaskState,
        attempt: Int = 1,
        exitCode: Int? = nil,
        failure: TaskFailure? = nil,
        item: JSONValue? = nil,
        note: String? = nil
    ) {
        self.name = name
        self.state = state
        self.attempt = attempt
        self.exitCode = exitCode
        self.failure = failure
        self.item = item
        self.note = note
    }
}

/// Why a task failed.
package struct TaskFailure: Sendable, Hashable, Codable {
    package var reason: ReasonCode
    package var failureClass: FailureClass
    /// One sentence that is safe to show, such as Sail's or Python's own message, at most 2 000 characters.
    package var message: String
    /// The error's class or SQL condition, such as `AnalysisException` or `TABLE_OR_VIEW_NOT_FOUND`.
    package var errorName: String?
    /// The last lines of the stack trace, at most 8 000 characters.
    package var stackTrace: String?

    package enum CodingKeys: String, CodingKey {
        case reason
        case failureClass = "failure_class"
        case message
        case errorName = "error_name"
        case stackTrace = "stack_trace"
    }

    /// The name of the error that a task meets whose job requires what pip could not install.
    package static let requirementsNotInstalled = "RequirementsNotInstalled"

    package init(
        reason: ReasonCode,
        failureClass: FailureClass,
        message: String,
        errorName: String? = nil,
        stackTrace: String? = nil
    ) {
        self.reason = reason
        self.failureClass = failureClass
        self.message = message
        self.errorName = errorName
        self.stackTrace = stackTrace
    }
}

/// What a task wrote as its result.
package struct TaskOutput: Sendable, Hashable, Codable {
    package var task: String
    /// `result` for the rows of the last statement.
    package var name: String
    package var kind: Kind
    /// Column names and types of `rows`, in order.
    package var columns: [Column]?
    /// `rows`: an array of arrays; `scalar` and `text`: the value; `path`: its text. Decimals are strings.
    package var value: JSONValue
    /// How many rows there are in all, if that is known.
    package var rowCount: Int?
    /// Whether `value` holds fewer rows than there are.
    package var isTruncated: Bool

    package enum Kind: String, Sendable, Hashable, Codable { case rows, scalar, text, path }

    package struct Column: Sendable, Hashable, Codable {
        package var name: String
        /// Spark's simple type name, such as `bigint` or `decimal(15,2)`.
        package var type: String
        package init(name: String, type: String) {
            self.name = name
            self.type = type
        }
    }

    package enum CodingKeys: String, CodingKey {
        case task, name, kind, columns, value
        case rowCount = "row_count"
        case isTruncated = "truncated"
    }

    package init(
        task: String,
        name: String,
        kind: Kind,
        columns: [Column]? = nil,
        value: JSONValue,
        rowCount: Int? = nil,
        isTruncated: Bool = false
    ) {
        self.task = task
        self.name = name
        self.kind = kind
        self.columns = columns
        self.value = value
        self.rowCount = rowCount
        self.isTruncated = isTruncated
    }
}

/// How a placement ended, small enough for a termination message.
package struct RunnerSummary: Sendable, Hashable, Codable {
    /// Kubernetes keeps 4 096 bytes.
    package static let maximumBytes = 4096

    package var result: Result
    package var failure: TaskFailure?
    package var failedTask: String?
    package var warnings: Int
    /// The number of the stream's last line.
    package var lastSequence: Int64

    package enum Result: String, Sendable, Hashable, Codable { case succeeded, failed, cancelled }

    package enum CodingKeys: String, CodingKey {
        case result, failure
        case failedTask = "failed_task"
        case warnings
        case lastSequence = "last_sequence"
    }

    package init(
        result: Result,
        failure: TaskFailure? = nil,
        failedTask: String? = nil,
        warnings: Int = 0,
        lastSequence: Int64 = 0
    ) {
        self.result = result
        self.failure = failure
        self.failedTask = failedTask
        self.warnings = warnings
        self.lastSequence = lastSequence
    }
}
