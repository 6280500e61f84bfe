import Foundation
import SlipwayCore
import Testing

@Suite("Python tasks", .enabled(if: SailUnderTest.isAvailable))
struct PythonTaskTests {
    private func run(_ tasks: [TaskSpec], variables: [String: JSONValue] = [:], environment: [String: String] = [:])
        throws -> RunnerUnderTest
    {
        try RunnerUnderTest(
            .test(tasks, variables: variables),
            environment: SailUnderTest.runnerEnvironment.merging(environment) { _, new in new }
        )
    }

    @Test("an exception is told with its name, its message and the script's own lines")
    func exception() throws {
        let outcome = try run([.python("def f(n):\n    return 1 / n\n\nprint('before')\nf(0)\n")]).outcome()
        let failure = try #require(outcome.failure(of: "task"))
        #expect(failure.errorName == "ZeroDivisionError")
        #expect(failure.message == "division by zero")
        #expect(failure.failureClass == .user)
        #expect(failure.stackTrace?.contains(#"File "task.py", line 2, in f"#) == true)
        #expect(failure.stackTrace?.contains("slipway_runner") == false)
        #expect(outcome.log(of: "task") == ["before"])
    }

    @Test("what a script prints belongs to its task, whole and in order")
    func output() throws {
        let outcome = try run([
            .python("for i in range(20000): print(i)\nimport sys\nsys.stdout.write('no line end')", name: "a"),
            .python("print('next')", name: "b"),
        ]).outcome()
        #expect(outcome.log(of: "a") == (0..<20000).map { "\($0)" } + ["no line end"])
        #expect(outcome.log(of: "b") == ["next"])
    }

    @Test("outputs, warnings and progress reach the stream, and later tasks see earlier outputs")
    func context() throws {
        let outcome = try run(
            [
                .shell("echo lines=7 > $SLIPWAY_OUTPUT", name: "count"),
                .python(
                    """
                    assert context.output("count", "lines") == "7"
                    context.set_output("day", context.variables["day"])
                    context.set_output("stats", {"n": 2**53 + 1, "nan": float("nan"), "list": [1, None]})
                    context.warn("careful")
                    context.progress(2, 2)
                    """,
                    name: "first"
                ),
                .python("print(context.output('first', 'day'), context.task, __name__, __file__[-9:])", name: "second"),
            ],
            variables: ["day": .string("2026-01-31")]
        ).outcome()
        #expect(outcome.exitCode == 0, "\(outcome.lines.suffix(3))")
        #expect(outcome.output("day", of: "first")?.value == .string("2026-01-31"))
        #expect(
            outcome.output("stats", of: "first")?.value
                == .object([
                    "n": .integer(9_007_199_254_740_993), "nan": .string("NaN"), "list": .array([.integer(1), .null]),
                ])
        )
        #expect(outcome.warnings == ["careful"])
        #expect(outcome.records.contains(.progress(task: "first", done: 2, total: 2)))
        #expect(outcome.log(of: "second") == ["2026-01-31 second __main__ second.py"])
    }

    @Test(
        "sys.exit is an end like that of a program",
        arguments: [("0", nil), ("3", "the script exited with code 3"), ("'no data'", "no data")] as [(String, String?)]
    )
    func exit(argument: String, message: String?) throws {
        let outcome = try run([.python("import sys\nsys.exit(\(argument))")]).outcome()
        #expect(outcome.failure(of: "task")?.message == message)
        #expect(outcome.exitCode == (message == nil ? 0 : 1))
    }

    @Test("a script that is no Python fails before it runs")
    func syntaxError() throws {
        let outcome = try run([.python("print('x')\na = (")]).outcome()
        #expect(outcome.failure(of: "task")?.errorName == "SyntaxError")
        #expect(outcome.log(of: "task").isEmpty)
    }

    @Test("a script that ends its process fails its task; the next one gets a new process")
    func endedProcess() throws {
        let outcome = try run([
            .python("import os\nprint('bye', flush=True)\nos._exit(7)", name: "a", allowFailure: true),
            .python("import os\nos.kill(os.getpid(), 11)", name: "b", allowFailure: true),
            .python("print('fine')", name: "c"),
        ]).outcome()
        #expect(outcome.failure(of: "a")?.message == "the task ended its Python process with exit code 7")
        #expect(outcome.failure(of: "a")?.failureClass == .user)
        #expect(outcome.log(of: "a") == ["bye"])
        #expect(outcome.failure(of: "b")?.reason == .runnerCrashed)
        #expect(outcome.log(of: "c") == ["fine"])
        #expect(outcome.exitCode == 0)
    }

    @Test("values meant for one task are in its environment only")
    func environment() throws {
        let print = "import os\nprint(os.environ.get('TOKEN') == 's3cret', os.environ.get('SLIPWAY_TASK_ENV_0_TOKEN'))"
        let outcome = try run(
            [
                .python(print, name: "a", environment: ["TOKEN": .secret(name: "s", key: "k")]),
                .python(print, name: "b"),
            ],
            environment: ["SLIPWAY_TASK_ENV_0_TOKEN": "s3cret"]
        ).outcome()
        #expect(outcome.log(of: "a") == ["True None"])
        #expect(outcome.log(of: "b") == ["False None"])
    }

    @Test("a script that ignores being asked to end is killed")
    func stubborn() throws {
        let runner = try run([
            .python(
                """
                import time
                while True:
                    try:
                        print('ready', flush=True)
                        time.sleep(1000)
                    except BaseException:
                        print('no')
                """
            )
        ])
        let before = try runner.lines { $0.record == .log(task: "task", channel: .stdout, text: "ready") }
        runner.send(SIGTERM)
        let outcome = try runner.outcome(after: before)
        #expect(outcome.exitCode == 143)
        #expect(outcome.states["task"] == .cancelled)
        #expect(outcome.log(of: "task").contains("no"))
    }

    @Test("without an engine, SQL and spark say what to change")
    func noEngine() throws {
        let outcome = try run([
            .python("spark.sql('select 1')", name: "a", allowFailure: true), .sql("SELECT 1", name: "b"),
        ]).outcome()
        #expect(outcome.failure(of: "a")?.message.contains("set engine to sail") == true)
        #expect(outcome.failure(of: "b")?.message.contains("set engine to sail") == true)
    }

    @Test("without the Python part it says what the image lacks")
    func missingModule() throws {
        let outcome = try RunnerUnderTest(
            .test([.python("print(1)")]),
            environment: SailUnderTest.runnerEnvironment.merging(["PYTHONPATH": "/nowhere"]) { $1 }
        ).outcome()
        #expect(outcome.failure(of: "task")?.reason == .preparationFailed)
        #expect(outcome.failure(of: "task")?.stackTrace?.contains("slipway_runner") == true)
    }
}
