internal import CRunnerSystem
internal import Glibc
internal import SlipwayCore

/// A Python process that executes one SQL or Python task at a time.
///
/// Orders go down one pipe and reports come up another, a JSON object a line; its standard output and error are log. It is
/// forked by ``PythonNursery``, so the runner learns its number from its first report and adopts it.
@safe final class PythonWorker {
    let output: LogPipe
    let error: LogPipe
    /// Which nursery it comes from; see ``PythonPool``.
    let generation: Int
    /// `nil` until it has said that it reads orders.
    private(set) var processID: pid_t?
    /// Set once it has ended and was reaped.
    var ended: WaitStatus?
    /// The number of the execution it was last told to begin, until that has ended.
    var execution: Int?
    /// How many of the kept outputs it was told.
    var toldOutputs = 0
    private(set) var ordersDescriptor: Int32
    private(set) var reportsDescriptor: Int32
    private var orders: [UInt8] = []
    private var writtenOrders = 0
    private var partial: [UInt8] = []
    private let reportLimitBytes: Int
    private var chunk = [UInt8](repeating: 0, count: LogPipe.chunkBytes)

    /// - Parameter fork: takes the descriptors of its standard output and error, its orders and its reports.
    /// - Throws: `SpawnError` if there are no pipes, or what `fork` throws.
    init(
        generation: Int,
        limits: RunnerLimits,
        fork: ([Int32]) throws(SpawnError) -> Void
    ) throws(SpawnError) {
        var ends: [(read: Int32, write: Int32)] = []
        var ownEnds: [Int32] = []
        var otherEnds: [Int32] = []
        for isInput in [false, false, true, false] {
            var pair: (read: Int32, write: Int32) = (-1, -1)
            guard unsafe slipway_pipe(&pair.read, &pair.write) == 0 else {
                let problem = errno
                for descriptor in ownEnds + otherEnds { close(descriptor) }
                throw SpawnError(program: PythonNursery.program, errno: problem)
            }
            ends.append(pair)
            ownEnds.append(isInput ? pair.write : pair.read)
            otherEnds.append(isInput ? pair.read : pair.write)
        }
        defer { for descriptor in otherEnds { close(descriptor) } }
        do {
            try fork(otherEnds)
        } catch {
            for descriptor in ownEnds { close(descriptor) }
            throw error
        }
        self.generation = generation
        output = LogPipe(descriptor: ownEnds[0], channel: .stdout, lineLimitBytes: limits.logLineBytes)
        error = LogPipe(descriptor: ownEnds[1], channel: .stderr, lineLimitBytes: limits.logLineBytes)
        ordersDescriptor = ownEnds[2]
        reportsDescriptor = ownEnds[3]
        // Room for an output of the largest size, whatever surrounds it.
        reportLimitBytes = limits.outputBytes + (1 << 20)
        _ = fcntl(ordersDescriptor, F_SETFL, O_NONBLOCK)
        _ = fcntl(reportsDescriptor, F_SETFL, O_NONBLOCK)
    }

    deinit {
        closeOrders()
        closeReports()
    }

    var pipes: [LogPipe] { [output, error] }
    var isReady: Bool { processID != nil }
    /// Whether it ended before it could say anything, which the runner sees from its pipes alone.
    var hasNeverBegun: Bool { !isReady && reportsDescriptor < 0 }
    /// Whether it can be told to execute something.
    var isUsable: Bool { ended == nil && reportsDescriptor >= 0 && ordersDescriptor >= 0 }

    /// Sends a signal to its whole process group; nothing once it is reaped, since its number may be another's by then.
    func signalGroup(_ signal: Int32) {
        guard ended == nil, let processID else { return }
        kill(-processID, signal)
    }

    // MARK: Orders

    /// Orders it to interrupt the queries of an execution and to end it.
    func cancel(execution: Int) {
        give(.object(["type": .string("cancel"), "execution": .integer(Int64(execution))]))
    }

    /// Orders it to end.
    ///
    /// - Parameter releasesSession: whether nobody needs the run's session any more.
    func end(releasesSession: Bool) {
        give(.object(["type": .string("end"), "release": .bool(releasesSession)]))
    }

    func give(_ order: JSONValue) {
        orders += CompactJSON.bytes(order) + [.lineFeed]
        writeOrders()
    }

    /// The descriptor to poll for writing; `nil` while every order is written.
    var descriptorToWrite: Int32? { orders.isEmpty || ordersDescriptor < 0 ? nil : ordersDescriptor }

    func writeOrders() {
        while writtenOrders < orders.count, ordersDescriptor >= 0 {
            let count = unsafe orders.withUnsafeBytes { bytes in
                unsafe write(
                    ordersDescriptor,
                    bytes.baseAddress?.advanced(by: writtenOrders),
                    bytes.count - writtenOrders
                )
            }
            if count > 0 {
                writtenOrders += count
            } else if errno == EAGAIN {
                return
            } else if errno != EINTR {
                // It has ended; its exit tells the rest.
                closeOrders()
            }
        }
        orders.removeAll()
        writtenOrders = 0
    }

    // MARK: Reports

    var hasReportsToRead: Bool { reportsDescriptor >= 0 }

    /// Reads once and hands each complete line to `handle`.
    ///
    /// - Throws: `ReportError` for a line without end.
    func readReports(_ handle: (ArraySlice<UInt8>) -> Void) throws(ReportError) {
        guard reportsDescriptor >= 0 else { return }
        let count = unsafe chunk.withUnsafeMutableBytes { unsafe read(reportsDescriptor, $0.baseAddress, $0.count) }
        if count < 0, errno == EAGAIN || errno == EINTR { return }
        guard count > 0 else { return closeReports() }
        var rest = chunk[..<count]
        while let end = rest.firstIndex(of: .lineFeed) {
            partial += rest[..<end]
            handle(partial[...])
            partial.removeAll(keepingCapacity: true)
            rest = rest[(end + 1)...]
        }
        partial += rest
        guard partial.count <= reportLimitBytes else { throw ReportError(limitBytes: reportLimitBytes) }
    }

    /// Only its first word counts: later ones may be a task's.
    func becomeReady(as process: pid_t) {
        if processID == nil { processID = process }
    }

    private func closeOrders() {
        guard ordersDescriptor >= 0 else { return }
        close(ordersDescriptor)
        ordersDescriptor = -1
        orders.removeAll()
        writtenOrders = 0
    }

    private func closeReports() {
        guard reportsDescriptor >= 0 else { return }
        close(reportsDescriptor)
        reportsDescriptor = -1
    }
}

/// The Python part wrote something that is no report.
struct ReportError: Error, CustomStringConvertible {
    let limitBytes: Int
    var description: String { "the Python process sent a report longer than \(limitBytes) bytes" }
}
