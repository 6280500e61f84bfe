import EventLoop
import Logging
import PostgresClient
import RunStore
import SlipwayCore
import Synchronization
import TestSupport
import Testing

/// Several schedulers, and connections that break in the midst of what they do.
@Suite struct ScheduleTakeoverTests {
    private static let seconds = 600

    @Test(
        "with two and three schedulers whose connections are killed each tick is decided once, and has one run",
        arguments: [2, 3]
    )
    func kills(schedulers: Int) async throws {
        try await StoreFixture.with { fixture in
            var schedules: [ScheduleRecord] = []
            for (name, seconds) in [("a", 10), ("b", 15), ("c", 60)] {
                let spec = ScheduleSpec(trigger: .every(seconds: seconds, anchor: nil), missedTicks: .all(limit: 500))
                schedules.append(try await fixture.schedule(spec, named: name))
            }
            let clock = SharedClock(StoreFixture.noon)
            let end = StoreFixture.noon + .seconds(Self.seconds)
            let kills = KillCount()
            let store = fixture.store
            let url = fixture.url
            try await withThrowingTaskGroup(of: Bool.self) { group in
                for _ in 0..<schedulers {
                    group.addTask {
                        try await Self.scheduler(on: url, clock, until: end)
                        return false
                    }
                }
                group.addTask {
                    while !Task.isCancelled {
                        let killed = try await store.pool.query(
                            """
                            SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database()
                                AND application_name = 'victim' ORDER BY random() LIMIT 1
                            """
                        )
                        kills.add(killed.rows.count)
                        do {
                            try await Task.sleep(for: .milliseconds(Int.random(in: 5...40)))
                        } catch {
                            break
                        }
                    }
                    return true
                }
                for _ in 0..<schedulers { _ = try await group.next() }
                group.cancelAll()
                try await group.waitForAll()
            }
            #expect(kills.count > 5)
            // What the last one left open is decided in peace.
            try await fixture.store.pool.query("UPDATE terms SET expires_at = '-infinity'")
            try await fixture.decide(at: end, fixture.term())
            for (schedule, seconds) in zip(schedules, [10, 15, 60]) {
                let ledger = try await fixture.ledger(schedule.id)
                let expected = stride(from: 0, through: Self.seconds, by: seconds).map {
                    StoreFixture.noon + .seconds($0)
                }
                #expect(ledger.map(\.tick) == expected)
                #expect(ledger.allSatisfy { $0.outcome != "skipped" })
            }
            let runs = try await fixture.store.pool.query(
                """
                SELECT count(*), count(DISTINCT (schedule_id, tick)),
                    count(*) FILTER (WHERE EXISTS (SELECT FROM schedule_ticks t WHERE t.run_id = r.id AND t.tick = r.tick))
                FROM runs r
                """
            ).decode(Int.self, Int.self, Int.self)[0]
            let ticks = try await fixture.ledger().count
            #expect(runs.0 == ticks && runs.1 == ticks && runs.2 == ticks)
        }
    }

    /// Takes the term when it can, and decides as time goes on; now and then with a term that it had.
    private static func scheduler(on url: String, _ clock: SharedClock, until end: Timestamp) async throws {
        var configuration = try PostgresConfiguration(url: url)
        configuration.applicationName = "victim"
        configuration.poolSize = 2
        var logger = Logger(label: "test")
        logger.logLevel = .critical
        let pool = PostgresPool(configuration: configuration, eventLoop: EventLoop(name: "victim"), logger: logger)
        let store = RunStore(pool: pool)
        let holder = StoreFixture.identifier()
        var term: Int64?
        while clock.now < end {
            do {
                let taken = try await store.takeTerm(
                    duty: "scheduling",
                    holder: holder,
                    timeToLive: .milliseconds(Int.random(in: 5...100))
                )
                term = taken ?? term
                if let term {
                    _ = try await store.decideDueSchedules(holder: holder, term: term, at: clock.now)
                }
                clock.advance(by: .milliseconds(Int.random(in: 0...2500)))
            } catch is PostgresError {
                // Killed: it comes again.
                continue
            }
        }
        await pool.close()
    }

