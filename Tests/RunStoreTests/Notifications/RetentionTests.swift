import Logging
import Observability
import PostgresClient
import RunStore
import Scheduler
import SlipwayCore
import Testing

@Suite struct RetentionTests {
    @Test("every table with history is divided, and has partitions for months and days to come")
    func divided() async throws {
        try await StoreFixture.with { fixture in
            #expect(try await fixture.store.makePartitions() > 0)
            let tables = RunTable.allCases.map(\.rawValue) + ["run_log_chunks", "notifications", "webhook_deliveries"]
            for table in tables {
                let count = try await fixture.store.pool.query(
                    "SELECT count(*) FROM pg_inherits WHERE inhparent = \(table)::text::regclass"
                ).decode(Int.self)[0]
                #expect(count >= 5, "\(table)")
            }
            #expect(try await fixture.store.makePartitions() == 0)
            // What a table had before is there after: its guards.
            let id = try await fixture.run(in: .failed)
            await #expect(throws: PostgresError.self) {
                try await fixture.store.pool.query("UPDATE finished_runs SET reason = 'x' WHERE id = \(id)")
            }
        }
    }

    @Test("rows that found no partition are taken over when it is made")
    func takeover() async throws {
        try await StoreFixture.with { fixture in
            let pool = fixture.store.pool
            try await pool.query(
                "INSERT INTO sla_misses (run_id, due_at) SELECT first_id_at(now() + interval '200 days'), now()"
            )
            #expect(try await pool.query("SELECT count(*) FROM sla_misses_default").decode(Int.self) == [1])
            _ = try await pool.query("SELECT make_month_partitions('sla_misses', 'run_id', 8)")
            #expect(try await pool.query("SELECT count(*) FROM sla_misses_default").decode(Int.self) == [0])
            #expect(try await pool.query("SELECT count(*) FROM sla_misses").decode(Int.self) == [1])
        }
    }

    @Test("old months are dropped; pinned runs stay with all that is theirs, until they are unpinned")
    func pinned() async throws {
        try await StoreFixture.with { fixture in
            let old = try await fixture.oldRuns(3, daysAgo: 250)
            let young = try await fixture.oldRuns(1, daysAgo: 100)
            #expect(
                try await fixture.store.pin(old[0], by: "ann", why: "a lawsuit")
                    == .done(team: "default", isChanged: true)
            )
            #expect(
                try await fixture.store.pin(old[0], by: "ann", why: nil) == .done(team: "default", isChanged: false)
            )
            let forecast = try await fixture.store.forecastRetention(fixture.store.retentionPolicy())
            let runs = try #require(forecast.partitions.first { $0.table == "finished_runs" && $0.rows > 0 })
            #expect(runs.rows == 3 && runs.keptRuns == 1 && runs.bytes > 0)
            #expect(try await fixture.store.run(old[1]) != nil, "a forecast removes nothing")

            let round = try await fixture.history.removeOld()
            #expect(round.left.isEmpty && round.dropped.count >= RunTable.allCases.count)
            #expect(
                try await fixture.rows(of: old[0]) == ["finished_runs", "run_events", "run_tasks"]
            )
            #expect(try await fixture.rows(of: old[1]) == [])
            #expect(try await fixture.rows(of: young[0]).contains("finished_runs"))
            #expect(try await fixture.store.pins(limit: 10).map(\.id) == [old[0]])
            let audited = try await fixture.store.pool.query(
                "SELECT count(*) FROM audit_log WHERE action = 'drop_partition'"
            ).decode(Int.self)[0]
            #expect(audited >= RunTable.allCases.count)
            #expect(try await fixture.history.removeOld().dropped.isEmpty)

            _ = try await fixture.store.unpin(old[0], by: "ann", why: nil)
            #expect(try await fixture.history.removeOld().removed > 0)
            #expect(try await fixture.rows(of: old[0]) == [])
        }
    }

    @Test("a run that still goes on keeps what it has, however old it is")
    func live() async throws {
        try await StoreFixture.with { fixture in
            let ids = try await fixture.oldRuns(1, daysAgo: 250)
            try await fixture.store.pool.query(
                """
                INSERT INTO live_runs (id, job_id, job_version, team, job_name, cluster, variables)
                SELECT id, job_id, job_version, team, job_name, cluster, variables FROM finished_runs WHERE id = \(ids[0])
                """
            )
            try await fixture.store.pool.query("DELETE FROM finished_runs WHERE id = \(ids[0])")
            _ = try await fixture.history.removeOld()
            #expect(try await fixture.rows(of: ids[0]).contains("run_events"))
        }
    }

    @Test("a team that keeps less loses its rows, another one of the same month keeps them")
    func teams() async throws {
        try await StoreFixture.with { fixture in
            try await fixture.store.pool.query("INSERT INTO teams (name, namespace) VALUES ('finance', 'finance')")
            let brief = try await fixture.oldRuns(2, daysAgo: 40)
            let long = try await fixture.oldRuns(1, daysAgo: 40, team: "finance")
            _ = try await fixture.store.setRetention(team: nil, [.events: 10], by: "ann")
            let policy = try await fixture.store.setRetention(team: "finance", [.events: 90], by: "ann")
            #expect(policy?.partitionDays(.events) == 90)
            _ = try await fixture.store.pin(brief[0], by: nil, why: nil)
            #expect(try await fixture.store.forecastRetention(#require(policy)).rows.map(\.runs) == [1])
            #expect(try await fixture.history.removeOld().removed >= 1)
            #expect(try await fixture.rows(of: brief[0]).contains("run_events"))
            #expect(try await !fixture.rows(of: brief[1]).contains("run_events"))
            #expect(try await fixture.rows(of: brief[1]).contains("finished_runs"))
            #expect(try await fixture.rows(of: long[0]).contains("run_events"))
            _ = try await fixture.store.unpin(brief[0], by: nil, why: nil)
            _ = try await fixture.history.removeOld()
            #expect(try await !fixture.rows(of: brief[0]).contains("run_events"))
        }
    }

    @Test("what is being read stays until the next round")
    func busy() async throws {
        try await StoreFixture.with { fixture in
            _ = try await fixture.oldRuns(1, daysAgo: 250)
            let history = fixture.history
            try await fixture.store.pool.transaction { transaction in
                try await transaction.query("SELECT count(*) FROM run_tasks")
                let round = try await history.removeOld()
                #expect(round.left.keys.contains { $0.hasPrefix("run_tasks") })
                #expect(!round.dropped.contains { $0.hasPrefix("finished_runs") })
            }
            #expect(try await history.removeOld().dropped.contains { $0.hasPrefix("finished_runs") })
        }
    }
}

