internal import CRunnerSystem
internal import Glibc
internal import SlipwayCore

/// The Python process that executes the SQL and Python tasks of a run, one after the other.
///
/// Orders go down one pipe and reports come up another, a JSON object a line; its standard output and error are log.
@safe final class PythonWorker {
    static let program = "python3"
    static let module = "slipway_runner"

    let process: ChildProcess
    /// Whether it has said that it reads orders.
    private(set) var isReady = false
    private(set) var ordersDescriptor: Int32
    private(set) var reportsDescriptor: Int32
    private var orders: [UInt8] = []
    private var partial: [UInt8] = []
    private let reportLimitBytes: Int
    private var chunk = [UInt8](repeating: 0, count: LogPipe.chunkBytes)

    /// - Throws: `SpawnError` if Python cannot be started.
    init(assignment: RunnerAssignment, environment: [String: String], scratchFolder: String) throws(SpawnError) {
        var orders: (read: Int32, write: Int32) = (-1, -1)
        var reports: (read: Int32, write: Int32) = (-1, -1)
        guard unsafe slipway_pipe(&orders.read, &orders.write) == 0,
            unsafe slipway_pipe(&reports.read, &reports.write) == 0
        else { throw SpawnError(program: Self.program, errno: errno) }
        defer {
            close(orders.read)
            close(reports.write)
        }
        ordersDescriptor = orders.write
        reportsDescriptor = reports.read
        // Room for an output of the largest size, whatever surrounds it.
        reportLimitBytes = assignment.limits.outputBytes + (1 << 20)
        do {
            process = try ChildProcess(
                program: Self.program,
                arguments: ["-m", Self.module, "--orders", "\(orders.read)", "--reports", "\(reports.write)"],
                environment: environment,
                keptDescriptors: [orders.read, reports.write],
                lineLimitBytes: assignment.limits.logLineBytes
            )
        } catch {
            close(orders.write)
            close(reports.read)
            throw error
        }
        _ = fcntl(ordersDescriptor, F_SETFL, O_NONBLOCK)
        _ = fcntl(reportsDescriptor, F_SETFL, O_NONBLOCK)
        give(Self.greeting(assignment, scratchFolder: scratchFolder))
    }

    deinit {
        closeOrders()
        closeReports()
    }

    // MARK: Orders

    /// Orders it to execute a task.
    func execute(_ execution: TaskExecution, task: TaskSpec, environment: [String: String], upstream: [TaskOutput]) {
        var order: [String: JSONValue] = [
            "type": .string("run"), "task": .integer(Int64(execution.number)), "name": .string(execution.name),
            "row_limit": .integer(Int64(task.output.rowLimit)),
            "output_path": task.output.path.map { .string($0) } ?? .null,
            "environment": .object(environment.mapValues { .string($0) }),
            "upstream": .array(
                upstream.map { output in
                    .object(["task": .string(output.task), "name": .string(output.name), "value": output.value])
                }
            ),
        ]
        switch task.action {
        case .sql(let source): order["sql"] = Self.text(of: source)
        case .python(let source): order["python"] = Self.text(of: source)
        case .function(let module, let name):
            order["python"] = .object(["module": .string(module), "function": .string(name)])
        case .command: preconditionFailure("a command needs no Python")
        }
        give(.object(order))
    }

    private static func text(of source: TaskSpec.Source) -> JSONValue {
        switch source {
        case .text(let text): .string(text)
        case .file(let path): .object(["file": .string(path)])
        }
    }

    /// Orders it to interrupt Sail's queries and to end that task.
    func cancel(_ execution: TaskExecution) {
        give(.object(["type": .string("cancel"), "task": .integer(Int64(execution.number))]))
    }

    /// Orders it to release its session and to end.
    func end() { give(.object(["type": .string("end")])) }

    /// The descriptor to poll for writing; `nil` while every order is written.
    var descriptorToWrite: Int32? { orders.isEmpty || ordersDescriptor < 0 ? nil : ordersDescriptor }

    func writeOrders() {
        while !orders.isEmpty, ordersDescriptor >= 0 {
            let count = unsafe orders.withUnsafeBytes { unsafe write(ordersDescriptor, $0.baseAddress, $0.count) }
            if count > 0 {
                orders.removeFirst(count)
            } else if errno == EAGAIN {
                return
            } else if errno != EINTR {
                // It has ended; its exit tells the rest.
                closeOrders()
            }
        }
    }

    private func give(_ order: JSONValue) {
        orders += CompactJSON.bytes(order) + [.lineFeed]
        writeOrders()
    }

    private static func greeting(_ assignment: RunnerAssignment, scratchFolder: String) -> JSONValue {
        let usesSpark = assignment.tasks.contains { task in
            switch task.action {
            case .sql: true
            case .python(.text(let text)): text.contains("spark")
            case .python(.file), .function: true
            case .command: false
            }
        }
        return .object([
            "type": .string("hello"), "run_id": .string(assignment.runID.description), "job": .string(assignment.job),
            "variables": .object(assignment.variables),
            "sail_address": assignment.sailAddress.map { .string($0) } ?? .null,
            "scratch_folder": .string(scratchFolder),
            "output_bytes": .integer(Int64(assignment.limits.outputBytes)),
            "uses_spark": .bool(usesSpark && assignment.sailAddress != nil),
        ])
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

    func becomeReady() { isReady = true }

    private func closeOrders() {
        guard ordersDescriptor >= 0 else { return }
        close(ordersDescriptor)
        ordersDescriptor = -1
        orders.removeAll()
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
