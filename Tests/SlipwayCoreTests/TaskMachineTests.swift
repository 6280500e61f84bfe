import Testing

@testable import SlipwayCore

@Suite struct TaskMachineTests {
    /// A machine and what it said, driven by hand.
    final class Driven {
        var machine: TaskMachine
        var started: [String: TaskExecution] = [:]
        var said: [String] = []
        var notes: [String: String] = [:]
        var warnings: [String] = []
        var hasFinished = false

        init(
            _ tasks: [TaskSpec],
            variables: [String: JSONValue] = [:],
            parallelism: Int = 4,
            carried: [CarriedTask] = [],
            skipped: [String] = []
        ) throws {
            machine = TaskMachine(try TaskGraph(tasks), variables: variables, parallelism: parallelism)
            take(machine.begin(carried: carried, skipped: skipped))
        }

        func take(_ actions: [TaskMachine.Action]) {
            for action in actions {
                switch action {
                case .report(let report):
                    if report.state != .initial { said.append("\(report.name) \(report.state.rawValue)") }
                    if let note = report.note { notes[report.name] = note }
                case .warn(let task, let message): warnings.append("\(task): \(message)")
                case .start(let execution): started[execution.name] = execution
                case .finish: hasFinished = true
                }
            }
        }

        func end(_ name: String, _ end: TaskEnd = .succeeded(exitCode: 0), now: Duration = .zero) throws {
            let execution = try #require(started[name], "\(name) does not execute")
            started[name] = nil
            take(machine.ended(execution.number, end, now: now, random: 0.5))
        }

        func give(_ name: String, _ output: String, _ value: JSONValue) throws {
            let execution = try #require(started[name], "\(name) does not execute")
            take(machine.gave(execution.number, output, value, bytes: 10))
        }

        var summary: RunnerSummary { machine.summary(lastSequence: 1) }
    }

    static func task(
        _ name: String,
        needs: [String]? = nil,
        when: String? = nil,
        always: Bool = false,
        forEach: TaskSpec.ForEach? = nil,
        retries: TaskRetries? = nil,
        allowFailure: Bool = false
    ) -> TaskSpec {
        TaskSpec(
            name: name,
            action: .command(["true"]),
            needs: needs,
            when: when,
            always: always,
            forEach: forEach,
            retries: retries,
            allowFailure: allowFailure
        )
    }

    static let failure = TaskEnd.failed(
        TaskFailure(reason: .taskFailed, failureClass: .user, message: "exited with code 1"),
        exitCode: 1
    )

    @Test func aSequenceStopsAtAFailureButNotAtACondition() throws {
        let tasks = ["a", "b", "c", "d"].map {
            Self.task($0, when: $0 == "a" ? "variables.x == 2" : nil, always: $0 == "d")
        }
        let run = try Driven(tasks, variables: ["x": .integer(1)])
        #expect(run.said == ["a condition_failed", "b queued"])
        #expect(run.notes["a"] == "the condition is not met: variables.x == 2")
        try run.end("b", Self.failure)
        #expect(run.said.suffix(3) == ["b failed", "c upstream_failed", "d queued"])
        #expect(run.notes["c"] == "b before it failed")
        try run.end("d")
        #expect(run.hasFinished)
        #expect(run.summary.failedTask == "b")
    }

    @Test func aSequencePassesItsFailureOnBehindTasksThatAreAlwaysExecuted() throws {
        let tasks = [Self.task("a"), Self.task("b", always: true), Self.task("c")]
        let run = try Driven(tasks)
        try run.end("a", Self.failure)
        try run.end("b")
        #expect(run.said.last == "c upstream_failed" && run.hasFinished)
    }

