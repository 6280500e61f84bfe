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
    /// What these hold, in bytes.
    private var outputBytes = 0
    /// Longer than any name that a runner lets pass.
    private static let outputNameBytes = 200
    private(set) var bufferedBytes = 0
    private(set) var tasks: TaskBoard
    private var runnerWarnings = WarningList(.runner)
    private var sailWarnings = WarningList(.sail)
    /// What of each stream is stored or waits to be, as the bounds count it.
    private var counted: [String: StoredStream]
    private var countedBytes: Int
    /// The number of the line that says that the rest of its stream is dropped.
    private var cutAt: [String: Int64] = [:]

    /// - Parameter stored: what is stored of the run's streams: a worker that adopts a run counts on from there.
    init(
        storedSequence: Int64,
        storedSailLines: Int64,
        stored: [String: StoredStream] = [:],
        tasks: [TaskSpec] = []
    ) {
        self.storedSequence = storedSequence
        self.storedSailLines = storedSailLines
        counted = stored
        countedBytes = stored.values.reduce(0) { $0 + $1.bytes }
        self.tasks = TaskBoard(tasks)
    }

    /// The warnings of the runner that were seen, and of Sail those that count.
    var warningCounts: (runner: Int, sail: Int) { (runnerWarnings.counted, sailWarnings.counted) }

    /// What is held in memory until it is stored, in bytes.
    var waitingBytes: Int {
        let notes = tasks.touchCount + runnerWarnings.waitingCount + sailWarnings.waitingCount
        return bufferedBytes + outputBytes + notes * TaskBoard.touchBytes
    }

    /// Whether there is something to store.
    var isDirty: Bool {
        seenSequence > storedSequence || seenSailLines > storedSailLines
    }

    /// Notes a line of the runner's stream.
    /// - Returns: `false` for a line seen before.
    mutating func take(_ line: RunnerLine, limits: LogLimits) -> Bool {
        guard line.sequence > seenSequence else { return false }
        markGap(before: line, limits: limits)
        seenSequence = line.sequence
        let isStored = line.sequence <= storedSequence
        switch line.record {
        case .log(let task, let channel, let text):
            // User code can write to its container's output too: only what the job has gets a stream.
            let stream = task.flatMap { tasks.isKnown($0) ? "task/\($0)" : nil } ?? "runner"
            append(
                LogLine(sequence: line.sequence, milliseconds: line.milliseconds, channel: channel, text: text),
                to: stream,
                isStored: isStored,
                limits: limits
            )
        case .output(let output):
            guard !isStored, tasks.isKnown(output.task), output.name.utf8.count <= Self.outputNameBytes else { break }
            outputs.append((line.sequence, output))
            outputBytes += output.value.approximateBytes
        case .task(let report):
            let at = Timestamp(microsecondsSince1970: line.milliseconds * 1000)
            tasks.take(report, at: at, sequence: line.sequence, isStored: isStored)
        case .progress(let task, let done, let total):
            let progress = TaskProgress(done: done, total: total)
            tasks.take(progress, of: task, sequence: line.sequence, isStored: isStored)
        case .warning(let task, let message):
            if let task { tasks.takeWarning(of: task, sequence: line.sequence, isStored: isStored) }
            runnerWarnings.take(
                message,
                of: task,
                sequence: line.sequence,
                milliseconds: line.milliseconds,
                isCounted: true,
                isStored: isStored
            )
        case .started, .heartbeat, .finished:
            break
        }
        return true
    }

    // MARK: What is missing

    /// Lines that were written and cannot be read any more, as when a node has thrown the beginning of a log away.
    private mutating func markGap(before line: RunnerLine, limits: LogLimits) {
        let known = max(seenSequence, storedSequence)
        guard line.sequence > known + 1 else { return }
        markMissing(known + 1...line.sequence - 1, milliseconds: line.milliseconds, limits: limits)
    }

    /// The stream ended although more was written.
    ///
    /// - Parameter last: the number of the last line that was written, if anything told it.
    mutating func markCut(last: Int64?, milliseconds: Int64, limits: LogLimits) {
        let known = max(seenSequence, storedSequence)
        if let last {
            guard last > known else { return }
            seenSequence = last
            markMissing(known + 1...last, milliseconds: milliseconds, limits: limits)
        } else if storedSequence <= seenSequence {
            // Otherwise another worker stored more than was read here, its own mark perhaps.
            seenSequence = known + 1
            let text = "[the runner's lines after \(known) were not received]"
            mark(text, sequence: known + 1, milliseconds: milliseconds, limits: limits)
        }
    }

    private mutating func markMissing(_ lines: ClosedRange<Int64>, milliseconds: Int64, limits: LogLimits) {
        let text =
            lines.count == 1
            ? "[line \(lines.lowerBound) was not received]"
            : "[lines \(lines.lowerBound) to \(lines.upperBound) were not received]"
        mark(text, sequence: lines.upperBound, milliseconds: milliseconds, limits: limits)
    }

    private mutating func mark(_ text: String, sequence: Int64, milliseconds: Int64, limits: LogLimits) {
        append(
            LogLine(sequence: sequence, milliseconds: milliseconds, channel: .stderr, text: text),
            to: "runner",
            isStored: sequence <= storedSequence,
            limits: limits
        )
    }

    /// Notes a line of Sail's log, which has no numbers: they are counted from the container's first line.
    mutating func takeSail(number: Int64, milliseconds: Int64, text: String, limits: LogLimits) {
        guard number > seenSailLines else { return }
        seenSailLines = number
        if let level = SailLogLevel(line: text) {
            sailWarnings.take(
                text,
                of: nil,
                sequence: number,
                milliseconds: milliseconds,
                isCounted: level == .error,
                isStored: number <= storedSailLines
            )
        }
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

    /// What to store now, as a flush that is only written if nobody stored since. With very many changed tasks it is not all.
    func flush(of run: SupervisedRun, chunkBytes: Int) -> StreamFlush {
        let seen = max(seenSequence, storedSequence)
        let reach = tasks.reach(upTo: seen)
        let sailReach = max(seenSailLines, storedSailLines)
        let lines = { (stream: String) -> [LogLine] in
            let all = chunks[stream] ?? []
            return reach == seen || stream == "sail" ? all : Array(all.prefix { $0.sequence <= reach })
        }
        return StreamFlush(
            run: run.id,
            leaseEpoch: run.leaseEpoch,
            placement: run.placement,
            previousStreamSequence: storedSequence,
            previousSailLines: storedSailLines,
            streamSequence: reach,
            sailLines: sailReach,
            chunks: order.flatMap { Self.split($0, lines($0), chunkBytes: chunkBytes, cutAt: cutAt[$0]) },
            outputs: outputs.prefix { $0.sequence <= reach }.map(\.output),
            tasks: tasks.changed(upTo: reach),
            warnings: runnerWarnings.changed(upTo: reach) + sailWarnings.changed(upTo: sailReach),
            countedWarnings: runnerWarnings.countedChanges(upTo: reach) + sailWarnings.countedChanges(upTo: sailReach)
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
        outputBytes = outputs.reduce(0) { $0 + $1.output.value.approximateBytes }
        tasks.stored(upTo: sequence)
        runnerWarnings.stored(upTo: sequence)
        sailWarnings.stored(upTo: sailLines)
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
    static let unbounded = LogLimits(streamBytes: .max, runBytes: .max)

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
