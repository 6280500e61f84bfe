import Foundation
import SlipwayCore
import TestSupport
import Testing

@Suite("Python and SQL tasks side by side", .enabled(if: SailUnderTest.isAvailable))
struct PythonPoolTests {
    private let sail: SailUnderTest

    init() throws { sail = try SailUnderTest() }

    private func run(
        _ tasks: [TaskSpec],
        session: JobSpec.SessionScope = .run,
        parallelism: Int = 4
    ) throws -> RunnerUnderTest.Outcome {
        var assignment = RunnerAssignment.test(
            tasks,
            variables: ["folder": .string(sail.folder.path), "day": .string("2026-01-31")],
            sailAddress: sail.address,
            limits: RunnerLimits(graceSeconds: 5)
        )
        assignment.session = session
        assignment.parallelism = parallelism
        assignment.dates = ["day"]
        return try RunnerUnderTest(assignment, environment: SailUnderTest.runnerEnvironment).outcome()
    }

    private func task(_ name: String, _ action: TaskSpec.Action, needs: [String] = []) -> TaskSpec {
        TaskSpec(name: name, action: action, needs: needs)
    }

    private func python(_ text: String) -> TaskSpec.Action { .python(.text(text)) }

    /// Python: says that it is here and waits for another task.
    private func meet(_ own: String, _ other: String) -> String {
        """
        import os, pathlib, time
        folder = pathlib.Path(context.variables["folder"])
        (folder / "\(own)").touch()
        while not (folder / "\(other)").exists():
            time.sleep(0.01)

        """
    }

    @Test("two Python tasks execute at once in processes of their own, and each has its own log")
    func sideBySide() throws {
        let outcome = try run([
            task(
                "a",
                python(meet("a", "b") + "for _ in range(2000): print('a')\ncontext.set_output('pid', os.getpid())")
            ),
            task(
                "b",
                python(meet("b", "a") + "for _ in range(2000): print('b')\ncontext.set_output('pid', os.getpid())")
            ),
        ])
        #expect(outcome.exitCode == 0, "\(outcome.lines.suffix(4))")
        #expect(outcome.log(of: "a") == [String](repeating: "a", count: 2000))
        #expect(outcome.log(of: "b") == [String](repeating: "b", count: 2000))
        #expect(outcome.output("pid", of: "a")?.value != outcome.output("pid", of: "b")?.value)
    }

    @Test("tasks one after the other use the same process")
    func reuse() throws {
        let pid = python("import os; context.set_output('pid', os.getpid())")
        let outcome = try run([task("a", pid), task("b", .sql("SELECT 1"), needs: ["a"]), task("c", pid, needs: ["b"])])
        #expect(outcome.exitCode == 0, "\(outcome.lines.suffix(4))")
        #expect(outcome.output("pid", of: "a")?.value == outcome.output("pid", of: "c")?.value)
    }

