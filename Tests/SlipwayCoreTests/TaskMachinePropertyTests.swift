import Testing

@testable import SlipwayCore

/// Random graphs with random outcomes, against a model that knows nothing of time.
@Suite struct TaskMachinePropertyTests {
    @Test("any order of events leads to the states of the model")
    func states() throws {
        let seed = UInt64.random(in: 0...UInt64.max)
        print("task machine seed: \(seed)")
        var random = SeededGenerator(seed: seed)
        for life in 0..<3000 {
            let scenario = Scenario(using: &random)
            let cancelAfter = Int.random(in: 0..<4, using: &random) == 0 ? Int.random(in: 0...10, using: &random) : nil
            let drive = try Drive(scenario)
            drive.run(cancelAfter: cancelAfter, using: &random)
            let expected = scenario.modelStates()
            let comment: Comment = "seed \(seed), life \(life)\n\(scenario.description)\n\(drive.trace)"
            for (index, task) in scenario.tasks.enumerated() {
                let state = drive.states[task.name]
                let isAllowed = state == expected[index] || (cancelAfter != nil && state == .cancelled)
                #expect(isAllowed, "\(task.name) is \(state as Any), expected \(expected[index]); \(comment)")
                for (item, expected) in scenario.modelItems(index, expected[index]) {
                    let state = drive.states["\(task.name)[\(item)]"]
                    let isAllowed = state == expected || (cancelAfter != nil && (state == .cancelled || state == nil))
                    #expect(isAllowed, "\(task.name)[\(item)] is \(state as Any); \(comment)")
                }
            }
            for offence in drive.offences { Issue.record("\(offence); \(comment)") }
            #expect(drive.hasFinished, comment)
            let summary = drive.machine.summary(lastSequence: 0)
            let hasFailed = scenario.tasks.contains { drive.states[$0.name] == .failed && !$0.allowFailure }
            #expect(summary.result == (hasFailed ? .failed : drive.wasCancelled ? .cancelled : .succeeded), comment)
            guard !Issue.isRecorded(drive, scenario, expected, cancelAfter) else { return }
        }
    }

    @Test("two thousand tasks in a chain, in a row and behind one another take no quadratic time")
    func size() throws {
        let count = 2000
        let chain = (0..<count).map { TaskMachineTests.task("t\($0)", needs: $0 == 0 ? [] : ["t\($0 - 1)"]) }
        let sequence = (0..<count).map { TaskMachineTests.task("t\($0)") }
        let fan = (0..<count).map { TaskMachineTests.task("t\($0)", needs: $0 == 0 ? [] : ["t0"]) }
        for tasks in [chain, sequence, fan] {
            let start = ContinuousClock.now
            var machine = TaskMachine(try TaskGraph(tasks), parallelism: 4)
            var open: [TaskExecution] = []
            var starts = 0
            func take(_ actions: [TaskMachine.Action]) {
                for case .start(let execution) in actions {
                    open.append(execution)
                    starts += 1
                }
            }
            take(machine.begin())
            while let execution = open.popLast() {
                take(machine.ended(execution.number, .succeeded(exitCode: 0), now: .zero, random: 0))
            }
            #expect(starts == count)
            // A debug build takes about 50 ms; squared it would be many seconds.
            #expect(ContinuousClock.now - start < .seconds(5))
        }
    }
}

extension Issue {
    /// Whether this life already went wrong, so that one failing case is told and not thousands.
    fileprivate static func isRecorded(
        _ drive: Drive,
        _ scenario: Scenario,
        _ expected: [TaskState],
        _ cancelAfter: Int?
    ) -> Bool {
        guard drive.offences.isEmpty, drive.hasFinished else { return true }
        return zip(scenario.tasks, expected).contains { task, expected in
            drive.states[task.name] != expected && !(cancelAfter != nil && drive.states[task.name] == .cancelled)
        }
    }
}

/// Tasks and what will happen to them.
private struct Scenario {
    var tasks: [TaskSpec] = []
    var parallelism: Int
    /// For each task, or each of its items, how many attempts fail.
    var failures: [[Int]] = []
    /// Whether they fail because Sail is gone.
    var isGone: [Bool] = []
    /// What each condition comes to.
    var conditions: [Condition] = []
    var carried: Set<Int> = []
    var skipped: Set<Int> = []

    enum Condition: Equatable {
        case none, met, unmet, wrong, notItemOne
        case succeeded(Int)
    }

