import PostgresClient
import RunStore
import SlipwayCore
import Testing

@Suite struct LeaseTests {
    @Test func aSilentHolderLosesItsRunsAndAnotherMayAdoptThem() async throws {
        try await StoreFixture.with { fixture in
            let store = fixture.store
            let run = try #require(try await fixture.claimed().first)
            #expect(try await fixture.sweep(timeToLive: .seconds(60)).isEmpty)
            try await store.pool.query("UPDATE holders SET expires_at = clock_timestamp() - interval '1 second'")
            let freed = try await fixture.sweep(timeToLive: .seconds(60))
            #expect(freed.map(\.id) == [run.id] && freed.map(\.leaseEpoch) == [run.leaseEpoch + 1])
            #expect(try await store.renew(fixture.holder.id, timeToLive: .seconds(60)) == false)

            let successor = Holder(
                id: StoreFixture.identifier(),
                kind: .worker,
                name: "second",
                version: "0",
                clusters: ["default"]
            )
            try await store.register(successor, timeToLive: .seconds(60))
            let adopted = try await store.adopt([(run.id, run.leaseEpoch + 1)], holder: successor.id)
            #expect(adopted.map(\.id) == [run.id] && adopted.map(\.state) == [.starting])
            #expect(try await store.events(run.id).suffix(2).map(\.kind) == ["lease_expired", "adopted"])
        }
    }

    @Test func leasesDoNotAgeWhileNobodySwept() async throws {
        try await StoreFixture.with { fixture in
            let store = fixture.store
            _ = try await fixture.claimed()
            try await store.pool.query("UPDATE holders SET expires_at = clock_timestamp() - interval '1 hour'")
            try await store.pool.query("UPDATE sweeps SET swept_at = clock_timestamp() - interval '1 hour'")
            #expect(try await fixture.sweep(timeToLive: .seconds(15)).isEmpty)
            #expect(try await store.renew(fixture.holder.id, timeToLive: .seconds(15)))
        }
    }

    @Test func aStoppingHolderHandsItsRunsBack() async throws {
        try await StoreFixture.with { fixture in
            let runs = try await fixture.claimed(3)
            let freed = try await fixture.store.retire(fixture.holder.id)
            #expect(Set(freed.map(\.id)) == Set(runs.map(\.id)))
            #expect(try await fixture.store.holders().isEmpty)
        }
    }

    @Test func aTermHasOneHolderAndGrowsWithEach() async throws {
        try await StoreFixture.with { fixture in
            let store = fixture.store
            let first = StoreFixture.identifier()
            let second = StoreFixture.identifier()
            let ttl = Duration.seconds(60)
            #expect(try await store.takeTerm(duty: "test", holder: first, timeToLive: ttl) == 1)
            #expect(try await store.takeTerm(duty: "test", holder: second, timeToLive: ttl) == nil)
            #expect(try await store.takeTerm(duty: "test", holder: first, timeToLive: ttl) == 1)
            try await store.pool.query("UPDATE terms SET expires_at = clock_timestamp() - interval '1 second'")
            #expect(try await store.takeTerm(duty: "test", holder: second, timeToLive: ttl) == 2)
            #expect(try await AdmissionShell(store, under: .init(holder: first, number: 1)).cycle().admitted.isEmpty)
        }
    }

    @Test func aRunIsHintedAgainOnlyAfterAWhile() async throws {
        try await StoreFixture.with { fixture in
            let run = try #require(try await fixture.claimed().first)
            _ = try await fixture.store.retire(fixture.holder.id)
            #expect(try await fixture.store.overdueForSupervision(age: .seconds(60)).isEmpty)
            #expect(try await fixture.store.overdueForSupervision(age: .zero).map(\.id) == [run.id])
            #expect(try await fixture.store.overdueForSupervision(age: .seconds(1)).isEmpty)
        }
    }
}
