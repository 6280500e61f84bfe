import SlipwayCore
import Testing

/// `RunStates.md` against the code.
@Suite struct RunStatesPageTests {
    private let page: DocumentationPage

    init() throws { page = try DocumentationPage.article("RunStates") }

    @Test("the diagram has exactly the legal transitions")
    func diagram() throws {
        let diagram = StateDiagram(try #require(page.blocks("mermaid").first))
        #expect(diagram.mistakes == [])
        #expect(diagram.initial == [RunState.pending.rawValue])
        #expect(diagram.final == Set(RunState.terminal.map(\.rawValue)))
        let missing = RunTransition.legalPairs.subtracting(diagram.pairs).sorted()
        let surplus = diagram.pairs.subtracting(RunTransition.legalPairs).sorted()
        #expect(missing.isEmpty, "paste into the diagram:\n\(lines(missing))")
        #expect(surplus.isEmpty, "take out of the diagram:\n\(lines(surplus))")
    }

    private func lines(_ pairs: [RunTransition.Pair]) -> String {
        pairs.map { "    \($0.from.rawValue) --> \($0.to.rawValue)" }.joined(separator: "\n")
    }

    @Test("the table of states has every state, in the order of the code, with who enters it")
    func states() {
        let rows = page.table("State")
        #expect(rows.map { $0[0].unquoted } == RunState.allCases.map(\.rawValue))
        #expect(rows.allSatisfy { $0.count == 3 && !$0.contains("") })
    }

    @Test("the table of reasons has every code with its class and advice")
    func reasons() {
        let rows = page.table("Code")
        let meanings = Dictionary(
            rows.map { ($0[0].unquoted, $0.count > 2 ? $0[2] : "") },
            uniquingKeysWith: { first, _ in first }
        )
        let expected = ReasonCode.allCases.map { code in
            [
                "`\(code.rawValue)`", code.failureClass.map { "`\($0.rawValue)`" } ?? "–",
                meanings[code.rawValue] ?? "TELL WHAT IT MEANS", code.advice ?? "–",
            ]
        }
        let block = expected.map { "| \($0.joined(separator: " | ")) |" }.joined(separator: "\n")
        #expect(rows == expected, "paste as the table's rows:\n\(block)")
        #expect(rows.allSatisfy { $0.count == 4 && !$0[2].isEmpty })
    }

    @Test("every class of failure is explained")
    func classes() {
        for failureClass in FailureClass.allCases { #expect(page.text.contains("`\(failureClass.rawValue)`")) }
    }

    @Test("every state of a task is named")
    func taskStates() {
        for state in TaskState.allCases { #expect(page.text.contains("`\(state.rawValue)`"), "\(state.rawValue)") }
    }
}

/// The reader of diagrams the page's test stands on.
@Suite struct StateDiagramTests {
    @Test("a box stands for its states, an arrow to it for the one it begins with")
    func boxes() {
        let diagram = StateDiagram(
            """
            stateDiagram-v2
                state "in a box" as box {
                    [*] --> starting
                    starting --> creating_sail
                }
                [*] --> ready
                ready --> box : claimed
                box --> failed
                failed --> [*]
            """
        )
        let expected: [(RunState, RunState)] = [
            (.starting, .creatingSail), (.ready, .starting), (.starting, .failed), (.creatingSail, .failed),
        ]
        #expect(diagram.pairs == Set(expected.map { RunTransition.Pair(from: $0.0, to: $0.1) }))
        #expect(diagram.initial == ["ready"])
        #expect(diagram.final == ["failed"])
        #expect(diagram.mistakes == [])
    }

    @Test("an unknown state and a line of another kind are mistakes")
    func mistakes() {
        let diagram = StateDiagram("    ready --> redy\n    direction LR\n")
        #expect(Set(diagram.mistakes) == ["ready --> redy", "    direction LR"])
        #expect(diagram.pairs.isEmpty)
    }
}
