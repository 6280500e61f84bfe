import EventLoop
import Logging
import PostgresClient
import RunStore
import SlipwayCore
import TestSupport
import Testing

/// What is found again after an answer was lost, and what keeps one run's trouble from the others.
@Suite struct RecoveryTests {
    @Test func aTaskTriedAgainMayWriteItsOutputTwiceInOneFlush() async throws {
        try await StoreFixture.with { fixture in
            let run = try #require(try await fixture.claimed().first)
            let outputs = [1, 2].map {
                TaskOutput(task: "only", name: "result", kind: .scalar, value: .integer(Int64($0)))
            }
            #expect(try await fixture.store.store([flush(run, outputs: outputs)]) == [run.id])
            #expect(try await fixture.store.outputs(run.id) == [outputs[1]])
        }
    }

    @Test func nullCharactersOfUserCodeAreStoredAsReplacements() async throws {
        try await StoreFixture.with { fixture in
            let run = try #require(try await fixture.claimed().first)
            let output = TaskOutput(task: "only", name: "na\0me", kind: .text, value: .string("a\0b\\u0000c\\\0"))
            #expect(try await fixture.store.store([flush(run, outputs: [output])]) == [run.id])
            let stored = try #require(try await fixture.store.outputs(run.id).first)
            #expect(stored.name == "na\u{FFFD}me")
            #expect(stored.value == .string("a\u{FFFD}b\\u0000c\\\u{FFFD}"))

            let failure = TaskFailure(reason: .taskFailed, failureClass: .user, message: "broken\0here")
            let item = JSONValue.object(["na\0me": .string("a\0b")])
            let row = TaskRow(name: "only", position: 0, state: .failed, failure: failure, item: item, note: "no\0te")
            try await fixture.tell(
                run,
                [row],
                warnings: [
                    RunWarning(source: .runner, sequence: 3, milliseconds: 1, task: "on\0ly", message: "odd\0")
                ]
            )
            let told = try #require(try await fixture.store.tasks(run.id).first?.row)
            #expect(told.failure?.message == "broken\u{FFFD}here" && told.note == "no\u{FFFD}te")
            #expect(told.item == .object(["na\u{FFFD}me": .string("a\u{FFFD}b")]))
            let warning = try #require(try await fixture.store.warnings(run.id, limit: 9).first?.warning)
            #expect(warning.task == "on\u{FFFD}ly" && warning.message == "odd\u{FFFD}")
        }
    }

    @Test func aFlushTheDatabaseRefusesGivesWayToAWordAndTheOthersAreStored() async throws {
        try await StoreFixture.with { fixture in
            let runs = try await fixture.claimed(5)
            var flushes = runs.map { flush($0) }
            flushes[3].chunks[0].lines[0].milliseconds = .max
            #expect(try await fixture.store.store(flushes) == Set(runs.map(\.id)))
            for (index, run) in runs.enumerated() {
                let streams = try await fixture.store.logStreams(run.id).map(\.stream)
                #expect(streams == [index == 3 ? "runner" : "task/only"])
            }
        }
    }

    @Test func aReportTheDatabaseRefusesIsToldAndTheOthersAreApplied() async throws {
        try await StoreFixture.with { fixture in
            let runs = try await fixture.claimed(5)
            var reports = runs.map { fixture.report($0, end: StoreFixture.success()) }
            reports[2].warnings = .max
            let applied = try await fixture.store.apply(reports)
            #expect(applied.refused.map(\.run) == [runs[2].id])
            #expect(Set(applied.finished.map(\.run)) == Set(runs.map(\.id)).subtracting([runs[2].id]))
            #expect(try await fixture.store.run(runs[2].id)?.state == .starting)
        }
    }

    @Test func theStoredPositionIsToldToTheLeaseThatHoldsTheRunOnly() async throws {
        try await StoreFixture.with { fixture in
            let run = try #require(try await fixture.claimed().first)
            _ = try await fixture.store.store([flush(run)])
            let positions = try await fixture.store.streamPositions([(run.id, run.leaseEpoch)])
            #expect(positions[run.id]?.sequence == 2 && positions[run.id]?.sailLines == 0)
            #expect(try await fixture.store.streamPositions([(run.id, run.leaseEpoch - 1)]).isEmpty)
            #expect(try await fixture.store.ended([(run.id, run.leaseEpoch)]).isEmpty)
            #expect(try await fixture.store.ended([(run.id, run.leaseEpoch - 1)]) == [run.id])
        }
    }

