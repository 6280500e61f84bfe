internal import Glibc

/// Where one start of a container keeps its files, below the pod's folder.
struct ContainerFiles: Sendable, Hashable {
    let podPath: String
    let container: String
    let attempt: Int

    static func stateFolder(_ podPath: String) -> String { "\(podPath)/state" }

    private var statePrefix: String { "\(Self.stateFolder(podPath))/\(container).\(attempt)" }

    /// What to run: read by the shim.
    var specification: String { "\(statePrefix).spec.json" }
    /// Written by the shim once the process runs.
    var running: String { "\(statePrefix).running.json" }
    /// Written by the shim once the process is gone, before it closes the log.
    var end: String { "\(statePrefix).end.json" }
    /// There if the process was killed for its memory.
    var memoryMark: String { "\(statePrefix).oom" }
    /// False once the pod's folder is removed.
    var isThere: Bool { readFile(specification, limit: 1) != nil }
    var logFolder: String { "\(podPath)/logs/\(container)" }
    var log: String { "\(logFolder)/\(attempt).log" }
    var terminationMessage: String { "\(podPath)/termination/\(container).\(attempt)" }
    var workFolder: String { "\(podPath)/work/\(container)" }
}

/// Who may start what a specification tells: a shim holds the lock on its file from its beginning to its end.
///
/// A localkube that dies between writing a specification and starting its shim leaves one that nobody will ever start;
/// the next localkube takes it back, and a shim that comes late finds it gone.
enum ShimClaim {
    /// Takes the lock for as long as this process lives. False if the specification was taken back, or if a shim that was
    /// thought not to come any more has come before.
    static func hold(_ files: ContainerFiles) -> Bool {
        let descriptor = unsafe open(files.specification, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return false }
        var found = stat()
        // The lock ends with the descriptor, which is never closed.
        guard flock(descriptor, LOCK_EX) == 0, unsafe fstat(descriptor, &found) == 0, found.st_nlink > 0 else {
            return false
        }
        return hasNeverStarted(files)
    }

    /// Removes a specification that was neither started nor will be. False while a shim lives, or once it has started.
    static func takeBack(_ files: ContainerFiles) -> Bool {
        let descriptor = unsafe open(files.specification, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return errno == ENOENT }
        defer { close(descriptor) }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else { return false }
        // A shim that has come and gone has left its word before its lock.
        guard hasNeverStarted(files) else { return false }
        return unsafe unlink(files.specification) == 0
    }

    private static func hasNeverStarted(_ files: ContainerFiles) -> Bool {
        RunningMark(path: files.running) == nil && EndMark(path: files.end) == nil
    }
}

/// What a shim is to run.
struct ShimSpecification: Sendable {
    var id: String
    var command: [String]
    var environment: [(name: String, value: String)]
    var workingDirectory: String
    var files: ContainerFiles
    /// The log is begun anew at this size.
    var logFileBytes: Int

    init(
        id: String,
        command: [String],
        environment: [(name: String, value: String)],
        workingDirectory: String,
        files: ContainerFiles,
        logFileBytes: Int
    ) {
        self.id = id
        self.command = command
        self.environment = environment
        self.workingDirectory = workingDirectory
        self.files = files
        self.logFileBytes = logFileBytes
    }

    var json: JSONValue {
        [
            "id": .string(id), "command": .array(command.map(JSONValue.string)),
            "environment": .array(environment.map { [.string($0.name), .string($0.value)] }),
            "workingDirectory": .string(workingDirectory), "podPath": .string(files.podPath),
            "container": .string(files.container), "attempt": JSONValue(files.attempt),
            "logFileBytes": JSONValue(logFileBytes),
        ]
    }

    /// - Throws: `JSONError` for a file that is not what `json` makes.
    init(path: String) throws {
        let value = try JSONParser.parse(readFile(path, limit: 16 << 20) ?? [])
        self.init(
            id: value.text("id"),
            command: (value["command"]?.elements ?? []).map { $0.text ?? "" },
            environment: (value["environment"]?.elements ?? []).map { pair in
                (pair.elements.first?.text ?? "", pair.elements.last?.text ?? "")
            },
            workingDirectory: value.text("workingDirectory"),
            files: ContainerFiles(
                podPath: value.text("podPath"),
                container: value.text("container"),
                attempt: Int(clamping: value["attempt"]?.integer ?? 0)
            ),
            logFileBytes: Int(clamping: value["logFileBytes"]?.integer ?? 64 << 20)
        )
    }
}

/// A process named so that a later one with the same number is not mistaken for it.
struct ProcessIdentity: Sendable, Equatable {
    var pid: Int32
    /// When it started, in clock ticks since the machine's start.
    var startTicks: UInt64

    static func of(_ pid: Int32) -> ProcessIdentity? {
        ProcessTable.stat(pid).map { ProcessIdentity(pid: pid, startTicks: $0.startTicks) }
    }

    var isAlive: Bool {
        guard let stat = ProcessTable.stat(pid) else { return false }
        return stat.startTicks == startTicks && stat.state != UInt8(ascii: "Z")
    }
}

/// What the shim says of a running process.
struct RunningMark: Sendable {
    var shim: ProcessIdentity
    /// The container's first process; also its session.
    var process: Int32
    var startedAt: Timestamp

    var json: JSONValue {
        [
            "shim": .integer(Int64(shim.pid)), "shimStartTicks": .integer(Int64(clamping: shim.startTicks)),
            "process": .integer(Int64(process)), "startedAt": .integer(startedAt.nanoseconds),
        ]
    }

    init(shim: ProcessIdentity, process: Int32, startedAt: Timestamp) {
        self.shim = shim
        self.process = process
        self.startedAt = startedAt
    }

    init?(path: String) {
        guard let value = parseFile(path), let shim = value["shim"]?.integer,
            let ticks = value["shimStartTicks"]?.integer,
            let process = value["process"]?.integer, let startedAt = value["startedAt"]?.integer
        else { return nil }
        self.init(
            shim: ProcessIdentity(pid: Int32(clamping: shim), startTicks: UInt64(clamping: ticks)),
            process: Int32(clamping: process),
            startedAt: Timestamp(nanoseconds: startedAt)
        )
    }
}

/// How a process ended, as the shim saw it.
struct EndMark: Sendable {
    var exitCode: Int64
    var signal: Int64 = 0
    /// Why it could not be started at all.
    var startProblem = ""
    var finishedAt: Timestamp

    var json: JSONValue {
        [
            "exitCode": .integer(exitCode), "signal": .integer(signal), "startProblem": .string(startProblem),
            "finishedAt": .integer(finishedAt.nanoseconds),
        ]
    }

    init(exitCode: Int64, signal: Int64 = 0, startProblem: String = "", finishedAt: Timestamp) {
        self.exitCode = exitCode
        self.signal = signal
        self.startProblem = startProblem
        self.finishedAt = finishedAt
    }

    init?(path: String) {
        guard let value = parseFile(path), let exitCode = value["exitCode"]?.integer,
            let finishedAt = value["finishedAt"]?.integer
        else { return nil }
        self.init(
            exitCode: exitCode,
            signal: value["signal"]?.integer ?? 0,
            startProblem: value.text("startProblem"),
            finishedAt: Timestamp(nanoseconds: finishedAt)
        )
    }
}

private func parseFile(_ path: String) -> JSONValue? {
    guard let bytes = readFile(path) else { return nil }
    do { return try JSONParser.parse(bytes) } catch { return nil }
}
