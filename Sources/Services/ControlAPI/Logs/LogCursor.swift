internal import RunStore

/// Where a reader of a run's logs stands. Sail's lines have numbers of their own, so there are two positions.
///
/// As text `1.532-1.88`: placement and number of the last line from the runner and its tasks, and of the last from Sail.
struct LogCursor: Sendable, Hashable {
    var runner = LogPosition.start
    var sail = LogPosition.start
}

extension LogCursor: LosslessStringConvertible {
    var description: String { "\(runner.placement).\(runner.sequence)-\(sail.placement).\(sail.sequence)" }

    init?(_ description: String) {
        let parts = description.split(separator: "-", omittingEmptySubsequences: false)
        guard parts.count == 2, let runner = Self.position(parts[0]), let sail = Self.position(parts[1]) else {
            return nil
        }
        self.init(runner: runner, sail: sail)
    }

    private static func position(_ text: Substring) -> LogPosition? {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 2, let placement = Int32(parts[0]), let sequence = Int64(parts[1]), placement >= 0,
            sequence >= 0
        else { return nil }
        return LogPosition(placement: Int(placement), sequence: sequence)
    }
}

/// One line of a log with the stream it belongs to.
struct NamedLogLine: Sendable, Hashable {
    var stream: String
    var placement: Int
    var line: LogLine
}

/// Consecutive lines, and where a reader stands after them.
struct LogPage: Sendable, Hashable {
    var lines: [NamedLogLine]
    var cursor: LogCursor
    /// Whether there may be more at once.
    var isFull: Bool
}
