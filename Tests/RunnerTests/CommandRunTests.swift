import Foundation
import SlipwayCore
import TestSupport
import Testing

@testable import Runner

@Suite("A run of commands")
struct CommandRunTests {
    @Test("tells every state in order and numbers its lines without gaps")
    func happyPath() throws {
        let runner = try RunnerUnderTest(.test([.shell("echo one", name: "a"), .shell("echo two >&2", name: "b")]))
        let outcome = try runner.outcome()
        #expect(outcome.exitCode == 0)
        #expect(outcome.lines.map(\.sequence) == Array(1...Int64(outcome.lines.count)))
        #expect(outcome.records.first == .started(version: RunnerVersion.current))
        #expect(
            outcome.reports.map { "\($0.name) \($0.state.rawValue)" } == [
                "a initial", "b initial", "a queued", "a running", "a succeeded", "b queued", "b running",
                "b succeeded",
            ]
        )
        #expect(outcome.records.contains(.log(task: "a", channel: .stdout, text: "one")))
        #expect(outcome.records.contains(.log(task: "b", channel: .stderr, text: "two")))
        #expect(outcome.summary?.result == .succeeded)
        #expect(outcome.summary?.lastSequence == outcome.lines.last?.sequence)
    }

    @Test("gives signs of life at the interval it is told, and none untold")
    func heartbeats() throws {
        var assignment = RunnerAssignment.test([.shell("sleep 2.5")])
        assignment.heartbeatSeconds = 1
        let outcome = try RunnerUnderTest(assignment).outcome()
        #expect(outcome.records.count { $0 == .heartbeat } == 2)
        #expect(outcome.lines.map(\.sequence) == Array(1...Int64(outcome.lines.count)))
        let silent = try RunnerUnderTest(.test([.shell("true")])).outcome()
        #expect(!silent.records.contains(.heartbeat))
    }

    @Test("writes the same summary to the termination message")
    func terminationMessage() throws {
        let outcome = try RunnerUnderTest(.test([.shell("exit 3")])).outcome()
        let message = try JSONDecoder().decode(RunnerSummary.self, from: Data(outcome.terminationMessage))
        #expect(message == outcome.summary)
        #expect(message.failedTask == "task")
    }

    @Test("a failing task fails the run, and the rest does not run")
    func failure() throws {
        let outcome = try RunnerUnderTest(
            .test([.shell("echo why >&2; exit 3", name: "a"), .shell("echo no", name: "b")])
        ).outcome()
        #expect(outcome.exitCode == 1)
        #expect(outcome.states == ["a": .failed, "b": .upstreamFailed])
        #expect(
            outcome.failure(of: "a")
                == TaskFailure(
                    reason: .taskFailed,
                    failureClass: .user,
                    message: "exited with code 3",
                    stackTrace: "why"
                )
        )
        #expect(outcome.reports.last { $0.name == "a" }?.exitCode == 3)
        #expect(outcome.log(of: "b").isEmpty)
    }

    @Test("a task that may fail leaves a warning and a run that succeeded")
    func allowedFailure() throws {
        let outcome = try RunnerUnderTest(
            .test([.shell("exit 1", name: "a", allowFailure: true), .shell("true", name: "b")])
        ).outcome()
        #expect(outcome.exitCode == 0)
        #expect(outcome.states == ["a": .failed, "b": .succeeded])
        #expect(outcome.warnings.count == 1)
        #expect(outcome.summary?.warnings == 1)
        #expect(outcome.summary?.result == .succeeded)
    }

    @Test("names the signal that killed a task")
    func killed() throws {
        let outcome = try RunnerUnderTest(.test([.shell("kill -9 $$")])).outcome()
        #expect(outcome.failure(of: "task")?.message == "killed by signal 9 (SIGKILL)")
        #expect(outcome.reports.last?.exitCode == 137)
    }

    @Test("says why a program cannot be started", arguments: [["no-such-program"], ["/etc/hostname"], []])
    func cannotStart(words: [String]) throws {
        let outcome = try RunnerUnderTest(.test([TaskSpec(name: "task", action: .command(words))])).outcome()
        #expect(outcome.failure(of: "task")?.reason == .preparationFailed)
        #expect(outcome.failure(of: "task")?.message.hasPrefix("cannot start") == true)
        #expect(outcome.exitCode == 1)
    }

    @Test("finds a program in the PATH of the task itself")
    func ownSearchPath() throws {
        let outcome = try RunnerUnderTest(
            .test([TaskSpec(name: "task", action: .command(["true"]), environment: ["PATH": .literal("/nowhere")])])
        ).outcome()
        #expect(outcome.failure(of: "task")?.message.contains("no such program") == true)
    }

    @Test("gives variables, names and literals to a task and hides the assignment and other tasks' values")
    func environment() throws {
        let outcome = try RunnerUnderTest(
            .test(
                [
                    .shell(
                        "env",
                        name: "a",
                        environment: ["MODE": .literal("fast"), "TOKEN": .secret(name: "s", key: "k")]
                    ),
                    .shell("env", name: "b"),
                ],
                variables: ["from-day": .string("2026-01-31"), "count": .integer(3), "deep": .bool(true)]
            ),
            environment: ["SLIPWAY_TASK_ENV_0_TOKEN": "s3cret-a", "SLIPWAY_TASK_ENV_1_TOKEN": "s3cret-b", "PLAIN": "1"]
        ).outcome()
        let a = outcome.log(of: "a")
        let b = outcome.log(of: "b")
        for expected in [
            "SLIPWAY_VAR_FROM_DAY=2026-01-31", "SLIPWAY_VAR_COUNT=3", "SLIPWAY_VAR_DEEP=true", "SLIPWAY_TASK=a",
            "SLIPWAY_RUN_ID=01900000-0000-7000-8000-000000000001", "MODE=fast", "TOKEN=***", "PLAIN=1",
        ] { #expect(a.contains(expected)) }
        #expect(b.contains("TOKEN=s3cret-b"))
        #expect(!b.contains("MODE=fast"))
        #expect(
            !a.contains {
                $0.contains("s3cret-b") || $0.hasPrefix("SLIPWAY_ASSIGNMENT") || $0.hasPrefix("SLIPWAY_TASK_ENV")
            }
        )
        #expect(!b.contains { $0.contains("s3cret-a") })
    }

    @Test("a task can reach neither the runner's environment nor its output")
    func isolation() throws {
        // Root may do anything, so this is about a task of the runner's own user.
        guard getuid() != 0 else { return }
        let outcome = try RunnerUnderTest(
            .test([.shell("cat /proc/$PPID/environ; echo forged > /proc/$PPID/fd/1; true")]),
            environment: ["SLIPWAY_TASK_ENV_1_TOKEN": "s3cret"]
        ).outcome()
        #expect(!outcome.log(of: "task").contains { $0.contains("s3cret") })
        #expect(outcome.exitCode == 0)
    }

    @Test("keeps what a command writes as outputs")
    func outputs() throws {
        let outcome = try RunnerUnderTest(
            .test([
                .shell(
                    "echo rows=12 > $SLIPWAY_OUTPUT; echo 'note=a=b' >> $SLIPWAY_OUTPUT; echo bad >> $SLIPWAY_OUTPUT",
                    name: "a"
                ),
                .shell(#"echo '{"n": 9007199254740993, "t": "é", "l": [1, null]}' > $SLIPWAY_OUTPUT"#, name: "b"),
            ])
        ).outcome()
        #expect(outcome.output("rows", of: "a")?.value == .string("12"))
        #expect(outcome.output("note", of: "a")?.value == .string("a=b"))
        #expect(outcome.warnings == ["line 3 of SLIPWAY_OUTPUT has no \"=\"; write name=value"])
        #expect(outcome.output("n", of: "b")?.value == .integer(9_007_199_254_740_993))
        #expect(outcome.output("t", of: "b")?.kind == .text)
        #expect(outcome.output("l", of: "b")?.value == .array([.integer(1), .null]))
    }

    @Test("refuses outputs that are too large")
    func largeOutput() throws {
        let outcome = try RunnerUnderTest(
            .test(
                [.shell("head -c 2000 /dev/zero | tr '\\0' x > $SLIPWAY_OUTPUT")],
                limits: RunnerLimits(outputBytes: 1000)
            )
        ).outcome()
        #expect(outcome.failure(of: "task")?.reason == .outputTooLarge)
        #expect(outcome.exitCode == 1)
    }

    @Test("an output file that is a link to something else is not read")
    func linkedOutput() throws {
        let outcome = try RunnerUnderTest(.test([.shell("ln -sf /etc/passwd $SLIPWAY_OUTPUT")])).outcome()
        #expect(outcome.outputs.isEmpty)
        #expect(outcome.exitCode == 0)
    }

    @Test("the summary fits a termination message however long the error is")
    func summarySize() throws {
        let noise = #"i=0; while [ $i -lt 300 ]; do printf '\001"\\é%0300d\n' $i >&2; i=$((i+1)); done; exit 9"#
        let outcome = try RunnerUnderTest(.test([.shell(noise)])).outcome()
        #expect(outcome.terminationMessage.count <= RunnerSummary.maximumBytes)
        let summary = try JSONDecoder().decode(RunnerSummary.self, from: Data(outcome.terminationMessage))
        #expect(summary.failure?.message == "exited with code 9")
        #expect(summary.failure?.stackTrace?.isEmpty == false)
    }

    @Test("what a task leaves behind is ended with it, and reaped")
    func leftovers() throws {
        let outcome = try RunnerUnderTest(
            .test([
                .shell("setsid sh -c 'trap \"\" TERM; echo $$ > /proc/self/fd/1; sleep 1000' & sleep 0.3", name: "a"),
                .shell("ps -e -o stat= -o comm= 2>/dev/null | grep '^Z' | grep -c sleep || true", name: "b"),
            ])
        ).outcome()
        #expect(outcome.exitCode == 0)
        let left = try #require(outcome.log(of: "a").first.flatMap { Int32($0) })
        #expect(kill(left, 0) == -1)
    }

    @Test("without an assignment it says what is missing and still writes a summary")
    func noAssignment() throws {
        let process = Process()
        let output = Pipe()
        let errors = Pipe()
        process.executableURL = RunnerUnderTest.executable
        process.environment = [:]
        process.standardOutput = output
        process.standardError = errors
        try process.run()
        let line = try output.fileHandleForReading.readToEnd() ?? Data()
        let message = try errors.fileHandleForReading.readToEnd() ?? Data()
        #expect(process.end() == 2)
        #expect(String(decoding: message, as: UTF8.self).contains("SLIPWAY_ASSIGNMENT is not set"))
        #expect(try JSONDecoder().decode(RunnerLine.self, from: line).sequence == 1)
    }
}
