import PostgresClient
import RunStore
import SlipwayCore
import Testing

@Suite("Tasks and warnings in the store")
struct TaskTests {
    @Test("a task keeps all that was told of it, and a later flush replaces it")
    func roundTrip() async throws {
        try await StoreFixture.with { fixture in
            let run = try #require(try await fixture.claimed().first)
            let failure = TaskFailure(reason: .taskFailed, failureClass: .user, message: "no such table")
            var row = TaskRow(
                name: "load[3]",
                position: 1,
                itemIndex: 3,
                state: .running,
                attempt: 2,
                startedAt: Timestamp(microsecondsSince1970: 1_772_359_200_123_000),
                item: .object(["file": .string("a.csv")]),
                progress: TaskProgress(done: 2, total: 5.5),
                warnings: 1
            )
            try await fixture.tell(run, [row, TaskRow(name: "first", position: 0)])
            let told = try await fixture.store.tasks(run.id, changedAfter: 0)
            #expect(told.map(\.row) == [TaskRow(name: "first", position: 0), row])
            #expect(told.map(\.sequence) == [1, 1] && told.allSatisfy { $0.carriedFrom == nil })
            row.state = .failed
            row.failure = failure
            row.exitCode = 7
            row.note = "it broke"
            row.progress = nil
            try await fixture.tell(run, [row])
            #expect(try await fixture.store.tasks(run.id, changedAfter: 1).map(\.row) == [row])
            #expect(try await fixture.store.tasks(run.id).map(\.row.name) == ["first"])
            let counts = try await fixture.store.itemCounts(run.id)
            #expect(counts.map(\.state) == [.failed] && counts.map(\.count) == [1] && counts.map(\.position) == [1])
            #expect(try await fixture.store.pulses([run.id]).first?.taskSequence == 2)
        }
    }

    @Test("a flush of a lease that is gone, or a repeated one, changes no task and counts no warning")
    func exactlyOnce() async throws {
        try await StoreFixture.with { fixture in
            let run = try #require(try await fixture.claimed().first)
            let warning = RunWarning(source: .runner, sequence: 1, milliseconds: 1000, task: "only", message: "look")
            var flush = StreamFlush(
                run: run.id,
                leaseEpoch: run.leaseEpoch,
                placement: run.placement,
                previousStreamSequence: 0,
                previousSailLines: 0,
                streamSequence: 5,
                sailLines: 0,
                chunks: [],
                outputs: [],
                tasks: [TaskRow(name: "only", position: 0, state: .running)],
                warnings: [warning],
                countedWarnings: 3
            )
            #expect(try await fixture.store.store([flush]) == [run.id])
            flush.tasks[0].state = .failed
            #expect(try await fixture.store.store([flush]).isEmpty)
            flush.previousStreamSequence = 5
            flush.leaseEpoch -= 1
            #expect(try await fixture.store.store([flush]).isEmpty)
            #expect(try await fixture.store.tasks(run.id).map(\.row.state) == [.running])
            #expect(try await fixture.store.run(run.id)?.warnings == 3)
            #expect(try await fixture.store.warnings(run.id, limit: 10).map(\.warning) == [warning])
            // The summary told of more than the stream did; what was counted never shrinks.
            var report = fixture.report(run, end: StoreFixture.success())
            report.warnings = 2
            _ = try await fixture.store.apply([report])
            #expect(try await fixture.store.run(run.id)?.warnings == 3)
        }
    }

    @Test("the row that tells how many more warnings there were is one row, and stands last")
    func more() async throws {
        try await StoreFixture.with { fixture in
            let run = try #require(try await fixture.claimed().first)
            for count in [1, 20] {
                let more = RunWarning(
                    source: .sail,
                    sequence: 0,
                    milliseconds: 5,
                    message: "\(count) more",
                    isCounted: false
                )
                let late = RunWarning(source: .sail, sequence: Int64(count), milliseconds: 9000, message: "late")
                try await fixture.tell(run, [], warnings: [more, late])
            }
            let messages = try await fixture.store.warnings(run.id, limit: 10).map(\.warning.message)
            #expect(messages == ["late", "late", "20 more"])
        }
    }

