internal import RunStore
internal import SlipwayCore

/// The warnings of one source of a placement that are not stored yet, and how many there were in all.
///
/// The first ones are listed, the others counted; which ones those are depends on the stream alone, so that it does not matter
/// who reads it.
struct WarningList: Sendable {
    /// Listed of each of the two sources.
    static let listed = 100
    private static let messageCharacters = 2000

    private let source: RunWarning.Source
    private var total = 0
    /// How many of all count for the mark on a run that succeeded.
    private(set) var counted = 0
    private var waiting: [(sequence: Int64, milliseconds: Int64, isCounted: Bool, listed: RunWarning?)] = []

    init(_ source: RunWarning.Source) { self.source = source }

    /// What waits to be stored.
    var waitingCount: Int { waiting.count }

    mutating func take(
        _ message: String,
        of task: String?,
        sequence: Int64,
        milliseconds: Int64,
        isCounted: Bool,
        isStored: Bool
    ) {
        total += 1
        if isCounted { counted += 1 }
        guard !isStored else { return }
        var warning: RunWarning?
        if total <= Self.listed {
            warning = RunWarning(
                source: source,
                sequence: sequence,
                milliseconds: milliseconds,
                task: task.map { String($0.prefix(80)) },
                message: String(message.prefix(Self.messageCharacters)),
                isCounted: isCounted
            )
        }
        waiting.append((sequence, milliseconds, isCounted, warning))
    }

    /// What is to be stored up to a line's number, with the row that tells how many more there were.
    func changed(upTo sequence: Int64) -> [RunWarning] {
        let due = waiting.prefix { $0.sequence <= sequence }
        var warnings = due.compactMap(\.listed)
        if let last = due.last, last.listed == nil {
            // Those beyond that number are told by the flush that holds them.
            let more = total - Self.listed - (waiting.count - due.count)
            warnings.append(
                RunWarning(
                    source: source,
                    sequence: 0,
                    milliseconds: last.milliseconds,
                    message: "\(more) more from \(source == .sail ? "Sail" : "the runner")",
                    isCounted: false
                )
            )
        }
        return warnings
    }

    /// How many of those to be stored count.
    func countedChanges(upTo sequence: Int64) -> Int {
        waiting.prefix { $0.sequence <= sequence }.count { $0.isCounted }
    }

    /// Forgets what is stored: all up to this number.
    mutating func stored(upTo sequence: Int64) {
        let count = waiting.prefix { $0.sequence <= sequence }.count
        waiting.removeFirst(count)
    }
}

/// How serious a line of Sail's log is.
enum SailLogLevel: Sendable {
    case warning, error

    /// Reads `[2026-01-31T09:05:00Z WARN  target] text`; `nil` for other lines and levels.
    init?(line: String) {
        let bytes = line.utf8
        guard bytes.first == UInt8(ascii: "["), let end = bytes.prefix(300).firstIndex(of: UInt8(ascii: "]")) else {
            return nil
        }
        let words = bytes[..<end].dropFirst().split(separator: UInt8(ascii: " "), maxSplits: 2)
        guard words.count >= 2, words[0].count >= 19, words[0].first.map({ (48...57).contains($0) }) == true else {
            return nil
        }
        switch String(Substring(words[1])) {
        case "WARN": self = .warning
        case "ERROR": self = .error
        default: return nil
        }
    }
}
