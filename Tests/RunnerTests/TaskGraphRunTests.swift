import Foundation
import SlipwayCore
import TestSupport
import Testing

@Suite("A run of a task graph")
struct TaskGraphRunTests {
    private func task(
        _ name: String,
        _ script: String,
        needs: [String]? = nil,
        when: String? = nil,
        always: Bool = false,
        forEach: TaskSpec.ForEach? = nil,
        retries: TaskRetries? = nil,
        timeoutSeconds: Int? = nil
    ) -> TaskSpec {
        TaskSpec(
            name: name,
            action: .command(["sh", "-c", script]),
            needs: needs,
            when: when,
            always: always,
            forEach: forEach,
            retries: retries,
            timeoutSeconds: timeoutSeconds
        )
    }

    private func assignment(_ tasks: [TaskSpec], parallelism: Int = 4) -> RunnerAssignment {
        var assignment = RunnerAssignment.test(tasks)
        assignment.parallelism = parallelism
        return assignment
    }

    /// A folder for files by which tasks wait for each other.
    private final class Meeting {
        let path: String

        init() throws {
            path = URL.temporaryDirectory.appending(path: "runner-meeting-\(UUID().uuidString)").path
            try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        }

        deinit {
            // why: the folder is the system's to clean if this fails
            try? FileManager.default.removeItem(atPath: path)
        }

        /// Shell: says that it is here, and waits for another one.
        func meet(_ own: String, _ other: String) -> String {
            "touch \(path)/\(own); until [ -e \(path)/\(other) ]; do sleep 0.01; done"
        }
    }

    @Test("tasks that do not need each other execute side by side, each with its own log")
    func overlap() throws {
        let meeting = try Meeting()
        let outcome = try RunnerUnderTest(
            assignment([
                task("a", meeting.meet("a", "b") + "; echo from-a", needs: []),
                task("b", meeting.meet("b", "a") + "; echo from-b"), task("c", "echo from-c", needs: ["a", "b"]),
            ])
        ).outcome()
        #expect(outcome.exitCode == 0)
        #expect(["a", "b", "c"].map { outcome.log(of: $0) } == [["from-a"], ["from-b"], ["from-c"]])
        #expect(outcome.reports.last { $0.state == .running }?.name == "c")
        #expect(outcome.lines.map(\.sequence) == Array(1...Int64(outcome.lines.count)))
    }

    @Test("no more tasks execute at once than the job allows")
    func parallelism() throws {
        let tasks = (0..<8).map { task("t\($0)", "sleep 0.02", needs: []) }
        let outcome = try RunnerUnderTest(assignment(tasks, parallelism: 3)).outcome()
        var executing = 0
        var most = 0
        for report in outcome.reports {
            if report.state == .running { executing += 1 }
            if report.state.isTerminal { executing -= 1 }
            most = max(most, executing)
        }
        #expect(most == 3)
        #expect(outcome.exitCode == 0)
    }

