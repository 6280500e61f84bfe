import PostgresClient
import RunStore
import SlipwayCore
import Testing

@Suite struct RunLifecycleTests {
    @Test func aRunGoesFromPendingToSucceededAndIsHistoryThen() async throws {
        try await StoreFixture.with { fixture in
            let store = fixture.store
            let run = try #require(try await fixture.claimed().first)
            #expect(run.variables == ["day": .string("monday")])
            let running = try await store.apply([fixture.report(run)])
            #expect(running.stale == 0 && running.finished.isEmpty)
            #expect(try await store.run(run.id)?.state == .running)
            var last = fixture.report(run, end: StoreFixture.success())
            last.revision = 2
            let applied = try await store.apply([last])
            #expect(applied.finished.map(\.run) == [run.id])
            #expect(applied.settled.mapValues { $0.map(\.id) } == [fixture.holder.id: [run.id]])

            let record = try #require(try await store.run(run.id))
            #expect(record.state == .succeeded && record.reason == .completed && record.failureClass == nil)
            #expect(record.node == "node-1" && record.endedAt != nil)
            let states = try await store.events(run.id).compactMap(\.state)
            #expect(states == [.pending, .ready, .starting, .running, .succeeded])
            let cleanups = try await store.takeCleanups(clusters: ["default"], holder: fixture.holder.id)
            #expect(cleanups.map(\.runID) == [run.id])
            try await store.finishCleanups([(run.id, run.placement)])
            #expect(try await store.takeCleanups(clusters: ["default"], holder: fixture.holder.id).isEmpty)
            #expect(try await store.liveCounts().isEmpty)
        }
    }

    @Test func aReportOfAnotherLeaseChangesNothing() async throws {
        try await StoreFixture.with { fixture in
            let run = try #require(try await fixture.claimed().first)
            let adopted = try await fixture.store.adopt([(run.id, run.leaseEpoch)], holder: fixture.holder.id)
            #expect(adopted.map(\.leaseEpoch) == [run.leaseEpoch + 1])
            let stale = try await fixture.store.apply(
                [fixture.report(run, end: StoreFixture.success())])
            #expect(stale.stale == 1)
            #expect(try await fixture.store.run(run.id)?.state == .starting)
            #expect(try await fixture.store.adopt([(run.id, run.leaseEpoch)], holder: fixture.holder.id).isEmpty)
        }
    }

    @Test func aLostPlacementGoesBackToReadyAndItsPodIsToBeRemoved() async throws {
        try await StoreFixture.with { fixture in
            let run = try #require(try await fixture.claimed().first)
            let lost = PlacementEnd(outcome: .lost, at: .now, hasUserCodeRun: false, reason: .evicted, message: "gone")
            let applied = try await fixture.store.apply([fixture.report(run, end: lost, running: false)])
            #expect(applied.replaced == ["default"])
            let record = try #require(try await fixture.store.run(run.id))
            #expect(record.state == .ready && record.reason == .evicted && record.holderID == nil)
            #expect(record.leaseEpoch == run.leaseEpoch + 1)
            let again = try await fixture.store.claim(
                cluster: "default",
                holder: fixture.holder.id,
                limit: 10,
                window: 10
            )
            #expect(again.runs.map(\.placement) == [2])
        }
    }

    @Test func creatingARunTwiceCreatesItOnce() async throws {
        try await StoreFixture.with { fixture in
            let run = fixture.newRun()
            try await fixture.store.create([run])
            try await fixture.store.create([run, fixture.newRun()])
            #expect(try await fixture.store.liveCounts() == [.pending: 2])
            #expect(try await fixture.store.events(run.id).count == 1)
        }
    }

    @Test func cancellingEndsAWaitingRunAtOnceAndAsksForTheEndOfAPlacedOne() async throws {
        try await StoreFixture.with { fixture in
            let waiting = try await fixture.created()[0]
            #expect(try await fixture.store.cancel(waiting, by: "tester") == .ended)
            #expect(try await fixture.store.cancel(waiting, by: "tester") == .alreadyOver(.cancelled))
            let placed = try #require(try await fixture.claimed().first)
            let asked = CancelOutcome.cancelling(holder: fixture.holder.id, cluster: "default")
            #expect(try await fixture.store.cancel(placed.id, by: "tester") == asked)
            #expect(try await fixture.store.cancel(placed.id, by: "tester") == asked)
            #expect(try await fixture.store.cancelling(holder: fixture.holder.id) == [placed.id])
            #expect(try await fixture.store.cancel(StoreFixture.identifier(), by: nil) == .notFound)
        }
    }

    @Test func theDatabaseKnowsTheSameTransitionsAsTheCode() async throws {
        try await StoreFixture.with { fixture in
            let rows = try await fixture.store.pool.query("SELECT from_state, to_state FROM legal_transitions")
                .decode(RunState.self, RunState.self)
            #expect(Set(rows.map { RunTransition.Pair(from: $0.0, to: $0.1) }) == RunTransition.legalPairs)
            let run = try await fixture.created()[0]
            await #expect(throws: (any Error).self) {
                try await fixture.store.pool.query(
                    "UPDATE live_runs SET state = 'running', placement = 1 WHERE id = \(run)"
                )
            }
        }
    }

    @Test func theWindowBoundsHowManyRunsAreWithoutANode() async throws {
        try await StoreFixture.with { fixture in
            _ = try await fixture.claimed(3)
            _ = try await fixture.created(5)
            let term = try #require(
                try await fixture.store.takeTerm(
                    duty: "scheduling",
                    holder: fixture.holder.id,
                    timeToLive: .seconds(60)
                )
            )
            _ = try await AdmissionShell(fixture.store, under: .init(holder: fixture.holder.id, number: term)).cycle()
            let claimed = try await fixture.store.claim(
                cluster: "default",
                holder: fixture.holder.id,
                limit: 100,
                window: 5
            )
            #expect(claimed.runs.count == 2 && claimed.isWindowFull)
        }
    }
}
