import PostgresClient
import RunStore
import SlipwayCore
import Testing

/// What the holder of the term decides, carried out in the database.
@Suite struct AdmissionTests {
    @Test func aRunThatALimitHoldsDoesNotHoldThoseBehindIt() async throws {
        try await StoreFixture.with { fixture in
            var blocked = (0..<3).map { _ in fixture.newRun() }
            for index in blocked.indices {
                blocked[index].admission.limitKeys = [LimitKey(key: "warehouse", maximum: 1)]
                blocked[index].admission.priority = 5
            }
            try await fixture.store.create(blocked)
            let free = try await fixture.created(4)
            let shell = try await fixture.shell()
            let admitted = try await shell.cycle().admitted.map(\.id)
            #expect(Set(admitted) == Set(free + [blocked[0].id]))
            let why = try #require(shell.follower.queue.explain(blocked[2].id, now: shell.follower.now))
            #expect(why.reason == .limitKey && why.blockers == [blocked[0].id] && why.positionInTeam == 2)
        }
    }

    @Test func oldRunsWithoutRequestsCountAsRuns() async throws {
        try await StoreFixture.with { fixture in
            _ = try await fixture.claimed(2)
            try await fixture.store.pool.query("UPDATE live_runs SET admitted_at = NULL")
            try await fixture.setQuota(runs: 3)
            _ = try await fixture.created(5)
            #expect(try await fixture.shell().cycle().admitted.count == 1)
        }
    }

    @Test(arguments: [AdmissionJob.ConcurrencyPolicy.allow, .queue, .skip, .replace])
    func policiesOfConcurrencyDoWhatTheySay(policy: AdmissionJob.ConcurrencyPolicy) async throws {
        try await StoreFixture.with { fixture in
            try await fixture.apply { $0.concurrency = .init(policy: policy, maximumRuns: 1) }
            let first = try await fixture.created()[0]
            let shell = try await fixture.shell()
            #expect(try await shell.cycle().admitted.map(\.id) == [first])
            let second = try await fixture.created()[0]
            let third = try await fixture.created()[0]
            let outcome = try await shell.cycle()
            let states = try await fixture.store.runs([first, second, third]).reduce(into: [:]) { states, run in
                states[run.id] = "\(run.state.rawValue) \(run.reason?.rawValue ?? "-")"
            }
            switch policy {
            case .allow, .queue:
                #expect(outcome.admitted.isEmpty && outcome.skipped.isEmpty)
                #expect(states[second] == "pending -" && states[third] == "pending -")
                _ = try await fixture.store.cancel(first, by: nil)
                #expect(try await shell.cycle().admitted.map(\.id) == [second])
            case .skip:
                #expect(states[second] == "cancelled concurrency_skipped")
                #expect(states[third] == "cancelled concurrency_skipped" && states[first] == "ready -")
                let end = try await fixture.store.events(second).last
                #expect(end?.state == .cancelled && end?.reason == .concurrencySkipped)
            case .replace:
                #expect(states[first] == "cancelled cancel_requested" && states[second] == "cancelled superseded")
                #expect(try await shell.cycle().admitted.map(\.id) == [third])
                let audit = try await fixture.store.pool.query("SELECT actor, action FROM audit_log")
                    .decode(String?.self, String.self)
                #expect(audit.contains { $0 == ("concurrency policy", "cancel") })
            }
        }
    }

    @Test func wantOfCreditsAndInvalidCredentialsPause() async throws {
        try await StoreFixture.with { fixture in
            let store = fixture.store
            try await store.pool.query(
                "INSERT INTO credentials (team, name, kind, is_valid) VALUES ('default', 'mail', 'password', false)"
            )
            var needing = fixture.newRun()
            needing.admission.credentials = ["mail"]
            try await store.create([needing])
            let shell = try await fixture.shell()
            #expect(try await shell.cycle().paused == [needing.id])
            let held = try #require(try await store.run(needing.id))
            #expect(held.state == .paused && held.reason == .credentialInvalid)
            #expect(held.message?.contains("mail") == true)
            try await store.pool.query("UPDATE teams SET credits = -1")
            let poor = try await fixture.created()[0]
            #expect(try await shell.cycle().paused == [poor])
            #expect(try await store.run(poor)?.reason == .creditsExhausted)
            // Promoted runs pass.
            _ = try await store.promote([poor], by: nil, why: nil)
            #expect(try await shell.cycle().paused.isEmpty)
            #expect(shell.follower.queue.phase(of: poor) == .placing)
        }
    }

    @Test func higherPriorityTakesTheRoomOfWhatIsNotClaimed() async throws {
        try await StoreFixture.with { fixture in
            let store = fixture.store
            try await fixture.setQuota(runs: 2)
            let claimed = try await fixture.claimed(1)
            let low = try await fixture.created()[0]
            let shell = try await fixture.shell()
            var settings = AdmissionSettings()
            settings.preemption = .withinTeam
            try await store.keepAdmissionSettings(settings, under: shell.term)
            #expect(try await shell.cycle().admitted.map(\.id) == [low])
            var urgent = (0..<2).map { _ in fixture.newRun() }
            for index in urgent.indices { urgent[index].admission.priority = 100 }
            try await store.create(urgent)
            let outcome = try await shell.cycle()
            #expect(outcome.sentBack == [low] && outcome.isCutShort)
            #expect(try await shell.cycle().admitted.map(\.id) == [urgent[0].id])
            #expect(try await shell.cycle().sentBack.isEmpty)
            let states = try await store.runs([claimed[0].id, low]).map(\.state)
            #expect(Set(states) == [.starting, .pending])
            #expect(try await store.run(low)?.reason == .preempted)
        }
    }