    @Test func anAdoptionWhoseAnswerWasLostIsFoundAgain() async throws {
        try await StoreFixture.with { fixture in
            let runs = try await fixture.claimed(2)
            let adopted = try await fixture.store.adopt(runs.map { ($0.id, $0.leaseEpoch) }, holder: fixture.holder.id)
            let known = [adopted[0].id]
            let found = try await fixture.store.held(holder: fixture.holder.id, cluster: "default", beyond: known)
            #expect(found == [adopted[1]])
            #expect(try await fixture.store.held(holder: fixture.holder.id, cluster: "other", beyond: []).isEmpty)
        }
    }

    @Test func aRunCancelledWhileADispatcherHoldsItIsOfferedToAWorker() async throws {
        try await StoreFixture.with { fixture in
            let dispatcher = Holder(
                id: StoreFixture.identifier(),
                kind: .dispatcher,
                name: "test",
                version: "0",
                clusters: ["default"]
            )
            try await fixture.store.register(dispatcher, timeToLive: .seconds(60))
            let claimed = try await fixture.claimed(2, by: dispatcher.id)
            _ = try await fixture.store.cancel(claimed[0].id, by: nil)
            let overdue = try await fixture.store.overdueForSupervision(age: .zero)
            #expect(Set(overdue.map(\.id)) == Set(claimed.map(\.id)))
        }
    }

    @Test func onlyPlacementsThatWereGivenUpAreStray() async throws {
        try await StoreFixture.with { fixture in
            let runs = try await fixture.claimed(3)
            let lost = PlacementEnd(outcome: .lost, at: .now, hasUserCodeRun: false, reason: .podLost)
            _ = try await fixture.store.apply([
                fixture.report(runs[0], end: StoreFixture.success()),
                fixture.report(runs[1], end: lost, running: false),
            ])
            let pods = runs.map { (run: $0.id, placement: $0.placement) } + [(StoreFixture.identifier(), 1)]
            let strays = try await fixture.store.givenUp(pods)
            #expect(Set(strays.map(\.run)) == [runs[0].id, runs[1].id])
        }
    }

    @Test func onlyRunsNeitherLiveNorFinishedAreUnknown() async throws {
        try await StoreFixture.with { fixture in
            let runs = try await fixture.claimed(2)
            _ = try await fixture.store.apply([fixture.report(runs[0], end: StoreFixture.success())])
            let strange = StoreFixture.identifier()
            #expect(try await fixture.store.unknown(runs.map(\.id) + [strange, strange]) == [strange])
            #expect(try await fixture.store.unknown([]).isEmpty)
        }
    }

    @Test func anInstallationKeepsItsIDAndNoTwoShareOne() async throws {
        var ids: [String] = []
        for _ in 1...2 {
            // Not copied from another: the first migration makes the id.
            try await withFreshDatabase { url in
                let pool = PostgresPool(
                    configuration: try PostgresConfiguration(url: url),
                    eventLoop: EventLoop(name: "test-postgres"),
                    logger: Logger(label: "test")
                )
                let store = RunStore(pool: pool)
                _ = try await store.migrate()
                let id = try await store.installationID()
                _ = try await store.migrate()
                #expect(try await store.installationID() == id)
                ids.append(id)
                await pool.close()
            }
        }
        #expect(Set(ids).count == 2)
    }

    private func flush(_ run: ClaimedRun, outputs: [TaskOutput] = []) -> StreamFlush {
        let lines = (1...2).map {
            LogLine(sequence: Int64($0), milliseconds: 1_700_000_000_000, channel: .stdout, text: "line \($0)")
        }
        return StreamFlush(
            run: run.id,
            leaseEpoch: run.leaseEpoch,
            placement: run.placement,
            previousStreamSequence: 0,
            previousSailLines: 0,
            streamSequence: 2,
            sailLines: 0,
            chunks: [LogChunk(stream: "task/only", lines: lines)],
            outputs: outputs
        )
    }
}