    @Test("all tasks of a run share temporary views, at the same time too")
    func sharedSession() throws {
        let read = TaskSpec.Action.sql("SELECT n + 1 AS n FROM v")
        let both = { (own: String, other: String) in
            self.python(
                self.meet(own, other) + "context.set_output('n', spark.table('v').toArrow().to_pylist()[0]['n'])"
            )
        }
        let outcome = try run([
            task("make", .sql("CREATE TEMPORARY VIEW v AS SELECT 5 AS n")), task("sql", read, needs: ["make"]),
            task("a", both("a", "b"), needs: ["make"]), task("b", both("b", "a"), needs: ["make"]),
        ])
        #expect(outcome.exitCode == 0, "\(outcome.lines.suffix(6))")
        #expect(outcome.output("result", of: "sql")?.value == .array([.array([.integer(6)])]))
        for name in ["a", "b"] { #expect(outcome.output("n", of: name)?.value == .integer(5)) }
    }

    @Test("with a session for each task, none sees the views of another")
    func ownSessions() throws {
        let outcome = try run(
            [
                task("make", .sql("CREATE TEMPORARY VIEW v AS SELECT 5 AS n; SELECT n FROM v")),
                task("read", .sql("SELECT n FROM v"), needs: ["make"]),
            ],
            session: .task
        )
        #expect(outcome.states == ["make": .succeeded, "read": .failed])
        #expect(outcome.failure(of: "read")?.failureClass == .user)
    }

    @Test("a task that takes too long is ended with its own queries only")
    func interruption() throws {
        var slow = TaskSpec.sql(
            "SELECT count(*) FROM range(100000000) a CROSS JOIN range(1000000) b WHERE (a.id * b.id) % 7 = 3",
            name: "slow",
            timeoutSeconds: 2,
            allowFailure: true
        )
        slow.needs = []
        // Its statement executes while the other one's is interrupted.
        let other = python(
            """
            import time
            until = time.monotonic() + 6
            count = 0
            while time.monotonic() < until:
                count += spark.sql("SELECT count(*) AS n FROM range(3000000) WHERE id % 7 = 3").toArrow().num_rows
            print(count > 0)
            """
        )
        let outcome = try run([slow, task("other", other)])
        #expect(outcome.states == ["slow": .failed, "other": .succeeded], "\(outcome.lines.suffix(6))")
        #expect(outcome.failure(of: "slow")?.errorName == "TaskTimeout")
        #expect(outcome.log(of: "other").last == "True")
    }

    @Test("a process that a task ends takes no other with it, and is replaced")
    func damage() throws {
        let outcome = try run([
            TaskSpec(
                name: "bad",
                action: python("import os\n" + meet("bad", "good") + "os.kill(os.getpid(), 9)"),
                needs: [],
                allowFailure: true
            ),
            task("good", python(meet("good", "bad") + "time.sleep(0.2)\nprint('still here')")),
            TaskSpec(name: "after", action: python("print('fine')"), needs: ["bad"], always: true),
        ])
        #expect(outcome.states == ["bad": .failed, "good": .succeeded, "after": .succeeded])
        #expect(outcome.failure(of: "bad")?.reason == .runnerCrashed)
        #expect(outcome.log(of: "good") == ["still here"])
    }

    @Test("what a task leaves behind in Python is ended with it, and nothing of the others")
    func leftovers() throws {
        let outcome = try run([
            task(
                "leaves",
                python(
                    "import subprocess\nchild = subprocess.Popen(['sleep', '1000'], start_new_session=True)\n"
                        + meet("leaves", "stays") + "context.set_output('child', child.pid)"
                )
            ),
            task(
                "stays",
                python(
                    meet("stays", "leaves")
                        + "import subprocess\nprint(subprocess.run(['sh', '-c', 'sleep 0.5; echo done'], "
                        + "capture_output=True, text=True).stdout.strip())"
                )
            ),
        ])
        #expect(outcome.exitCode == 0, "\(outcome.lines.suffix(4))")
        #expect(outcome.log(of: "stays") == ["done"])
        guard case .integer(let child)? = outcome.output("child", of: "leaves")?.value else {
            return #expect(Bool(false), "the child's number is told")
        }
        #expect(kill(pid_t(child), 0) == -1)
    }

    @Test("items reach SQL as a parameter and Python as a value; their outputs are a list")
    func items() throws {
        var sql = task("sql", .sql("SELECT :item * 2 AS n, typeof(:day) AS type"))
        sql.forEach = TaskSpec.ForEach(items: .list([.integer(10), .integer(20)]))
        var script = task("script", python("context.set_output('n', [context.item['k'], context.item_index])"))
        script.forEach = TaskSpec.ForEach(items: .list([.object(["k": .string("x")]), .object(["k": .string("y")])]))
        let check = """
            print(context.outputs("sql"), context.outputs("script", "n"))
            """
        let outcome = try run([sql, script, task("check", python(check), needs: ["sql", "script"])])
        #expect(outcome.exitCode == 0, "\(outcome.lines.suffix(6))")
        #expect(
            outcome.log(of: "check") == [
                "[[{'n': 20, 'type': 'date'}], [{'n': 40, 'type': 'date'}]] [['x', 0], ['y', 1]]"
            ]
        )
    }

    @Test("files and functions are executed, and what is missing is named")
    func kinds() throws {
        try Data("SELECT 7 AS n".utf8).write(to: sail.folder.appending(path: "q.sql"))
        try Data("def run(context):\n    return context.task + '!'\n".utf8)
            .write(to: sail.folder.appending(path: "steps_of_test.py"))
        let function = task("function", .function(module: "steps_of_test", name: "run"))
        var assignment = RunnerAssignment.test(
            [
                task("sql", .sql(.file(sail.folder.path + "/q.sql"))), function,
                TaskSpec(name: "nofile", action: .python(.file("/nowhere.py")), needs: [], allowFailure: true),
                TaskSpec(
                    name: "nomodule",
                    action: .function(module: "nowhere", name: "f"),
                    needs: [],
                    allowFailure: true
                ),
            ],
            variables: ["folder": .string(sail.folder.path)],
            sailAddress: sail.address
        )
        assignment.parallelism = 2
        var environment = SailUnderTest.runnerEnvironment
        environment["PYTHONPATH"] = "\(environment["PYTHONPATH"] ?? ""):\(sail.folder.path)"
        let outcome = try RunnerUnderTest(assignment, environment: environment).outcome()
        #expect(outcome.output("result", of: "sql")?.value == .array([.array([.integer(7)])]))
        #expect(outcome.output("result", of: "function")?.value == .string("function!"))
        #expect(outcome.failure(of: "nofile")?.reason == .preparationFailed)
        #expect(outcome.failure(of: "nofile")?.message.contains("/nowhere.py") == true)
        #expect(outcome.failure(of: "nomodule")?.reason == .preparationFailed)
        #expect(outcome.failure(of: "nomodule")?.message.contains("no module nowhere") == true)
    }

    @Test("the first task executes soon after the runner was started")
    func startUp() throws {
        let start = ContinuousClock.now
        var assignment = RunnerAssignment.test([.sql("SELECT 1 AS n")], sailAddress: sail.address)
        assignment.parallelism = 2
        let runner = try RunnerUnderTest(assignment, environment: SailUnderTest.runnerEnvironment)
        var seen: [String: Duration] = [:]
        let lines = try runner.lines { line in
            switch line.record {
            case .started: seen["started"] = .now - start
            case .task(let report) where report.state == .running: seen["running"] = .now - start
            case .output: seen["row"] = .now - start
            default: break
            }
            return seen["row"] != nil
        }
        #expect(try runner.outcome(after: lines).exitCode == 0)
        print("after the runner's start: \(seen.sorted { $0.value < $1.value }.map { "\($0.key) \($0.value)" })")
        let running = try #require(seen["running"])
        let row = try #require(seen["row"])
        #expect(running < .seconds(1))
        #expect(row < .seconds(10))
    }
}
