extension DevStack {
    /// The processes that have written a log, in the order of starting.
    package nonisolated func logNames() throws(DevStackError) -> [String] {
        try StackRecords(folder).all.map(\.name)
    }

    /// Shows the ends of logs, and then what is appended until the task is cancelled when `isFollowing`.
    ///
    /// - Parameters:
    ///   - name: one process; all of them when `nil`, each line with the process's name in front.
    ///   - write: gets whole lines, newline included.
    /// - Throws: `DevStackError` naming the processes there are when none has this name.
    package nonisolated func logs(
        _ name: String? = nil,
        lines: Int = 50,
        isFollowing: Bool,
        write: @Sendable (String) -> Void
    ) async throws {
        let records = try StackRecords(folder).all
        let chosen = records.filter { name == nil || $0.name == name }
        guard !chosen.isEmpty else {
            let known = records.map(\.name).joined(separator: ", ")
            throw DevStackError("no process \(name ?? "") was started; there are: \(known.isEmpty ? "none" : known)")
        }
        let width = chosen.map(\.name.count).max() ?? 0
        var tails = chosen.map { record in
            let padding = String(repeating: " ", count: width - record.name.count)
            return LogTail(path: record.logFile, prefix: name == nil ? "\(record.name)\(padding) | " : "")
        }
        for index in tails.indices { tails[index].showEnd(lines: lines, write) }
        guard isFollowing else { return }
        while !Task.isCancelled {
            for index in tails.indices { tails[index].showNew(write) }
            // why: a cancelled sleep returns early and the loop sees the cancellation.
            try? await Task.sleep(for: .milliseconds(100))
        }
    }
}

/// Reads a growing log by whole lines.
private struct LogTail {
    let path: String
    let prefix: String
    private var position = 0
    private var unfinished: [UInt8] = []

    init(path: String, prefix: String) {
        self.path = path
        self.prefix = prefix
    }

    mutating func showEnd(lines: Int, _ write: (String) -> Void) {
        position = LogFile.size(of: path)
        for line in LogFile.tail(of: path, lines: lines).split(separator: "\n") { write("\(prefix)\(line)\n") }
    }

    mutating func showNew(_ write: (String) -> Void) {
        unfinished += LogFile.read(path, from: &position)
        guard let end = unfinished.lastIndex(of: UInt8(ascii: "\n")) else { return }
        for line in String(decoding: unfinished[..<end], as: UTF8.self).split(separator: "\n") {
            write("\(prefix)\(line)\n")
        }
        unfinished.removeFirst(end + 1)
    }
}
