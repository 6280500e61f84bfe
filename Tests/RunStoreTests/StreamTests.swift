import RunStore
import SlipwayCore
import Testing

@Suite struct StreamTests {
    @Test func linesAreStoredOnceHoweverOftenTheyAreSent() async throws {
        try await StoreFixture.with { fixture in
            let store = fixture.store
            let run = try #require(try await fixture.claimed().first)
            let first = flush(run, previous: 0, lines: 1...3)
            #expect(try await store.store([first]) == [run.id])
            #expect(try await store.store([first]).isEmpty)
            #expect(try await store.store([flush(run, previous: 3, lines: 4...5)]) == [run.id])
            let chunks = try await store.logChunks(run.id, of: .stream("task/only"), after: .start)
            #expect(chunks.flatMap(\.lines).map(\.text) == (1...5).map { "line\t\($0)" })
            let rest = try await store.logChunks(
                run.id,
                of: .numberedByRunner,
                after: LogPosition(placement: run.placement, sequence: 2)
            )
            #expect(rest.flatMap(\.lines).map(\.sequence) == [3, 4, 5])
            #expect(try await store.logStreams(run.id).map(\.lines) == [5])
        }
    }

    @Test func aFlushUnderAnotherLeaseIsRefused() async throws {
        try await StoreFixture.with { fixture in
            let run = try #require(try await fixture.claimed().first)
            _ = try await fixture.store.adopt([(run.id, run.leaseEpoch)], holder: fixture.holder.id)
            #expect(try await fixture.store.store([flush(run, previous: 0, lines: 1...1)]).isEmpty)
            #expect(try await fixture.store.logStreams(run.id).isEmpty)
        }
    }

    @Test func outputsKeepTheirTypes() async throws {
        try await StoreFixture.with { fixture in
            let run = try #require(try await fixture.claimed().first)
            let output = TaskOutput(
                task: "only",
                name: "result",
                kind: .rows,
                columns: [.init(name: "n", type: "bigint"), .init(name: "price", type: "decimal(15,2)")],
                value: .array([.array([.integer(9_007_199_254_740_993), .string("1.10")])]),
                rowCount: 1
            )
            var written = flush(run, previous: 0, lines: 1...1)
            written.outputs = [output]
            #expect(try await fixture.store.store([written]) == [run.id])
            #expect(try await fixture.store.outputs(run.id) == [output])
        }
    }

    private func flush(_ run: ClaimedRun, previous: Int64, lines: ClosedRange<Int64>) -> StreamFlush {
        let texts = lines.map {
            LogLine(sequence: $0, milliseconds: 1_700_000_000_000 + $0, channel: .stdout, text: "line\t\($0)")
        }
        return StreamFlush(
            run: run.id,
            leaseEpoch: run.leaseEpoch,
            placement: run.placement,
            previousStreamSequence: previous,
            previousSailLines: 0,
            streamSequence: lines.upperBound,
            sailLines: 0,
            chunks: [LogChunk(stream: "task/only", lines: texts)],
            outputs: []
        )
    }
}
