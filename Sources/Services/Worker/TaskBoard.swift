internal import RunStore
internal import SlipwayCore

/// The tasks of a placement as its runner's stream tells them, and which of them are not stored yet.
///
/// It is built from the stream's first line, also by a worker that adopts the run. Each line that changes a task is noted with its
/// number until it is stored, so that a flush which does not hold all tasks reaches only as far as it holds them.
struct TaskBoard: Sendable {
    /// Tasks in one flush.
    static let flushedTasks = 2000
    /// Executions for items of one placement; a runner makes no more.
    private static let maximumItems = 2000
    /// What a note of a line counts as, in bytes, against the bound of what waits to be stored.
    static let touchBytes = 160

    private let positions: [String: Int]
    private let withItems: Set<String>
    private(set) var rows: [TaskRow]
    private var indices: [String: Int]
    private var itemCount = 0
    /// Lines that are not stored, in their order, each with the row it changed.
    private var touches: [(sequence: Int64, index: Int)] = []

    init(_ tasks: [TaskSpec]) {
        positions = Dictionary(zip(tasks.map(\.name), tasks.indices), uniquingKeysWith: { first, _ in first })
        withItems = Set(tasks.filter { $0.forEach != nil }.map(\.name))
        rows = tasks.enumerated().map { TaskRow(name: $0.element.name, position: $0.offset) }
        indices = positions
    }

    /// What waits to be stored.
    var touchCount: Int { touches.count }

    // MARK: What the stream says

    mutating func take(_ report: TaskReport, at time: Timestamp, sequence: Int64, isStored: Bool) {
        guard let index = index(of: report.name) else { return }
        rows[index].take(report, at: time)
        touch(index, sequence, isStored)
    }

    mutating func take(_ progress: TaskProgress, of task: String, sequence: Int64, isStored: Bool) {
        // The database's JSON and people have no use for what is not a number.
        guard let index = index(of: task), progress.done.isFinite, progress.total?.isFinite ?? true else { return }
        rows[index].progress = progress
        touch(index, sequence, isStored)
    }

    mutating func takeWarning(of task: String, sequence: Int64, isStored: Bool) {
        guard let index = index(of: task) else { return }
        rows[index].warnings += 1
        touch(index, sequence, isStored)
    }

    private mutating func touch(_ index: Int, _ sequence: Int64, _ isStored: Bool) {
        if !isStored { touches.append((sequence, index)) }
    }

    /// The row of a task or of an item of one; `nil` for what the job does not have.
    private mutating func index(of name: String) -> Int? {
        if let known = indices[name] { return known }
        guard itemCount < Self.maximumItems, let (task, item) = Self.item(name), withItems.contains(task),
            let position = positions[task]
        else { return nil }
        itemCount += 1
        indices[name] = rows.count
        rows.append(TaskRow(name: name, position: position, itemIndex: item))
        return rows.count - 1
    }

    /// Whether the job has such a task, or one that is executed for such items.
    func isKnown(_ name: String) -> Bool {
        positions[name] != nil || Self.item(name).map { withItems.contains($0.task) } ?? false
    }

    /// `load[3]` names item 3 of the task `load`.
    private static func item(_ name: String) -> (task: String, item: Int)? {
        guard name.utf8.count <= 80, name.hasSuffix("]"), let bracket = name.firstIndex(of: "[") else { return nil }
        let digits = name[name.index(after: bracket)...].dropLast()
        guard let item = Int(digits), (0..<1_000_000).contains(item), String(item) == digits else { return nil }
        return (String(name[..<bracket]), item)
    }

    // MARK: What is stored

    /// How far a flush may reach that holds all tasks changed up to there.
    ///
    /// - Parameter seen: how far it would reach otherwise.
    func reach(upTo seen: Int64) -> Int64 {
        guard touches.count > Self.flushedTasks else { return seen }
        var distinct: Set<Int> = []
        for touch in touches where distinct.insert(touch.index).inserted && distinct.count > Self.flushedTasks {
            return touch.sequence - 1
        }
        return seen
    }

    /// The tasks changed by lines up to a number and not stored, as they are now.
    func changed(upTo sequence: Int64) -> [TaskRow] {
        var seen: Set<Int> = []
        return touches.prefix { $0.sequence <= sequence }.compactMap { touch in
            seen.insert(touch.index).inserted ? rows[touch.index] : nil
        }
    }

    /// Forgets what is stored: all up to this number.
    mutating func stored(upTo sequence: Int64) {
        let count = touches.prefix { $0.sequence <= sequence }.count
        touches.removeFirst(count)
    }
}

extension TaskRow {
    /// A number that no runner writes must not reach the database.
    private static let numbers = -1_000_000...1_000_000_000
    private static let itemBytes = 16 << 10

    /// Texts are cut to what a runner promises: user code can write to its container's output too.
    fileprivate mutating func take(_ report: TaskReport, at time: Timestamp) {
        if report.state == .running {
            startedAt = time
            endedAt = nil
            progress = nil
        } else if report.state.isTerminal, startedAt != nil, !state.isTerminal {
            endedAt = time
        }
        state = report.state
        attempt = min(max(report.attempt, 0), Self.numbers.upperBound)
        exitCode = report.exitCode.flatMap { Self.numbers.contains($0) ? $0 : nil }
        failure = report.failure?.bounded
        note = report.note.map { String($0.prefix(500)) }
        if let value = report.item {
            item = value.canonicalText.utf8.count <= Self.itemBytes ? value : .string("(an item larger than 16 KiB)")
        }
    }
}

extension TaskFailure {
    fileprivate var bounded: TaskFailure {
        TaskFailure(
            reason: reason,
            failureClass: failureClass,
            message: String(message.prefix(2000)),
            errorName: errorName.map { String($0.prefix(200)) },
            stackTrace: stackTrace.map { String($0.prefix(8000)) }
        )
    }
}
