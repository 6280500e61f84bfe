import FoundationEssentials
import SlipwayCore
import TestSupport
import Testing

extension StackTests {
    /// A graph of tasks on the engine: eight queries side by side, a check that fails, and what a resumed run still executes.
    @Suite(.enabled(if: Given.pythonEnvironment != nil, "SLIPWAY_TEST_PYTHON_ENV is not set")) struct PipelineTests {
        private static let queries = ["q1", "q3", "q4", "q5", "q6", "q10", "q12", "q18"]

        @Test("a pipeline whose check fails ends with the right states, and resuming executes only what is left")
        func resumed() async throws {
            let site = try Site.current()
            let data = try await TPCHData.shared.folder()
            let control = "\(site.folder)/control.json"
            let example = try String(
                contentsOf: URL(filePath: "\(Given.repository)/deploy/examples/tpch-pipeline.yaml"),
                encoding: .utf8
            )
            try await site.apply(example)
            try Data(#"{"line_items": 1}"#.utf8).write(to: URL(filePath: control))

            let run = try await site.create("tpch-pipeline", variables: ["data": data, "control": control])[0]
            let ended = try await site.slipway("run", "wait", run, within: .seconds(180))
            #expect(ended.status != 0)
            let first = try await states(of: run, on: site)
            var expected = Dictionary(uniqueKeysWithValues: Self.queries.map { ($0, "succeeded") })
            expected["load"] = "succeeded"
            expected["check"] = "failed"
            expected["report"] = "upstream_failed"
            expected["cleanup"] = "succeeded"
            #expect(first == expected)
            let told = try await site.run(run)
            #expect(told.text("failed_task") == "check")
            #expect(told.text("failure_class") == "user")
            #expect(told.text("message").contains("line items, the source says 1"))
            // Each task has a log of its own, whatever executed beside it.
            #expect(try await site.lines(of: "load", run).contains { $0.hasPrefix("lineitem: ") })
            #expect(try await site.lines(of: "cleanup", run) == ["nothing of run \(run) is left behind"])
            try await compareAnswers(of: run, data, on: site)

            let rows = try await Oracle.rows(
                of: "SELECT count(*) FROM lineitem WHERE l_shipdate <= DATE '1998-09-02'",
                data
            )
            try Data(#"{"line_items": \#(rows[0][0])}"#.utf8).write(to: URL(filePath: control))
            let resumed = try await site.slipway("run", "resume", run, "-o", "name")
            let second = try #require(resumed.names.first)
            let answer = try await site.slipway("run", "wait", second, within: .seconds(180))
            #expect(answer.status == 0)
            let tasks = try await tasks(of: second, on: site)
            #expect(tasks.allSatisfy { $0.value.text("state") == "succeeded" })
            for query in Self.queries { #expect(tasks[query]?.text("carried_from") == run) }
            for executed in ["check", "report", "cleanup"] {
                #expect(tasks[executed]?["carried_from"] ?? .null == .null)
                #expect(try await !site.lines(of: executed, second).isEmpty || executed == "check")
            }
            #expect(try await site.lines(of: "q1", second).isEmpty)
            // What was carried over is there to read, in the resumed run as in the first.
            try await compareAnswers(of: second, data, on: site)
        }

        // MARK: Steps

        private func tasks(of run: String, on site: Site) async throws -> [String: JSONValue] {
            let tasks = try await site.run(run)["tasks"]?.elements ?? []
            return Dictionary(uniqueKeysWithValues: tasks.map { ($0.text("name"), $0) })
        }

        private func states(of run: String, on site: Site) async throws -> [String: String] {
            try await tasks(of: run, on: site).mapValues { $0.text("state") }
        }

        /// Each query of the example, as it stands there, gives the same rows in DuckDB.
        private func compareAnswers(of run: String, _ data: String, on site: Site) async throws {
            let outputs = try await site.slipway.json("run", "output", run)["outputs"]?.elements ?? []
            for query in Self.queries {
                let output = try #require(outputs.first { $0.text("task") == query })
                let found = (output["value"]?.elements ?? []).map { $0.elements.map(\.text) }
                let expected = try await Oracle.rows(of: try Self.statement(of: query), data)
                #expect(!expected.isEmpty)
                #expect(found.count == expected.count, "\(query)")
                #expect(zip(found, expected).allSatisfy { Oracle.agree($0, $1) }, "\(query)")
            }
        }

        private static func statement(of query: String) throws -> String {
            let text = try String(
                contentsOf: URL(filePath: "\(Given.repository)/deploy/examples/tpch-pipeline.yaml"),
                encoding: .utf8
            )
            let job = try JobFile.parse(text)
            guard case .sql(.text(let statement))? = job.tasks.first(where: { $0.name == query })?.action else {
                throw Unexpected("the example has no SQL task \(query)")
            }
            return statement
        }
    }
}
