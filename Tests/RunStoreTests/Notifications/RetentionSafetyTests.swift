import ObjectStorage
import PostgresClient
import RunStore
import Scheduler
import SlipwayCore
import TestSupport
import Testing

@Suite struct RetentionSafetyTests {
    @Test("nobody is told again of what stays when its partition goes")
    func quiet() async throws {
        try await StoreFixture.with { fixture in
            let old = try await fixture.oldRuns(1, daysAgo: 250)
            _ = try await fixture.store.pin(old[0], by: nil, why: nil)
            try await fixture.webhook("pager", "http://127.0.0.1:1", events: [.run(.pending)])
            #expect(try await !fixture.history.removeOld().dropped.isEmpty)
            #expect(try await fixture.rows(of: old[0]).contains("run_events"))
            for table in ["notifications", "webhook_deliveries"] {
                let count = try await fixture.store.pool.query("SELECT count(*) FROM \(unescaped: table)")
                #expect(try count.decode(Int.self) == [0], "\(table)")
            }
        }
    }

    @Test("a run that somebody is just pinning stays whole, whether its rows or its partitions are to go")
    func pinning() async throws {
        try await StoreFixture.with { fixture in
            try await fixture.store.pool.query("INSERT INTO teams (name, namespace) VALUES ('finance', 'finance')")
            let old = try await fixture.oldRuns(1, daysAgo: 250)[0]
            let recent = try await fixture.oldRuns(1, daysAgo: 40)[0]
            _ = try await fixture.store.setRetention(team: nil, [.events: 10], by: nil)
            let store = fixture.store
            let policy = try #require(try await store.setRetention(team: "finance", [.events: 90], by: nil))
            let partitions = try await store.oldPartitions(.events, days: 90)
            let partition = try #require(partitions.first { $0.rows > 0 })
            try await store.pool.transaction { transaction in
                try await transaction.query(
                    "INSERT INTO run_pins (run_id, team) VALUES (\(old), 'default'), (\(recent), 'default')"
                )
                #expect(try await store.drop(partition, of: .events, days: 90) == .busy)
                let scope = RunStore.RetentionScope(team: "", policy: policy)
                #expect(try await store.removeOldRows(.events, of: scope, days: 10) == 0)
            }
            #expect(try await fixture.history.removeOld().dropped.contains { $0.hasPrefix("finished_runs") })
            for run in [old, recent] {
                #expect(try await fixture.rows(of: run) == ["finished_runs", "run_events", "run_tasks"])
            }
        }
    }

    @Test("a pin whose run is gone goes, too")
    func dangling() async throws {
        try await StoreFixture.with { fixture in
            let run = try await fixture.run(in: .failed)
            _ = try await fixture.store.pin(run, by: nil, why: nil)
            let gone = StoreFixture.identifier()
            try await fixture.store.pool.query("INSERT INTO run_pins (run_id, team) VALUES (\(gone), 'default')")
            _ = try await fixture.history.removeOld()
            #expect(try await fixture.store.pins(limit: 10).map(\.id) == [run])
        }
    }

    @Test("a partition that cannot be dropped keeps no other from it")
    func stuck() async throws {
        try await StoreFixture.with { fixture in
            _ = try await fixture.oldRuns(1, daysAgo: 250)
            let first = try #require(try await fixture.store.oldPartitions(.events, days: 180).first).name
            try await fixture.store.pool.query(
                "CREATE VIEW reader AS SELECT * FROM \(unescaped: PostgresQuery.quotedIdentifier(first))"
            )
            let round = try await fixture.history.removeOld()
            #expect(Array(round.left.keys) == [first])
            #expect(round.dropped.contains { $0.hasPrefix("run_events") })
            #expect(round.dropped.contains { $0.hasPrefix("run_tasks") })
            #expect(!round.dropped.contains { $0.hasPrefix("finished_runs") })
            try await fixture.store.pool.query("DROP VIEW reader")
            #expect(try await fixture.history.removeOld().dropped.contains { $0.hasPrefix("finished_runs") })
        }
    }

    @Test("partitions to come are not made where that would keep others waiting, and the others are")
    func making() async throws {
        try await StoreFixture.with { fixture in
            let store = fixture.store
            let last = try await store.pool.query(
                """
                SELECT c.relname::text FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
                WHERE i.inhparent = 'run_log_chunks'::regclass AND c.relname ~ '\\d{8}$' ORDER BY 1 DESC LIMIT 1
                """
            ).decode(String.self)[0]
            try await store.pool.query("DROP TABLE \(unescaped: last)")
            try await store.pool.transaction { transaction in
                try await transaction.query("SELECT count(*) FROM run_tasks")
                try await transaction.query("SELECT count(*) FROM run_log_chunks")
                #expect(try await store.makePartitions() > 0)
                #expect(try await store.makeLogPartitions() == 0)
            }
            #expect(try await store.makePartitions() == 3)
            #expect(try await store.makeLogPartitions() == 1)
            #expect(try await store.makePartitions() == 0)
        }
    }

