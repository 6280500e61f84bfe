import PostgresClient
import RunStore
import SlipwayCore
import Testing

@Suite struct ReleaseTests {
    @Test("a released run keeps its state, and nothing its old holder tells is taken any more")
    func fencing() async throws {
        try await StoreFixture.with { fixture in
            let run = try await fixture.placed(.running)
            let result = try #require(try await fixture.perform(.release, on: [run.id]).first)
            #expect(result.holder == fixture.holder.id && result.leaseEpoch == run.leaseEpoch + 1)
            let record = try #require(try await fixture.store.run(run.id))
            #expect(record.state == .running && record.holderID == nil && record.leaseEpoch == run.leaseEpoch + 1)
            let deadline = try #require(record.releaseDeadline)
            let running = try #require(record.runningAt)
            #expect(record.releasedAt != nil && deadline == running + .seconds(3600))
            let late = try await fixture.store.apply([fixture.report(run, end: StoreFixture.success())])
            #expect(late.stale == 1)
            #expect(try await fixture.store.adopt([(run.id, record.leaseEpoch)], holder: fixture.holder.id).isEmpty)
            #expect(try await fixture.store.overdueForSupervision(age: .zero).isEmpty)
            #expect(try await fixture.store.ended([(run.id, run.leaseEpoch)]) == [run.id])
            // Its code is left to finish: nothing removes the pod.
            #expect(try await fixture.count("cleanups", of: run.id) == 0)
            #expect(try await fixture.store.givenUp([(run.id, run.placement)]).isEmpty)
            let placement = try #require(try await fixture.store.placements(run.id).first)
            #expect(placement.outcome == "released" && placement.message == "a test" && placement.node == "node-1")
        }
    }

    @Test("the pod of a released run whose code does not run is removed", arguments: RunState.replaceable)
    func notRunning(state: RunState) async throws {
        try await StoreFixture.with { fixture in
            let run = try await fixture.placed(state)
            _ = try await fixture.perform(.release, on: [run.id])
            #expect(try await fixture.store.run(run.id)?.state == state)
            let cleanups = try await fixture.store.takeCleanups(clusters: ["default"], holder: fixture.holder.id)
            #expect(cleanups.map(\.runID) == [run.id])
            // One that a slow API server makes afterwards is a stray.
            #expect(try await fixture.store.givenUp([(run.id, run.placement)]).map(\.run) == [run.id])
            let left = try await fixture.store.pool.query(
                "SELECT extract(epoch FROM release_deadline - released_at)::float8 FROM live_runs WHERE id = \(run.id)"
            ).decode(Double.self)
            #expect(abs(left[0] - 600) < 5)
        }
    }

    @Test("a released run ends as cancelled when its time has passed, and not before")
    func deadline() async throws {
        try await StoreFixture.with { fixture in
            let runs = [try await fixture.placed(.running), try await fixture.placed(.creatingRunner)]
            _ = try await fixture.perform(.release, on: runs.map(\.id))
            #expect(try await fixture.store.endReleased() == 0)
            try await fixture.store.pool.query(
                "UPDATE live_runs SET release_deadline = clock_timestamp() WHERE id = \(runs[0].id)"
            )
            #expect(try await fixture.store.endReleased() == 1)
            #expect(try await fixture.store.endReleased() == 0)
            let record = try #require(try await fixture.store.run(runs[0].id))
            #expect(record.state == .cancelled && record.reason == .released && record.failureClass == .cancelled)
            #expect(record.releasedAt != nil && record.endedAt != nil)
            #expect(try await fixture.count("cleanups", of: runs[0].id) == 1)
            #expect(try await fixture.store.events(runs[0].id).last?.state == .cancelled)
            #expect(try await fixture.store.run(runs[1].id)?.state == .creatingRunner)
        }
    }

    @Test("a released run takes no place of its cluster's window")
    func window() async throws {
        try await StoreFixture.with { fixture in
            let runs = try await fixture.claimed(2)
            _ = try await fixture.created()
            try await fixture.admitAll()
            func claim() async throws -> Int {
                try await fixture.store.claim(cluster: "default", holder: fixture.holder.id, limit: 10, window: 2).runs
                    .count
            }
            #expect(try await claim() == 0)
            _ = try await fixture.perform(.release, on: [runs[0].id])
            #expect(try await claim() == 1)
        }
    }

    @Test("a deadline that has passed already is not put off")
    func passed() async throws {
        try await StoreFixture.with { fixture in
            let run = try await fixture.placed(.running)
            let results = try await fixture.store.release(
                [Release(id: run.id, runTimeout: .zero)],
                by: nil,
                why: nil
            )
            #expect(results.map(\.change) == [.changed])
            #expect(try await fixture.store.endReleased() == 1)
        }
    }

    @Test("a released run that is cancelled is wanted back by a worker")
    func cancel() async throws {
        try await StoreFixture.with { fixture in
            let run = try await fixture.placed(.running)
            _ = try await fixture.perform(.release, on: [run.id])
            let result = try #require(try await fixture.perform(.cancel, on: [run.id]).first)
            #expect(result.state == .cancelling && result.holder == nil)
            let record = try #require(try await fixture.store.run(run.id))
            #expect(record.releasedAt == nil && record.releaseDeadline == nil)
            let epoch = try #require(result.leaseEpoch)
            #expect(try await fixture.store.adopt([(run.id, epoch)], holder: fixture.holder.id).map(\.id) == [run.id])
        }
    }

    @Test("releasing while the end is reported gives one or the other", arguments: 0..<10)
    func race(round: Int) async throws {
        try await StoreFixture.with { fixture in
            let run = try await fixture.placed(.running)
            async let released = fixture.perform(.release, on: [run.id])
            async let applied = fixture.store.apply([last(run, fixture)])
            let (result, report) = (try #require(try await released.first), try await applied)
            let record = try #require(try await fixture.store.run(run.id))
            if result.change == .changed {
                #expect(report.stale == 1 && record.state == .running && record.releasedAt != nil)
            } else {
                #expect(result.change == .impossible && result.state == .succeeded && record.state == .succeeded)
            }
        }
    }

    private func last(_ run: ClaimedRun, _ fixture: StoreFixture) -> PlacementReport {
        var report = fixture.report(run, end: StoreFixture.success())
        report.revision = 2
        return report
    }
}
