internal import PostgresClient
package import SlipwayCore

/// Where a task of a run, or one execution of a task with `for_each`, stands: all of it, not what changed.
package struct TaskRow: Sendable, Hashable {
    /// Of an execution the task's name and the item's number: `load[3]`.
    package var name: String
    /// Of the task within its job, from 0.
    package var position: Int
    /// `nil` for a task as a whole.
    package var itemIndex: Int?
    package var state: TaskState
    package var attempt: Int
    package var startedAt: Timestamp?
    package var endedAt: Timestamp?
    package var exitCode: Int?
    package var failure: TaskFailure?
    package var item: JSONValue?
    package var note: String?
    package var progress: TaskProgress?
    package var warnings: Int

    package init(
        name: String,
        position: Int,
        itemIndex: Int? = nil,
        state: TaskState = .initial,
        attempt: Int = 1,
        startedAt: Timestamp? = nil,
        endedAt: Timestamp? = nil,
        exitCode: Int? = nil,
        failure: TaskFailure? = nil,
        item: JSONValue? = nil,
        note: String? = nil,
        progress: TaskProgress? = nil,
        warnings: Int = 0
    ) {
        self.name = name
        self.position = position
        self.itemIndex = itemIndex
        self.state = state
        self.attempt = attempt
        self.startedAt = startedAt
        self.endedAt = endedAt
        self.exitCode = exitCode
        self.failure = failure
        self.item = item
        self.note = note
        self.progress = progress
        self.warnings = warnings
    }
}

/// How far a task says it is.
package struct TaskProgress: Sendable, Hashable {
    package var done: Double
    package var total: Double?

    package init(done: Double, total: Double? = nil) {
        self.done = done
        self.total = total
    }
}

/// Something a person should see although the run goes on: a line of one of its streams.
package struct RunWarning: Sendable, Hashable {
    package enum Source: String, Sendable, Hashable, CaseIterable { case runner, sail }

    package var source: Source
    /// Of its line within the source's stream; 0 for the one that tells how many more there were.
    package var sequence: Int64
    package var milliseconds: Int64
    package var task: String?
    package var message: String
    /// Whether it counts for the mark on a run that succeeded.
    package var isCounted: Bool

    package init(
        source: Source,
        sequence: Int64,
        milliseconds: Int64,
        task: String? = nil,
        message: String,
        isCounted: Bool = true
    ) {
        self.source = source
        self.sequence = sequence
        self.milliseconds = milliseconds
        self.task = task
        self.message = message
        self.isCounted = isCounted
    }
}

/// The tasks of flushes as the columns of one statement.
struct TaskColumns {
    var runs: [RunID] = []
    var names: [String] = []
    var positions: [Int] = []
    var itemIndices: [Int?] = []
    var states: [TaskState] = []
    var attempts: [Int] = []
    var starts: [Timestamp?] = []
    var ends: [Timestamp?] = []
    var exitCodes: [Int?] = []
    var failures: [PostgresJSON?] = []
    var items: [PostgresJSON?] = []
    var notes: [String?] = []
    var done: [Double?] = []
    var totals: [Double?] = []
    var warnings: [Int] = []

    init(_ flushes: [StreamFlush]) throws {
        for flush in flushes {
            for task in flush.tasks { try append(task, of: flush.run) }
        }
    }

    private mutating func append(_ task: TaskRow, of run: RunID) throws {
        runs.append(run)
        names.append(task.name)
        positions.append(task.position)
        itemIndices.append(task.itemIndex)
        states.append(task.state)
        attempts.append(task.attempt)
        starts.append(task.startedAt)
        ends.append(task.endedAt)
        exitCodes.append(task.exitCode)
        failures.append(try task.failure.map(postgresJSON))
        items.append(try task.item.map(postgresJSON))
        notes.append(task.note.map(postgresText))
        done.append(task.progress?.done)
        totals.append(task.progress?.total)
        warnings.append(task.warnings)
    }
}

/// The warnings of flushes as the columns of one statement.
struct WarningColumns {
    var runs: [RunID] = []
    var placements: [Int] = []
    var sources: [String] = []
    var sequences: [Int64] = []
    var milliseconds: [Int64] = []
    var tasks: [String?] = []
    var messages: [String] = []
    var counted: [Bool] = []

    init(_ flushes: [StreamFlush]) {
        for flush in flushes {
            for warning in flush.warnings {
                runs.append(flush.run)
                placements.append(flush.placement)
                sources.append(warning.source.rawValue)
                sequences.append(warning.sequence)
                milliseconds.append(warning.milliseconds)
                tasks.append(warning.task.map(postgresText))
                messages.append(postgresText(warning.message))
                counted.append(warning.isCounted)
            }
        }
    }
}
