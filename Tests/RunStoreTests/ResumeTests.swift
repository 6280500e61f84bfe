import PostgresClient
import RunStore
import SlipwayCore
import Testing

@Suite("Runs that go on with others")
struct ResumeTests {
    private static let started = Timestamp(microsecondsSince1970: 1_772_359_200_000_000)

    /// A run that failed with one task done, one of whose items too.
    private func failed(_ fixture: StoreFixture) async throws -> RunID {
        let run = try #require(try await fixture.claimed().first)
        let rows = [
            TaskRow(
                name: "load",
                position: 0,
                state: .succeeded,
                startedAt: Self.started,
                endedAt: Self.started,
                warnings: 2
            ),
            TaskRow(name: "load[0]", position: 0, itemIndex: 0, state: .succeeded, item: .integer(7)),
            TaskRow(name: "check", position: 1, state: .failed),
        ]
        try await fixture.tell(run, rows)
        let outputs = [("load", "count"), ("load[0]", "file"), ("check", "half")].map { task, name in
            TaskOutput(task: task, name: name, kind: .scalar, value: .string(String(repeating: name, count: 100)))
        }
        let flush = StreamFlush(
            run: run.id,
            leaseEpoch: run.leaseEpoch,
            placement: 1,
            previousStreamSequence: 1,
            previousSailLines: 0,
            streamSequence: 2,
            sailLines: 0,
            chunks: [],
            outputs: outputs
        )
        #expect(try await fixture.store.store([flush]) == [run.id])
        _ = try await fixture.store.apply([fixture.report(run, end: StoreFixture.failure())])
        return run.id
    }

    private func resumption(_ fixture: StoreFixture, of origin: RunID, from task: String? = nil) -> NewRun {
        var run = fixture.follower(of: origin, .resume)
        run.plan = RunPlan(fromRun: origin, fromTask: task, carried: ["load"], skipped: ["aside"])
        return run
    }

