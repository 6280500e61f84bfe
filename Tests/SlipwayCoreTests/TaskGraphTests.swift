import Testing

@testable import SlipwayCore

@Suite struct TaskGraphTests {
    private func task(
        _ name: String,
        needs: [String]? = nil,
        when: String? = nil,
        always: Bool = false,
        forEach: TaskSpec.ForEach.Items? = nil
    ) -> TaskSpec {
        TaskSpec(
            name: name,
            action: .command(["true"]),
            needs: needs,
            when: when,
            always: always,
            forEach: forEach.map { TaskSpec.ForEach(items: $0) }
        )
    }

    private func problems(
        _ tasks: [TaskSpec],
        variables: [String: JobSpec.VariableType]? = nil
    ) -> [String] {
        do {
            _ = try TaskGraph(tasks, variables: variables)
            return []
        } catch {
            return error.problems.map(\.description)
        }
    }

    @Test func withoutNeedsTasksAreASequence() throws {
        let graph = try TaskGraph([task("a"), task("b"), task("c")])
        #expect(graph.isSequence && graph.needs == [[], [0], [1]] && graph.dependents == [[1], [2], []])
        let parallel = try TaskGraph([task("a"), task("b", needs: []), task("c", needs: ["b", "a"])])
        #expect(!parallel.isSequence && parallel.needs == [[], [], [1, 0]])
        #expect(parallel.downstream(of: [0]) == [0, 2] && parallel.upstream(of: [2]) == [0, 1, 2])
    }

    @Test func unknownNamesCyclesAndDoublesAreTold() {
        #expect(
            problems([task("load"), task("b", needs: ["laod"])]) == [
                "b: needs[0]: there is no task laod in the job; did you mean \"load\"?"
            ]
        )
        #expect(problems([task("a", needs: ["a"])]) == ["a: needs[0]: a task cannot need itself"])
        #expect(problems([task("a"), task("b", needs: ["a", "a"])]) == ["b: needs[1]: stands twice in the list"])
        #expect(
            problems([
                task("x", needs: ["b"]), task("a", needs: ["c"]), task("b", needs: ["a"]), task("c", needs: ["b"]),
                task("d", needs: ["e"]), task("e", needs: ["d"]),
            ]) == [
                "a: needs[0]: the task waits for itself: a -> c -> b -> a",
                "d: needs[0]: the task waits for itself: d -> e -> d",
            ]
        )
    }

    @Test func conditionsMayOnlyAskForWhatIsThere() {
        let variables: [String: JobSpec.VariableType] = ["day": .date, "token": .secret]
        #expect(
            problems([task("a", when: "variables.dya == '2026-01-01'")], variables: variables) == [
                "a: when: asks for the variable dya, which the job does not have; did you mean \"day\"?"
            ]
        )
        #expect(
            problems([task("a", when: "variables.token != ''")], variables: variables) == [
                "a: when: asks for the variable token, which is a secret"
            ]
        )
        #expect(
            problems([
                task("a", needs: []), task("b", needs: ["a"]),
                task("c", needs: ["b"], when: "tasks.a.state == 'failed'"),
                task("d", needs: [], when: "tasks.a.state == 'failed'"), task("e", when: "tasks.zzz.attempt > 1"),
            ]) == [
                "d: when: asks for the task a, but must ask for a task that it needs, directly or not",
                "e: when: asks for the task zzz, which the job does not have",
            ]
        )
        #expect(
            problems([task("a", when: "tasks.b.attempt > 1"), task("b", when: "tasks.a.attempt > 1")]) == [
                "a: when: asks for the task b, but must ask for a task before it"
            ]
        )
        #expect(
            problems([task("a", when: "item == 1")]) == ["a: when: asks for item, which only a task with for_each has"]
        )
        #expect(problems([task("a", when: "1 <")]) == ["a: when: at column 4: expected a value, found the end"])
    }

    @Test func whatCanNeverBeExecutedIsTold() {
        #expect(
            problems([
                task("a", needs: []), task("b", needs: ["a"], when: "1 > 2"), task("c", needs: ["b"]),
                task("d", needs: ["c"]), task("e", needs: ["d"], always: true),
            ]) == ["b: when: is never true, so the task and what needs it (c, d) are never executed"]
        )
        #expect(
            problems([task("a", when: "false"), task("b")]) == ["a: when: is never true, so the task is never executed"]
        )
        #expect(problems([task("a", when: "1")]) == ["a: when: must be true or false, but is always a number"])
        #expect(problems([task("a", when: "1 < 'a'")]).count == 1)
        #expect(problems([task("a", forEach: .expression("'x'"))]) == ["a: for_each: must be a list, but gives a text"])
        #expect(problems([task("a", forEach: .expression("['x', 'y']"))]) == [])
    }

    @Test func jobFilesTellTheLine() throws {
        let text = """
            name: j
            variables: {day: {type: date}}
            parallelism: 8
            tasks:
              - {name: a, command: [x], retries: 3}
              - name: b
                command: [x]
                needs: [a, c]
                when: variables.day > '2026' and
                  tasks.a.attempt == 1
                for_each: {items: [1, two, {three: 3}], parallelism: 2}
                retries: {limit: 2, backoff: {kind: constant, initial: 5s}}
              - name: c
                command: [x]
                needs: b
                always: true
            """
        #expect {
            try JobFile.parse(text)
        } throws: { error in
            "\(error)" == "job file:8:16: tasks[1].needs[1]: the task waits for itself: b -> c -> b"
        }
        let job = try JobFile.parse(text.replacing("[a, c]", with: "[a]"))
        #expect(job.parallelism == 8 && job.tasks[0].needs == nil && job.tasks[2].needs == ["b"] && job.tasks[2].always)
        #expect(job.tasks[0].retries == TaskRetries(limit: 3))
        #expect(job.tasks[1].when == "variables.day > '2026' and tasks.a.attempt == 1")
        #expect(
            job.tasks[1].forEach
                == TaskSpec.ForEach(
                    items: .list([.integer(1), .string("two"), .object(["three": .integer(3)])]),
                    parallelism: 2
                )
        )
        #expect(job.tasks[1].retries?.backoff.kind == .constant && job.tasks[1].retries?.backoff.initialSeconds == 5)
    }

    @Test(
        "mistakes of the new members have their place",
        arguments: [
            ("needs: {a: b}", "3:34: tasks[0].needs: must be a list of task names"),
            ("needs: [A]", "3:35: tasks[0].needs[0]: \"A\" must be 1 to 63 characters"),
            ("when: '1 ='", "3:33: tasks[0].when: at column 3:"),
            ("always: maybe", "3:35: tasks[0].always: \"maybe\" must be true or false"),
            ("for_each: [[1]]", "3:38: tasks[0].for_each[0]: must be a text"),
            ("for_each: {parallelism: 2}", "tasks[0].for_each: items is required"),
            ("for_each: {items: [1], parallelism: 65}", "must be a whole number from 1 to 64"),
            ("retries: 21", "must be a whole number from 0 to 20"),
            ("retries: {backoff: {initial: 1s}}", "tasks[0].retries: limit is required"),
        ]
    )
    func mistakes(member: String, expected: String) {
        #expect {
            try JobFile.parse("name: j\ntasks:\n  - {name: a, command: x, \(member)}")
        } throws: { error in
            "\(error)".contains(expected)
        }
    }
}
