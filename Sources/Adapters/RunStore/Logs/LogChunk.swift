package import SlipwayCore

/// Consecutive lines of one stream.
package struct LogChunk: Sendable, Hashable {
    /// `sail`, `runner`, or `task/` and the task's name.
    package var stream: String
    package var lines: [LogLine]
    /// Whether the last line says that the rest of the stream is dropped.
    package var isCut: Bool

    package init(stream: String, lines: [LogLine], isCut: Bool = false) {
        self.stream = stream
        self.lines = lines
        self.isCut = isCut
    }

    /// What the chunk counts towards the bounds of its stream and its run.
    package var countedBytes: Int { lines.reduce(0) { $0 + $1.countedBytes } }
}

/// One line of a stream, without its line end.
package struct LogLine: Sendable, Hashable, Codable {
    /// Grows within a stream and a placement; not gapless within one stream.
    package var sequence: Int64
    package var milliseconds: Int64
    package var channel: LogChannel
    package var text: String

    /// What a line counts beside its text, for its number and its time.
    package static let overheadBytes = 24

    package init(sequence: Int64, milliseconds: Int64, channel: LogChannel, text: String) {
        self.sequence = sequence
        self.milliseconds = milliseconds
        self.channel = channel
        self.text = text
    }

    /// What the line counts towards the bounds of its stream and its run.
    package var countedBytes: Int { text.utf8.count + Self.overheadBytes }
}

/// Where a reader of a run's log stands: after this line.
package struct LogPosition: Sendable, Hashable, Comparable {
    package var placement: Int
    package var sequence: Int64

    package static let start = LogPosition(placement: 0, sequence: 0)

    package init(placement: Int, sequence: Int64) {
        self.placement = placement
        self.sequence = sequence
    }

    package static func < (left: LogPosition, right: LogPosition) -> Bool {
        (left.placement, left.sequence) < (right.placement, right.sequence)
    }
}

/// A stored chunk, read back.
package struct StoredLogChunk: Sendable {
    package var stream: String
    package var placement: Int
    /// Of the chunk as stored; `lines` may begin later.
    package var firstSequence: Int64
    package var lines: [LogLine]
    /// The position after its last line.
    package var end: LogPosition
}

/// Which streams are read together. The runner's and the tasks' lines share one numbering; Sail's have their own.
package enum LogSelection: Sendable, Hashable {
    case stream(String)
    /// Several streams, none of which is `sail`.
    case streams([String])
    /// All but `sail`.
    case numberedByRunner

    /// The names, or `nil` for all but `sail`.
    var names: [String]? {
        switch self {
        case .stream(let name): [name]
        case .streams(let names): names
        case .numberedByRunner: nil
        }
    }
}

/// What of a log is read. A chunk that has no line within the span is not looked into; one that has may hold others too.
package struct LogSpan: Sendable, Hashable {
    package var since: Timestamp?
    package var until: Timestamp?

    package init(since: Timestamp? = nil, until: Timestamp? = nil) {
        self.since = since
        self.until = until
    }

    package func contains(_ line: LogLine) -> Bool {
        let time = Timestamp(microsecondsSince1970: line.milliseconds * 1000)
        return (since.map { time >= $0 } ?? true) && (until.map { time <= $0 } ?? true)
    }
}

/// How much of a stream is stored.
package struct StoredStream: Sendable, Hashable {
    /// As the bounds count it.
    package var bytes: Int
    /// Whether the stream was cut: nothing follows.
    package var isCut: Bool

    package init(bytes: Int, isCut: Bool) {
        self.bytes = bytes
        self.isCut = isCut
    }
}
