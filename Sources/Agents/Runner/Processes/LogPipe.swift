internal import Glibc
internal import SlipwayCore

/// The runner's end of a child's standard output or error.
@safe final class LogPipe {
    static let chunkBytes = 64 << 10

    let channel: LogChannel
    /// -1 once the other end is closed everywhere.
    private(set) var descriptor: Int32
    private var lines: LineAssembler
    private var filter = Redaction.Filter()
    private var chunk: [UInt8]

    init(descriptor: Int32, channel: LogChannel, lineLimitBytes: Int) {
        self.descriptor = descriptor
        self.channel = channel
        lines = LineAssembler(lineLimitBytes: lineLimitBytes)
        chunk = [UInt8](repeating: 0, count: Self.chunkBytes)
        _ = fcntl(descriptor, F_SETFL, O_NONBLOCK)
    }

    deinit { close() }

    var isClosed: Bool { descriptor < 0 }

    enum Progress {
        case read, drained, closed
    }

    /// Reads once and logs the lines that are complete.
    func read(into log: inout TaskLog, stream: RecordStream) -> Progress {
        guard !isClosed else { return .closed }
        var count: Int
        repeat {
            count = unsafe chunk.withUnsafeMutableBytes { bytes in
                unsafe Glibc.read(descriptor, bytes.baseAddress, bytes.count)
            }
        } while count < 0 && errno == EINTR
        if count < 0, errno == EAGAIN { return .drained }
        let now = WallClock.milliseconds()
        guard count > 0 else {
            finishLine(into: &log, stream: stream)
            close()
            return .closed
        }
        // Before lines are cut into pieces: a value may stand where the cut is.
        let redacted = stream.redaction.map { filter.pass(chunk[..<count], by: $0)[...] }
        lines.append(redacted ?? chunk[..<count], atMilliseconds: now) { line in
            log.write(line, channel: channel, milliseconds: now, to: stream)
        }
        return .read
    }

    /// Logs a last line that has no line end.
    func finishLine(into log: inout TaskLog, stream: RecordStream) {
        let now = WallClock.milliseconds()
        if let rest = stream.redaction.map({ filter.finish(by: $0) }), !rest.isEmpty {
            lines.append(rest[...], atMilliseconds: now) { line in
                log.write(line, channel: channel, milliseconds: now, to: stream)
            }
        }
        lines.finish { line in log.write(line, channel: channel, milliseconds: now, to: stream) }
    }

    func close() {
        guard !isClosed else { return }
        Glibc.close(descriptor)
        descriptor = -1
    }
}