    @Test(
        "with a run its tasks end",
        arguments: [
            (PlacementEnd.Outcome.failed, TaskState.failed, "the run ended: runner_crashed"),
            (.timeout, .failed, "the run ended: run_timeout"),
            (.cancelled, .cancelled, "the run ended: cancel_requested"),
            (.succeeded, .cancelled, "its end was not received"),
        ]
    )
    func settled(outcome: PlacementEnd.Outcome, running: TaskState, note: String) async throws {
        try await StoreFixture.with { fixture in
            let run = try #require(try await fixture.claimed().first)
            let states = [TaskState.succeeded, .failed, .running, .queued, .initial, .skipped]
            let started = Timestamp(microsecondsSince1970: 1_772_359_200_000_000)
            try await fixture.tell(
                run,
                states.enumerated().map { TaskRow(name: "t\($0)", position: $0, state: $1, startedAt: started) }
            )
            let reasons: [PlacementEnd.Outcome: ReasonCode] = [
                .failed: .runnerCrashed, .timeout: .runTimeout, .cancelled: .cancelRequested, .succeeded: .completed,
            ]
            let reason = reasons[outcome] ?? .podLost
            let end = PlacementEnd(outcome: outcome, at: .now, hasUserCodeRun: true, reason: reason)
            _ = try await fixture.store.apply([fixture.report(run, end: end)])
            let tasks = try await fixture.store.tasks(run.id).map(\.row)
            #expect(tasks.map(\.state) == [.succeeded, .failed, running, .cancelled, .cancelled, .skipped])
            #expect(tasks[2].note == note && tasks[2].endedAt != nil && tasks[1].endedAt == nil)
        }
    }

    @Test("a placement that is made anew begins without the tasks and warnings of the one before")
    func anew() async throws {
        try await StoreFixture.with { fixture in
            let run = try #require(try await fixture.claimed().first)
            let warning = RunWarning(source: .sail, sequence: 1, milliseconds: 1, message: "slow")
            try await fixture.tell(run, [TaskRow(name: "only", position: 0)], warnings: [warning], counted: 1)
            let lost = PlacementEnd(outcome: .lost, at: .now, hasUserCodeRun: false, reason: .evicted)
            _ = try await fixture.store.apply([fixture.report(run, end: lost, running: false)])
            let again = try await fixture.store.claim(
                cluster: "default",
                holder: fixture.holder.id,
                limit: 9,
                window: 9
            )
            #expect(again.runs.map(\.placement) == [2])
            #expect(try await fixture.store.tasks(run.id).isEmpty)
            #expect(try await fixture.store.warnings(run.id, limit: 9).isEmpty)
            #expect(try await fixture.store.run(run.id)?.warnings == 0)
        }
    }

    @Test("tasks with their items are read page by page")
    func pages() async throws {
        try await StoreFixture.with { fixture in
            let run = try #require(try await fixture.claimed().first)
            let items = (0..<5).map { (item: Int) in TaskRow(name: "b[\(item)]", position: 1, itemIndex: item) }
            try await fixture.tell(
                run,
                items + [
                    TaskRow(name: "b", position: 1), TaskRow(name: "a", position: 0), TaskRow(name: "c", position: 2),
                ]
            )
            var names: [String] = []
            var last = TaskPosition.start
            while true {
                let page = try await fixture.store.tasks(run.id, after: last, limit: 3).map(\.row)
                names += page.map(\.name)
                guard page.count == 3, let end = page.last else { break }
                last = TaskPosition(position: end.position, itemIndex: end.itemIndex ?? -1)
            }
            #expect(names == ["a", "b", "b[0]", "b[1]", "b[2]", "b[3]", "b[4]", "c"])
            let one = try await fixture.store.tasks(run.id, at: 1, after: .start, limit: 100)
            #expect(one.count == 6)
        }
    }
}