@Suite struct RetentionPolicyTests {
    @Test("what belongs to a run never outlives it, and partitions stay as long as any team needs them")
    func days() {
        var policy = RetentionPolicy(installation: [.runs: 20])
        #expect(policy.days(.events, team: nil) == 20 && policy.days(.logs, team: nil) == 20)
        #expect(policy.partitionDays(.runs) == 20 && policy.shorter(.runs).isEmpty)
        policy.teams["finance"] = [.runs: 0, .logs: 90]
        #expect(policy.partitionDays(.runs) == nil)
        #expect(policy.days(.logs, team: "finance") == 90 && policy.partitionDays(.logs) == 90)
        #expect(policy.shorter(.runs).map(\.team) == [""] && policy.shorter(.logs).map(\.days) == [20])
        #expect(policy.days(.audit, team: "finance") == RetentionKind.audit.standardDays)
    }
}

extension StoreFixture {
    var history: HistoryKeeper {
        var logger = Logger(label: "test")
        logger.logLevel = .critical
        return HistoryKeeper(
            store: store,
            holder: Self.identifier(),
            settings: HistoryKeeperSettings(),
            registry: MetricsRegistry(),
            logger: logger
        )
    }

    /// Runs that ended so long ago, with an event and a task each, in partitions of their months.
    func oldRuns(_ count: Int, daysAgo: Int, team: String = "default") async throws -> [RunID] {
        // A new database has one partition for all months before: it gets others, as one has that is older.
        for table in RunTable.allCases {
            let name = table.rawValue
            let key = table == .runs ? "id" : "run_id"
            let first = try await store.pool.query(
                """
                SELECT pg_get_expr(relpartbound, oid) FROM pg_class
                WHERE oid = \(name + "_first")::text::regclass AND pg_get_expr(relpartbound, oid) LIKE '%MINVALUE%'
                    AND to_regclass(\(name + "_old1")::text) IS NULL
                """
            )
            guard first.rowCount > 0 else { continue }
            try await store.pool.query(
                "ALTER TABLE \(unescaped: name) DETACH PARTITION \(unescaped: name)_first"
            )
            for month in 0..<12 {
                try await store.pool.query(
                    """
                    SELECT make_partition(\(name)::text, \(key)::text, \(name + "_old\(month)")::text,
                        first_id_at(date_trunc('month', now()) - make_interval(months => \(month)::int))::text,
                        first_id_at(date_trunc('month', now()) - make_interval(months => \(month - 1)::int))::text)
                    """
                )
            }
        }
        var ids: [RunID] = []
        for _ in 0..<count {
            let moment = Timestamp.now + .seconds(-daysAgo * 86_400)
            let id = Identifier(
                millisecondsSince1970: UInt64(moment.microsecondsSince1970 / 1000),
                randomHigh: .random(in: 0 ... .max),
                randomLow: .random(in: 0 ... .max)
            )
            ids.append(id)
            try await store.pool.query(
                """
                INSERT INTO finished_runs (id, job_id, job_version, team, job_name, cluster, priority, variables, created_at, state,
                    ended_at, lease_epoch, placement, reason, failure_class, warnings)
                VALUES (\(id), \(job.id), 1, \(team), 'report', 'default', 0, '{}', \(moment), 'succeeded', \(moment), 1, 1,
                    'completed', NULL, 0)
                """
            )
            try await store.pool.query(
                "INSERT INTO run_events (run_id, kind, state, at) VALUES (\(id), 'created', 'pending', \(moment))"
            )
            try await store.pool.query(
                "INSERT INTO run_tasks (run_id, name, position, state, attempt) VALUES (\(id), 'only', 0, 'succeeded', 1)"
            )
        }
        return ids
    }

    /// The tables that have rows of a run.
    func rows(of id: RunID) async throws -> [String] {
        var found: [String] = []
        for table in RunTable.allCases.map(\.rawValue) + ["run_log_chunks"] {
            if try await count(table, table == "finished_runs" ? "id" : "run_id", of: id) > 0 { found.append(table) }
        }
        return found.sorted()
    }
}
