import Foundation
import SlipwayCore
import TestSupport

/// The built `slipway-runner`, started as in a pod.
final class RunnerUnderTest {
    /// What a finished runner left behind.
    struct Outcome {
        var lines: [RunnerLine]
        var exitCode: Int32
        var standardError: String
        var terminationMessage: [UInt8]

        var records: [RunnerRecord] { lines.map(\.record) }

        var summary: RunnerSummary? {
            if case .finished(let summary)? = lines.last?.record { summary } else { nil }
        }

        /// The last state told of each task.
        var states: [String: TaskState] {
            reports.reduce(into: [:]) { $0[$1.name] = $1.state }
        }

        var reports: [TaskReport] {
            records.compactMap { if case .task(let report) = $0 { report } else { nil } }
        }

        func failure(of task: String) -> TaskFailure? {
            reports.last { $0.name == task }?.failure
        }

        func log(of task: String?) -> [String] {
            records.compactMap { if case .log(task, _, let text) = $0 { text } else { nil } }
        }

        func output(_ name: String, of task: String) -> TaskOutput? {
            outputs.first { $0.name == name && $0.task == task }
        }

        var outputs: [TaskOutput] {
            records.compactMap { if case .output(let output) = $0 { output } else { nil } }
        }

        var warnings: [String] {
            records.compactMap { if case .warning(_, let message) = $0 { message } else { nil } }
        }
    }

    private let process = Process()
    private let decoder = JSONDecoder()
    private let standardOutput = Pipe()
    private let standardError = Pipe()
    private let folder: URL
    private var buffer = LineBuffer()

    var processID: Int32 { process.processIdentifier }
    var terminationMessagePath: String { folder.appending(path: "termination").path }

    /// - Parameter environment: added to a minimal one.
    init(_ assignment: RunnerAssignment, environment: [String: String] = [:]) throws {
        folder = URL.temporaryDirectory.appending(path: "runner-test-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        var assignment = assignment
        assignment.terminationMessagePath = folder.appending(path: "termination").path
        var variables = ["PATH": "/usr/local/bin:/usr/bin:/bin", "TMPDIR": folder.path, "LANG": "C.UTF-8"]
        let text = try JSONEncoder().encode(assignment)
        let file = folder.appending(path: "assignment.json")
        try text.write(to: file)
        if text.count <= RunnerAssignment.maximumBytes {
            variables.merge(Self.parts(text)) { _, part in part }
        } else {
            process.arguments = ["--assignment", file.path]
        }
        process.executableURL = Self.executable
        process.environment = variables.merging(environment) { _, new in new }
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = standardOutput
        process.standardError = standardError
        try process.run()
    }

    /// The assignment as in a pod's environment.
    private static func parts(_ text: Data) -> [String: String] {
        var parts: [String: String] = [:]
        var rest = String(decoding: text, as: UTF8.self)[...]
        while !rest.isEmpty {
            let part = rest.prefix(RunnerAssignment.partBytes / 4)
            parts[RunnerAssignment.environmentName(part: parts.count + 1)] = String(part)
            rest = rest[part.endIndex...]
        }
        return parts
    }

    deinit {
        if process.isRunning { kill(process.processIdentifier, SIGKILL) }
        // why: the folder is the system's to clean if this fails
        try? FileManager.default.removeItem(at: folder)
    }

    /// Beside the test executable, where one build puts both.
    static var executable: URL {
        URL(filePath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent()
            .appending(path: "slipway-runner")
    }

    func send(_ signal: Int32) { kill(process.processIdentifier, signal) }

    /// Reads lines until one holds; returns all read so far.
    func lines(until condition: (RunnerLine) -> Bool) throws -> [RunnerLine] {
        var lines: [RunnerLine] = []
        while let line = try nextLine() {
            lines.append(line)
            if condition(line) { return lines }
        }
        return lines
    }

    /// Reads to the end and waits for it.
    func outcome(after earlier: [RunnerLine] = []) throws -> Outcome {
        let lines = try earlier + lines { _ in false }
        let errors = try standardError.fileHandleForReading.readToEnd() ?? Data()
        let exitCode = process.end()
        let message = FileManager.default.contents(atPath: terminationMessagePath) ?? Data()
        return Outcome(
            lines: lines,
            exitCode: exitCode,
            standardError: String(decoding: errors, as: UTF8.self),
            terminationMessage: Array(message)
        )
    }

    /// Hands the raw stream over in chunks, for streams that are too large to keep.
    func readRaw(_ body: (Data) throws -> Void) throws {
        while true {
            let chunk = standardOutput.fileHandleForReading.availableData
            if chunk.isEmpty { break }
            try body(chunk)
        }
        process.end()
    }

    /// The most memory it has had so far, from the kernel's account.
    func peakMemoryBytes() -> Int? {
        guard let status = FileManager.default.contents(atPath: "/proc/\(processID)/status") else { return nil }
        for line in String(decoding: status, as: UTF8.self).split(separator: "\n") where line.hasPrefix("VmHWM:") {
            return line.split(whereSeparator: { $0 == " " || $0 == "\t" }).dropFirst().first.flatMap { Int($0) }
                .map { $0 << 10 }
        }
        return nil
    }

    private func nextLine() throws -> RunnerLine? {
        while true {
            if let line = buffer.next() { return try decoder.decode(RunnerLine.self, from: line) }
            let chunk = standardOutput.fileHandleForReading.availableData
            if chunk.isEmpty { return nil }
            buffer.append(chunk)
        }
    }
}

/// Bytes in, whole lines out; fast in a debug build too, since the C library does the searching.
struct LineBuffer {
    private var bytes = Data()
    private var start = 0
    private var searched = 0

    mutating func append(_ chunk: Data) {
        bytes.removeSubrange(..<start)
        searched -= start
        start = 0
        bytes.append(chunk)
    }

    /// The next line without its end; `nil` until more is appended.
    mutating func next() -> Data? {
        let end = bytes.withUnsafeBytes { buffer -> Int? in
            guard let base = buffer.baseAddress, searched < buffer.count,
                let found = memchr(base + searched, Int32(UInt8(ascii: "\n")), buffer.count - searched)
            else { return nil }
            return UnsafeRawPointer(found) - base
        }
        guard let end else {
            searched = bytes.count
            return nil
        }
        defer {
            start = end + 1
            searched = start
        }
        return bytes.subdata(in: start..<end)
    }
}

/// Assignments as tests need them.
extension RunnerAssignment {
    static func test(
        _ tasks: [TaskSpec],
        variables: [String: JSONValue] = [:],
        sailAddress: String? = nil,
        limits: RunnerLimits = RunnerLimits(graceSeconds: 1)
    ) -> RunnerAssignment {
        RunnerAssignment(
            runID: RunID(high: 0x0190_0000_0000_7000, low: 0x8000_0000_0000_0001),
            placement: 1,
            job: "test",
            tasks: tasks,
            variables: variables,
            sailAddress: sailAddress,
            limits: limits
        )
    }
}

extension TaskSpec {
    /// A command that `sh` executes.
    static func shell(
        _ script: String,
        name: String = "task",
        timeoutSeconds: Int? = nil,
        allowFailure: Bool = false,
        environment: [String: JobSpec.EnvironmentValue] = [:]
    ) -> TaskSpec {
        TaskSpec(
            name: name,
            action: .command(["sh", "-c", script]),
            environment: environment,
            timeoutSeconds: timeoutSeconds,
            allowFailure: allowFailure
        )
    }
}