    @Test("what was carried over is there from the beginning, with its outputs, and names the run that did it")
    func carried() async throws {
        try await StoreFixture.with { fixture in
            let origin = try await failed(fixture)
            let first = resumption(fixture, of: origin)
            #expect(try await fixture.store.follow([first], by: nil, why: nil).map(\.change) == [.changed])
            #expect(try await fixture.store.plan(first.id) == first.plan)
            let rows = try await fixture.store.tasks(first.id, after: .start, limit: 10)
            #expect(rows.map(\.row.name) == ["load", "load[0]"] && rows.allSatisfy { $0.carriedFrom == origin })
            #expect(
                rows[0].row.startedAt == Self.started && rows[0].row.state == .succeeded && rows[0].row.warnings == 0
            )
            #expect(try await fixture.store.outputs(first.id).map(\.name).sorted() == ["count", "file"])

            // The runner tells of it too, and changes nothing.
            try await fixture.admitAll()
            let claim = try await fixture.store.claim(
                cluster: "default",
                holder: fixture.holder.id,
                limit: 9,
                window: 9
            )
            let run = try #require(claim.runs.first)
            #expect(run.id == first.id && run.plan == first.plan)
            let check = TaskRow(name: "check", position: 1, state: .failed)
            try await fixture.tell(run, [TaskRow(name: "load", position: 0, state: .failed), check])
            #expect(try await fixture.store.tasks(first.id).first?.row == rows[0].row)

            // A resumption of the resumption still names the first run.
            _ = try await fixture.store.apply([fixture.report(run, end: StoreFixture.failure())])
            let second = resumption(fixture, of: first.id)
            _ = try await fixture.store.follow([second], by: nil, why: nil)
            #expect(try await fixture.store.tasks(second.id).map(\.carriedFrom) == [origin])
            #expect(try await fixture.store.outputs(second.id).count == 2)
        }
    }

    @Test("a dispatcher gets the outputs, the largest by name only once there are too many bytes")
    func outputs() async throws {
        try await StoreFixture.with { fixture in
            let origin = try await failed(fixture)
            let run = resumption(fixture, of: origin)
            _ = try await fixture.store.follow([run], by: nil, why: nil)
            let all = try await fixture.store.carriedTasks([run.id], limitBytes: 10_000)
            let task = try #require(all[run.id]?.first)
            #expect(task.name == "load" && task.from == origin && task.omitted.isEmpty)
            #expect(task.outputs.map(\.task) == ["load", "load[0]"] && task.outputs.map(\.name) == ["count", "file"])
            // `file` has 402 bytes, `count` 502, and each 100 for what is around it.
            let few = try await fixture.store.carriedTasks([run.id], limitBytes: 600)
            #expect(few[run.id]?.first?.outputs.map(\.name) == ["file"] && few[run.id]?.first?.omitted == ["count"])
            let none = try await fixture.store.carriedTasks([run.id, origin], limitBytes: 0)
            #expect(none[run.id]?.first?.omitted == ["count", "load[0].file"] && none[origin] == nil)
        }
    }

    @Test("asking again gives the same run, and beginning with another task is another run")
    func again() async throws {
        try await StoreFixture.with { fixture in
            let origin = try await failed(fixture)
            let first = resumption(fixture, of: origin, from: "check")
            _ = try await fixture.store.follow([first], by: "ann", why: "a test")
            let same = resumption(fixture, of: origin, from: "check")
            #expect(try await fixture.store.followers(insteadOf: [same]) == [origin: first.id])
            let results = try await fixture.store.follow([same], by: nil, why: nil)
            #expect(results.map(\.follower) == [first.id] && results.map(\.change) == [.alreadySo])
            let other = resumption(fixture, of: origin)
            #expect(try await fixture.store.follow([other], by: nil, why: nil).map(\.follower) == [other.id])
            let details = try await fixture.store.pool.query(
                "SELECT details ->> 'from_task' FROM audit_log WHERE subject = \(origin.description) ORDER BY id"
            ).decode(String?.self)
            #expect(details == ["check", nil])
        }
    }

    @Test("a retry by policy does the same part, and a lost placement keeps what was carried over")
    func automatic() async throws {
        try await StoreFixture.with { fixture in
            let origin = try await failed(fixture)
            let run = resumption(fixture, of: origin)
            _ = try await fixture.store.follow([run], by: nil, why: nil)
            var policy = RetryPolicy(infrastructure: 1)
            policy.backoff.initialSeconds = 1
            let retries = PostgresJSON(text: try JSONValue(encoding: policy).canonicalText)
            try await fixture.store.pool.query(
                "UPDATE job_versions SET spec = spec || jsonb_build_object('retries', \(retries)::jsonb)"
            )
            try await fixture.admitAll()
            var claimed = try await fixture.store.claim(
                cluster: "default",
                holder: fixture.holder.id,
                limit: 9,
                window: 9
            )
            let lost = PlacementEnd(outcome: .lost, at: .now, hasUserCodeRun: false, reason: .evicted)
            _ = try await fixture.store.apply([fixture.report(claimed.runs[0], end: lost, running: false)])
            claimed = try await fixture.store.claim(cluster: "default", holder: fixture.holder.id, limit: 9, window: 9)
            #expect(claimed.runs.map(\.placement) == [2])
            #expect(try await fixture.store.tasks(run.id).map(\.carriedFrom) == [origin])
            let crash = PlacementEnd(outcome: .failed, at: .now, hasUserCodeRun: true, reason: .runnerCrashed)
            let applied = try await fixture.store.apply([fixture.report(claimed.runs[0], end: crash)])
            #expect(applied.retried == 1, "\(applied.unread)")
            let chain = try await fixture.store.chain(origin)
            let retry = try #require(chain.last)
            #expect(retry.originKind == "automatic")
            #expect(try await fixture.store.plan(retry.id) == run.plan)
            #expect(try await fixture.store.tasks(retry.id).map(\.carriedFrom) == [origin])
            #expect(try await fixture.store.outputs(retry.id).count == 2)
        }
    }

    @Test("deleting a run leaves nothing of its plan, and what others took over stays")
    func deletion() async throws {
        try await StoreFixture.with { fixture in
            let origin = try await failed(fixture)
            let run = resumption(fixture, of: origin)
            _ = try await fixture.store.follow([run], by: nil, why: nil)
            _ = try await fixture.perform(.delete, on: [origin])
            #expect(try await fixture.store.outputs(run.id).count == 2)
            _ = try await fixture.perform(.cancel, on: [run.id])
            _ = try await fixture.perform(.delete, on: [run.id])
            for table in ["run_plans", "run_tasks", "run_outputs", "run_warnings"] {
                #expect(try await fixture.count(table, of: run.id) == 0, "\(table)")
            }
        }
    }
}
