internal import SlipwayCore

/// One task's log on its way into the stream: bounded, and remembering its last error lines.
struct TaskLog {
    /// How many lines of standard error a failure quotes.
    private static let quotedLines = 20
    private static let quotedLineBytes = 400

    /// `nil` for what belongs to no task.
    private let escapedName: [UInt8]?
    private let limitBytes: Int
    private var writtenBytes = 0
    private var isCut = false
    private var errorLines: [String] = []

    init(task name: String?, limitBytes: Int) {
        escapedName = name.map { name in
            var escaped: [UInt8] = []
            JSONText.appendEscaped(Array(name.utf8)[...], to: &escaped)
            return escaped
        }
        self.limitBytes = limitBytes
    }

    /// The last lines of standard error, oldest first; `nil` if there were none.
    var lastErrorLines: String? { errorLines.isEmpty ? nil : errorLines.joined(separator: "\n") }

    mutating func write(_ line: ArraySlice<UInt8>, channel: LogChannel, milliseconds: Int64, to stream: RecordStream) {
        if channel == .stderr { remember(line) }
        guard !isCut else { return }
        guard writtenBytes + line.count <= limitBytes else {
            isCut = true
            let mark = "[slipway] the log is longer than \(limitBytes) bytes; the rest of it is dropped"
            stream.writeLog(
                escapedTask: escapedName,
                channel: .stderr,
                text: Array(mark.utf8)[...],
                milliseconds: milliseconds
            )
            return
        }
        writtenBytes += line.count
        stream.writeLog(escapedTask: escapedName, channel: channel, text: line, milliseconds: milliseconds)
    }

    private mutating func remember(_ line: ArraySlice<UInt8>) {
        if errorLines.count == Self.quotedLines { errorLines.removeFirst() }
        errorLines.append(String(decoding: line.prefix(Self.quotedLineBytes), as: UTF8.self))
    }
}
