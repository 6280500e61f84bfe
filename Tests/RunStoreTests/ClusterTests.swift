import PostgresClient
import RunStore
import SlipwayCore
import Testing

@Suite struct ClusterTests {
    private static let west = ClusterSpec(labels: ["region": "eu"], capacity: ClusterSpec.Capacity(runs: 3))

    private func term(_ fixture: StoreFixture) async throws -> Int64 {
        try #require(
            try await fixture.store.takeTerm(duty: "scheduling", holder: fixture.holder.id, timeToLive: .seconds(60))
        )
    }

    private func set(
        _ name: String,
        _ state: AdmissionCluster.State,
        _ fixture: StoreFixture
    ) async throws {
        try await fixture.store.pool.query("UPDATE clusters SET state = \(state.rawValue) WHERE name = \(name)")
    }

    @Test(
        "a cluster is registered, changed under its revision, drained, wanted again and removed, with a record of each"
    )
    func life() async throws {
        try await StoreFixture.with { fixture in
            let store = fixture.store
            #expect(try await store.applyCluster("west", Self.west, by: "ann") == .created(revision: 1))
            #expect(try await store.applyCluster("west", Self.west, by: "ann") == .unchanged(revision: 1))
            var spec = Self.west
            spec.description = "new"
            #expect(try await store.applyCluster("west", spec, by: "ann", revision: 7) == .outdated(revision: 1))
            #expect(try await store.applyCluster("west", spec, by: "ann", revision: 1) == .updated(revision: 2))
            spec.teams = ["nobody"]
            #expect(try await store.applyCluster("west", spec, by: nil) == .unknownTeams(["nobody"]))
            let record = try #require(try await store.cluster("west"))
            #expect(record.state == .provisioning && record.spec.description == "new" && record.wanted == .active)

            #expect(try await store.want(.draining, of: "west", by: "ann", why: "rack") == .updated(revision: 3))
            #expect(try await store.cluster("west")?.state == .draining)
            #expect(try await store.want(.draining, of: "west", by: "ann", why: nil) == .unchanged(revision: 3))
            #expect(try await store.want(.active, of: "west", by: "ann", why: nil) == .updated(revision: 4))
            #expect(try await store.cluster("west")?.state == .draining, "its health decides")
            #expect(try await store.want(.destroying, of: "west", by: "ann", why: nil) == .updated(revision: 5))
            #expect(try await store.want(.active, of: "west", by: "ann", why: nil) == .leaving)
            #expect(try await store.applyCluster("west", spec, by: "ann") == .unknownTeams(["nobody"]))
            #expect(try await store.want(.active, of: "east", by: "ann", why: nil) == .notFound)
            let actions = try await store.pool.query(
                "SELECT action FROM audit_log WHERE subject_kind = 'cluster' AND subject = 'west' ORDER BY id"
            ).decode(String.self)
            #expect(actions == ["register", "update", "drain", "undrain", "remove"])
        }
    }

    @Test(
        "health is told in a process's own rows, and a state is written only under the term and over the state it was derived from"
    )
    func health() async throws {
        try await StoreFixture.with { fixture in
            let store = fixture.store
            _ = try await store.applyCluster("west", Self.west, by: nil)
            let nodes = NodeSummary([NodeSummary.Shape(cpuMillicores: 4000, memoryBytes: 8 << 30)])
            try await store.reportHealth(
                [
                    ClusterFinding(cluster: "west", isHealthy: true, nodes: nodes),
                    ClusterFinding(cluster: "no", isHealthy: true),
                ],
                serving: ["default", "west"],
                holder: fixture.holder.id
            )
            try await store.reportHealth(
                [ClusterFinding(cluster: "west", isHealthy: false, message: "refused")],
                serving: ["default", "west"],
                holder: fixture.holder.id
            )
            let reporter = try #require(try await store.reporters(of: "west").first)
            #expect(
                !reporter.report.isHealthy && reporter.report.healthyAt != nil && reporter.report.message == "refused"
            )
            #expect(try await store.cluster("west")?.nodes == nodes, "what is not told stays")
            #expect(try await store.holders().first?.holder.clusters == ["default", "west"])
            let found = try await store.clusterConditions()
            #expect(found.clusters.map(\.name) == ["default", "west"] && found.clusters[1].reports.count == 1)

            let change = ClusterStateChange(
                cluster: "west",
                from: .provisioning,
                wanted: .active,
                to: .active,
                message: nil
            )
            let term = try await term(fixture)
            #expect(try await store.setStates([change], holder: fixture.holder.id, term: term + 1) == [])
            #expect(try await store.setStates([change], holder: fixture.holder.id, term: term) == ["west"])
            #expect(
                try await store.setStates([change], holder: fixture.holder.id, term: term) == [],
                "it is active by now"
            )
            #expect(try await store.cluster("west")?.state == .active)
        }
    }

    @Test("runs that are not placed leave a drained cluster; running ones and those bound to it stay")
    func move() async throws {
        try await StoreFixture.with { fixture in
            let store = fixture.store
            _ = try await store.applyCluster("west", Self.west, by: nil)
            try await set("west", .active, fixture)
            let running = try await fixture.claimed(1)[0]
            _ = try await store.apply([fixture.report(running)])
            var runs = (0..<6).map { _ in fixture.newRun() }
            for index in 0..<5 { runs[index].clusters = ["default", "west"] }
            for index in runs.indices { runs[index].admission = AdmissionRequest(cpuMillicores: 10, memoryBytes: 10) }
            try await store.create(Array(runs[0..<4]))
            let term = try await term(fixture)
            try await fixture.admitAll()
            try await store.create(Array(runs[4..<6]))
            #expect(try await store.moveRuns(holder: fixture.holder.id, term: term).runs == [:], "all is well")

            _ = try await store.want(.draining, of: "default", by: nil, why: nil)
            #expect(
                try await store.claim(cluster: "default", holder: fixture.holder.id, limit: 9, window: 9).runs.isEmpty
            )
            #expect(try await store.moveRuns(holder: fixture.holder.id, term: term + 1).runs == [:])
            let moved = try await store.moveRuns(holder: fixture.holder.id, term: term).runs
            // Three have room there; the one that is pending may wait there too.
            #expect(moved == ["west": 4])
            #expect(try await store.moveRuns(holder: fixture.holder.id, term: term).runs == [:])
            try await store.noteUnavailable(holder: fixture.holder.id, term: term)
            let waiting = try await store.pool.query(
                "SELECT message FROM live_runs WHERE reason = 'cluster_unavailable'"
            )
            #expect(try waiting.decode(String.self) == ["cluster default is draining"])
            let places = try await store.pool.query(
                "SELECT state || ' ' || cluster, count(*) FROM live_runs GROUP BY 1 ORDER BY 1"
            ).decode(String.self, Int.self)
            #expect(
                places.map { "\($0.0) \($0.1)" } == [
                    "pending default 1", "pending west 1", "ready default 1", "ready west 3", "running default 1",
                ]
            )
            let events = try await store.pool.query("SELECT DISTINCT message FROM run_events WHERE kind = 'moved'")
            #expect(try events.decode(String.self) == ["from cluster default, which is draining, to west"])
        }
    }

    @Test("an admitted run of a team that was taken off its cluster is not placed, and says why it waits")
    func forbidden() async throws {
        try await StoreFixture.with { fixture in
            let store = fixture.store
            let id = try await fixture.created()[0]
            try await fixture.admitAll()
            let term = try await term(fixture)
            func claimed() async throws -> [RunID] {
                try await store.claim(cluster: "default", holder: fixture.holder.id, limit: 9, window: 9).runs.map(\.id)
            }
            try await store.pool.query("UPDATE clusters SET spec = '{\"teams\": []}'")
            #expect(try await claimed() == [])
            try await store.noteUnavailable(holder: fixture.holder.id, term: term)
            #expect(try await store.run(id)?.message == "cluster default is not for team default")
            try await store.pool.query("UPDATE clusters SET spec = '{\"teams\": [\"default\"]}'")
            #expect(try await claimed() == [id])
            #expect(try await store.run(id)?.message == nil)
        }
    }

    @Test("runs that cannot be moved do not hold up those behind them")
    func moveBehind() async throws {
        try await StoreFixture.with { fixture in
            var limits = StoreLimits()
            limits.batch = 2
            let store = RunStore(pool: fixture.store.pool, limits: limits)
            var west = Self.west
            west.teams = ["default"]
            _ = try await store.applyCluster("west", west, by: nil)
            var small = ClusterSpec(capacity: ClusterSpec.Capacity(cpuMillicores: 100))
            small.teams = ["default"]
            _ = try await store.applyCluster("small", small, by: nil)
            for name in ["west", "small"] { try await set(name, .active, fixture) }
            var runs = (0..<7).map { _ in fixture.newRun() }
            // Two of a team that may not go there, three that do not fit where they may go, two that can be moved.
            for index in runs.indices {
                runs[index].id = RunID(high: 1, low: UInt64(index))
                runs[index].clusters = index < 2 || index > 4 ? ["default", "west"] : ["default", "small"]
                runs[index].admission = AdmissionRequest(cpuMillicores: 1000, memoryBytes: 10)
                if index < 2 { runs[index].team = "strangers" }
            }
            try await store.create(runs)
            let term = try await term(fixture)
            _ = try await store.want(.draining, of: "default", by: nil, why: nil)
            let first = try await store.moveRuns(holder: fixture.holder.id, term: term)
            #expect(first.runs == [:] && first.next == .some(.init(cluster: "default", run: runs[3].id)))
            let second = try await store.moveRuns(after: first.next, holder: fixture.holder.id, term: term)
            #expect(second.runs == ["west": 1] && second.next?.run == runs[5].id)
            let third = try await store.moveRuns(after: second.next, holder: fixture.holder.id, term: term)
            #expect(third.runs == ["west": 1] && third.next == nil)
        }
    }

    @Test("a cluster that is to be removed is forgotten once nothing is left on it")
    func forget() async throws {
        try await StoreFixture.with { fixture in
            let store = fixture.store
            let id = try await fixture.created()[0]
            let term = try await term(fixture)
            _ = try await store.want(.destroying, of: "default", by: nil, why: nil)
            #expect(try await store.forgetDestroyed(holder: fixture.holder.id, term: term) == [])
            _ = try await store.cancel([id], by: nil, why: nil)
            #expect(try await store.forgetDestroyed(holder: fixture.holder.id, term: term) == [], "not all know it yet")
            let late = try await fixture.created()[0]
            _ = try await store.cancel([late], by: nil, why: nil)
            try await store.pool.query("UPDATE clusters SET state_since = now() - interval '31 s'")
            #expect(try await store.forgetDestroyed(holder: fixture.holder.id, term: term + 1) == [])
            #expect(try await store.forgetDestroyed(holder: fixture.holder.id, term: term) == ["default"])
            #expect(try await store.clusters().isEmpty)
            await #expect(throws: PostgresError.self) { try await fixture.created() }
        }
    }

    @Test("what a process holds of a cluster that it serves no longer is free at once")
    func handBack() async throws {
        try await StoreFixture.with { fixture in
            let run = try await fixture.claimed(1)[0]
            #expect(try await fixture.store.handBack(cluster: "other", holder: fixture.holder.id).isEmpty)
            let freed = try await fixture.store.handBack(cluster: "default", holder: fixture.holder.id)
            #expect(freed.map(\.id) == [run.id] && freed.first?.leaseEpoch == run.leaseEpoch + 1)
        }
    }
}
