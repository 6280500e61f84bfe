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
    /// What of each stream is stored or waits to be, as the bounds count it.
    private var counted: [String: StoredStream]
    private var countedBytes: Int
    /// The number of the line that says that the rest of its stream is dropped.
    private var cutAt: [String: Int64] = [:]

    /// - Parameter stored: what is stored of the run's streams: a worker that adopts a run counts on from there.
    init(storedSequence: Int64, storedSailLines: Int64, stored: [String: StoredStream] = [:]) {
        self.storedSequence = storedSequence
        self.storedSailLines = storedSailLines
        counted = stored
        countedBytes = stored.values.reduce(0) { $0 + $1.bytes }
    }

    /// Whether there is something to store.
    var isDirty: Bool {
        seenSequence > storedSequence || seenSailLines > storedSailLines
    }

    /// Notes a line of the runner's stream.
    /// - Returns: `false` for a line seen before.
    mutating func take(_ line: RunnerLine, limits: LogLimits) -> Bool {
        guard line.sequence > seenSequence else { return false }
        seenSequence = line.sequence
        switch line.record {
        case .log(let task, let channel, let text):
            let stream = task.map { "task/\($0)" } ?? "runner"
            append(
                LogLine(sequence: line.sequence, milliseconds: line.milliseconds, channel: channel, text: text),
                to: stream,
                isStored: line.sequence <= storedSequence,
                limits: limits
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
    mutating func takeSail(number: Int64, milliseconds: Int64, text: String, limits: LogLimits) {
        guard number > seenSailLines else { return }
        seenSailLines = number
        append(
            LogLine(sequence: number, milliseconds: milliseconds, channel: .stderr, text: text),
            to: "sail",
            isStored: number <= storedSailLines,
            limits: limits
        )
    }

    /// The line that would exceed a bound becomes the word that says so, and what follows in its stream is dropped.
    private mutating func append(_ line: LogLine, to stream: String, isStored: Bool, limits: LogLimits) {
        var known = counted[stream] ?? StoredStream(bytes: 0, isCut: false)
        guard !isStored, !known.isCut else { return }
        var line = line
        let size = line.countedBytes
        if let mark = limits.mark(streamBytes: known.bytes + size, runBytes: countedBytes + size) {
            line.text = mark
            line.channel = .stderr
            known.isCut = true
            cutAt[stream] = line.sequence
        }
        known.bytes += line.countedBytes
        countedBytes += line.countedBytes
        counted[stream] = known
        bufferedBytes += Self.memory(line)
        if chunks[stream] == nil { order.append(stream) }
        chunks[stream, default: []].append(line)
    }

    /// About what a line takes up while it waits.
    private static func memory(_ line: LogLine) -> Int { line.text.utf8.count + 40 }

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
            chunks: order.flatMap { Self.split($0, chunks[$0] ?? [], chunkBytes: chunkBytes, cutAt: cutAt[$0]) },
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
        bufferedBytes = chunks.values.reduce(0) { $0 + $1.reduce(0) { $0 + Self.memory($1) } }
    }

    private static func split(_ stream: String, _ lines: [LogLine], chunkBytes: Int, cutAt: Int64?) -> [LogChunk] {
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
        // What was cut has nothing after the line that says so.
        let isCut = cutAt != nil && current.last?.sequence == cutAt
        if !current.isEmpty { result.append(LogChunk(stream: stream, lines: current, isCut: isCut)) }
        return result
    }
}

/// How much of a log is stored. What exceeds it is dropped, and each stream says so once.
struct LogLimits: Sendable, Hashable {
    var streamBytes: Int
    var runBytes: Int

    /// The line that stands for the rest of a stream which would now have so many bytes, in a run that would have so many;
    /// `nil` while both are within their bounds.
    func mark(streamBytes: Int, runBytes: Int) -> String? {
        if streamBytes > self.streamBytes {
            "[slipway: the rest of this stream is dropped: the stream's bound of \(self.streamBytes) bytes is reached]"
        } else if runBytes > self.runBytes {
            "[slipway: the rest of this stream is dropped: the run's bound of \(self.runBytes) bytes is reached]"
        } else {
            nil
        }
    }
}
