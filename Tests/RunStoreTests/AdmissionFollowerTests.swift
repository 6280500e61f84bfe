import PostgresClient
import RunStore
import SlipwayCore
import Testing

/// What a follower knows, compared with what the tables hold.
@Suite struct AdmissionFollowerTests {
    private func follower(_ fixture: StoreFixture) -> AdmissionFollower {
        var limits = AdmissionFollowerLimits()
        limits.page = 3
        return AdmissionFollower(fixture.store, zones: { $0 == "UTC" ? .utc : nil }, limits: limits)
    }

    @Test func itSeesEachChangeOnceItIsCommitted() async throws {
        try await StoreFixture.with { fixture in
            let store = fixture.store
            let first = try await fixture.created(7)
            let follower = follower(fixture)
            try await follower.follow()
            #expect(follower.queue.pendingCount == 7)
            let second = try await fixture.created(4)
            _ = try await store.cancel(first[0], by: nil)
            try await follower.follow()
            #expect(follower.queue.pendingCount == 10 && !follower.queue.isPending(first[0]))
            #expect(second.allSatisfy(follower.queue.isPending))
            _ = try await fixture.shell().cycle()
            let holder = fixture.holder.id
            let claimed = try await store.claim(cluster: "default", holder: holder, limit: 2, window: 9).runs
            try await follower.follow()
            #expect(follower.queue.liveCount == 10 && follower.queue.pendingCount == 0)
            #expect(follower.queue.phase(of: claimed[0].id) == .placing)
            _ = try await store.apply([
                fixture.report(claimed[0]), fixture.report(claimed[1], end: StoreFixture.success()),
            ])
            try await follower.follow()
            #expect(follower.queue.phase(of: claimed[0].id) == .running)
            #expect(follower.queue.phase(of: claimed[1].id) == nil)
        }
    }

    @Test func itMissesNothingOfATransactionThatWasUnderWay() async throws {
        try await StoreFixture.with { fixture in
            let run = try await fixture.created()[0]
            let follower = follower(fixture)
            try await fixture.store.pool.transaction { transaction in
                try await transaction.query("UPDATE live_runs SET priority = 7 WHERE id = \(run)")
                // It looks while the change is not committed, and others are.
                try await follower.follow()
                _ = try await fixture.created(3)
                try await follower.follow()
                #expect(follower.queue.waitingRun(run)?.priority == 0)
            }
            try await follower.follow()
            #expect(follower.queue.waitingRun(run)?.priority == 7)
            #expect(follower.queue.pendingCount == 4)
        }
    }

    @Test func whatIsDeletedIsForgotten() async throws {
        try await StoreFixture.with { fixture in
            let store = fixture.store
            let run = try await fixture.created()[0]
            try await store.pool.query(
                "INSERT INTO teams (name, namespace, spec) VALUES ('etl', 'etl', '{\"weight\": 3}')"
            )
            try await store.pool.query(
                "INSERT INTO credentials (team, name, kind, is_valid) VALUES ('default', 'mail', 'password', false)"
            )
            let follower = follower(fixture)
            try await follower.follow()
            #expect(follower.queue.isPending(run))
            _ = try await store.cancel(run, by: nil)
            _ = try await store.delete([run], by: nil, why: nil)
            try await store.pool.query("DELETE FROM teams WHERE name = 'etl'")
            try await store.pool.query("DELETE FROM credentials")
            try await store.pool.query("INSERT INTO clusters (name) VALUES ('south')")
            try await follower.follow()
            #expect(!follower.queue.isPending(run))
            try await store.pool.query("DELETE FROM clusters WHERE name = 'south'")
            try await follower.follow()
            var waiting = fixture.newRun()
            waiting.admission.credentials = ["mail"]
            try await store.create([waiting])
            try await follower.follow()
            #expect(follower.queue.explain(waiting.id, now: follower.now)?.reason == .behindOthers)
        }
    }

