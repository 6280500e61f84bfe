import PostgresClient
import RunStore
import SlipwayCore
import Testing

@Suite struct ScheduleEditTests {
    private let noon = StoreFixture.noon

    @Test("a schedule is made once, changed under its revision, and removed; each leaves a record of who and why")
    func life() async throws {
        try await StoreFixture.with { fixture in
            let store = fixture.store
            let made = try await store.createSchedule(fixture.editing(), StoreFixture.minute)
            let record = try #require(made.record)
            guard case .created = made else { throw Unexpected("\(made)") }
            guard case .alreadyExists = try await store.createSchedule(fixture.editing(), StoreFixture.minute) else {
                throw Unexpected("it was made twice")
            }
            guard case .unchanged = try await store.replaceSchedule(fixture.editing(), StoreFixture.minute) else {
                throw Unexpected("nothing was to change")
            }
            var spec = StoreFixture.minute
            spec.description = "each minute"
            guard
                case .otherRevision(1) = try await store.replaceSchedule(fixture.editing(revision: 7), spec)
            else { throw Unexpected("another revision was expected") }
            let changed = try #require(try await store.replaceSchedule(fixture.editing(revision: 1), spec).record)
            #expect(changed.revision == 2 && changed.effectiveSince == record.effectiveSince)
            #expect(changed.spec.description == "each minute")
            guard case .deleted = try await store.deleteSchedule(fixture.editing()) else { throw Unexpected("") }
            guard case .notFound = try await store.deleteSchedule(fixture.editing()) else { throw Unexpected("") }
            let audit = try await store.pool.query(
                "SELECT action, actor, why FROM audit_log WHERE subject_kind = 'schedule' ORDER BY id"
            ).decode(String.self, String?.self, String?.self)
            #expect(audit.map(\.0) == ["create", "replace", "delete"])
            #expect(audit.allSatisfy { $0.1 == "ann" && $0.2 == "because" })
        }
    }

    @Test("an edit never fires what has passed: ticks up to it are settled as they were, later ones are the new ones")
    func edit() async throws {
        try await StoreFixture.with { fixture in
            let schedule = try await fixture.schedule(StoreFixture.minute)
            // Nobody decided for years; the edit settles it all.
            let before = Timestamp.now
            let spec = ScheduleSpec(trigger: .every(seconds: 10, anchor: nil), missedTicks: .all(limit: 500))
            let edit = try await fixture.store.replaceSchedule(fixture.editing(), spec)
            let changed = try #require(edit.record)
            #expect(changed.effectiveSince >= before)
            guard case .changed(_, let runs) = edit else { throw Unexpected("\(edit)") }
            // At most the ticks of the last minute were in time.
            #expect(runs <= 2)
            let ledger = try await fixture.ledger(schedule.id)
            #expect(ledger.filter { $0.outcome == "fired" }.count == runs)
            #expect(ledger.dropLast(2).allSatisfy { $0.reason == "schedule_changed" })
            #expect(ledger.first?.ticks ?? 0 > 1000)
            let last = try #require(ledger.last?.tick)
            // What comes is decided by the new ticks alone.
            let term = try await fixture.term()
            try await fixture.decide(at: changed.effectiveSince + .seconds(25), term)
            let new = try await fixture.ledger(schedule.id).filter { $0.tick > last }
            #expect((2...3).contains(new.count))
            #expect(new.allSatisfy { $0.tick > changed.effectiveSince && $0.outcome == "fired" })
        }
    }

