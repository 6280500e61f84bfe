import PostgresClient
import SlipwayCore
import TestSupport
import Testing

/// Many runs on a cluster that only pretends.
@Suite(.simulatedStack, .explained, .serialized, .timeLimit(.minutes(4))) struct SimulatedClusterTests {
    @Test("three hundred runs end quickly, none is lost, and a list shows each once, page by page, while they go on")
    func manyRuns() async throws {
        let site = try Site.current()
        try await site.apply(
            """
            name: crowd
            engine: none
            resources:
              runner: {cpu: 10m, memory: 16Mi}
            annotations: {localkube.slipway/run-milliseconds: "300"}
            tasks:
              - name: only
                command: "true"
            """
        )
        let begin = ContinuousClock.now
        let runs = try await site.create("crowd", count: 300)
        #expect(Set(runs).count == 300)
        let meanwhile = try await listed(on: site)
        try await site.waitForEnd(of: runs, within: .seconds(60))
        #expect(ContinuousClock.now - begin < .seconds(60))
        #expect(meanwhile == runs.sorted(by: >))
        #expect(try await listed(on: site) == runs.sorted(by: >))
        #expect(try await site.states(of: runs).keys.allSatisfy { $0.hasPrefix("succeeded") })
        let ended = try await site.number(
            "SELECT count(DISTINCT run_id) FROM run_events WHERE run_id::text = ANY(\(runs)) AND state = 'succeeded'"
        )
        #expect(ended == 300)
        try await eventually(within: .seconds(30), "all pods are gone") { try await site.pods().isEmpty }
        let byCommand = try await site.slipway("run", "list", "--job", "crowd", "--limit", "1000", "-o", "name")
        #expect(byCommand.names == runs.sorted(by: >))
    }

    @Test("what heartbeats cost does not depend on how many runs there are")
    func heartbeats() async throws {
        let site = try Site.current()
        try await site.apply(
            """
            name: idle
            engine: none
            resources:
              runner: {cpu: 1m, memory: 8Mi}
            annotations: {localkube.slipway/run-milliseconds: "600000"}
            tasks:
              - name: only
                command: "true"
            """
        )
        let one = try await costOfStandingStill(with: site.create("idle"), on: site)
        let many = try await costOfStandingStill(with: site.create("idle", count: 400), on: site)
        #expect(one.wasRenewed && many.wasRenewed)
        #expect(!many.wasAnyRunWritten, "no run's row is written while nothing happens to it")
        #expect(many.writtenBytes < 2 * one.writtenBytes + 65_536)
        _ = try await site.slipway(
            ["run", "cancel"] + site.database.query("SELECT id::text FROM live_runs").decode(String.self)
        )
        try await eventually(within: .seconds(60), "all are cancelled, and their pods gone") {
            try await site.number("SELECT (SELECT count(*) FROM live_runs) + (SELECT count(*) FROM cleanups)") == 0
        }
    }

    /// What ten seconds cost in which these runs just go on: bytes of the write-ahead log, and whose rows were written.
    private func costOfStandingStill(
        with runs: [String],
        on site: Site
    ) async throws -> (writtenBytes: Int, wasAnyRunWritten: Bool, wasRenewed: Bool) {
        try await eventually(within: .seconds(60), "all are running") {
            try await site.number("SELECT count(*) FROM live_runs WHERE state = 'running'")
                == site.number("SELECT count(*) FROM live_runs")
        }
        // What vacuum writes for the runs' beginnings is none of it.
        try await site.database.query("VACUUM")
        try await site.database.query("CHECKPOINT")
        func read() async throws -> (position: Double, runs: String, renewal: Timestamp) {
            // Each write to a row gives it another xmin.
            let state: PostgresQuery = """
                SELECT (pg_current_wal_lsn() - '0/0'::pg_lsn)::float8,
                    (SELECT md5(string_agg(xmin::text, ',' ORDER BY id)) FROM live_runs),
                    (SELECT (extract(epoch FROM max(renewed_at)) * 1000000)::bigint FROM holders)
                """
            let row = try #require(try await site.database.query(state).first)
            return (
                try row.value(at: 0, as: Double.self), try row.value(at: 1, as: String.self),
                Timestamp(microsecondsSince1970: try row.value(at: 2, as: Int64.self))
            )
        }
        let before = try await read()
        try await Task.sleep(for: .seconds(10))
        let after = try await read()
        return (Int(after.position - before.position), before.runs != after.runs, before.renewal < after.renewal)
    }

    /// The ids of all runs, newest first, in pages that do not divide their number.
    private func listed(on site: Site) async throws -> [String] {
        var ids: [String] = []
        var position = ""
        repeat {
            let page = try await site.get(
                site.apis[0],
                "/api/v1/runs?job=crowd&limit=37" + (position.isEmpty ? "" : "&after=\(position)")
            )
            ids += (page["runs"]?.elements ?? []).map { $0.text("id") }
            position = page.text("next")
        } while !position.isEmpty
        return ids
    }
}