    @Test("a team that takes back its longer time loses what others would have lost before")
    func takenBack() async throws {
        try await StoreFixture.with { fixture in
            for team in ["finance", "archive"] {
                try await fixture.store.pool.query("INSERT INTO teams (name, namespace) VALUES (\(team), \(team))")
            }
            let own = try await fixture.oldRuns(1, daysAgo: 41)[0]
            let others = try await fixture.oldRuns(1, daysAgo: 40, team: "finance")[0]
            let younger = try await fixture.oldRuns(1, daysAgo: 39)[0]
            _ = try await fixture.store.setRetention(team: nil, [.events: 20], by: nil)
            _ = try await fixture.store.setRetention(team: "archive", [.events: 0, .runs: 0], by: nil)
            _ = try await fixture.store.setRetention(team: "finance", [.events: 90], by: nil)
            _ = try await fixture.history.removeOld()
            for (run, stays) in [(own, false), (others, true), (younger, false)] {
                #expect(try await fixture.rows(of: run).contains("run_events") == stays)
            }
            _ = try await fixture.store.setRetention(team: "finance", [.events: nil], by: nil)
            _ = try await fixture.history.removeOld()
            #expect(try await !fixture.rows(of: others).contains("run_events"))
        }
    }

    @Test("what was said for a team goes with it")
    func deletedTeam() async throws {
        try await StoreFixture.with { fixture in
            try await fixture.store.pool.query("INSERT INTO teams (name, namespace) VALUES ('archive', 'archive')")
            let policy = try await fixture.store.setRetention(team: "archive", [.runs: 0], by: "ann")
            #expect(policy?.partitionDays(.runs) == nil)
            #expect(try await fixture.store.deleteTeam("archive", by: "ann") == .done)
            #expect(try await fixture.store.retentionPolicy() == RetentionPolicy())
        }
    }

    @Test("a change of times is in the audit log with what was said before")
    func audited() async throws {
        try await StoreFixture.with { fixture in
            _ = try await fixture.store.setRetention(team: nil, [.runs: 20, .logs: 10], by: "ann")
            _ = try await fixture.store.setRetention(team: nil, [.runs: 0, .logs: nil], by: "ann", why: "a lawsuit")
            let entries = try await fixture.store.pool.query(
                "SELECT before::text, after::text FROM audit_log WHERE action = 'set_retention' ORDER BY id"
            ).decode(String.self, String.self)
            #expect(entries.map(\.0) == ["{}", #"{"logs": 10, "runs": 20}"#])
            #expect(entries.map(\.1) == [#"{"logs": 10, "runs": 20}"#, #"{"runs": 0}"#])
        }
    }

    @Test("a forecast reads no large partition of logs")
    func forecast() async throws {
        try await StoreFixture.with { fixture in
            let run = try await fixture.run(in: .succeeded)
            _ = try await fixture.store.pin(run, by: nil, why: nil)
            try await fixture.store.pool.query(
                "ALTER TABLE run_log_chunks_first ALTER COLUMN content SET STORAGE EXTERNAL"
            )
            try await fixture.store.pool.query(
                """
                INSERT INTO run_log_chunks (run_id, stream, placement, first_sequence, last_sequence, first_at, last_at,
                    line_count, byte_count, content)
                SELECT \(run), 'runner', 1, n, n, now(), now(), 1, 1, convert_to(repeat('x', 1 << 20), 'UTF8')
                FROM generate_series(1, 66) AS n
                """
            )
            try await fixture.age(days: 40)
            let found = try #require(try await fixture.store.oldLogPartitions(days: 30).first)
            #expect(!found.isCounted && found.keptRuns == 1 && found.bytes > 64 << 20)
        }
    }
}

@Suite(
    "Objects of logs that are kept in part",
    .enabled(if: TestObjectStorage.isAvailable, "SLIPWAY_TEST_S3_ENV is not set")
)
struct KeptObjectTests {
    @Test("of a log over several days the objects of a day go with the day, and not while somebody pins the run")
    func days() async throws {
        let objects = try #require(try await LogHome.objects.objects())
        try await StoreFixture.with(logObjects: objects) { fixture in
            let run = try await fixture.writtenRun(flushes: 1, linesEach: 20)
            try await fixture.age(days: 3)
            _ = try await fixture.store.store([fixture.flush(run, number: 1, lines: 20)])
            try await fixture.end(run, .objects)
            let all = try await fixture.everyLine(of: run.id)
            #expect(all.count == 40)
            let store = fixture.store
            try await store.pool.transaction { transaction in
                try await transaction.query("INSERT INTO run_pins (run_id, team) VALUES (\(run.id), 'default')")
                let sweep = try await store.sweepLogPartitions(retention: .seconds(2 * 86_400))
                #expect(sweep.dropped.isEmpty && sweep.busy == ["run_log_chunks_old"])
            }
            #expect(try await store.sweepLogPartitions(retention: .seconds(2 * 86_400)).dropped.count == 1)
            #expect(try await fixture.everyLine(of: run.id) == all)
            _ = try await store.unpin(run.id, by: nil, why: nil)
            #expect(try await store.removeKeptRows(RetentionPolicy(installation: [.logs: 2])) > 0)
            _ = try await store.removeLogObjects()
            #expect(try await fixture.everyLine(of: run.id) == Array(all.dropFirst(20)))
            #expect(try await objects.client.list(prefix: objects.prefix).keys.count == 2)
        }
    }
}
