import PostgresClient
import RunStore
import SlipwayCore
import Testing

@Suite struct ScheduleDutyTests {
    private let noon = StoreFixture.noon

    @Test("each due tick becomes a ledger row and a run that knows its schedule and tick")
    func fires() async throws {
        try await StoreFixture.with { fixture in
            let schedule = try await fixture.schedule(StoreFixture.minute)
            let term = try await fixture.term()
            for minute in 0...3 { try await fixture.decide(at: noon + minute, term) }
            let ledger = try await fixture.ledger()
            #expect(ledger.map(\.tick) == (0...3).map { noon + $0 })
            #expect(ledger.allSatisfy { $0.outcome == "fired" })
            for line in ledger {
                let id = try #require(line.runID)
                let run = try #require(try await fixture.store.run(id))
                #expect(run.triggerKind == "schedule" && run.scheduleID == schedule.id && run.tick == line.tick)
                #expect(run.scheduleName == "nightly" && run.state == .pending && run.jobVersion == 1)
            }
            let stored = try #require(try await fixture.store.schedule(schedule.id))
            #expect(stored.lastSettled == noon + 3 && stored.nextDue == noon + 4 && stored.lastRunID == ledger[3].runID)
            // The same moment again decides nothing.
            #expect(try await fixture.decide(at: noon + 3, term).runs == 0)
            #expect(try await fixture.ledger().count == 4)
            let found = try await fixture.store.runs(
                RunFilter(triggerKinds: ["schedule"], scheduleName: "nightly"),
                before: nil,
                limit: 10
            )
            #expect(found.count == 4)
        }
    }

    @Test("who does not have the term decides nothing")
    func term() async throws {
        try await StoreFixture.with { fixture in
            _ = try await fixture.schedule(StoreFixture.minute)
            let term = try await fixture.term()
            let other = StoreFixture.identifier()
            #expect(try await fixture.store.decideDueSchedules(holder: other, term: term, at: noon + 1) == nil)
            #expect(try await fixture.store.decideDueSchedules(holder: fixture.holder.id, term: term + 1) == nil)
            try await fixture.store.pool.query("UPDATE terms SET expires_at = clock_timestamp() - interval '1 s'")
            #expect(try await fixture.store.decideDueSchedules(holder: fixture.holder.id, term: term) == nil)
            #expect(try await fixture.ledger().isEmpty)
        }
    }

    @Test(
        "after three hours without a scheduler each policy makes up for what it says, and the ledger is complete",
        arguments: [
            (Schedule.MissedTicks.skip, 1, 0), (.latest, 1, 0), (.all(limit: 5), 1, 5), (.all(limit: 500), 1, 180),
        ]
    )
    func away(policy: Schedule.MissedTicks, fired: Int, caughtUp: Int) async throws {
        try await StoreFixture.with { fixture in
            var spec = StoreFixture.minute
            spec.missedTicks = policy
            _ = try await fixture.schedule(spec)
            let written = try await fixture.decide(at: noon + 180, fixture.term())
            let ledger = try await fixture.ledger()
            #expect(ledger.map(\.tick) == (0...180).map { noon + $0 })
            // The last two are in time: one is a minute old.
            #expect(ledger.filter { $0.outcome == "fired" }.count == fired + 1)
            let expected = min(caughtUp, 179)
            #expect(ledger.filter { $0.outcome == "caught_up" }.count == expected)
            #expect(written.runs == fired + 1 + expected)
            #expect(try await fixture.store.liveCounts() == [.pending: written.runs])
        }
    }

    @Test("the latest of missed ticks is made up for when it was missed itself")
    func latest() async throws {
        try await StoreFixture.with { fixture in
            let spec = ScheduleSpec(trigger: .every(seconds: 3600, anchor: nil), missedTicks: .latest)
            _ = try await fixture.schedule(spec)
            try await fixture.decide(at: noon + 190, fixture.term())
            let ledger = try await fixture.ledger()
            #expect(ledger.map(\.outcome) == ["skipped", "skipped", "skipped", "caught_up"])
            #expect(ledger.prefix(3).allSatisfy { $0.reason == "missed" && $0.runID == nil })
        }
    }

