internal import FoundationEssentials
internal import Glibc

/// One start of a container: its shim, and what the shim's files say.
struct ContainerProcess: Sendable {
    let files: ContainerFiles
    let id: String
    /// What exec probes and hooks run with.
    var environment: [(name: String, value: String)]
    var workingDirectory: String
    /// The shim that this localkube launched; one that it found tells of itself once it runs.
    private var launched: ProcessIdentity?

    /// Starts the shim.
    static func launch(_ specification: ShimSpecification, shimPath: String) throws -> ContainerProcess {
        let files = specification.files
        for folder in [
            files.logFolder, ContainerFiles.stateFolder(files.podPath), "\(files.podPath)/termination",
            specification.workingDirectory,
        ] {
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        }
        // There from the beginning, so that it can be followed before the first line.
        try writeFileAtomically(files.log, [], mode: 0o644)
        try writeFileAtomically(files.specification, specification.json.encoded())
        let environment = ProcessInfo.processInfo.environment.map { "\($0.key)=\($0.value)" }
        let pid = try Spawn.start(
            path: shimPath,
            arguments: [shimPath, "container-shim", files.specification],
            environment: environment
        )
        return ContainerProcess(
            files: files,
            id: specification.id,
            environment: specification.environment,
            workingDirectory: specification.workingDirectory,
            launched: ProcessIdentity.of(pid)
        )
    }

    /// Takes over what an earlier localkube launched; `nil` if it did not come to that.
    static func adopt(_ files: ContainerFiles) -> ContainerProcess? {
        guard unsafe access(files.specification, F_OK) == 0 else { return nil }
        let specification: ShimSpecification
        do { specification = try ShimSpecification(path: files.specification) } catch { return nil }
        if ShimClaim.takeBack(files) { return nil }
        return ContainerProcess(
            files: files,
            id: specification.id,
            environment: specification.environment,
            workingDirectory: specification.workingDirectory,
            launched: nil
        )
    }

    var running: RunningMark? { RunningMark(path: files.running) }

    /// How it ended; `nil` while it runs.
    var end: EndMark? { EndMark(path: files.end) }

    private var shim: ProcessIdentity? { launched ?? running?.shim }

    /// Whether the shim is gone before it started anything, and what it was to run is taken back.
    func isAbandoned() -> Bool { launched?.isAlive != true && ShimClaim.takeBack(files) }

    /// Whether the shim of a running process is gone without a word: killed from outside.
    var isLost: Bool { !(shim?.isAlive ?? false) && end == nil }

    func terminate() { if let shim, shim.isAlive { Glibc.kill(shim.pid, SIGTERM) } }

    /// Kills every process of the container.
    func kill() {
        if let shim, shim.isAlive { Glibc.kill(shim.pid, SIGUSR1) }
        if let process = running?.process { ProcessTable.killMembers(session: process, id: id) }
    }

    /// Kills for using too much memory.
    func killForMemory() {
        do { try writeFileAtomically(files.memoryMark, []) } catch {
            // The end is then shown as a plain kill.
        }
        kill()
    }

    var wasKilledForMemory: Bool { unsafe access(files.memoryMark, F_OK) == 0 }

    /// Lets the kernel forget the shim once it has ended.
    func reap() { if let shim { _ = Spawn.reap(shim.pid) } }

    /// The container's last words, by its policy.
    func terminationMessage(policy: String, exitCode: Int64) -> String {
        let limit = 4096
        if let bytes = readFile(files.terminationMessage, limit: limit), !bytes.isEmpty {
            return String(decoding: bytes, as: UTF8.self)
        }
        guard policy == "FallbackToLogsOnError", exitCode != 0 else { return "" }
        return Self.lastOutput(files.log)
    }

    /// The end of the log: at most 80 lines and 2048 bytes.
    private static func lastOutput(_ path: String) -> String {
        do {
            var log = try LogFile(path: path)
            log.seekToTail(lines: 80)
            var formatter = LogFormatter(LogOptions())
            var output: [UInt8] = []
            while log.next({ formatter.append($0, to: &output) }) {}
            return String(decoding: output.suffix(2048), as: UTF8.self)
        } catch {
            return ""
        }
    }
}