    @Test("pausing and resuming fires nothing, and the ledger tells what was passed over")
    func pause() async throws {
        try await StoreFixture.with { fixture in
            let hour = ScheduleSpec(trigger: .every(seconds: 3600, anchor: nil), missedTicks: .all(limit: 100))
            let since = Timestamp(secondsSince1970: Timestamp.now.secondsSince1970 / 3600 * 3600) + (-5 * 60)
            let schedule = try await fixture.schedule(hour, since: since)
            let term = try await fixture.term()
            let paused = try await fixture.store.pauseSchedule(fixture.editing(), isPaused: true)
            #expect(paused.record?.isPaused == true)
            guard case .unchanged = try await fixture.store.pauseSchedule(fixture.editing(), isPaused: true) else {
                throw Unexpected("it was paused")
            }
            try await fixture.decide(at: .now, term)
            let resumed = try #require(
                try await fixture.store.pauseSchedule(fixture.editing(), isPaused: false).record
            )
            #expect(!resumed.isPaused && resumed.effectiveSince > schedule.effectiveSince)
            try await fixture.decide(at: .now, term)
            let ledger = try await fixture.ledger()
            #expect(ledger.map(\.tick) == (0...5).map { since + 60 * $0 })
            #expect(ledger.allSatisfy { $0.reason == "schedule_paused" })
            #expect(try await fixture.store.liveCounts().isEmpty)
        }
    }

    @Test("what is deleted keeps its ledger, complete up to its end")
    func delete() async throws {
        try await StoreFixture.with { fixture in
            let hour = ScheduleSpec(trigger: .every(seconds: 3600, anchor: nil))
            let since = Timestamp(secondsSince1970: Timestamp.now.secondsSince1970 / 3600 * 3600) + (-3 * 60)
            _ = try await fixture.schedule(hour, since: since)
            _ = try await fixture.store.deleteSchedule(fixture.editing())
            let ticks = try await fixture.store.ticks(TickFilter(job: fixture.job.id), limit: 100)
            #expect(ticks.map(\.tick) == (0...3).reversed().map { since + 60 * $0 })
            #expect(ticks.allSatisfy { $0.reason == .scheduleDeleted && $0.scheduleName == "nightly" })
        }
    }

    @Test("the ledger is read page by page, and by outcome and time")
    func pages() async throws {
        try await StoreFixture.with { fixture in
            _ = try await fixture.schedule(StoreFixture.minute, named: "a")
            _ = try await fixture.schedule(StoreFixture.minute, named: "b")
            try await fixture.decide(at: noon + 30, fixture.term())
            var seen: [TickRecord] = []
            while true {
                let after = seen.last.map { ($0.tick, $0.scheduleID) }
                let page = try await fixture.store.ticks(TickFilter(job: fixture.job.id), after: after, limit: 7)
                seen += page
                if page.count < 7 { break }
            }
            #expect(seen.count == 62 && Set(seen.map { "\($0.tick) \($0.scheduleName)" }).count == 62)
            #expect(zip(seen, seen.dropFirst()).allSatisfy { $0.tick >= $1.tick })
            var filter = TickFilter(job: fixture.job.id, scheduleName: "a", outcomes: ["skipped"])
            (filter.since, filter.until) = (noon + 10, noon + 20)
            #expect(try await fixture.store.ticks(filter, limit: 100).count == 10)
        }
    }

    @Test("a backfill makes runs for ticks that had none, tells it before, and makes none twice unless it is asked to")
    func backfill() async throws {
        try await StoreFixture.with { fixture in
            let hour = ScheduleSpec(trigger: .every(seconds: 3600, anchor: nil), missedTicks: .latest)
            let schedule = try await fixture.schedule(hour)
            try await fixture.decide(at: noon + 190, fixture.term())
            let before = try await fixture.store.liveCounts()[.pending] ?? 0
            // Two hours before the schedule was effective are taken too.
            var request = BackfillRequest(range: noon + (-120)..<noon + 240, isDryRun: true)
            let preview = try #require(try await fixture.store.backfill(fixture.editing(), request))
            #expect(preview.backfill.items.map(\.tick) == (-2...3).map { noon + 60 * $0 } && preview.runs.isEmpty)
            #expect(preview.backfill.items.map(\.createsRun) == [true, true, true, true, true, false])
            #expect(try await fixture.store.liveCounts()[.pending] == before)
            request.isDryRun = false
            let made = try #require(try await fixture.store.backfill(fixture.editing(), request))
            #expect(made.runs.count == 5)
            let id = try #require(made.runs[noon])
            let run = try #require(try await fixture.store.run(id))
            #expect(run.triggerKind == "backfill" && run.tick == noon && run.submittedBy == "ann")
            let again = try #require(try await fixture.store.backfill(fixture.editing(), request))
            #expect(again.runs.isEmpty && again.backfill.runs == 0)
            request.selection = .all
            #expect(try await fixture.store.backfill(fixture.editing(), request)?.runs.count == 6)
            let ticks = try await fixture.store.ticks(TickFilter(job: fixture.job.id, schedule: schedule.id), limit: 9)
            #expect(ticks.allSatisfy { $0.backfillRunID != nil })
        }
    }

    @Test("a backfill knows of each tick what the ledger has of it, also where one row stands for many")
    func backfillOfKnownTicks() async throws {
        try await StoreFixture.with { fixture in
            let schedule = try await fixture.schedule(ScheduleSpec(trigger: .every(seconds: 60, anchor: nil)))
            func row(_ tick: Int, through: Int, _ outcome: String, reason: String?) async throws {
                let run: RunID? = reason == nil ? StoreFixture.identifier() : nil
                try await fixture.store.pool.query(
                    """
                    INSERT INTO schedule_ticks (schedule_id, tick, through, ticks, job_id, schedule_name, outcome, reason,
                        run_id)
                    VALUES (\(schedule.id), \(noon + tick), \(noon + through), \(through - tick + 1), \(fixture.job.id),
                        'nightly', \(outcome), \(nullable: reason)::text, \(nullable: run)::uuid)
                    """
                )
            }
            try await row(-90, through: -50, "skipped", reason: "missed")
            try await row(1, through: 1, "fired", reason: nil)
            try await row(2, through: 2, "skipped", reason: "job_paused")
            try await row(4, through: 900, "skipped", reason: "schedule_paused")
            try await fixture.store.pool.query(
                """
                INSERT INTO schedule_backfills (schedule_id, tick, run_id)
                VALUES (\(schedule.id), \(noon + 2), \(StoreFixture.identifier())),
                    (\(schedule.id), \(noon + 5), \(StoreFixture.identifier()))
                """
            )
            var request = BackfillRequest(range: noon..<noon + 7, isDryRun: true)
            let first = try #require(try await fixture.store.backfill(fixture.editing(), request)).backfill
            #expect(
                first.items.map(\.known) == [
                    nil, .fired, .caughtUp, nil, .skipped(.schedulePaused), .caughtUp, .skipped(.schedulePaused),
                ]
            )
            #expect(first.items.map(\.createsRun) == [true, false, false, true, true, false, true])
            // Of ten thousand ticks the first ones are looked at.
            request.range = noon + (-60)..<noon + 10_000
            let long = try #require(try await fixture.store.backfill(fixture.editing(), request)).backfill
            #expect(long.isCut && long.items.count == 1000)
            #expect(long.items.prefix(11).allSatisfy { $0.known == .skipped(.missed) } && long.items[11].known == nil)
            #expect(long.items.last?.known == nil && long.items[960].known == .skipped(.schedulePaused))
        }
    }

    @Test("two backfills of the same time at once make each run once")
    func concurrentBackfills() async throws {
        try await StoreFixture.with { fixture in
            _ = try await fixture.schedule(ScheduleSpec(trigger: .every(seconds: 60, anchor: nil)))
            let request = BackfillRequest(range: noon..<noon + 100)
            let store = fixture.store
            let editing = fixture.editing()
            let counts = try await withThrowingTaskGroup(of: Int.self) { group in
                for _ in 0..<4 {
                    group.addTask { try await store.backfill(editing, request)?.runs.count ?? 0 }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(counts.sorted() == [0, 0, 0, 100])
        }
    }
}

struct Unexpected: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }
}