    @Test("a task that fails is tried again and may succeed")
    func retries() throws {
        let meeting = try Meeting()
        let backoff = RetryBackoff(kind: .constant, initialSeconds: 1, maximumSeconds: 1, jitter: 0)
        let script = "[ -e \(meeting.path)/x ] && echo x=2 > $SLIPWAY_OUTPUT && exit 0; touch \(meeting.path)/x; exit 7"
        let outcome = try RunnerUnderTest(
            assignment([
                task("a", script, retries: TaskRetries(limit: 2, backoff: backoff)),
                task("b", "echo yes", when: "tasks.a.attempt == 2 and tasks.a.outputs.x == '2'"),
            ])
        ).outcome()
        #expect(
            outcome.reports.filter { $0.name == "a" }.map { "\($0.state.rawValue) \($0.attempt)" } == [
                "initial 1", "queued 1", "running 1", "queued 2", "running 2", "succeeded 2",
            ]
        )
        #expect(
            outcome.reports.first { $0.name == "a" && $0.attempt == 2 }?.note?.contains("exited with code 7") == true
        )
        #expect(outcome.log(of: "b") == ["yes"])
        #expect(outcome.exitCode == 0)
    }

    @Test("a time limit holds for each attempt")
    func timeoutOfAttempts() throws {
        let backoff = RetryBackoff(kind: .constant, initialSeconds: 1, maximumSeconds: 1, jitter: 0)
        let outcome = try RunnerUnderTest(
            assignment([
                task("a", "echo try; sleep 60", retries: TaskRetries(limit: 1, backoff: backoff), timeoutSeconds: 1)
            ])
        ).outcome()
        #expect(outcome.log(of: "a") == ["try", "try"])
        #expect(outcome.failure(of: "a")?.errorName == "TaskTimeout")
    }

    @Test("items come from an output, execute under their own names, and give a list of outputs")
    func items() throws {
        let outcome = try RunnerUnderTest(
            assignment([
                task("list", #"echo '{"files": ["x", {"n": 1}, 3]}' > $SLIPWAY_OUTPUT"#),
                task(
                    "each",
                    #"echo "$SLIPWAY_ITEM_INDEX $SLIPWAY_ITEM $SLIPWAY_TASK"; echo "v=$SLIPWAY_ITEM" > $SLIPWAY_OUTPUT"#,
                    forEach: TaskSpec.ForEach(items: .expression("tasks.list.outputs.files"))
                ),
                task("sum", "echo met", when: #"tasks.each.outputs.v == ['x', '{"n":1}', '3']"#),
            ])
        ).outcome()
        #expect(outcome.exitCode == 0)
        #expect(outcome.log(of: "each[0]") == ["0 x each[0]"])
        #expect(outcome.log(of: "each[1]") == [#"1 {"n":1} each[1]"#])
        #expect(outcome.output("v", of: "each[2]")?.value == .string("3"))
        #expect(outcome.reports.first { $0.name == "each[1]" }?.item == .object(["n": .integer(1)]))
        #expect(outcome.states["each"] == .succeeded)
        #expect(outcome.log(of: "sum") == ["met"])
    }

    @Test("after a failure other branches go on, and what always executes does so last")
    func always() throws {
        let outcome = try RunnerUnderTest(
            assignment([
                task("bad", "exit 3", needs: []), task("after", "echo no", needs: ["bad"]),
                task("other", "sleep 0.2; echo on", needs: []),
                task("clean", "echo clean", needs: ["after", "other"], always: true),
            ])
        ).outcome()
        #expect(outcome.exitCode == 1)
        #expect(outcome.states == ["bad": .failed, "after": .upstreamFailed, "other": .succeeded, "clean": .succeeded])
        #expect(outcome.reports.last?.name == "clean")
        #expect(outcome.reports.first { $0.state == .upstreamFailed }?.note == "it needs bad, which failed")
        #expect(outcome.summary?.failedTask == "bad")
    }

    @Test("cancelling in the middle stops what executes and begins nothing further")
    func cancel() throws {
        let wait = "trap 'echo asked; exit 0' TERM; echo ready; while :; do sleep 0.05; done"
        let runner = try RunnerUnderTest(
            assignment([
                task("done", "true", needs: []), task("a", wait, needs: ["done"]), task("b", wait, needs: ["done"]),
                task("next", "echo no", needs: ["a"]), task("clean", "echo no", needs: ["b"], always: true),
            ])
        )
        var ready = 0
        let before = try runner.lines { line in
            if case .log(_, _, "ready") = line.record { ready += 1 }
            return ready == 2
        }
        runner.send(SIGTERM)
        let outcome = try runner.outcome(after: before)
        #expect(outcome.exitCode == 143)
        #expect(
            outcome.states == [
                "done": .succeeded, "a": .cancelled, "b": .cancelled, "next": .cancelled, "clean": .cancelled,
            ]
        )
        #expect(outcome.log(of: "a").contains("asked") && outcome.log(of: "b").contains("asked"))
        #expect(outcome.summary?.result == .cancelled)
    }

    @Test("what one task left behind is ended with it, also in a session of its own, and another task's is not")
    func leftovers() throws {
        let meeting = try Meeting()
        let left = "setsid sh -c 'echo $$; exec sleep 1000' & sleep 1000 & echo $!"
        let outcome = try RunnerUnderTest(
            assignment([
                // Its leftovers are printed before it ends; b looks at them after it has ended.
                task("a", "\(left); sleep 0.3", needs: []),
                task("b", "\(left); \(meeting.meet("b", "go")); kill -0 $! && echo alive", needs: []),
                task("c", "touch \(meeting.path)/go", needs: ["a"]),
            ])
        ).outcome()
        #expect(outcome.exitCode == 0)
        #expect(outcome.log(of: "b").contains("alive"))
        let ended = try #require(
            outcome.lines.firstIndex { line in
                if case .task(let report) = line.record {
                    report.name == "a" && report.state == .succeeded
                } else {
                    false
                }
            }
        )
        #expect(ended > 0)
        let processes = (outcome.log(of: "a") + outcome.log(of: "b")).compactMap { Int32($0) }
        #expect(processes.count == 4)
        for process in processes { #expect(kill(process, 0) == -1) }
    }

    @Test("a task that is stopped does not take another one's processes with it")
    func separateStops() throws {
        let meeting = try Meeting()
        let outcome = try RunnerUnderTest(
            assignment([
                task("slow", "setsid sleep 1000 & sleep 1000", needs: [], timeoutSeconds: 1),
                task(
                    "fine",
                    "setsid sh -c 'until [ -e \(meeting.path)/go ]; do sleep 0.02; done; echo whole' & wait",
                    needs: []
                ),
                task("go", "touch \(meeting.path)/go", needs: ["slow"], always: true),
            ])
        ).outcome()
        #expect(outcome.failure(of: "slow")?.errorName == "TaskTimeout")
        #expect(outcome.states["fine"] == .succeeded)
        #expect(outcome.log(of: "fine") == ["whole"])
    }

    @Test("many tasks at once, each leaving something behind in a session of its own, leave nothing in the end")
    func manyLeftovers() throws {
        let tasks = (0..<120).map { task("t\($0)", "setsid sh -c 'echo $$; exec sleep 1000' & sleep 0.1", needs: []) }
        let outcome = try RunnerUnderTest(assignment(tasks, parallelism: 12)).outcome()
        #expect(outcome.exitCode == 0)
        let processes = tasks.flatMap { outcome.log(of: $0.name) }.compactMap { Int32($0) }
        // A task may end before what it left behind has said its number.
        #expect(processes.count > 100)
        for process in processes { #expect(kill(process, 0) == -1) }
    }

    @Test("what hides who started it is ended with the run at the latest")
    func hidden() throws {
        let outcome = try RunnerUnderTest(
            assignment([
                task("a", "setsid env -i sh -c 'echo $$; exec sleep 1000' & sleep 0.2", needs: []),
                task("b", "sleep 0.5", needs: []),
            ])
        ).outcome()
        #expect(outcome.exitCode == 0)
        let process = try #require(outcome.log(of: "a").first.flatMap { Int32($0) })
        #expect(kill(process, 0) == -1)
    }

    @Test("carried and skipped tasks are not executed, and what was carried is known to conditions")
    func carried() throws {
        var assignment = assignment([
            task("first", "echo no"), task("load", "echo no"),
            task("use", "echo yes", when: "tasks.load.outputs.rows == 12 and tasks.first.state == 'skipped'"),
        ])
        let output = TaskOutput(task: "load", name: "rows", kind: .scalar, value: .integer(12))
        assignment.carried = [CarriedTask(name: "load", from: RunID(high: 1, low: 2), outputs: [output])]
        assignment.skipped = ["first"]
        let outcome = try RunnerUnderTest(assignment).outcome()
        #expect(outcome.states == ["first": .skipped, "load": .succeeded, "use": .succeeded])
        #expect(
            outcome.log(of: "first").isEmpty && outcome.log(of: "load").isEmpty && outcome.log(of: "use") == ["yes"]
        )
        #expect(outcome.reports.last { $0.name == "load" }?.note == "carried over from run \(RunID(high: 1, low: 2))")
    }
}
