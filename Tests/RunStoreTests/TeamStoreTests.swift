import PostgresClient
import RunStore
import SlipwayCore
import Testing

@Suite struct TeamStoreTests {
    private static let spec = TeamSpec(weight: 2, quotas: .init(runs: ResourceQuota(nominal: 3)))

    @Test("a team is created, left alone, changed, suspended and deleted, with a revision and a record for each change")
    func life() async throws {
        try await StoreFixture.with { fixture in
            let store = fixture.store
            guard case .done(let first, .created) = try await store.apply(Self.spec, team: "finance", by: "ann") else {
                Issue.record("not created")
                return
            }
            #expect(first.namespace == "finance" && first.revision == 1 && first.credits == nil)
            let again = try await store.apply(Self.spec, team: "finance", by: "ann")
            #expect(again == .done(first, .unchanged))
            let suspended = try #require(try await store.suspend(team: "finance", true, by: "ann"))
            #expect(suspended.isChanged && suspended.team.spec.isSuspended == true && suspended.team.revision == 2)
            #expect(try await store.suspend(team: "finance", true, by: "ann")?.isChanged == false)
            // A file that does not speak of suspension or namespace leaves them.
            var changed = Self.spec
            changed.cohort = "office"
            #expect(try await store.apply(changed, team: "finance", ifRevision: 1, by: "ann") == .otherRevision(2))
            guard
                case .done(let third, .updated) = try await store.apply(
                    changed,
                    team: "finance",
                    ifRevision: 2,
                    by: nil
                )
            else {
                Issue.record("not updated")
                return
            }
            #expect(third.spec.isSuspended == true && third.namespace == "finance" && third.revision == 3)
            #expect(try await store.teams().map(\.name) == ["default", "finance"])
            #expect(try await store.teams(after: "default", limit: 1).map(\.name) == ["finance"])
            #expect(try await store.deleteTeam("default", by: "ann") == .hasJobs(1))
            #expect(try await store.deleteTeam("finance", ifRevision: 2, by: "ann") == .otherRevision(3))
            #expect(try await store.deleteTeam("finance", by: "ann") == .done)
            #expect(try await store.deleteTeam("finance", by: "ann") == .notFound)
            let actions = try await store.pool.query(
                "SELECT action FROM audit_log WHERE subject_kind = 'team' AND subject = 'finance' ORDER BY id"
            ).decode(String.self)
            #expect(actions == ["apply", "suspend", "apply", "delete"])
        }
    }

    @Test("a team goes with its jobs once all are archived and none of their runs is live")
    func deletion() async throws {
        try await StoreFixture.with { fixture in
            let store = fixture.store
            let run = try await fixture.created()[0]
            #expect(try await store.deleteTeam("default", by: nil) == .hasJobs(1))
            try await store.pool.query("UPDATE jobs SET archived_at = now() WHERE id = \(fixture.job.id)")
            #expect(try await store.deleteTeam("default", by: nil) == .hasLiveRuns)
            _ = try await store.cancel([run], by: nil, why: nil)
            #expect(try await store.deleteTeam("default", by: nil) == .done)
            #expect(try await store.team("default") == nil)
            #expect(try await store.job(team: "default", name: "report") == nil)
            #expect(try await store.run(run)?.state == .cancelled, "what it did is still known")
        }
    }

    @Test("members have one role each")
    func members() async throws {
        try await StoreFixture.with { fixture in
            let store = fixture.store
            #expect(try await store.setMember("bob", of: "nobody", role: .viewer, by: nil) == .teamNotFound)
            #expect(try await store.setMember("bob", of: "default", role: .viewer, by: "ann") == .done(.created))
            #expect(try await store.setMember("bob", of: "default", role: .viewer, by: "ann") == .done(.unchanged))
            #expect(try await store.setMember("bob", of: "default", role: .admin, by: "ann") == .done(.updated))
            _ = try await store.setMember("eve", of: "default", role: .operator, by: "ann")
            #expect(try await store.members(of: "default").map(\.subject) == ["bob", "eve"])
            #expect(try await store.members(of: "default", after: "bob").map(\.role) == [.operator])
            #expect(try await store.removeMember("bob", of: "default", by: "ann"))
            #expect(try await store.removeMember("bob", of: "default", by: "ann") == false)
        }
    }

