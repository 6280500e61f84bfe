internal import RunStore

/// Where a reader of a run's logs stands. The runner's and the tasks' lines, Sail's, and the run's own events have numbers of
/// their own, so there are three positions.
///
/// As text `1.532-1.88-17`: placement and number of the last line from the runner and its tasks, those of the last from Sail, and
/// the number of the last event. Without the third part, as older versions wrote it, events are read from their first.
struct LogCursor: Sendable, Hashable {
    var runner = LogPosition.start
    var sail = LogPosition.start
    var event: Int64 = 0

    /// After this line.
    mutating func advance(past line: NamedLogLine) {
        switch line.stream {
        case LogStreams.events: event = line.line.sequence
        case LogStreams.sail: sail = line.position
        default: runner = line.position
        }
    }
}

extension LogCursor: LosslessStringConvertible {
    var description: String {
        "\(runner.placement).\(runner.sequence)-\(sail.placement).\(sail.sequence)-\(event)"
    }

    init?(_ description: String) {
        let parts = description.split(separator: "-", omittingEmptySubsequences: false)
        guard (2...3).contains(parts.count), let runner = Self.position(parts[0]), let sail = Self.position(parts[1])
        else { return nil }
        self.init(runner: runner, sail: sail)
        if parts.count == 3 {
            guard let event = Int64(parts[2]), event >= 0 else { return nil }
            self.event = event
        }
    }

    private static func position(_ text: Substring) -> LogPosition? {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 2, let placement = Int32(parts[0]), let sequence = Int64(parts[1]), placement >= 0,
            sequence >= 0
        else { return nil }
        return LogPosition(placement: Int(placement), sequence: sequence)
    }
}

/// Which streams are read.
struct LogStreams: Sendable, Hashable {
    /// What the control plane did: the run's events as lines.
    static let events = "run"
    static let sail = "sail"
    private static let runnerItself = "runner"

    /// Whether there may be a stream of that name.
    static func isName(_ name: String) -> Bool {
        [events, sail, runnerItself].contains(name) || (name.hasPrefix("task/") && name.utf8.count > 5)
    }

    /// Those whose lines the runner numbers; `nil` for none.
    var runner: LogSelection?
    var hasSail: Bool
    var hasEvents: Bool

    /// - Parameter names: `nil` for all.
    init(_ names: [String]?) {
        guard let names else {
            (runner, hasSail, hasEvents) = (.numberedByRunner, true, true)
            return
        }
        let own = Set(names).subtracting([Self.events, Self.sail]).sorted()
        // A task's name stands for the items it is executed for too, each with a stream of its own.
        let isOneStream = own.count == 1 && (own[0] == Self.runnerItself || own[0].contains("["))
        runner = own.isEmpty ? nil : isOneStream ? .stream(own[0]) : .streams(own)
        hasSail = names.contains(Self.sail)
        hasEvents = names.contains(Self.events)
    }
}

/// One line of a log with the stream it belongs to.
struct NamedLogLine: Sendable, Hashable {
    var stream: String
    var placement: Int
    var line: LogLine

    var position: LogPosition { LogPosition(placement: placement, sequence: line.sequence) }
}

/// Consecutive lines, and where a reader stands after them.
struct LogPage: Sendable, Hashable {
    var lines: [NamedLogLine]
    var cursor: LogCursor
    /// Whether there may be more at once.
    var isFull: Bool
}