    /// A dump keeps the numbers of the transactions of the server it was made on.
    @Test func whatWasRestoredFromADumpIsKnownAtOnceAndItsChangesToo() async throws {
        try await StoreFixture.with { fixture in
            let pool = fixture.store.pool
            try await fixture.setQuota(runs: 0)
            let run = try await fixture.created()[0]
            for table in ["teams", "live_runs", "clusters", "jobs"] {
                try await pool.query("ALTER TABLE \(unescaped: table) DISABLE TRIGGER note_change")
                try await pool.query("UPDATE \(unescaped: table) SET changed_in = '900000000000'::xid8")
                try await pool.query("ALTER TABLE \(unescaped: table) ENABLE TRIGGER note_change")
            }
            let follower = follower(fixture)
            try await follower.follow()
            #expect(follower.queue.explain(run, now: follower.now)?.reason == .teamRunsLimit)
            try await fixture.setQuota(runs: 1)
            try await follower.follow()
            #expect(follower.queue.explain(run, now: follower.now)?.reason != .teamRunsLimit)
        }
    }

    @Test func teamsJobsClustersAndCredentialsAreTold() async throws {
        try await StoreFixture.with { fixture in
            let store = fixture.store
            var run = fixture.newRun()
            run.admission.credentials = ["mail"]
            try await store.create([run])
            let follower = follower(fixture)
            func reason() async throws -> HoldReason? {
                try await follower.follow()
                return follower.queue.explain(run.id, now: follower.now)?.reason
            }
            #expect(try await reason() == .behindOthers)
            try await store.pool.query("UPDATE clusters SET state = 'draining'")
            #expect(try await reason() == .clusterDraining)
            try await store.pool.query("UPDATE clusters SET state = 'active', spec = '{\"capacity\": {\"runs\": 0}}'")
            #expect(try await reason() == .clusterFull)
            try await store.pool.query(
                "UPDATE clusters SET spec = '{\"teams\": [\"others\"], \"capacity\": {\"runs\": 0}}'"
            )
            #expect(try await reason() == .clusterForbidden)
            try await store.pool.query("UPDATE clusters SET spec = '{\"capacity\": {\"runs\": 0}}'")
            try await store.pool.query("UPDATE teams SET spec = '{\"quotas\": {\"runs\": {\"nominal\": 0}}}'")
            #expect(try await reason() == .teamRunsLimit)
            var spec = StoreFixture.spec
            spec.windows = .init(zone: "UTC", open: ["Mon 00:00-00:00"])
            spec.windows?.open = [Self.closedNow]
            let canonical = try spec.canonicalJSON()
            _ = try await store.apply(spec, canonicalSpec: canonical, id: StoreFixture.identifier(), by: nil)
            #expect(try await reason() == .outsideWindow)
            try await store.pool.query(
                "INSERT INTO credentials (team, name, kind, is_valid) VALUES ('default', 'mail', 'password', false)"
            )
            #expect(try await reason() == .credentialInvalid)
            try await store.pool.query("UPDATE credentials SET is_valid = true")
            #expect(try await reason() == .outsideWindow)
            try await store.pool.query("UPDATE teams SET credits = 0")
            #expect(try await reason() == .creditsExhausted)
            try await store.pool.query("UPDATE live_runs SET eligible_at = clock_timestamp() + interval '1 hour'")
            #expect(try await reason() == .notYetEligible)
        }
    }

    /// A window of two hours that is neither now nor soon.
    private static var closedNow: String {
        let hour = Int(Timestamp.now.secondsSince1970 / 3600 % 24)
        func text(_ hour: Int) -> String { (hour % 24 < 10 ? "0" : "") + "\(hour % 24):00" }
        return "\(text(hour + 8))-\(text(hour + 10))"
    }