    @Test("a pod is looked for in the namespace it was made in, whatever the team has by now")
    func namespaces() async throws {
        try await StoreFixture.with { fixture in
            let store = fixture.store
            let unknown = try await store.apply(TeamSpec(namespaces: ["west": "x"]), team: "default", by: nil)
            #expect(unknown == .unknownClusters(["west"]))
            let policy = TeamPolicy(images: ["a/*"], nodeSelector: ["pool": "b"])
            let spec = TeamSpec(namespaces: ["default": "here"], policy: policy)
            _ = try await store.apply(spec, team: "default", by: nil)
            let claimed = try #require(try await fixture.claimed().first)
            #expect(claimed.namespace == "here" && claimed.policy == policy)
            _ = try await store.apply(TeamSpec(namespace: "there"), team: "default", by: nil)
            let worker = StoreFixture.identifier()
            try await store.register(
                Holder(id: worker, kind: .worker, name: "w", version: "0", clusters: ["default"]),
                timeToLive: .seconds(60)
            )
            let adopted = try await store.adopt([(claimed.id, claimed.leaseEpoch)], holder: worker)
            #expect(adopted.map(\.namespace) == ["here"])
            var mine = claimed
            mine.leaseEpoch = try #require(adopted.first).leaseEpoch
            _ = try await store.apply([fixture.report(mine, end: StoreFixture.success())])
            let cleanups = try await store.takeCleanups(clusters: ["default"], holder: worker)
            #expect(cleanups.map(\.namespace) == ["here"])
            let next = try #require(try await fixture.claimed().first)
            #expect(next.namespace == "there" && next.policy == TeamPolicy())
            #expect(try await store.inspect().namespaces == ["there"])
        }
    }

    @Test("no two teams have one namespace on a cluster, and none has the cluster's own")
    func takenNamespaces() async throws {
        try await StoreFixture.with { fixture in
            let store = fixture.store
            _ = try await store.applyCluster("west", ClusterSpec(), by: nil)
            func taken(_ spec: TeamSpec, _ team: String) async throws -> [TakenNamespace] {
                guard case .takenNamespaces(let taken) = try await store.apply(spec, team: team, by: nil) else {
                    return []
                }
                return taken
            }
            #expect(try await taken(TeamSpec(namespaces: ["west": "etl-west"]), "etl") == [])
            let own = TakenNamespace(field: "namespace", namespace: "etl", team: "etl")
            #expect(try await taken(TeamSpec(namespace: "etl"), "ops") == [own])
            let there = TakenNamespace(field: "namespaces.west", namespace: "etl-west", team: "etl")
            #expect(try await taken(TeamSpec(namespaces: ["west": "etl-west"]), "ops") == [there])
            let whole = TakenNamespace(field: "namespace", namespace: "etl-west", team: "etl")
            #expect(try await taken(TeamSpec(namespace: "etl-west"), "ops") == [whole])
            // On this cluster the other team has another one.
            #expect(try await taken(TeamSpec(namespaces: ["west": "etl"]), "ops") == [])
            let system = TakenNamespace(field: "namespace", namespace: "kube-system", team: nil)
            #expect(try await taken(TeamSpec(), "kube-system") == [system])
            // Of those who ask at once for the same one gets it.
            let refused = try await withThrowingTaskGroup(of: Int.self) { group in
                for team in ["a", "b", "c", "d"] {
                    group.addTask {
                        let answer = try await store.apply(TeamSpec(namespace: "shared"), team: team, by: nil)
                        if case .takenNamespaces = answer { return 1 } else { return 0 }
                    }
                }
                return try await group.reduce(0, +)
            }
            #expect(refused == 3)
        }
    }