    @Test func rateLimitsAndWindowsTellWhenToLookAgain() async throws {
        try await StoreFixture.with { fixture in
            try await fixture.apply { $0.rateLimit = .init(runs: 2, perSeconds: 3600) }
            _ = try await fixture.created(3)
            let shell = try await fixture.shell()
            let outcome = try await shell.cycle()
            #expect(outcome.admitted.count == 2)
            let again = try await shell.cycle()
            #expect(again.admitted.isEmpty)
            let next = try #require(again.nextLook)
            #expect(next - shell.follower.now > .seconds(3590) && next - shell.follower.now <= .seconds(3600))
            // A successor counts what is over too.
            try await fixture.finishAll()
            #expect(try await fixture.shell().cycle().admitted.isEmpty)
        }
    }

    @Test func aTermThatIsOverDecidesNothing() async throws {
        try await StoreFixture.with { fixture in
            let store = fixture.store
            let run = try await fixture.created()[0]
            let shell = try await fixture.shell()
            let next = try #require(try await store.renewTerm(shell.term))
            #expect(next == shell.term.number + 1)
            let choice = AdmissionChoice(id: run, cluster: "default")
            #expect(try await store.admit([choice], under: shell.term).isEmpty)
            #expect(try await store.skip([.init(run: run, cause: .superseded)], under: shell.term).isEmpty)
            let pause = PausedRun(id: run, reason: .creditsExhausted, message: "")
            #expect(try await store.pause([pause], under: shell.term).isEmpty)
            #expect(try await !store.keepUsage([:], under: shell.term))
            #expect(try await store.renewTerm(shell.term) == nil)
            let current = SchedulingTerm(holder: shell.term.holder, number: next)
            // A run that was moved meanwhile is left alone.
            #expect(try await store.admit([.init(id: run, cluster: "other")], under: current).isEmpty)
            #expect(try await store.admit([choice], under: current).map(\.id) == [run])
        }
    }

    @Test func usageIsKeptAndFades() async throws {
        try await StoreFixture.with { fixture in
            _ = try await fixture.created(10)
            let shell = try await fixture.shell(halfLife: .milliseconds(50))
            _ = try await shell.cycle()
            try await shell.keepUsage()
            try await fixture.store.pool.query("SELECT pg_sleep(0.2)")
            _ = try await shell.cycle()
            try await shell.keepUsage()
            let kept = try #require(try await fixture.store.admissionLook(since: nil).usage?["default"]?.value)
            // Ten of the thousand runs that are the standard capacity.
            #expect(kept > 0.005 && kept <= 0.01)
        }
    }

    @Test func whatADeletedTeamHasUsedIsForgotten() async throws {
        try await StoreFixture.with { fixture in
            let store = fixture.store
            _ = try await fixture.created(1)
            try await fixture.setQuota(team: "etl", runs: 5)
            try await store.pool.query(
                "INSERT INTO team_usage (team, value, updated_at) VALUES ('etl', 0.5, now()), ('long-gone', 0.5, now())"
            )
            func kept() async throws -> Set<String> {
                Set(try await store.pool.query("SELECT team FROM team_usage").decode(String.self))
            }
            let shell = try await fixture.shell()
            _ = try await shell.cycle()
            try await shell.keepUsage()
            #expect(try await kept() == ["default", "etl"])
            _ = try await store.deleteTeam("etl", by: nil)
            _ = try await shell.cycle()
            try await shell.keepUsage()
            #expect(try await kept() == ["default"])
            // A new one of the name begins with nothing.
            try await fixture.setQuota(team: "etl", runs: 5)
            _ = try await shell.cycle()
            try await shell.keepUsage()
            #expect(try await kept() == ["default"])
        }
    }
}

extension StoreFixture {
    /// The holder of the term, who has read nothing yet.
    func shell(halfLife: Duration = .seconds(86_400)) async throws -> AdmissionShell {
        let number = try #require(
            try await store.takeTerm(duty: SchedulingTerm.duty, holder: holder.id, timeToLive: .seconds(60))
        )
        return AdmissionShell(store, under: .init(holder: holder.id, number: number), halfLife: halfLife)
    }

    func setQuota(team: String = "default", runs: Int, weight: Double = 1) async throws {
        let spec = "{\"weight\": \(weight), \"quotas\": {\"runs\": {\"nominal\": \(runs)}}}"
        try await store.pool.query(
            """
            INSERT INTO teams (name, namespace, spec) VALUES (\(team), \(team), \(PostgresJSON(text: spec)))
            ON CONFLICT (name) DO UPDATE SET spec = excluded.spec
            """
        )
    }

    /// Makes another version of the fixture's job.
    func apply(_ change: (inout JobSpec) -> Void) async throws {
        var spec = Self.spec
        change(&spec)
        let canonical = try spec.canonicalJSON()
        _ = try await store.apply(spec, canonicalSpec: canonical, id: Self.identifier(), by: nil)
    }

    /// Claims what is ready and ends it well, `count` runs at most.
    func finishAll(_ count: Int = 500) async throws {
        let runs = try await store.claim(cluster: "default", holder: holder.id, limit: count, window: 100_000).runs
        _ = try await store.apply(runs.map { report($0, end: Self.success()) })
    }
}