    var isSequence: Bool { tasks.allSatisfy { $0.needs == nil } }

    init(using random: inout SeededGenerator) {
        parallelism = Int.random(in: 1...4, using: &random)
        let count = Int.random(in: 1...10, using: &random)
        let isSequence = Int.random(in: 0..<3, using: &random) == 0
        // The order in which the tasks may need each other, which is not the order of the job.
        let rank = isSequence ? Array(0..<count) : (0..<count).map { $0 }.shuffled(using: &random)
        for index in 0..<count {
            let before = (0..<count).filter { rank[$0] < rank[index] }
            let needs = before.filter { _ in Int.random(in: 0..<3, using: &random) == 0 }
            func chance(_ one: Int) -> Bool { Int.random(in: 0..<one, using: &random) == 0 }
            let items = chance(4) ? Int.random(in: 0...4, using: &random) : nil
            let asked = isSequence ? before.last : needs.first
            let condition: Condition =
                switch Int.random(in: 0..<12, using: &random) {
                case 0: .met
                case 1: .unmet
                case 2: .wrong
                case 3: asked.map { .succeeded($0) } ?? .none
                case 4: items == nil ? .none : .notItemOne
                default: .none
                }
            conditions.append(condition)
            let backoff = RetryBackoff(initialSeconds: Int.random(in: 1...5, using: &random))
            var task = TaskMachineTests.task(
                "t\(index)",
                needs: isSequence ? nil : needs.shuffled(using: &random).map { "t\($0)" },
                when: Self.text(condition),
                always: chance(6),
                retries: chance(3) ? TaskRetries(limit: Int.random(in: 0...2, using: &random), backoff: backoff) : nil,
                allowFailure: chance(5)
            )
            if let items {
                task.forEach = TaskSpec.ForEach(
                    items: .list((0..<items).map { .integer(Int64($0)) }),
                    parallelism: chance(2) ? Int.random(in: 1...3, using: &random) : nil
                )
            }
            tasks.append(task)
            failures.append((0..<(items ?? 1)).map { _ in chance(3) ? Int.random(in: 1...3, using: &random) : 0 })
            isGone.append(chance(5))
            if chance(10) { carried.insert(index) } else if chance(12) { skipped.insert(index) }
        }
    }

    private static func text(_ condition: Condition) -> String? {
        switch condition {
        case .none: nil
        case .met: "variables.one == 1"
        case .unmet: "variables.one > 1"
        case .wrong: "variables.one > 'x'"
        case .notItemOne: "item != 1"
        case .succeeded(let task): "tasks.t\(task).state == 'succeeded'"
        }
    }

    var description: String {
        tasks.indices.map { index in
            let task = tasks[index]
            return "\(task.name) needs \(task.needs as Any) when \(task.when ?? "-") always \(task.always) "
                + "items \(task.forEach as Any) limit \(task.retries?.limit ?? 0) allow \(task.allowFailure) "
                + "failures \(failures[index]) gone \(isGone[index]) carried \(carried.contains(index)) "
                + "skipped \(skipped.contains(index))"
        }.joined(separator: "\n") + "\nparallelism \(parallelism)"
    }

    /// What becomes of one task or item that is executed.
    func executed(_ task: Int, _ item: Int) -> TaskState {
        let limit = isGone[task] ? 0 : tasks[task].retries?.limit ?? 0
        return failures[task][item] <= limit ? .succeeded : .failed
    }

    // MARK: The model

    /// Goes over all tasks again and again until each has a state that follows from the others'.
    func modelStates() -> [TaskState] {
        var states = [TaskState?](repeating: nil, count: tasks.count)
        while states.contains(nil) {
            for task in tasks.indices where states[task] == nil { states[task] = modelState(task, states) }
        }
        return states.compactMap { $0 }
    }

