import SlipwayCore
import Testing

@Suite struct JobDifferenceTests {
    private func job(_ text: String) throws -> JSONValue {
        try JSONValue(encoding: JobFile.parse("name: a\nengine: none\n" + text))
    }

    @Test("tasks are compared by their names, not their places")
    func tasks() throws {
        let before = try job("tasks: [{name: one, sql: 'select 1'}, {name: two, command: ['true']}]")
        let after = try job(
            "tasks: [{name: zero, command: ['true']}, {name: one, sql: 'select 2'}, {name: two, command: ['true']}]"
        )
        let differences = JobDifference.between(before, after)
        #expect(differences.map(\.path) == ["tasks[one].action.sql", "tasks[zero]"])
        #expect(differences.map(\.kind) == [.changed, .added])
        #expect(differences[0].before == .string("select 1") && differences[0].after == .string("select 2"))
    }

    @Test("another order of tasks is one difference")
    func order() throws {
        let before = try job("tasks: [{name: one, command: ['true']}, {name: two, command: ['true']}]")
        let after = try job("tasks: [{name: two, command: ['true']}, {name: one, command: ['true']}]")
        #expect(JobDifference.between(before, after).map(\.path) == ["tasks"])
    }

    @Test("members come, go and change, in lists by place")
    func members() throws {
        let before = try job("description: x\ntags: [a, b]\ntasks: [{name: one, command: ['true']}]")
        let after = try job("kind: y\ntags: [a, c]\ntasks: [{name: one, command: ['true']}]")
        let differences = JobDifference.between(before, after)
        #expect(
            differences.map { "\($0.path) \($0.kind)" } == ["description removed", "kind added", "tags[1] changed"]
        )
        #expect(JobDifference.between(before, before).isEmpty)
    }

    @Test("random values differ nowhere exactly when they are equal")
    func property() {
        var generator = SeededGenerator(seed: 7)
        for _ in 0..<500 {
            let (left, right) = (Self.value(&generator, depth: 3), Self.value(&generator, depth: 3))
            #expect(JobDifference.between(left, right).isEmpty == (left == right))
            #expect(JobDifference.between(left, left).isEmpty)
        }
    }

    private static func value(_ generator: inout SeededGenerator, depth: Int) -> JSONValue {
        switch Int.random(in: 0..<(depth > 0 ? 5 : 3), using: &generator) {
        case 0: return .integer(Int64.random(in: 0...1, using: &generator))
        case 1: return .string(["a", "b"].randomElement(using: &generator) ?? "")
        case 2: return .bool(true)
        case 3:
            let count = Int.random(in: 0...2, using: &generator)
            return .array((0..<count).map { _ in value(&generator, depth: depth - 1) })
        default:
            var members: [String: JSONValue] = [:]
            for key in ["name", "b"] where Bool.random(using: &generator) {
                members[key] = value(&generator, depth: depth - 1)
            }
            return .object(members)
        }
    }
}
