import Foundation
import SlipwayCore
import TestSupport
import Testing

@Suite("Stopping")
struct StoppingTests {
    /// A tree of processes that ignore SIGTERM, one of them in a session of its own.
    private static let stubborn = """
        trap '' TERM
        setsid sh -c 'trap "" TERM; echo $$; while :; do sleep 1; done' &
        sh -c 'trap "" TERM; echo $$; while :; do sleep 1; done' &
        echo $$
        wait
        """

    private func processes(_ outcome: RunnerUnderTest.Outcome, _ task: String) -> [Int32] {
        outcome.log(of: task).compactMap { Int32($0) }
    }

    @Test("a task that takes too long is killed with everything it started")
    func timeout() throws {
        let start = ContinuousClock.now
        let outcome = try RunnerUnderTest(
            .test([
                .shell(Self.stubborn, name: "a", timeoutSeconds: 1, allowFailure: true), .shell("echo on", name: "b"),
            ])
        ).outcome()
        #expect(outcome.failure(of: "a")?.message == "the task took longer than its timeout of 1 s")
        #expect(outcome.states["b"] == .succeeded)
        let processes = processes(outcome, "a")
        #expect(processes.count == 3)
        for process in processes { #expect(kill(process, 0) == -1) }
        // One second of timeout, one of grace.
        #expect(ContinuousClock.now - start < .seconds(5))
    }

    @Test("SIGTERM cancels the running task and those after it")
    func cancel() throws {
        let runner = try RunnerUnderTest(
            .test([
                .shell("trap 'echo asked; exit 0' TERM; echo ready; while :; do sleep 0.05; done", name: "a"),
                .shell("true", name: "b"),
            ])
        )
        let before = try runner.lines { $0.record == .log(task: "a", channel: .stdout, text: "ready") }
        runner.send(SIGTERM)
        let outcome = try runner.outcome(after: before)
        #expect(outcome.exitCode == 143)
        #expect(outcome.states == ["a": .cancelled, "b": .cancelled])
        #expect(outcome.log(of: "a").contains("asked"))
        #expect(outcome.summary?.result == .cancelled)
        #expect(outcome.summary?.failure == nil)
    }

    @Test("SIGTERM kills a task that does not end within the grace period")
    func cancelStubborn() throws {
        let runner = try RunnerUnderTest(.test([.shell(Self.stubborn, name: "a")]))
        var seen = 0
        let before = try runner.lines { line in
            if case .log = line.record { seen += 1 }
            return seen == 3
        }
        runner.send(SIGTERM)
        let outcome = try runner.outcome(after: before)
        #expect(outcome.exitCode == 143)
        for process in processes(outcome, "a") { #expect(kill(process, 0) == -1) }
    }

    @Test("a second SIGTERM kills at once")
    func impatient() throws {
        let runner = try RunnerUnderTest(
            .test(
                [.shell("trap 'echo asked' TERM; echo ready; while :; do sleep 0.05; done")],
                limits: RunnerLimits(graceSeconds: 600)
            )
        )
        let ready = try runner.lines { $0.record == .log(task: "task", channel: .stdout, text: "ready") }
        runner.send(SIGTERM)
        let asked = try runner.lines { $0.record == .log(task: "task", channel: .stdout, text: "asked") }
        runner.send(SIGTERM)
        let outcome = try runner.outcome(after: ready + asked)
        #expect(outcome.exitCode == 143)
        #expect(outcome.states["task"] == .cancelled)
    }

    @Test("a reader that went away does not end the tasks")
    func lostReader() throws {
        let file = URL.temporaryDirectory.appending(path: "runner-test-\(UUID().uuidString)")
        // why: the file is the system's to clean if this fails
        defer { try? FileManager.default.removeItem(at: file) }
        let assignment = try JSONEncoder().encode(
            RunnerAssignment.test([
                .shell(
                    "echo one; until [ -e \(file.path).go ]; do sleep 0.02; done; echo two; echo done > \(file.path)"
                )
            ])
        )
        let process = Process()
        let output = Pipe()
        process.executableURL = RunnerUnderTest.executable
        process.environment = [
            "PATH": "/usr/bin:/bin", RunnerAssignment.environmentName: String(decoding: assignment, as: UTF8.self),
        ]
        process.standardOutput = output
        try process.run()
        _ = output.fileHandleForReading.availableData
        try output.fileHandleForReading.close()
        #expect(FileManager.default.createFile(atPath: file.path + ".go", contents: nil))
        let status = process.end()
        // why: as above
        try? FileManager.default.removeItem(atPath: file.path + ".go")
        #expect(status == 0)
        #expect(FileManager.default.fileExists(atPath: file.path))
    }
}