    private func modelState(_ task: Int, _ states: [TaskState?]) -> TaskState? {
        if carried.contains(task) { return .succeeded }
        if skipped.contains(task) { return .skipped }
        let before = isSequence ? Array(0..<task) : (tasks[task].needs ?? []).compactMap { Int($0.dropFirst()) }
        guard before.allSatisfy({ states[$0] != nil }) else { return nil }
        if !tasks[task].always {
            let isStopped = before.contains { other in
                states[other] == .upstreamFailed || (states[other] == .failed && !tasks[other].allowFailure)
            }
            if isStopped { return .upstreamFailed }
            if !isSequence, before.contains(where: { states[$0] == .conditionFailed }) { return .conditionFailed }
        }
        switch conditions[task] {
        case .none, .met, .notItemOne: break
        case .unmet: return .conditionFailed
        case .wrong: return .failed
        case .succeeded(let other): if states[other] != .succeeded { return .conditionFailed }
        }
        let items = failures[task].indices.filter { !(conditions[task] == .notItemOne && $0 == 1) }
        return items.allSatisfy { executed(task, $0) == .succeeded } ? .succeeded : .failed
    }

    /// The states of the items of a task, if it comes to them.
    func modelItems(_ task: Int, _ state: TaskState) -> [(Int, TaskState)] {
        guard tasks[task].forEach != nil, !carried.contains(task), conditions[task] != .wrong,
            state == .succeeded || state == .failed
        else { return [] }
        return failures[task].indices.map { item in
            (item, conditions[task] == .notItemOne && item == 1 ? .conditionFailed : executed(task, item))
        }
    }
}

/// Plays a scenario in a random order and watches what the machine may never do.
private final class Drive {
    let scenario: Scenario
    var machine: TaskMachine
    var states: [String: TaskState] = [:]
    var open: [TaskExecution] = []
    var offences: [String] = []
    var trace = ""
    var hasFinished = false
    var wasCancelled = false
    private var now = Duration.zero
    private let graph: TaskGraph

    init(_ scenario: Scenario) throws {
        self.scenario = scenario
        graph = try TaskGraph(scenario.tasks)
        machine = TaskMachine(graph, variables: ["one": .integer(1)], parallelism: scenario.parallelism)
    }

    func run(cancelAfter: Int?, using random: inout SeededGenerator) {
        let carried = scenario.carried.sorted().map {
            CarriedTask(name: "t\($0)", from: RunID(high: 1, low: 2), outputs: [])
        }
        take(machine.begin(carried: carried, skipped: scenario.skipped.sorted().map { "t\($0)" }))
        var steps = 0
        while !hasFinished, steps < 1000 {
            if steps == cancelAfter {
                wasCancelled = true
                take(machine.cancel())
            }
            steps += 1
            let isLate = Int.random(in: 0..<3, using: &random) == 0
            if let due = machine.nextDeadline, open.isEmpty || isLate {
                now = due
                take(machine.timePassed(now: now))
            } else if let index = open.indices.randomElement(using: &random) {
                let execution = open.remove(at: index)
                take(machine.started(execution.number))
                take(machine.ended(execution.number, end(of: execution), now: now, random: 0.3))
            }
        }
    }

    private func end(of execution: TaskExecution) -> TaskEnd {
        if wasCancelled { return .cancelled }
        guard execution.attempt <= scenario.failures[execution.task][execution.itemIndex ?? 0] else {
            return .succeeded(exitCode: 0)
        }
        let isGone = scenario.isGone[execution.task]
        return .failed(
            TaskFailure(
                reason: isGone ? .sailUnreachable : .taskFailed,
                failureClass: isGone ? .infrastructure : .user,
                message: "no"
            ),
            exitCode: 1
        )
    }

    private func take(_ actions: [TaskMachine.Action]) {
        for action in actions {
            switch action {
            case .report(let report):
                trace += "\(report.name) \(report.state.rawValue)\n"
                if states[report.name]?.isTerminal == true { offences.append("\(report.name) ended twice") }
                states[report.name] = report.state
            case .warn: break
            case .start(let execution): begin(execution)
            case .finish:
                if hasFinished { offences.append("finished twice") }
                if !open.isEmpty { offences.append("finished while something executes") }
                hasFinished = true
            }
        }
    }

    private func begin(_ execution: TaskExecution) {
        open.append(execution)
        if wasCancelled { offences.append("\(execution.name) starts after the run was cancelled") }
        if open.count > scenario.parallelism { offences.append("too many tasks execute") }
        let spec = scenario.tasks[execution.task]
        if let limit = spec.forEach?.parallelism, open.count(where: { $0.task == execution.task }) > limit {
            offences.append("too many items of \(spec.name) execute")
        }
        let before = graph.isSequence ? Array(0..<execution.task) : graph.needs[execution.task]
        for other in before where states["t\(other)"]?.isTerminal != true {
            offences.append("\(execution.name) starts before t\(other) has ended")
        }
    }
}
