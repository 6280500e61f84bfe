import PostgresClient
import RunStore
import SlipwayCore
import Testing

/// What was looked at and has moved on since is spared, and what a newer version wrote keeps nobody from the rest.
@Suite struct NarrowedActionTests {
    @Test func `An action for runs in some states leaves those alone that are in others by now`() async throws {
        try await StoreFixture.with { fixture in
            let store = fixture.store
            let placed = try #require(try await fixture.claimed().first).id
            let waiting = try #require(try await fixture.created().first)

            let promoted = try await store.promote([waiting, placed], by: nil, why: nil, in: [.ready])
            #expect(promoted.map(\.change) == [.impossible, .impossible])
            let release = Release(id: placed, runTimeout: .seconds(60))
            let released = try await store.release([release], by: nil, why: nil, in: [.running])
            #expect(released.map(\.change) == [.impossible])

            let cancelled = try await store.cancel([waiting, placed], by: nil, why: nil, in: [.pending])
            #expect(cancelled.map(\.change) == [.changed, .impossible])
            #expect(try await store.run(waiting)?.state == .cancelled)
            #expect(try await store.run(placed)?.state == .starting)
            #expect(try await store.cancel([placed], by: nil, why: nil).map(\.change) == [.changed])
            #expect(try await store.cancel([placed], by: nil, why: nil, in: [.starting]).map(\.change) == [.alreadySo])
        }
    }

    @Test func `A job that this version cannot read keeps no report from being applied`() async throws {
        try await StoreFixture.with { fixture in
            let runs = try await fixture.claimed(2)
            try await fixture.store.pool.query(
                """
                UPDATE job_versions SET spec = spec || '{"retries": {"infrastructure": 3, "timeout": 0, "user": 0,
                    "retry_on": ["a_word_of_tomorrow"], "backoff": {}}}'
                """
            )
            let failure = PlacementEnd(outcome: .failed, at: .now, hasUserCodeRun: true, reason: .podLost)
            let applied = try await fixture.store.apply([
                fixture.report(runs[0], end: failure), fixture.report(runs[1], end: StoreFixture.success()),
            ])
            #expect(applied.unread.map(\.run) == [runs[0].id])
            #expect(Set(applied.finished.map(\.run)) == Set(runs.map(\.id)))
            #expect(try await fixture.store.run(runs[0].id)?.state == .failed)
        }
    }
}
