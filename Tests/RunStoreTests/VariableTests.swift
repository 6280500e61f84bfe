import PostgresClient
import RunStore
import SlipwayCore
import Testing

@Suite struct VariableTests {
    private static let origins: [String: VariableOrigin] = ["day": .trigger, "limit": .run, "region": .job]

    private func newRun(_ fixture: StoreFixture, _ values: [String: JSONValue]) -> NewRun {
        var run = fixture.newRun()
        run.variables = values
        run.variableOrigins = Self.origins
        return run
    }

    @Test("where values are from is kept to the run's end and after, and goes with the runs that follow it")
    func origins() async throws {
        try await StoreFixture.with { fixture in
            let store = fixture.store
            let run = newRun(fixture, ["day": .string("monday"), "limit": .integer(5), "region": .string("eu")])
            try await store.create([run])
            let live = try #require(try await store.run(run.id))
            #expect(live.variableOrigins == Self.origins && live.resolvedVariables.values == run.variables)

            _ = try await store.cancel(run.id, by: nil)
            let over = try #require(try await store.run(run.id))
            #expect(over.state == .cancelled && over.variableOrigins == Self.origins)

            var retry = fixture.follower(of: run.id, .retry)
            retry.variableOrigins = over.variableOrigins
            _ = try await store.follow([retry], by: nil, why: nil)
            #expect(try await store.run(retry.id)?.variableOrigins == Self.origins)
        }
    }

    @Test("a run that a worker ends keeps them, and so does its automatic retry")
    func automaticRetry() async throws {
        try await StoreFixture.with { fixture in
            let store = fixture.store
            var spec = StoreFixture.spec
            spec.retries = RetryPolicy(infrastructure: 1)
            let job = try #require(
                try await store.apply(
                    spec,
                    canonicalSpec: try spec.canonicalJSON(),
                    id: StoreFixture.identifier(),
                    by: nil
                )
            )
            var run = newRun(fixture, [:])
            (run.jobID, run.jobVersion) = (job.id, job.version)
            try await store.create([run])
            try await fixture.admitAll()
            let claim = try await store.claim(cluster: "default", holder: fixture.holder.id, limit: 1, window: 10)
            let placed = try #require(claim.runs.first)
            let lost = PlacementEnd(outcome: .failed, at: .now, hasUserCodeRun: true, reason: .podLost)
            _ = try await store.apply([fixture.report(placed, end: lost)])
            #expect(try await store.run(run.id)?.variableOrigins == Self.origins)
            let retry = try await store.runs(RunFilter(originID: run.id), before: nil, limit: 1).first
            #expect(retry?.originKind == "automatic" && retry?.variableOrigins == Self.origins)
        }
    }

    @Test("a run of an earlier version has values without origins")
    func earlier() async throws {
        try await StoreFixture.with { fixture in
            let id = try await fixture.created()[0]
            let run = try #require(try await fixture.store.run(id))
            #expect(run.variableOrigins.isEmpty && run.resolvedVariables.values == ["day": .string("monday")])
        }
    }

    @Test(
        "runs are found by the values of their variables",
        arguments: [
            (["region": "eu"], [0, 1]), (["region": "eu", "limit": "5"], [0]), (["dry": "true"], [1]),
            (["ratio": "0.5"], [1]), (["token": "api/key"], [1]), (["region": ""], []), (["other": "eu"], []),
            (["token": "api"], []), ([:], [0, 1, 2]),
        ] as [([String: String], [Int])]
    )
    func filter(wanted: [String: String], expected: [Int]) async throws {
        try await StoreFixture.with { fixture in
            let runs = [
                newRun(fixture, ["region": .string("eu"), "limit": .integer(5)]),
                newRun(
                    fixture,
                    [
                        "region": .string("eu"), "limit": .integer(6), "dry": .bool(true), "ratio": .number(0.5),
                        "token": .object(["secret": .string("api"), "key": .string("key")]),
                    ]
                ),
                newRun(fixture, ["region": .string("us")]),
            ]
            try await fixture.store.create(runs)
            let found = try await fixture.store.runs(RunFilter(variables: wanted), before: nil, limit: 10)
            #expect(Set(found.map(\.id)) == Set(expected.map { runs[$0].id }))
        }
    }
}
