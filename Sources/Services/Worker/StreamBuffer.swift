internal import RunStore
internal import SlipwayCore

/// What was read of a placement's streams and is not stored yet.
///
/// The runner's stream is always read from its first line, also by a worker that adopts the run: lines up to
/// `storedSequence` only rebuild the state, what follows is kept for the next flush.
struct StreamBuffer: Sendable {
    private(set) var storedSequence: Int64
    private(set) var storedSailLines: Int64
    /// The last line seen; a repeated line has no higher number.
    private(set) var seenSequence: Int64 = 0
    private(set) var seenSailLines: Int64 = 0
    private var chunks: [String: [LogLine]] = [:]
    private var order: [String] = []
    private var outputs: [(sequence: Int64, output: TaskOutput)] = []
    private(set) var bufferedBytes = 0
    private var totalBytes = 0
    private var isTruncated = false

    init(storedSequence: Int64, storedSailLines: Int64) {
        self.storedSequence = storedSequence
        self.storedSailLines = storedSailLines
    }

    /// Whether there is something to store.
    var isDirty: Bool {
        seenSequence > storedSequence || seenSailLines > storedSailLines
    }

    /// Notes a line of the runner's stream.
    /// - Returns: `false` for a line seen before.
    mutating func take(_ line: RunnerLine, byteLimit: Int) -> Bool {
        guard line.sequence > seenSequence else { return false }
        seenSequence = line.sequence
        switch line.record {
        case .log(let task, let channel, let text):
            let stream = task.map { "task/\($0)" } ?? "runner"
            append(
                LogLine(sequence: line.sequence, milliseconds: line.milliseconds, channel: channel, text: text),
                to: stream,
                isStored: line.sequence <= storedSequence,
                byteLimit: byteLimit
            )
        case .output(let output):
            guard line.sequence > storedSequence else { break }
            outputs.append((line.sequence, output))
        case .started, .task, .warning, .progress, .heartbeat, .finished:
            break
        }
        return true
    }

    /// Notes a line of Sail's log, which has no numbers: they are counted from the container's first line.
    mutating func takeSail(number: Int64, milliseconds: Int64, text: String, byteLimit: Int) {
        guard number > seenSailLines else { return }
        seenSailLines = number
        append(
            LogLine(sequence: number, milliseconds: milliseconds, channel: .stderr, text: text),
            to: "sail",
            isStored: number <= storedSailLines,
            byteLimit: byteLimit
        )
    }

    /// Stored lines count against the limit too, so that it holds for a run that is adopted.
    private mutating func append(_ line: LogLine, to stream: String, isStored: Bool, byteLimit: Int) {
        let size = line.text.utf8.count + 40
        var line = line
        if totalBytes + size > byteLimit {
            guard !isTruncated else { return }
            isTruncated = true
            line.text = "[the run's log is longer than \(byteLimit) bytes: the rest is not kept]"
        }
        totalBytes += size
        guard !isStored else { return }
        bufferedBytes += size
        if chunks[stream] == nil { order.append(stream) }
        chunks[stream, default: []].append(line)
    }

    /// What to store now, as a flush that is only written if nobody stored since.
    func flush(of run: SupervisedRun, chunkBytes: Int) -> StreamFlush {
        StreamFlush(
            run: run.id,
            leaseEpoch: run.leaseEpoch,
            placement: run.placement,
            previousStreamSequence: storedSequence,
            previousSailLines: storedSailLines,
            streamSequence: max(seenSequence, storedSequence),
            sailLines: max(seenSailLines, storedSailLines),
            chunks: order.flatMap { Self.split($0, chunks[$0] ?? [], chunkBytes: chunkBytes) },
            outputs: outputs.map(\.output)
        )
    }

    /// Forgets what is now stored: all up to these numbers.
    mutating func stored(sequence: Int64, sailLines: Int64) {
        storedSequence = sequence
        storedSailLines = sailLines
        for stream in order {
            let last = stream == "sail" ? sailLines : sequence
            chunks[stream]?.removeAll { $0.sequence <= last }
        }
        order.removeAll { chunks[$0]?.isEmpty ?? true }
        chunks = chunks.filter { !$0.value.isEmpty }
        outputs.removeAll { $0.sequence <= sequence }
        bufferedBytes = chunks.values.reduce(0) { $0 + $1.reduce(0) { $0 + $1.text.utf8.count + 40 } }
    }

    private static func split(_ stream: String, _ lines: [LogLine], chunkBytes: Int) -> [LogChunk] {
        var result: [LogChunk] = []
        var current: [LogLine] = []
        var size = 0
        for line in lines {
            if size > 0, size + line.text.utf8.count > chunkBytes {
                result.append(LogChunk(stream: stream, lines: current))
                current = []
                size = 0
            }
            current.append(line)
            size += line.text.utf8.count
        }
        if !current.isEmpty { result.append(LogChunk(stream: stream, lines: current)) }
        return result
    }
}