    @Test("a budget of submissions is shared, all or nothing, and fills with time")
    func submissions() async throws {
        try await StoreFixture.with { fixture in
            let store = fixture.store
            let rate = JobSpec.RateLimit(runs: 10, perSeconds: 1000)
            func take(_ team: String, _ runs: Int) async throws -> SubmissionRefusal? {
                try await store.takeSubmissions([Submission(team: team, runs: runs, rate: rate)])
            }
            #expect(try await take("a", 6) == nil)
            let refusal = try #require(try await take("a", 5))
            #expect(refusal.team == "a" && refusal.waitSeconds > 50 && refusal.waitSeconds <= 100)
            #expect(try await take("a", 4) == nil)
            // One that may and one that must wait: nothing is taken of either.
            let both = [Submission(team: "a", runs: 1, rate: rate), Submission(team: "b", runs: 10, rate: rate)]
            #expect(try await store.takeSubmissions(both)?.team == "a")
            #expect(try await take("b", 10) == nil)
            try await store.pool.query(
                "UPDATE submission_budgets SET updated_at = now() - interval '500 s' WHERE team = 'a'"
            )
            #expect(try await take("a", 4) == nil)
            // However many ask at once, no more get through than the budget holds.
            let passed = try await withThrowingTaskGroup(of: Bool.self) { group in
                for _ in 0..<40 {
                    group.addTask {
                        try await store.takeSubmissions([Submission(team: "c", runs: 1, rate: rate)]) == nil
                    }
                }
                return try await group.reduce(0) { $0 + ($1 ? 1 : 0) }
            }
            #expect(passed == 10)
        }
    }
}

