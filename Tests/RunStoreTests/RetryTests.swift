import PostgresClient
import RunStore
import SlipwayCore
import Testing

/// Runs that follow failed ones, and what is kept of placements that ended badly.
@Suite struct RetryTests {
    private static let policy = RetryPolicy(
        infrastructure: 2,
        backoff: RetryBackoff(kind: .constant, initialSeconds: 60, maximumSeconds: 60, jitter: 0),
        memoryGrowth: RetryPolicy.MemoryGrowth(factor: 2, maximumBytes: 4 << 30)
    )

    /// The fixture's job with retries, as its next version.
    private func retrying(_ fixture: StoreFixture) async throws -> AppliedJob {
        var spec = StoreFixture.spec
        spec.retries = Self.policy
        return try #require(
            try await fixture.store.apply(
                spec,
                canonicalSpec: try spec.canonicalJSON(),
                id: StoreFixture.identifier(),
                by: "tester"
            )
        )
    }

    private func claimed(_ fixture: StoreFixture) async throws -> ClaimedRun {
        let term = try #require(
            try await fixture.store.takeTerm(duty: "scheduling", holder: fixture.holder.id, timeToLive: .seconds(60))
        )
        _ = try await AdmissionShell(fixture.store, under: .init(holder: fixture.holder.id, number: term)).cycle()
        return try #require(
            try await fixture.store.claim(cluster: "default", holder: fixture.holder.id, limit: 10, window: 10).runs
                .first
        )
    }

    private func fail(_ run: ClaimedRun, _ reason: ReasonCode, _ fixture: StoreFixture) async throws -> AppliedReports {
        let evidence = JSONValue.object(["phase": .string("Failed")])
        let end = PlacementEnd(
            outcome: .failed,
            at: .now,
            hasUserCodeRun: true,
            reason: reason,
            message: "broke",
            evidence: evidence
        )
        return try await fixture.store.apply([fixture.report(run, end: end)])
    }

    @Test func `A failed run is followed by another after its wait, with more memory, until the budget is used`()
        async throws
    {
        try await StoreFixture.with { fixture in
            let store = fixture.store
            let job = try await retrying(fixture)
            var first = fixture.newRun()
            (first.jobID, first.jobVersion) = (job.id, job.version)
            try await store.create([first])
            var chain = [first.id]
            for attempt in 1...3 {
                let run = try await claimed(fixture)
                #expect(run.id == chain.last)
                #expect(run.overrides.sailMemoryBytes == [1: nil, 2: 2 << 30, 3: 4 << 30][attempt])
                #expect(run.variables == ["day": .string("monday")])
                let applied = try await fail(run, .sailOutOfMemory, fixture)
                #expect(applied.retried == (attempt < 3 ? 1 : 0))
                guard attempt < 3 else { break }

                let next = try #require(
                    try await store.runs(RunFilter(originID: run.id), before: nil, limit: 10).first
                )
                chain.append(next.id)
                #expect(next.state == .pending && next.reason == .retryBackoff && next.originKind == "automatic")
                #expect(next.rootID == first.id && next.attempt == attempt + 1 && next.submittedBy == "tester")
                #expect(next.retriesUsed.infrastructure == attempt)
                #expect(try await store.events(run.id).last?.kind == "retried")
                // Not before its time.
                let term = try #require(
                    try await store.takeTerm(duty: "scheduling", holder: fixture.holder.id, timeToLive: .seconds(60))
                )
                #expect(try await AdmissionShell(store, under: .init(holder: fixture.holder.id, number: term)).cycle().admitted.isEmpty)
                let wait = try #require(next.eligibleAt) - next.createdAt
                #expect(wait > .seconds(59) && wait < .seconds(61))
                try await store.pool.query("UPDATE live_runs SET eligible_at = clock_timestamp()")
            }
            #expect(try await store.liveCounts().isEmpty)
            let kept = try await store.pool.query(
                "SELECT outcome, reason, message, evidence ->> 'phase' FROM run_placements ORDER BY run_id"
            ).decode(String.self, String.self, String.self, String.self)
            #expect(kept.count == 3)
            #expect(kept.allSatisfy { $0 == ("failed", "sail_out_of_memory", "broke", "Failed") })
        }
    }

    @Test func `A run that nobody allowed to be retried, or that was cancelled, is the last of its chain`() async throws
    {
        try await StoreFixture.with { fixture in
            let run = try #require(try await fixture.claimed().first)
            #expect(try await fail(run, .podLost, fixture).retried == 0)
            let job = try await retrying(fixture)
            var next = fixture.newRun()
            (next.jobID, next.jobVersion) = (job.id, job.version)
            try await fixture.store.create([next])
            let claimed = try await claimed(fixture)
            _ = try await fixture.store.cancel(claimed.id, by: nil)
            #expect(try await fail(claimed, .podLost, fixture).retried == 0)
            #expect(try await fixture.store.run(claimed.id)?.state == .cancelled)
        }
    }

    @Test func `The end of a placement that another one followed is kept and changes nothing`() async throws {
        try await StoreFixture.with { fixture in
            let store = fixture.store
            let run = try #require(try await fixture.claimed().first)
            let lost = PlacementEnd(outcome: .lost, at: .now, hasUserCodeRun: false, reason: .podLost, message: "gone")
            _ = try await store.apply([fixture.report(run, end: lost, running: false)])
            let again = try await claimed(fixture)
            #expect(again.placement == 2)

            let late = try await store.apply([fixture.report(run, end: StoreFixture.success())])
            #expect(late.lateEnds == 1 && late.stale == 1 && late.finished.isEmpty)
            #expect(try await store.run(run.id)?.state == .starting)
            #expect(try await store.events(run.id).last?.kind == "late_end")
            #expect(
                try await store.apply([fixture.report(run, end: StoreFixture.success())]).lateEnds == 0,
                "told once"
            )

            _ = try await store.apply([fixture.report(again, end: StoreFixture.success())])
            #expect(try await store.run(run.id)?.state == .succeeded)
            // The very report that ended the run, once more, is no news.
            #expect(try await store.apply([fixture.report(again, end: StoreFixture.success())]).lateEnds == 0)
            let rows = try await store.pool.query(
                "SELECT placement, outcome, late_end ->> 'outcome' FROM run_placements ORDER BY placement"
            ).decode(Int.self, String?.self, String?.self)
            #expect(rows.count == 1 && rows[0] == (1, "lost", "succeeded"))
        }
    }

    @Test func `A promoted run goes ahead of all others, from pending too`() async throws {
        try await StoreFixture.with { fixture in
            let runs = try await fixture.created(3)
            try await fixture.store.pool.query("UPDATE live_runs SET is_promoted = true WHERE id = \(runs[2])")
            #expect(try await fixture.store.overdueForDispatch(age: .zero) == ["default"])
            let claim = try await fixture.store.claim(
                cluster: "default",
                holder: fixture.holder.id,
                limit: 2,
                window: 10
            )
            #expect(claim.runs.map(\.id) == [runs[2]])
            let events = try await fixture.store.events(runs[2])
            #expect(events.last?.fromState == .pending && events.last?.state == .starting)
        }
    }
}