    @Test("a tick meets a paused job, an archived one, no cluster, other live runs, closed windows")
    func conditions() async throws {
        try await StoreFixture.with { fixture in
            let pool = fixture.store.pool
            _ = try await fixture.schedule(StoreFixture.minute)
            let term = try await fixture.term()
            func step(_ minute: Int, _ statement: PostgresQuery) async throws {
                try await pool.query(statement)
                try await fixture.decide(at: noon + minute, term)
            }
            try await step(0, "UPDATE jobs SET paused_at = now()")
            try await step(1, "UPDATE jobs SET paused_at = NULL, archived_at = now()")
            try await pool.query("UPDATE jobs SET archived_at = NULL")
            try await step(2, "UPDATE clusters SET state = 'failed'")
            try await step(3, "UPDATE clusters SET state = 'active'")
            var spec = StoreFixture.spec
            spec.concurrency = JobSpec.Concurrency(policy: .skip)
            _ = try await fixture.store.apply(
                spec,
                canonicalSpec: spec.canonicalJSON(),
                id: StoreFixture.identifier(),
                by: nil
            )
            try await fixture.decide(at: noon + 4, term)
            try await pool.query("DELETE FROM live_runs")
            try await fixture.decide(at: noon + 5, term)
            // 12:06 UTC is outside.
            spec.concurrency = nil
            spec.windows = JobSpec.Windows(zone: "Europe/Berlin", open: ["00:00-13:06"])
            _ = try await fixture.store.apply(
                spec,
                canonicalSpec: spec.canonicalJSON(),
                id: StoreFixture.identifier(),
                by: nil
            )
            try await fixture.decide(at: noon + 6, term)
            var skipping = StoreFixture.minute
            skipping.outsideWindows = .skip
            _ = try await fixture.schedule(skipping, named: "other", since: noon + 5)
            try await fixture.decide(at: noon + 6, term)
            let ledger = try await fixture.ledger().filter { $0.outcome == "skipped" }
            #expect(
                ledger.map { $0.reason ?? "" } == [
                    "job_paused", "run_refused", "no_healthy_cluster", "concurrency_limit", "window_closed",
                ]
            )
            #expect(try await fixture.ledger().filter { $0.outcome == "fired" }.count == 4)
        }
    }

    @Test("variables that fit the job no more are told in the ledger, and those that name the tick are filled in")
    func variables() async throws {
        try await StoreFixture.with { fixture in
            var job = StoreFixture.spec
            job.variables = ["day": JobSpec.Variable(type: .date), "who": JobSpec.Variable(default: .string("ann"))]
            func apply() async throws {
                _ = try await fixture.store.apply(
                    job,
                    canonicalSpec: job.canonicalJSON(),
                    id: StoreFixture.identifier(),
                    by: nil
                )
            }
            try await apply()
            var spec = ScheduleSpec(trigger: .cron(try CronExpression("* * * * *"), zone: "Asia/Tokyo"))
            spec.variables = ["day": .string("${{ tick.previous_date }}")]
            let evening = noon + 3 * 60
            _ = try await fixture.schedule(spec, since: evening)
            let term = try await fixture.term()
            try await fixture.decide(at: evening, term)
            let id = try #require(try await fixture.ledger().first?.runID)
            let run = try #require(try await fixture.store.run(id))
            // 15:00 UTC is midnight in Tokyo, where the second of March begins.
            #expect(run.variables["day"]?.string == "2026-03-01" && run.variableOrigins["day"] == .trigger)
            job.variables = [:]
            try await apply()
            try await fixture.decide(at: evening + 1, term)
            let line = try #require(try await fixture.ledger().last)
            #expect(line.outcome == "skipped" && line.reason == "run_refused")
            let ticks = try await fixture.store.ticks(
                TickFilter(job: fixture.job.id, reasons: ["run_refused"]),
                limit: 9
            )
            #expect(ticks.map(\.message) == ["variables.day is not a variable of the job"])
        }
    }

    @Test("a schedule that is always on has its next run when the last one, retries included, is over")
    func alwaysOn() async throws {
        try await StoreFixture.with { fixture in
            let schedule = try await fixture.schedule(ScheduleSpec(trigger: .alwaysOn(pauseSeconds: 0)))
            let term = try await fixture.term()
            func due() async throws -> Bool {
                try await fixture.store.schedule(schedule.id)?.nextDue != nil
            }
            let first = Timestamp.now
            #expect(try await fixture.decide(at: first, term).runs == 1)
            #expect(try await due() == false)
            var ids = try await fixture.ledger().compactMap(\.runID)
            try await fixture.finish(ids[0], at: .now)
            #expect(try await due())
            #expect(try await fixture.decide(at: .now + .seconds(1), term).runs == 1)
            ids = try await fixture.ledger().compactMap(\.runID)
            // A retry of it keeps the next one waiting.
            try await fixture.store.pool.query(
                """
                INSERT INTO live_runs (id, job_id, job_version, team, job_name, cluster, variables, trigger_kind,
                    schedule_id)
                SELECT \(StoreFixture.identifier()), job_id, 1, team, job_name, cluster, variables, trigger_kind,
                    schedule_id
                FROM live_runs
                """
            )
            try await fixture.finish(ids[1], at: .now)
            #expect(try await fixture.decide(at: .now + .seconds(5), term).runs == 0)
            #expect(try await due() == false)
        }
    }

    @Test("an always-on schedule of a paused job is looked at again although no run of it ends")
    func alwaysOnSkipped() async throws {
        try await StoreFixture.with { fixture in
            let schedule = try await fixture.schedule(ScheduleSpec(trigger: .alwaysOn(pauseSeconds: 0)))
            try await fixture.store.pool.query("UPDATE jobs SET paused_at = now()")
            let now = Timestamp.now
            try await fixture.decide(at: now, fixture.term())
            #expect(try await fixture.ledger().map(\.reason) == ["job_paused"])
            #expect(try await fixture.store.schedule(schedule.id)?.nextDue == now + .seconds(30))
        }
    }

    @Test("a schedule whose zone is unknown tells so, is tried again later, and keeps nobody from the others")
    func unknownZone() async throws {
        try await StoreFixture.with { fixture in
            let broken = try await fixture.schedule(StoreFixture.minute, named: "broken")
            _ = try await fixture.schedule(StoreFixture.minute)
            try await fixture.store.pool.query(
                """
                UPDATE schedules SET spec = '{"cron": "* * * * *", "zone": "Mars/Olympus", "missed_ticks": "skip"}'
                WHERE id = \(broken.id)
                """
            )
            let term = try await fixture.term()
            let round = try #require(
                try await fixture.store.decideDueSchedules(holder: fixture.holder.id, term: term, at: noon)
            )
            #expect(round.failed.map(\.id) == [broken.id] && round.written.runs == 1)
            let stored = try #require(try await fixture.store.schedule(broken.id))
            #expect(stored.problem?.contains("Mars/Olympus") == true && stored.nextDue == noon + 1)
        }
    }

    @Test(
        "a schedule whose job or cluster a newer version wrote is tried again later, and keeps nobody from the others",
        arguments: [
            "UPDATE job_versions SET spec = '{}' WHERE job_id = (SELECT id FROM jobs WHERE name = 'strange')",
            "UPDATE clusters SET spec = '{\"capacity\": \"endless\"}' WHERE name = 'far'",
        ]
    )
    func unreadable(change: String) async throws {
        try await StoreFixture.with { fixture in
            let store = fixture.store
            _ = try await fixture.schedule(StoreFixture.minute)
            var spec = StoreFixture.spec
            (spec.name, spec.cluster) = ("strange", "far")
            let id = StoreFixture.identifier()
            let canonical = try spec.canonicalJSON()
            try await store.pool.query("INSERT INTO clusters (name) VALUES ('far')")
            _ = try await store.apply(spec, canonicalSpec: canonical, id: id, by: nil)
            let editing = ScheduleEditing(job: id, name: "broken")
            let broken = try #require(try await store.createSchedule(editing, StoreFixture.minute).record)
            try await store.pool.query(
                "UPDATE schedules SET effective_since = \(noon), next_due = \(noon) WHERE id = \(broken.id)"
            )
            try await store.pool.query(PostgresQuery(change, []))
            let term = try await fixture.term()
            let round = try #require(
                try await store.decideDueSchedules(holder: fixture.holder.id, term: term, at: noon)
            )
            #expect(round.failed.map(\.id) == [broken.id] && round.schedules == 1 && round.written.runs == 1)
            let stored = try #require(try await store.schedule(broken.id))
            #expect(stored.problem?.contains("this version cannot read") == true && stored.nextDue == noon + 1)
            #expect(stored.lastSettled == nil)
            #expect(try await fixture.ledger(broken.id).isEmpty)
            // Its tick is decided once it can be.
            try await store.pool.query(
                "UPDATE job_versions SET spec = \(PostgresJSON(text: canonical)) WHERE job_id = \(id)"
            )
            try await store.pool.query("UPDATE clusters SET spec = '{}' WHERE name = 'far'")
            try await fixture.decide(at: noon + 1, term)
            #expect(try await store.schedule(broken.id)?.problem == nil)
            #expect(try await fixture.ledger(broken.id).map(\.outcome) == ["fired", "fired"])
        }
    }

    @Test("old rows leave the ledger")
    func prune() async throws {
        try await StoreFixture.with { fixture in
            _ = try await fixture.schedule(StoreFixture.minute)
            try await fixture.decide(at: noon + 5, fixture.term())
            let scope = RunStore.RetentionScope(team: "", policy: RetentionPolicy())
            #expect(try await fixture.store.removeOldEntries(.ticks, of: scope, days: 36_500) == 0)
            #expect(try await fixture.store.removeOldEntries(.ticks, of: scope, days: 1) == 6)
            #expect(try await fixture.ledger().isEmpty)
        }
    }
}