    @Test("an edit and the scheduler at the same time leave no tick out and none twice")
    func editing() async throws {
        try await StoreFixture.with { fixture in
            let store = fixture.store
            let schedule = try await fixture.schedule(
                ScheduleSpec(trigger: .every(seconds: 10, anchor: nil), missedTicks: .skip),
                since: .now + .seconds(-5000)
            )
            let term = try await fixture.term()
            let holder = fixture.holder.id
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<2 {
                    group.addTask {
                        for _ in 0..<40 { _ = try await store.decideDueSchedules(holder: holder, term: term) }
                    }
                }
                group.addTask {
                    for round in 0..<20 {
                        let seconds = round.isMultiple(of: 2) ? 15 : 10
                        let spec = ScheduleSpec(trigger: .every(seconds: seconds, anchor: nil), missedTicks: .skip)
                        _ = try await store.replaceSchedule(fixture.editing(), spec)
                    }
                }
                try await group.waitForAll()
            }
            let ledger = try await fixture.ledger(schedule.id)
            #expect(Set(ledger.map(\.tick)).count == ledger.count)
            // Ticks before the first edit are whole, and only what was in time has a run.
            let first = try #require(ledger.first?.tick)
            let count = ledger.prefix { $0.tick < .now + .seconds(-70) }.map(\.ticks).reduce(0, +)
            #expect(count >= 490, "from \(first)")
            #expect(ledger.filter { $0.runID != nil }.allSatisfy { $0.tick > .now + .seconds(-120) })
            #expect(try await store.liveCounts()[.pending] ?? 0 == ledger.filter { $0.runID != nil }.count)
        }
    }

    @Test("a year of random schedules in four zones leaves each tick in the ledger once, with what its policy says")
    func year() async throws {
        try await StoreFixture.with { fixture in
            var generator = SystemRandomNumberGenerator()
            let zones = ["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "America/Sao_Paulo"]
            let start = try #require(Timestamp(rfc3339: "2026-01-01T00:00:00Z"))
            let end = try #require(Timestamp(rfc3339: "2027-01-01T00:00:00Z"))
            var schedules: [(record: ScheduleRecord, value: Schedule)] = []
            for (index, zone) in (zones + zones).enumerated() {
                let expression = "\(Int.random(in: 0...59)) */\(Int.random(in: 1...6)) * * *"
                var spec = ScheduleSpec(trigger: .cron(try CronExpression(expression), zone: zone))
                spec.missedTicks = [.skip, .latest, .all(limit: 3)].randomElement(using: &generator) ?? .skip
                spec.jitterSeconds = index.isMultiple(of: 2) ? 0 : 600
                let record = try await fixture.schedule(spec, named: "s\(index)", since: start)
                let value = spec.schedule(record.id, zone: try fixture.store.zones.zone(zone), effectiveSince: start)
                schedules.append((record, value))
            }
            let term = try await fixture.term()
            var now = start
            var looks = [start]
            while now < end {
                now = min(end, now + .seconds(Int.random(in: 1...12) == 1 ? 200_000 : Int.random(in: 1...30_000)))
                looks.append(now)
                try await fixture.decide(at: now, term)
            }
            for (record, value) in schedules {
                let ledger = try await fixture.ledger(record.id)
                let ticks = value.ticks(in: start..<end, limit: 10_000)
                let expected = Self.expected(ticks, value.missedTicks, looks)
                let told = ledger.filter { $0.tick < end }.map { "\($0.tick) \($0.outcome)" }
                #expect(told.count >= expected.count - 5)
                #expect(told == Array(expected.prefix(told.count)), "\(record.spec)")
            }
        }
    }

    @Test(
        "a year of random schedules in four zones leaves the ticks in the ledger that others find for them",
        .enabled(if: CronOracle.pythonEnvironment != nil, "SLIPWAY_TEST_PYTHON_ENV is not set")
    )
    func yearOfOthers() async throws {
        let oracle = try CronOracle.ask(seed: CronOracle.seed, cases: 0, years: 1)
        #expect(Set(oracle.years.map(\.zone)).count == 4)
        let folder = try TestScratch.shared.folder("zones")
        try oracle.writeZones(Set(oracle.years.map(\.zone)), to: folder)
        try await StoreFixture.with { given in
            let fixture = StoreFixture(
                url: given.url,
                store: RunStore(pool: given.store.pool, zones: ZoneCatalog(folder: folder)),
                job: given.job,
                holder: given.holder
            )
            let term = try await fixture.term()
            for (index, year) in oracle.years.enumerated() {
                try await Self.compare(year, named: "s\(index)", in: fixture, term)
            }
        }
    }

    /// A scheduler looks now and then for a year, and is away at times.
    private static func compare(
        _ year: CronOracle.Year,
        named name: String,
        in fixture: StoreFixture,
        _ term: Int64
    ) async throws {
        let end = Timestamp(secondsSince1970: year.end) + .microseconds(-1)
        var spec = ScheduleSpec(trigger: .cron(try CronExpression(year.expression), zone: year.zone))
        spec.missedTicks = [.skip, .latest, .all(limit: 7)].randomElement() ?? .skip
        var now = Timestamp(secondsSince1970: year.start)
        let record = try await fixture.schedule(spec, named: name, since: now)
        var looks: [Timestamp] = []
        while now < end {
            now = min(end, now + .seconds(Int.random(in: 1...20) == 1 ? 360_000 : Int.random(in: 1...50_000)))
            looks.append(now)
            try await fixture.decide(at: now, term)
        }
        let moments = year.ticks.map { Timestamp(secondsSince1970: $0) }
        let ledger = try await fixture.ledger(record.id)
        let told = "\(year.expression) \(year.zone) \(year.start); seed \(CronOracle.seed)"
        #expect(ledger.map(\.ticks).reduce(0, +) == moments.count, "\(told)")
        // Of a long time away with a tick each minute the oldest are settled together.
        if ledger.allSatisfy({ $0.ticks == 1 }) {
            let expected = Self.expected(moments.map { Tick(at: $0, due: $0) }, spec.missedTicks, looks)
            #expect(ledger.map { "\($0.tick) \($0.outcome)" } == expected, "\(told)")
        }
        // The next one lives in another year.
        try await fixture.store.pool.query("UPDATE schedules SET next_due = NULL WHERE id = \(record.id)")
    }

    /// The rules of the documentation, tick by tick.
    private static func expected(_ ticks: [Tick], _ policy: Schedule.MissedTicks, _ looks: [Timestamp]) -> [String] {
        var lines: [String] = []
        var open = ticks[...]
        // A tick that still waits for its jitter holds back those after it.
        var latestDue = Timestamp(microsecondsSince1970: .min)
        for now in looks {
            var ready: [(at: Timestamp, due: Timestamp)] = []
            while let tick = open.first, tick.due <= now, tick.at <= now {
                latestDue = max(latestDue, tick.due)
                ready.append((tick.at, latestDue))
                open = open.dropFirst()
            }
            let missed = ready.filter { now > $0.due + .seconds(60) }.map(\.at)
            let isLastMissed = ready.last.map { missed.contains($0.at) } ?? false
            let madeUpFor: Set<Timestamp> =
                switch policy {
                case .skip: []
                case .latest: isLastMissed ? Set(missed.suffix(1)) : []
                case .all(let limit): Set(missed.suffix(limit))
                }
            for (at, _) in ready {
                let outcome = !missed.contains(at) ? "fired" : madeUpFor.contains(at) ? "caught_up" : "skipped"
                lines.append("\(at) \(outcome)")
            }
        }
        return lines
    }
}

private final class KillCount: Sendable {
    private let value = Mutex(0)

    var count: Int { value.withLock { $0 } }

    func add(_ more: Int) { value.withLock { $0 += more } }
}

/// A time that several go by.
private final class SharedClock: Sendable {
    private let moment: Mutex<Timestamp>

    init(_ start: Timestamp) { moment = Mutex(start) }

    var now: Timestamp { moment.withLock { $0 } }

    func advance(by span: Duration) { moment.withLock { $0 = $0 + span } }
}
