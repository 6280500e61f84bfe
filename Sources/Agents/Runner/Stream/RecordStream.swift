internal import FoundationEssentials
internal import Glibc
internal import SlipwayCore

/// The runner's standard output: numbered JSON lines, collected and written without ever blocking.
///
/// Whoever produces records asks ``isFull`` first and waits while it is: so a reader that stops reading stops the tasks
/// at last, and memory stays flat.
@safe final class RecordStream {
    /// Above this, no task's output is read.
    static let highWaterBytes = 256 << 10

    /// What is masked in every record; `nil`: nothing. Log lines are redacted where they are read.
    var redaction: Redaction?
    private let descriptor: Int32
    private let originalFlags: Int32
    private var pending: [UInt8] = []
    /// How much of `pending` is already written.
    private var writtenBytes = 0
    private var sequence: Int64 = 0
    private let encoder = JSONEncoder()
    /// Whether the reader is gone. The tasks go on: that nobody reads is no reason to end them.
    private(set) var isBroken = false

    /// - Parameter descriptor: a pipe is made non-blocking; files and terminals, which others share, stay as they are.
    init(descriptor: Int32) {
        self.descriptor = descriptor
        originalFlags = fcntl(descriptor, F_GETFL)
        encoder.outputFormatting = [.withoutEscapingSlashes, .sortedKeys]
        var status = stat()
        if unsafe fstat(descriptor, &status) == 0, [S_IFIFO, S_IFSOCK].contains(status.st_mode & S_IFMT) {
            _ = fcntl(descriptor, F_SETFL, originalFlags | O_NONBLOCK)
        }
        pending.reserveCapacity(2 * Self.highWaterBytes)
    }

    /// Gives the descriptor back as it was found.
    func restore() {
        _ = fcntl(descriptor, F_SETFL, originalFlags)
    }

    var isFull: Bool { pending.count - writtenBytes >= Self.highWaterBytes }
    var isEmpty: Bool { pending.isEmpty }
    /// The number of the last line; 0 before the first.
    var lastSequence: Int64 { sequence }

    /// What to poll for: `nil` while nothing waits to be written.
    var descriptorToWrite: Int32? { isEmpty ? nil : descriptor }

    func write(_ record: RunnerRecord) {
        sequence += 1
        let record = redaction?.redacted(record) ?? record
        let line = RunnerLine(sequence: sequence, milliseconds: WallClock.milliseconds(), record: record)
        do {
            pending.append(contentsOf: try encoder.encode(line))
            pending.append(.lineFeed)
        } catch {
            preconditionFailure("a record cannot be written as JSON: \(error)")
        }
    }

    /// The same as a `.log` record, written by hand: this is where the megabytes go through.
    ///
    /// - Parameters:
    ///   - escapedTask: the task's name as the inside of a JSON string; `nil` for the runner's own log.
    ///   - text: one line; it need not be UTF-8.
    func writeLog(
        escapedTask: [UInt8]?,
        channel: LogChannel,
        text: ArraySlice<UInt8>,
        milliseconds: Int64
    ) {
        sequence += 1
        pending.append(contentsOf: "{\"n\":".utf8)
        JSONText.append(sequence, to: &pending)
        pending.append(contentsOf: ",\"ms\":".utf8)
        JSONText.append(milliseconds, to: &pending)
        pending.append(contentsOf: ",\"log\":{".utf8)
        if let escapedTask {
            pending.append(contentsOf: "\"task\":\"".utf8)
            pending.append(contentsOf: escapedTask)
            pending.append(contentsOf: "\",".utf8)
        }
        if channel == .stderr { pending.append(contentsOf: "\"channel\":\"stderr\",".utf8) }
        pending.append(contentsOf: "\"text\":\"".utf8)
        JSONText.appendEscaped(text, to: &pending)
        pending.append(contentsOf: "\"}}\n".utf8)
    }

    /// Writes as much as the reader takes.
    func flush() {
        while writtenBytes < pending.count, !isBroken {
            let count = unsafe pending.withUnsafeBytes { bytes in
                unsafe Glibc.write(
                    descriptor,
                    bytes.baseAddress?.advanced(by: writtenBytes),
                    bytes.count - writtenBytes
                )
            }
            if count >= 0 {
                writtenBytes += count
            } else if errno == EAGAIN {
                compact()
                return
            } else if errno != EINTR {
                isBroken = true
            }
        }
        pending.removeAll(keepingCapacity: true)
        writtenBytes = 0
    }

    /// Keeps the written part from piling up before what a slow reader has not taken.
    private func compact() {
        guard writtenBytes > pending.count / 2 else { return }
        pending.removeFirst(writtenBytes)
        writtenBytes = 0
    }
}

/// The pod's clock.
enum WallClock {
    /// Since 1970.
    static func milliseconds() -> Int64 {
        var time = timespec()
        unsafe clock_gettime(CLOCK_REALTIME, &time)
        return Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000
    }
}
