import RunStore
import SlipwayCore
import TestSupport
import Testing

@Suite struct FollowTests {
    private static let output = TaskOutput(
        task: "extract",
        name: "result",
        kind: .rows,
        columns: [.init(name: "n", type: "bigint")],
        value: .array([.array([.integer(42)])]),
        rowCount: 1
    )

    @Test("following shows states and logs as they come, then outputs and times, in plain lines")
    func succeeded() async throws {
        try await CommandLineFixture.with { fixture in
            try await fixture.applyJob()
            let following = try fixture.command.start(["run", "create", "report", "--follow"])
            let id = try await eventually(value: {
                try await fixture.store.runs(RunFilter(), before: nil, limit: 1).first?.id
            })
            let run = try await fixture.start(id)
            try await fixture.write(run, ["hello from the task"])
            try await eventually("the line is shown while the run goes on") {
                try following.output.contains("extract │ hello from the task")
            }
            try await fixture.write(run, ["bye"], outputs: [Self.output])
            try await fixture.end(run, CommandLineFixture.ended(.succeeded), warnings: 2)
            let result = try await following.result()
            #expect(result.status == 0, "\(result.errors)")
            for text in [
                "pending", "ready", "running", "extract │ bye", "2 warnings", "extract.result (1 row)", "42", "STATE",
            ] {
                #expect(result.output.contains(text), "\(text) is missing in\n\(result.output)")
            }
            #expect(!result.output.contains("\u{1B}") && !result.output.contains("\r"))
            #expect(result.errors.contains(id.description) && !result.errors.contains("\u{1B}"))
        }
    }

    @Test("a failed run says why, where, and what to do")
    func failed() async throws {
        try await CommandLineFixture.with { fixture in
            try await fixture.applyJob()
            let following = try fixture.command.start(["run", "create", "report", "--follow"])
            let id = try await eventually(value: {
                try await fixture.store.runs(RunFilter(), before: nil, limit: 1).first?.id
            })
            try await fixture.end(try await fixture.start(id), CommandLineFixture.ended(.failed))
            let result = try await following.result()
            #expect(result.status == 10)
            for text in [
                "task_failed (user)", "extract", "AnalysisException", "TABLE_OR_VIEW_NOT_FOUND",
                "the last 15 of 30 lines",
                "at line 30", ReasonCode.taskFailed.advice ?? "", "pod.phase: Failed", "x\\u{1B}[31my",
            ] {
                #expect(result.output.contains(text), "\(text) is missing in\n\(result.output)")
            }
            #expect(!result.output.contains("at line 15 "))
        }
    }

    @Test("a terminal gets colours and a moving line, unless it objects", arguments: [false, true])
    func terminal(noColor: Bool) async throws {
        try await CommandLineFixture.with { fixture in
            try await fixture.applyJob()
            var command = fixture.command
            if noColor { command.environment["NO_COLOR"] = "1" }
            let colored = command
            async let following = colored.runOnTerminal(["run", "create", "report", "--follow"], columns: 72)
            let id = try await eventually(value: {
                try await fixture.store.runs(RunFilter(), before: nil, limit: 1).first?.id
            })
            let run = try await fixture.start(id)
            try await fixture.write(run, ["danger \u{1B}[2J"], outputs: [Self.output])
            try await fixture.end(run, CommandLineFixture.ended(.succeeded))
            let result = try await following
            #expect(result.status == 0)
            #expect(result.output.contains("\r\u{1B}[K"))
            #expect(result.output.contains("\u{1B}[32m") != noColor)
            #expect(!result.output.contains("\u{1B}[2J") && result.output.contains("danger \\u{1B}[2J"))
        }
    }

    @Test("a run in JSON is one document at the end")
    func json() async throws {
        try await CommandLineFixture.with { fixture in
            try await fixture.applyJob()
            let following = try fixture.command.start(["run", "create", "report", "--follow", "-o", "name"])
            let id = try await eventually(value: {
                try await fixture.store.runs(RunFilter(), before: nil, limit: 1).first?.id
            })
            let run = try await fixture.start(id)
            try await fixture.write(run, ["noise"])
            try await fixture.end(run, CommandLineFixture.ended(.succeeded))
            #expect(try await following.result().output == "\(id)\n")
        }
    }

    @Test("logs are followed to the end of the run")
    func logs() async throws {
        try await CommandLineFixture.with { fixture in
            try await fixture.applyJob()
            let id = try await fixture.createRun()
            let following = try fixture.command.start(["run", "logs", "\(id)", "--follow", "--stream", "extract"])
            let run = try await fixture.start(id)
            try await fixture.write(run, ["one"])
            try await fixture.write(run, ["two"])
            try await fixture.end(run, CommandLineFixture.ended(.succeeded))
            #expect(try await following.result().lines == ["one", "two"])
        }
    }
}
