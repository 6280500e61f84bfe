internal import Glibc

/// Reads a log file's records, also while it grows.
struct LogFile: ~Copyable {
    private static let readBytes = 64 << 10

    private let path: String
    private var descriptor: Int32
    private var offset = 0
    private var rest: [UInt8] = []

    /// - Throws: `SystemError` if the file cannot be opened.
    init(path: String) throws(SystemError) {
        self.path = path
        descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw SystemError("open a container's log") }
    }

    deinit { close(descriptor) }

    /// Goes to where the last `count` lines begin.
    mutating func seekToTail(lines count: Int) {
        let size = Int(lseek(descriptor, 0, SEEK_END))
        var end = size
        var found = 0
        // Blocks are read from the back; `tail` holds the file from `end` on as far as needed to see whole records.
        var tail: [UInt8] = []
        var unclaimed = size
        while end > 0 {
            let start = max(0, end - Self.readBytes)
            guard let block = readSome(descriptor, at: start, limit: end - start) else { return }
            tail = block + tail
            end = start
            var lineEnd = tail.count
            var position = tail.count - 1
            while position >= 0 {
                let isStart = position == 0 ? end == 0 : tail[position - 1] == UInt8(ascii: "\n")
                if isStart, position < lineEnd {
                    if let record = LogRecord(tail[position..<lineEnd]), record.endsLine {
                        found += 1
                        if found > count {
                            offset = unclaimed
                            return
                        }
                    }
                    lineEnd = position
                    unclaimed = end + position
                }
                position -= 1
            }
            tail.removeLast(tail.count - lineEnd)
        }
        offset = 0
    }

    /// Gives the next records there are. Returns false at the present end of the log.
    mutating func next(_ body: (LogRecord) -> Void) -> Bool {
        if readMore(body) { return true }
        guard let successor else { return false }
        // What was written between the last look and the change is still in the old file.
        if readMore(body) {
            close(successor)
            return true
        }
        close(descriptor)
        descriptor = successor
        offset = 0
        rest = []
        return readMore(body)
    }

    /// The file that stands under the path now, if it is another: the log was begun anew.
    private var successor: Int32? {
        let new = unsafe open(path, O_RDONLY | O_CLOEXEC)
        guard new >= 0 else { return nil }
        if Self.inode(new) != Self.inode(descriptor) { return new }
        close(new)
        return nil
    }

    private static func inode(_ descriptor: Int32) -> ino_t {
        var information = stat()
        return unsafe fstat(descriptor, &information) == 0 ? information.st_ino : 0
    }

    private mutating func readMore(_ body: (LogRecord) -> Void) -> Bool {
        guard let bytes = readSome(descriptor, at: offset, limit: Self.readBytes), !bytes.isEmpty else { return false }
        offset += bytes.count
        rest += bytes
        var start = rest.startIndex
        while let end = rest[start...].firstIndex(of: UInt8(ascii: "\n")) {
            if let record = LogRecord(rest[start..<end]) { body(record) }
            start = end + 1
        }
        rest.removeFirst(start)
        return true
    }
}