@Suite struct CreditTests {
    private func term(_ fixture: StoreFixture) async throws -> Int64 {
        try #require(
            try await fixture.store.takeTerm(duty: "scheduling", holder: fixture.holder.id, timeToLive: .seconds(60))
        )
    }

    private func credits(_ fixture: StoreFixture) async throws -> Double {
        try #require(try await fixture.store.team("default")?.credits ?? nil)
    }

    @Test("runs are charged for the time they had a placement since the last charge, ended ones too, and nobody twice")
    func charging() async throws {
        try await StoreFixture.with { fixture in
            let (store, holder) = (fixture.store, fixture.holder.id)
            #expect(try await store.changeCredits(of: "default", .add(1), by: nil) == .needsNone)
            _ = try await store.changeCredits(of: "default", .set(100_000), by: "ann")
            let runs = try await fixture.claimed(3)
            // One that waits costs nothing.
            _ = try await fixture.created()
            let term = try await term(fixture)
            _ = try await store.apply([fixture.report(runs[1], end: StoreFixture.success())])
            _ = try await store.apply([fixture.report(runs[2], end: StoreFixture.success())])
            // One placed for 1000 s, one that ended 400 s ago after 600 s, one that ended before the last charge.
            try await store.pool.query(
                """
                UPDATE live_runs SET cpu_millicores = 2000, placement_started_at = now() - interval '1000 s'
                WHERE id = \(runs[0].id)
                """
            )
            try await store.pool.query("ALTER TABLE finished_runs DISABLE TRIGGER USER")
            try await store.pool.query(
                """
                UPDATE finished_runs SET cpu_millicores = 500, placement_started_at = now() - interval '1000 s',
                    ended_at = now() - CASE id WHEN \(runs[1].id) THEN interval '400 s' ELSE interval '950 s' END
                """
            )
            try await store.pool.query("UPDATE teams SET credits_charged_at = now() - interval '900 s'")
            #expect(try await store.chargeCredits(holder: holder, term: term + 1) == 0)
            #expect(try await store.chargeCredits(holder: StoreFixture.identifier(), term: term) == 0)
            #expect(try await store.chargeCredits(holder: holder, term: term) == 1)
            // 900 s of two cores, and 500 s of half a core.
            let left = try await credits(fixture)
            #expect(abs(left - (100_000 - 1800 - 250)) < 20, "\(left)")
            #expect(try await store.chargeCredits(holder: holder, term: term) == 1)
            #expect(abs(try await credits(fixture) - left) < 20)
            let added = try await store.changeCredits(of: "default", .add(50), by: "ann")
            guard case .done(let team) = added else {
                Issue.record("\(added)")
                return
            }
            #expect((team.credits ?? 0) > left + 20)
        }
    }

    @Test("a run that is deleted before the next charge is charged for as it goes, and not again")
    func deletion() async throws {
        try await StoreFixture.with { fixture in
            let (store, holder) = (fixture.store, fixture.holder.id)
            _ = try await store.changeCredits(of: "default", .set(100_000), by: nil)
            let runs = try await fixture.claimed(2)
            let term = try await term(fixture)
            for run in runs { _ = try await store.apply([fixture.report(run, end: StoreFixture.success())]) }
            try await store.pool.query("ALTER TABLE finished_runs DISABLE TRIGGER USER")
            // One that ended after the last charge, and one before it.
            try await store.pool.query(
                """
                UPDATE finished_runs SET cpu_millicores = 500, placement_started_at = now() - interval '1000 s',
                    ended_at = now() - CASE id WHEN \(runs[0].id) THEN interval '400 s' ELSE interval '950 s' END
                """
            )
            try await store.pool.query("UPDATE teams SET credits_charged_at = now() - interval '900 s'")
            _ = try await store.delete(runs.map(\.id), by: "ann", why: nil)
            let left = try await credits(fixture)
            #expect(abs(left - (100_000 - 250)) < 20, "\(left)")
            #expect(try await store.chargeCredits(holder: holder, term: term) == 1)
            #expect(abs(try await credits(fixture) - left) < 1)
        }
    }

    @Test("schedulers that charge at the same time charge once")
    func concurrent() async throws {
        try await StoreFixture.with { fixture in
            let (store, holder) = (fixture.store, fixture.holder.id)
            _ = try await store.changeCredits(of: "default", .set(100_000), by: nil)
            let run = try #require(try await fixture.claimed().first)
            let term = try await term(fixture)
            try await store.pool.query(
                """
                UPDATE live_runs SET cpu_millicores = 1000, placement_started_at = now() - interval '1000 s'
                WHERE id = \(run.id)
                """
            )
            try await store.pool.query("UPDATE teams SET credits_charged_at = now() - interval '1000 s'")
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<8 {
                    group.addTask { _ = try await store.chargeCredits(holder: holder, term: term) }
                }
                try await group.waitForAll()
            }
            let left = try await credits(fixture)
            #expect(abs(left - 99_000) < 20, "\(left)")
        }
    }

    @Test("runs that wait for credits come back with them, others do not")
    func returning() async throws {
        try await StoreFixture.with { fixture in
            let (store, holder) = (fixture.store, fixture.holder.id)
            _ = try await store.changeCredits(of: "default", .set(0), by: nil)
            let ids = try await fixture.created(3)
            let term = try await term(fixture)
            try await store.pool.query(
                "UPDATE live_runs SET state = 'paused', reason = 'credits_exhausted', message = 'none' WHERE id = ANY(\(Array(ids[..<2])))"
            )
            try await store.pool.query(
                "UPDATE live_runs SET state = 'paused', reason = 'credential_invalid', credentials = '{lake}' WHERE id = \(ids[2])"
            )
            let lake = CredentialKey(team: "default", name: "lake")
            _ = try await store.apply(CredentialSpec(), kind: "s3", credential: lake, by: nil)
            _ = try await store.updateCredentials(.named(["lake"]), team: "default", .init(isValid: false), by: nil)
            #expect(try await store.returnRuns(holder: holder, term: term) == 0)
            _ = try await store.changeCredits(of: "default", .set(0.5), by: nil)
            #expect(try await store.returnRuns(holder: holder, term: term) == 0)
            _ = try await store.changeCredits(of: "default", .set(10), by: nil)
            #expect(try await store.returnRuns(holder: holder, term: term + 1) == 0)
            #expect(try await store.returnRuns(holder: holder, term: term, isFirst: false) == 0, "one batch a look")
            #expect(try await store.returnRuns(holder: holder, term: term) == 2)
            let runs = try await store.runs(ids)
            #expect(runs.count { $0.state == .pending && $0.reason == nil && $0.message == nil } == 2)
            #expect(try await store.run(ids[2])?.state == .paused)
            #expect(try await store.events(ids[0]).last?.state == .pending)
            // Told valid, its run stays until somebody says so; paused after that, it was by who did not know.
            _ = try await store.updateCredentials(.named(["lake"]), team: "default", .init(isValid: true), by: nil)
            #expect(try await store.returnRuns(holder: holder, term: term) == 0)
            try await store.pool.query("UPDATE live_runs SET state_since = clock_timestamp() WHERE id = \(ids[2])")
            #expect(try await store.returnRuns(holder: holder, term: term) == 1)
        }
    }
}
