import SlipwayCore
import Testing

@Suite("What a run that goes on with another executes")
struct ResumePlanTests {
    private func tasks(_ needs: [(String, [String]?)], always: Set<String> = [], allowed: Set<String> = [])
        throws -> TaskGraph
    {
        try TaskGraph(
            needs.map { name, needs in
                TaskSpec(
                    name: name,
                    action: .command(["true"]),
                    needs: needs,
                    always: always.contains(name),
                    allowFailure: allowed.contains(name)
                )
            }
        )
    }

    /// `load` feeds `q1` and `q2`, `report` needs both, `clean` comes last whatever happens.
    private func pipeline() throws -> TaskGraph {
        try tasks(
            [
                ("load", []), ("q1", ["load"]), ("q2", ["load"]), ("report", ["q1", "q2"]), ("clean", ["report"]),
                ("aside", nil),
            ],
            always: ["clean"]
        )
    }

    private let broken: [String: TaskState] = [
        "load": .succeeded, "q1": .succeeded, "q2": .failed, "report": .upstreamFailed, "clean": .succeeded,
        "aside": .succeeded,
    ]

    @Test("a resumption executes what had not succeeded, and what always comes after it")
    func resume() throws {
        let plan = try ResumePlan.resuming(pipeline(), states: broken)
        #expect(plan.executed == ["q2", "report", "clean"] && plan.carried == ["load", "q1", "aside"])
        #expect(plan.skipped.isEmpty)
    }

    @Test("beginning with a task executes it and what follows, and skips what is neither that nor done")
    func from() throws {
        let plan = try ResumePlan.starting(from: "q2", pipeline(), states: broken)
        #expect(plan.executed == ["q2", "report", "clean"] && plan.carried == ["load", "q1", "aside"])
        var states = broken
        states["aside"] = .failed
        states["q2"] = .succeeded
        let again = try ResumePlan.starting(from: "load", pipeline(), states: states)
        #expect(again.executed == ["load", "q1", "q2", "report", "clean"])
        #expect(again.carried.isEmpty && again.skipped == ["aside"])
    }

    @Test("a task whose needs are not met cannot be begun with, and an unknown one is told with the nearest")
    func refusals() throws {
        #expect(throws: ResumeRefusal.unmet(task: "report", needs: "q2", state: .failed, from: "q1")) {
            try ResumePlan.starting(from: "q1", pipeline(), states: broken)
        }
        #expect(throws: ResumeRefusal.unmet(task: "report", needs: "q1", state: .initial, from: "report")) {
            try ResumePlan.starting(from: "report", pipeline(), states: [:])
        }
        #expect(throws: ResumeRefusal.unknownTask("reprot", nearest: "report")) {
            try ResumePlan.starting(from: "reprot", pipeline(), states: broken)
        }
        let message =
            "task \"report\" comes after \"q2\", which is failed and does not follow from \"q1\"; "
            + "begin with \"q2\", or resume the run"
        #expect(
            ResumeRefusal.unmet(task: "report", needs: "q2", state: .failed, from: "q1").description == message
        )
    }

    @Test("with everything done nothing is left, also if conditions were not met")
    func nothingLeft() throws {
        let done = Dictionary(uniqueKeysWithValues: try pipeline().tasks.map { ($0.name, TaskState.succeeded) })
        for state in [TaskState.succeeded, .conditionFailed, .skipped] {
            #expect(throws: ResumeRefusal.nothingLeft) {
                try ResumePlan.resuming(pipeline(), states: done.merging(["report": state]) { $1 })
            }
        }
        let plan = try ResumePlan.resuming(pipeline(), states: broken.merging(["report": .conditionFailed]) { $1 })
        #expect(plan.executed == ["q2", "report", "clean"])
    }

    @Test("in a sequence all that stands behind follows")
    func sequence() throws {
        let sequence = try tasks([("a", nil), ("b", nil), ("c", nil), ("d", nil)], allowed: ["b"])
        let states: [String: TaskState] = ["a": .succeeded, "b": .failed, "c": .conditionFailed, "d": .failed]
        let plan = try ResumePlan.starting(from: "d", sequence, states: states)
        #expect(plan.executed == ["d"] && plan.carried == ["a"] && plan.skipped == ["b", "c"])
        #expect(try ResumePlan.starting(from: "b", sequence, states: states).executed == ["b", "c", "d"])
        #expect(throws: ResumeRefusal.unmet(task: "c", needs: "a", state: .cancelled, from: "c")) {
            try ResumePlan.starting(from: "c", sequence, states: states.merging(["a": .cancelled]) { $1 })
        }
    }

    @Test("any graph with any states gives a plan that holds together", arguments: 0..<300)
    func properties(seed: UInt64) throws {
        var dice = Dice(state: seed &+ 1)
        let count = dice.below(9) + 1
        let isSequence = dice.below(4) == 0
        let tasks = (0..<count).map { index in
            let needs = (0..<index).filter { _ in dice.below(3) == 0 }.map { "t\($0)" }
            return TaskSpec(
                name: "t\(index)",
                action: .command(["true"]),
                needs: isSequence ? nil : needs,
                always: dice.below(6) == 0,
                allowFailure: dice.below(5) == 0
            )
        }
        let states = Dictionary(
            uniqueKeysWithValues: tasks.map { ($0.name, TaskState.allCases[dice.below(TaskState.allCases.count)]) }
        )
        let needs = { (index: Int) in
            isSequence ? Array(tasks[..<index].map(\.name)) : tasks[index].needs ?? []
        }
        let start = "t\(dice.below(count))"
        let graph = try TaskGraph(tasks)
        for plan in [
            try? ResumePlan.resuming(graph, states: states),
            try? ResumePlan.starting(from: start, graph, states: states),
        ].compactMap(\.self) {
            let all = plan.executed + plan.carried + plan.skipped
            #expect(all.count == count && Set(all) == Set(tasks.map(\.name)), "seed \(seed)")
            #expect(plan.carried.allSatisfy { states[$0] == .succeeded }, "seed \(seed)")
            #expect(plan.skipped.allSatisfy { states[$0] != .succeeded }, "seed \(seed)")
            #expect(!plan.executed.isEmpty, "seed \(seed)")
        }
        if let plan = try? ResumePlan.resuming(graph, states: states) {
            #expect(plan.skipped.allSatisfy { states[$0] == .skipped }, "seed \(seed)")
            for (index, task) in tasks.enumerated() where task.always && plan.carried.contains(task.name) {
                #expect(needs(index).allSatisfy { !plan.executed.contains($0) }, "seed \(seed)")
            }
        }
        if let plan = try? ResumePlan.starting(from: start, graph, states: states) {
            #expect(plan.executed.contains(start), "seed \(seed)")
            for (index, task) in tasks.enumerated() {
                let isAfter = task.name == start || needs(index).contains { plan.executed.contains($0) }
                #expect(plan.executed.contains(task.name) == isAfter, "seed \(seed): \(task.name)")
                guard isAfter, !task.always else { continue }
                // What an executed task waits for is executed, carried, or was passed over by the job's own rules.
                for need in needs(index) where plan.skipped.contains(need) {
                    let isPassed = states[need] == .skipped || (isSequence && states[need] == .conditionFailed)
                    let isAllowed = states[need] == .failed && tasks.first { $0.name == need }?.allowFailure == true
                    #expect(isPassed || isAllowed, "seed \(seed): \(task.name) needs \(need)")
                }
            }
        }
    }
}

/// Numbers that a seed decides.
private struct Dice {
    var state: UInt64

    mutating func below(_ bound: Int) -> Int {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return Int((state >> 33) % UInt64(bound))
    }
}
