import PostgresClient
import RunStore
import SlipwayCore
import Testing

@Suite struct OutputTests {
    private func stored(_ outputs: [TaskOutput], _ fixture: StoreFixture) async throws -> RunID {
        let run = try #require(try await fixture.claimed().first)
        let line = LogLine(sequence: 1, milliseconds: 1_700_000_000_000, channel: .stdout, text: "x")
        let flush = StreamFlush(
            run: run.id,
            leaseEpoch: run.leaseEpoch,
            placement: run.placement,
            previousStreamSequence: 0,
            previousSailLines: 0,
            streamSequence: 1,
            sailLines: 0,
            chunks: [LogChunk(stream: "runner", lines: [line])],
            outputs: outputs
        )
        #expect(try await fixture.store.store([flush]) == [run.id])
        return run.id
    }

    private static func rows(_ name: String, _ count: Int) -> TaskOutput {
        TaskOutput(
            task: "only",
            name: name,
            kind: .rows,
            columns: [.init(name: "n", type: "bigint")],
            value: .array((0..<count).map { .array([.integer(Int64($0))]) }),
            rowCount: count * 2,
            isTruncated: true
        )
    }

    @Test("a list tells how many rows are kept, leaves long values out, and goes page by page")
    func list() async throws {
        try await StoreFixture.with { fixture in
            let outputs = [Self.rows("a", 3), Self.rows("b", 1000)] + (0..<5).map { Self.rows("c\($0)", 1) }
            let id = try await stored(outputs, fixture)
            let all = try await fixture.store.outputs(id, limit: 100, valueBytes: 100)
            #expect(all.map(\.name) == ["a", "b", "c0", "c1", "c2", "c3", "c4"])
            #expect(all[0].value == outputs[0].value && all[0].sampleCount == 3 && all[0].rowCount == 6)
            #expect(all[1].value == nil && all[1].sampleCount == 1000 && all[1].valueBytes > 3000)
            #expect(all[2].value != nil)
            // All values together are bounded too: sixteen times nine bytes hold those of a few outputs.
            let few = try await fixture.store.outputs(id, limit: 100, valueBytes: 9)
            #expect(few.allSatisfy { $0.name.hasPrefix("c") == ($0.value != nil) })
            let page = try await fixture.store.outputs(id, limit: 2, valueBytes: 100)
            let next = try await fixture.store.outputs(
                id,
                after: OutputName(task: "only", name: try #require(page.last).name),
                limit: 2,
                valueBytes: 100
            )
            #expect((page + next).map(\.name) == ["a", "b", "c0", "c1"])
            #expect(try await fixture.store.outputs(id, task: "other", limit: 9, valueBytes: 9).isEmpty)
        }
    }

    @Test("one output is read whole, and the names there are can be told")
    func whole() async throws {
        try await StoreFixture.with { fixture in
            let id = try await stored([Self.rows("a", 3), Self.rows("b", 1000)], fixture)
            #expect(try await fixture.store.output(id, OutputName(task: "only", name: "b")) == Self.rows("b", 1000))
            #expect(try await fixture.store.output(id, OutputName(task: "only", name: "c")) == nil)
            #expect(try await fixture.store.outputNames(id, limit: 10).map(\.name) == ["a", "b"])
        }
    }

    @Test("the views that people read have what the tables have")
    func views() async throws {
        try await StoreFixture.with { fixture in
            let id = try await stored([Self.rows("a", 3)], fixture)
            let output = try await fixture.store.pool.query(
                "SELECT task, name, kind, row_count, is_truncated, value_bytes FROM outputs WHERE run_id = \(id)"
            ).decode(String.self, String.self, String.self, Int.self, Bool.self, Int.self)
            #expect(output.first.map { "\($0)" } == #"("only", "a", "rows", 6, true, 15)"#)
            let run = try await fixture.placed(.running)
            try await fixture.tell(run, [TaskRow(name: "only", position: 0, state: .running)])
            let tasks = try await fixture.store.pool.query(
                "SELECT name, state, attempt, duration IS NULL FROM tasks WHERE run_id = \(run.id)"
            ).decode(String.self, String.self, Int.self, Bool.self)
            #expect(tasks.first.map { "\($0)" } == #"("only", "running", 1, true)"#)
            #expect(try await fixture.store.pool.query("SELECT * FROM run_usage_summary").rowCount == 0)
        }
    }
}
