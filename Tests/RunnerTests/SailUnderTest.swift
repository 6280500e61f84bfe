import Foundation
import SlipwayCore
import TestSupport

/// A private Sail with its own test data, from the Python environment that `SLIPWAY_TEST_PYTHON_ENV` names.
final class SailUnderTest {
    /// The environment's folder; `nil` skips the tests that need it.
    static let pythonEnvironment = ProcessInfo.processInfo.environment["SLIPWAY_TEST_PYTHON_ENV"]
    static var isAvailable: Bool { pythonEnvironment != nil }

    struct Missing: Error {}

    private let process = Process()
    private let errors = Pipe()
    let folder: URL
    let address: String

    init() throws {
        guard let environment = Self.pythonEnvironment else { throw Missing() }
        folder = URL.temporaryDirectory.appending(path: "sail-test-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        process.executableURL = URL(filePath: "\(environment)/bin/sail")
        process.arguments = ["spark", "server", "--port", "0"]
        // As in a pod: with a thread for each of few cores a busy query keeps Sail from answering for a minute.
        process.environment = ProcessInfo.processInfo.environment.merging(["TOKIO_WORKER_THREADS": "8"]) { $1 }
        process.currentDirectoryURL = folder
        process.standardError = errors
        process.standardOutput = FileHandle.nullDevice
        try process.run()
        var text = ""
        let marker = "server on 127.0.0.1:"
        while !text.contains("...") {
            let chunk = errors.fileHandleForReading.availableData
            guard !chunk.isEmpty else { throw Missing() }
            text += String(decoding: chunk, as: UTF8.self)
        }
        guard let start = text.range(of: marker)?.upperBound else { throw Missing() }
        address = "sc://127.0.0.1:" + text[start...].prefix { $0.isNumber }
        // Nobody reads its log; what it writes must not fill the pipe and stop it.
        errors.fileHandleForReading.readabilityHandler = { handle in _ = handle.availableData }
    }

    deinit {
        errors.fileHandleForReading.readabilityHandler = nil
        kill()
        process.end()
        // why: the folder is the system's to clean if this fails
        try? FileManager.default.removeItem(at: folder)
    }

    func kill() { Foundation.kill(process.processIdentifier, SIGKILL) }

    /// Makes the TPC-H tables at scale 0.01, always the same.
    func makeTables() throws -> String {
        guard let environment = Self.pythonEnvironment else { throw Missing() }
        let data = folder.appending(path: "tpch").path
        let generator = Process()
        generator.executableURL = URL(filePath: "\(environment)/bin/tpchgen-cli")
        generator.arguments = ["parquet", "-s", "0.01", "--output-dir", data]
        generator.standardOutput = FileHandle.nullDevice
        generator.standardError = FileHandle.nullDevice
        try generator.run()
        generator.end()
        return data
    }

    /// What a runner's container holds.
    static var runnerEnvironment: [String: String] {
        let python = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appending(path: "deploy/runner/python").path
        return [
            "PATH": "\(pythonEnvironment ?? "")/bin:/usr/local/bin:/usr/bin:/bin", "PYTHONPATH": python,
            "PYTHONDONTWRITEBYTECODE": "1",
        ]
    }

    func run(
        _ tasks: [TaskSpec],
        variables: [String: JSONValue] = [:],
        limits: RunnerLimits = RunnerLimits(graceSeconds: 2)
    ) throws -> RunnerUnderTest {
        try RunnerUnderTest(
            .test(tasks, variables: variables, sailAddress: address, limits: limits),
            environment: Self.runnerEnvironment
        )
    }
}

extension TaskSpec {
    static func sql(
        _ text: String,
        name: String = "task",
        timeoutSeconds: Int? = nil,
        allowFailure: Bool = false,
        output: OutputSettings = OutputSettings()
    ) -> TaskSpec {
        TaskSpec(
            name: name,
            action: .sql(.text(text)),
            timeoutSeconds: timeoutSeconds,
            allowFailure: allowFailure,
            output: output
        )
    }

    static func python(
        _ text: String,
        name: String = "task",
        allowFailure: Bool = false,
        timeoutSeconds: Int? = nil,
        environment: [String: JobSpec.EnvironmentValue] = [:]
    ) -> TaskSpec {
        TaskSpec(
            name: name,
            action: .python(.text(text)),
            environment: environment,
            timeoutSeconds: timeoutSeconds,
            allowFailure: allowFailure
        )
    }
}