    @Test func whatANewerVersionWroteHoldsItsRunsAndNobodyElses() async throws {
        try await StoreFixture.with { fixture in
            let store = fixture.store
            let free = try await fixture.created()[0]
            var strange = fixture.newRun()
            strange.cluster = "far"
            try await store.pool.query("INSERT INTO clusters (name) VALUES ('far')")
            try await store.create([strange])
            let follower = follower(fixture)
            func admitted() async throws -> [RunID] {
                try await follower.follow()
                return follower.queue.plan(now: follower.now, maximum: 10).admitted
            }
            func reason(_ id: RunID) -> HoldReason? {
                follower.queue.explain(id, now: follower.now)?.reason
            }
            #expect(try await Set(admitted()) == [free, strange.id] && follower.unreadable.isEmpty)
            try await store.pool.query("UPDATE clusters SET spec = '{\"capacity\": \"endless\"}' WHERE name = 'far'")
            #expect(try await admitted() == [free])
            #expect(follower.unreadable.map(\.what) == ["cluster far"] && reason(strange.id) == .clusterUnavailable)
            try await store.pool.query("UPDATE job_versions SET spec = spec || '{\"windows\": \"never\"}'")
            try await store.pool.query("UPDATE jobs SET updated_at = now()")
            #expect(try await admitted().isEmpty && reason(free) == .outsideWindow)
            try await store.pool.query("UPDATE job_versions SET spec = spec - 'windows'")
            try await store.pool.query("UPDATE jobs SET updated_at = now()")
            #expect(try await admitted() == [free] && follower.unreadable.isEmpty)
            try await store.pool.query("UPDATE teams SET spec = '{\"weight\": \"great\"}'")
            #expect(try await admitted().isEmpty && reason(free) == .teamSuspended)
            #expect(follower.unreadable.map(\.what) == ["team default"])
        }
    }

    @Test(arguments: [EndingFeed.Moment.beforeRuns, .beforePastAdmissions])
    func whatEndsWhileEverythingIsReadCountsOnceForItsRateLimit(moment: EndingFeed.Moment) async throws {
        try await StoreFixture.with { fixture in
            try await fixture.apply { $0.rateLimit = .init(runs: 3, perSeconds: 3600) }
            _ = try await fixture.created(2)
            #expect(try await fixture.shell().cycle().admitted.count == 2)
            _ = try await fixture.created(4)
            let follower = AdmissionFollower(EndingFeed(fixture: fixture, moment: moment), zones: { _ in nil })
            try await follower.follow()
            #expect(try await fixture.store.liveCounts()[.pending] == 4)
            #expect(follower.queue.plan(now: follower.now, maximum: 10).admitted.count == 1)
            try await follower.follow()
            #expect(follower.queue.liveCount == 0)
            #expect(follower.queue.plan(now: follower.now, maximum: 10).admitted.count == 1)
        }
    }

    @Test func nothingIsReadWhenNothingChanged() async throws {
        try await StoreFixture.with { fixture in
            _ = try await fixture.created(2)
            let follower = follower(fixture)
            try await follower.follow()
            let first = try await fixture.store.admissionLook(since: nil)
            let second = try await fixture.store.admissionLook(since: first.cursor)
            // Transactions of other databases of the server may have it look, and find nothing.
            #expect(second.teams.isEmpty && second.jobs.isEmpty && second.clusters.isEmpty)
            let runs = try await fixture.store.admissionRuns(since: first.cursor, after: nil, limit: 10)
            let ends = try await fixture.store.admissionEnds(since: first.cursor, after: nil, limit: 10)
            #expect(runs.isEmpty && ends.isEmpty)
        }
    }
}

/// The store, where all admitted runs end in the midst of the first reading.
struct EndingFeed: AdmissionFeed {
    enum Moment: Sendable {
        case beforeRuns
        case beforePastAdmissions
    }

    let fixture: StoreFixture
    let moment: Moment

    func admissionLook(since cursor: AdmissionCursor?) async throws -> AdmissionLook {
        let look = try await fixture.store.admissionLook(since: cursor)
        if cursor == nil, moment == .beforeRuns { try await fixture.finishAll() }
        return look
    }

    func admissionRuns(
        since cursor: AdmissionCursor?,
        after last: AdmissionRun.Position?,
        limit: Int
    ) async throws -> [AdmissionRun] {
        try await fixture.store.admissionRuns(since: cursor, after: last, limit: limit)
    }

    func admissionEnds(
        since cursor: AdmissionCursor,
        after last: AdmissionRun.Position?,
        limit: Int
    ) async throws -> [AdmissionRun.Position] {
        try await fixture.store.admissionEnds(since: cursor, after: last, limit: limit)
    }

    func pastAdmissions(of job: JobID, within span: Duration) async throws -> [PastAdmission] {
        if moment == .beforePastAdmissions { try await fixture.finishAll() }
        return try await fixture.store.pastAdmissions(of: job, within: span)
    }
}