    @Test func needsDecideInAGraph() throws {
        let run = try Driven([
            Self.task("a", needs: []), Self.task("b", needs: []), Self.task("c", needs: ["a", "b"]),
            Self.task("d", needs: ["c"]), Self.task("e", needs: ["d"], always: true), Self.task("f", needs: ["b"]),
        ])
        #expect(Set(run.started.keys) == ["a", "b"])
        try run.end("a", Self.failure)
        #expect(run.said.last == "a failed")
        try run.end("b")
        #expect(
            run.said.suffix(5) == ["b succeeded", "c upstream_failed", "f queued", "d upstream_failed", "e queued"]
        )
        #expect(run.notes["c"] == "it needs a, which failed")
        #expect(run.notes["d"] == "it needs c, which was not executed because of a failure before it")
        try run.end("f")
        try run.end("e")
        #expect(run.hasFinished && run.summary.result == .failed && run.summary.failedTask == "a")
    }

    @Test func anUnmetConditionIsPassedOnInAGraph() throws {
        let run = try Driven([
            Self.task("a", needs: []), Self.task("b", needs: ["a"], when: "tasks.a.outputs.rows > 10"),
            Self.task("c", needs: ["b"]), Self.task("d", needs: ["a"], when: "tasks.a.outputs.rows < 10"),
        ])
        try run.give("a", "rows", .integer(3))
        try run.end("a")
        #expect(run.notes["c"] == "it needs b, which was not executed because of a condition")
        try run.end("d")
        #expect(run.hasFinished && run.summary.result == .succeeded)
    }

    @Test func aConditionThatCannotBeEvaluatedFailsTheTask() throws {
        let run = try Driven([Self.task("a", when: "variables.x > 'a'")], variables: ["x": .integer(1)])
        #expect(run.hasFinished)
        #expect(run.summary.failure?.failureClass == .user)
        #expect(
            run.summary.failure?.message == "the condition cannot be evaluated: at column 13: "
                + "> compares two numbers or two texts, not a number with a text"
        )
    }

    @Test func failedAttemptsAreFollowedByOthersAfterAWait() throws {
        let backoff = RetryBackoff(kind: .exponential, initialSeconds: 2, factor: 3, maximumSeconds: 60, jitter: 0)
        let run = try Driven([Self.task("a", retries: TaskRetries(limit: 2, backoff: backoff))])
        try run.end("a", Self.failure, now: .seconds(10))
        #expect(run.said.suffix(1) == ["a queued"] && run.started.isEmpty)
        #expect(run.notes["a"] == "tried again in 2.0 s; attempt 1 of 3 failed: exited with code 1")
        #expect(run.machine.nextDeadline == .seconds(12))
        run.take(run.machine.timePassed(now: .seconds(11)))
        #expect(run.started.isEmpty)
        run.take(run.machine.timePassed(now: .seconds(12)))
        #expect(run.started["a"]?.attempt == 2 && run.started["a"]?.number == 2)
        try run.end("a", Self.failure, now: .seconds(12))
        #expect(run.machine.nextDeadline == .seconds(18))
        run.take(run.machine.timePassed(now: .seconds(20)))
        try run.end("a", Self.failure, now: .seconds(21))
        #expect(run.hasFinished && run.summary.result == .failed)
    }

    @Test func aSailThatIsGoneIsNotTriedAgain() throws {
        let run = try Driven([Self.task("a", retries: TaskRetries(limit: 2))])
        let gone = TaskFailure(reason: .sailCrashed, failureClass: .infrastructure, message: "gone")
        try run.end("a", .failed(gone, exitCode: nil))
        #expect(run.hasFinished)
    }

    @Test func itemsAreExecutedSideBySideWithinTheirBounds() throws {
        let items = TaskSpec.ForEach(items: .list((0..<5).map { .integer($0) }), parallelism: 2)
        let run = try Driven(
            [
                Self.task("a", needs: [], forEach: items),
                Self.task("b", needs: ["a"], when: "tasks.a.outputs.n == [0, null, 2, 3, 4]"),
            ],
            parallelism: 3
        )
        #expect(run.said.prefix(2) == ["a queued", "a running"])
        for index in 0..<5 {
            #expect(run.started.count == min(2, 5 - index))
            let execution = try #require(run.started["a[\(index)]"])
            #expect(execution.item == .integer(Int64(index)) && execution.itemIndex == index)
            if index != 1 { try run.give("a[\(index)]", "n", .integer(Int64(index))) }
            try run.end("a[\(index)]")
        }
        #expect(run.said.suffix(3) == ["a[4] succeeded", "a succeeded", "b queued"])
    }

    @Test func failedItemsAreCountedAndStopNoOther() throws {
        let items = TaskSpec.ForEach(items: .list((0..<4).map { .integer($0) }))
        let run = try Driven([Self.task("a", forEach: items), Self.task("b")])
        try run.end("a[1]", Self.failure)
        try run.end("a[0]")
        try run.end("a[3]", Self.failure)
        try run.end("a[2]")
        #expect(run.said.suffix(2) == ["a failed", "b upstream_failed"])
        #expect(run.summary.failure?.message == "2 of 4 items failed: [1], [3]; [1]: exited with code 1")
        let allowed = try Driven([Self.task("a", forEach: items, allowFailure: true), Self.task("b")])
        for index in 0..<4 { try allowed.end("a[\(index)]", index == 1 ? Self.failure : .succeeded(exitCode: 0)) }
        #expect(allowed.said.suffix(2) == ["a failed", "b queued"])
        #expect(allowed.warnings == ["a[1]: the task failed, which the job allows: exited with code 1"])
    }

    @Test func itemsMayComeFromAnOutputAndAConditionMayChooseAmongThem() throws {
        let run = try Driven([
            Self.task("list"),
            Self.task(
                "each",
                when: "item.size > 1",
                forEach: TaskSpec.ForEach(items: .expression("tasks.list.outputs.files"))
            ),
        ])
        let files = [1, 2, 3].map { JSONValue.object(["size": .integer($0)]) }
        try run.give("list", "files", .array(files))
        try run.end("list")
        #expect(run.notes["each[0]"] == "the condition is not met: item.size > 1")
        try run.end("each[1]")
        try run.end("each[2]")
        #expect(run.notes["each"] == "1 of 3 items did not meet the condition")
        #expect(run.said.last == "each succeeded" && run.hasFinished)
    }

    @Test func emptyListsSucceedAndOnesTooLongFail() throws {
        let empty = try Driven([Self.task("a", forEach: TaskSpec.ForEach(items: .list([])))])
        #expect(empty.said == ["a succeeded"] && empty.notes["a"] == "for_each: there are no items")
        let long = try Driven([
            Self.task("list"), Self.task("a", forEach: TaskSpec.ForEach(items: .expression("tasks.list.outputs.n"))),
        ])
        try long.give("list", "n", .array(.init(repeating: .null, count: 1001)))
        try long.end("list")
        #expect(long.summary.failure?.message == "for_each: there are 1001 items; at most 1000 are allowed")
        let missing = try Driven([
            Self.task("list"), Self.task("a", forEach: TaskSpec.ForEach(items: .expression("tasks.list.outputs.n"))),
        ])
        try missing.end("list")
        #expect(missing.summary.failure?.message == "for_each: it must give a list, but gives null")
        let many = TaskSpec.ForEach(items: .list(.init(repeating: .null, count: 800)))
        let run = try Driven(["a", "b", "c"].map { Self.task($0, needs: [], forEach: many) }, parallelism: 1)
        #expect(run.summary.failure?.message.contains("more than 2000 tasks and items") == true)
        run.take(run.machine.cancel())
        #expect(run.said.count { $0.hasSuffix("cancelled") } == 799 + 801)
    }

    @Test func anOutputThatIsTooLargeIsNotTakenForNull() throws {
        let run = try Driven([Self.task("a"), Self.task("b", when: "tasks.a.outputs.n == null")])
        let execution = try #require(run.started["a"])
        run.take(run.machine.gave(execution.number, "n", .integer(1), bytes: TaskLimits.keptOutputBytes + 1))
        #expect(run.warnings.count == 1)
        try run.end("a")
        #expect(
            run.summary.failure?.message
                == "the condition cannot be evaluated: the output n of a is too large to be asked for"
        )
    }

    @Test func cancellingEndsWhatWaitsAtOnce() throws {
        let items = TaskSpec.ForEach(items: .list([.null, .null, .null]), parallelism: 1)
        let run = try Driven([
            Self.task("a", needs: []), Self.task("b", needs: ["a"]), Self.task("c", needs: ["a"], always: true),
            Self.task("d", needs: [], forEach: items), Self.task("e", needs: [], retries: TaskRetries(limit: 5)),
        ])
        try run.end("e", Self.failure)
        run.take(run.machine.cancel())
        #expect(run.machine.nextDeadline == nil)
        #expect(
            run.said.suffix(5) == ["b cancelled", "c cancelled", "d[1] cancelled", "d[2] cancelled", "e cancelled"]
        )
        try run.end("a", .cancelled)
        #expect(!run.hasFinished)
        try run.end("d[0]", Self.failure)
        #expect(run.said.suffix(2) == ["d[0] failed", "d cancelled"])
        #expect(run.hasFinished && run.summary.result == .cancelled)
    }

    @Test func carriedAndSkippedTasksCountAsDone() throws {
        let from = RunID(high: 1, low: 2)
        let output = TaskOutput(task: "a", name: "n", kind: .scalar, value: .integer(7))
        let run = try Driven(
            [Self.task("s"), Self.task("a"), Self.task("b", when: "tasks.a.outputs.n == 7"), Self.task("c")],
            carried: [CarriedTask(name: "a", from: from, outputs: [output])],
            skipped: ["s"]
        )
        #expect(run.said == ["a succeeded", "s skipped", "b queued"])
        #expect(run.notes["a"] == "carried over from run \(from)")
        try run.end("b")
        try run.end("c")
        #expect(run.hasFinished && run.summary.result == .succeeded)
        // What is carried in the middle of a sequence lets nothing pass that is before it.
        let later = try Driven(
            [Self.task("a"), Self.task("b"), Self.task("c")],
            carried: [CarriedTask(name: "b", from: from, outputs: [])]
        )
        #expect(Set(later.started.keys) == ["a"])
        try later.end("a", Self.failure)
        #expect(later.said.suffix(2) == ["a failed", "c upstream_failed"] && later.hasFinished)
    }

    @Test func outputsOfCarriedItemsAreAList() throws {
        let outputs = [0, 2].map { TaskOutput(task: "a[\($0)]", name: "n", kind: .scalar, value: .integer(Int64($0))) }
        let run = try Driven(
            [
                Self.task("a", forEach: TaskSpec.ForEach(items: .list([.null, .null, .null]))),
                Self.task("b", when: "tasks.a.outputs.n == [0, null, 2]"),
            ],
            carried: [CarriedTask(name: "a", from: RunID(high: 1, low: 2), outputs: outputs)]
        )
        #expect(run.said == ["a succeeded", "b queued"])
    }

    @Test(arguments: ["n", "a[3].n"]) func aCarriedOutputThatWasLeftOutIsNotTakenForNull(omitted: String) throws {
        let run = try Driven(
            [Self.task("a"), Self.task("b", when: "tasks.a.outputs.n == null")],
            carried: [CarriedTask(name: "a", from: RunID(high: 1, low: 2), outputs: [], omitted: [omitted])]
        )
        #expect(
            run.summary.failure?.message
                == "the condition cannot be evaluated: the output n of a is too large to be asked for"
        )
    }

    @Test func readyTasksStartInTheOrderOfTheJob() throws {
        let run = try Driven(
            [Self.task("a", needs: ["z"])] + ["b", "c", "d"].map { Self.task($0, needs: []) } + [
                Self.task("z", needs: [])
            ],
            parallelism: 1
        )
        var order: [String] = []
        while let name = run.started.keys.first {
            order.append(name)
            try run.end(name)
        }
        #expect(order == ["b", "c", "d", "z", "a"])
    }
}
