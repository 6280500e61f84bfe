internal import Glibc

/// The process that watches over one container, so that the container outlives localkube.
///
/// It starts the container's command in a session of its own, writes its output with times into the log, waits for it,
/// kills what it leaves behind and records its end. SIGTERM is passed on to the command; SIGUSR1 kills everything.
struct ContainerShim {
    /// Output without a line end is cut into records of this size.
    private static let partBytes = 16 << 10
    /// After the command's end its output is read on for at most this long.
    private static let drainMilliseconds: Int32 = 2000

    private let specification: ShimSpecification
    private var log: Int32
    private var logBytes = 0
    private var output = StreamLog(name: "stdout")
    private var error = StreamLog(name: "stderr")

    /// One of the command's output streams.
    private struct StreamLog {
        let name: StaticString
        var descriptor: Int32 = -1
        var rest: [UInt8] = []

        init(name: StaticString) { self.name = name }
    }

    /// Runs to the container's end. The result is the exit code of the shim itself.
    static func run(specificationPath: String) -> Int32 {
        do {
            var shim = try ContainerShim(path: specificationPath)
            try shim.run()
            return 0
        } catch {
            return 1
        }
    }

    private init(path: String) throws {
        specification = try ShimSpecification(path: path)
        guard ShimClaim.hold(specification.files) else { throw ConfigurationError("\(path) was taken back") }
        log = Self.openLog(specification.files.log)
        guard log >= 0 else { throw SystemError("open a container's log") }
    }

    private static func openLog(_ path: String) -> Int32 {
        unsafe open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o644)
    }

    /// Writes records; a log that has become too large is put aside, in the place of the one before it.
    ///
    /// A full disk loses lines; it must not stop the container.
    private mutating func write(_ records: [UInt8]) {
        _ = writeAll(log, records)
        logBytes += records.count
        guard logBytes > specification.logFileBytes else { return }
        let path = specification.files.log
        guard unsafe rename(path, "\(path).old") == 0 else { return }
        let new = Self.openLog(path)
        guard new >= 0 else { return }
        close(log)
        log = new
        logBytes = 0
    }

    private mutating func run() throws {
        let signals = try ShimSignals()
        let process: Int32
        do {
            process = try start()
        } catch {
            try finish(EndMark(exitCode: 128, startProblem: Self.describe(error, specification), finishedAt: .now))
            return
        }
        let identity = ProcessIdentity.of(getpid()) ?? ProcessIdentity(pid: getpid(), startTicks: 0)
        let mark = RunningMark(shim: identity, process: process, startedAt: .now)
        try writeFileAtomically(specification.files.running, mark.json.encoded())
        let status = watch(process, signals)
        let finishedAt = Timestamp.now
        ProcessTable.killMembers(session: process, id: specification.id)
        drain()
        try finish(EndMark(exitCode: status.code, signal: status.signal, finishedAt: finishedAt))
    }

    private static func describe(_ error: any Error, _ specification: ShimSpecification) -> String {
        let word = specification.command.first ?? ""
        let reason = (error as? SystemError)?.reason ?? "\(error)"
        return "failed to start the container: exec: \"\(word)\": \(reason)"
    }

    private mutating func start() throws -> Int32 {
        guard let word = specification.command.first else { throw ConfigurationError("no command specified") }
        // The shim serves one container, so its own folder can be the container's.
        guard unsafe chdir(specification.workingDirectory) == 0 else {
            throw SystemError("enter \(specification.workingDirectory)")
        }
        let path = specification.environment.last { $0.name == "PATH" }?.value ?? ""
        guard let file = Spawn.resolve(word, path: path, workingDirectory: specification.workingDirectory) else {
            throw ConfigurationError(
                word.contains("/") ? "no such file or directory" : "executable file not found in $PATH"
            )
        }
        let (outputRead, outputWrite) = try Pipe.make()
        let (errorRead, errorWrite) = try Pipe.make()
        defer {
            close(outputWrite)
            close(errorWrite)
        }
        output.descriptor = outputRead
        error.descriptor = errorRead
        return try Spawn.start(
            path: file,
            arguments: specification.command,
            environment: specification.environment.map { "\($0.name)=\($0.value)" },
            streams: .init(output: outputWrite, error: errorWrite)
        )
    }

    /// Copies output and passes signals on until the command has ended.
    private mutating func watch(_ process: Int32, _ signals: ShimSignals) -> ExitStatus {
        while true {
            let ready = Pipe.wait([signals.descriptor, output.descriptor, error.descriptor], milliseconds: -1)
            if ready.contains(output.descriptor) { write(Self.read(&output)) }
            if ready.contains(error.descriptor) { write(Self.read(&error)) }
            guard ready.contains(signals.descriptor) else { continue }
            for signal in signals.take() {
                switch signal {
                case SIGTERM: kill(process, SIGTERM)
                case SIGUSR1: ProcessTable.killMembers(session: process, id: specification.id)
                default: break
                }
            }
            if let status = Spawn.reap(process) { return status }
        }
    }

    private mutating func drain() {
        while output.descriptor >= 0 || error.descriptor >= 0 {
            let ready = Pipe.wait([output.descriptor, error.descriptor], milliseconds: Self.drainMilliseconds)
            if ready.isEmpty { break }
            if ready.contains(output.descriptor) { write(Self.read(&output)) }
            if ready.contains(error.descriptor) { write(Self.read(&error)) }
        }
        write(Self.rest(&output))
        write(Self.rest(&error))
    }

    /// What a stream has got to say, as records; at its end it is closed.
    private static func read(_ stream: inout StreamLog) -> [UInt8] {
        guard let bytes = readSome(stream.descriptor, limit: 64 << 10), !bytes.isEmpty else {
            close(stream.descriptor)
            stream.descriptor = -1
            return []
        }
        let now = Timestamp.now
        stream.rest += bytes
        var records: [UInt8] = []
        var start = stream.rest.startIndex
        while start < stream.rest.endIndex {
            let part = stream.rest[start...].prefix(partBytes)
            if let end = part.firstIndex(of: UInt8(ascii: "\n")) {
                records += LogRecord.encode(part[..<end], stream: stream.name, endsLine: true, at: now)
                start = end + 1
            } else if part.count == partBytes {
                records += LogRecord.encode(part, stream: stream.name, endsLine: false, at: now)
                start = part.endIndex
            } else {
                break
            }
        }
        stream.rest.removeFirst(start)
        return records
    }

    /// The last line, told as it was written: without an end.
    private static func rest(_ stream: inout StreamLog) -> [UInt8] {
        guard !stream.rest.isEmpty else { return [] }
        defer { stream.rest = [] }
        return LogRecord.encode(stream.rest, stream: stream.name, endsLine: false, at: .now)
    }

    /// The log is closed last: who follows it looks for the end then.
    private func finish(_ mark: EndMark) throws {
        try writeFileAtomically(specification.files.end, mark.json.encoded())
        close(log)
    }
}
