import PostgresClient
import SlipwayCore
import TestSupport
import Testing

/// What admission promises, with three scheduler processes of which the leading one is killed again and again, on a
/// cluster that only pretends to run pods.
@Suite(.simulatedFleet, .explained, .serialized, .timeLimit(.minutes(6))) struct AdmissionLimitTests {
    @Test("while a hundred submit and leading schedulers are killed no limit is exceeded and each tick is decided once")
    func limits() async throws {
        let fleet = try Fleet.current()
        let site = fleet.site
        try await applyTeam("crowd", "quotas: {runs: 9}", on: site)
        try await applyJob(
            "limited",
            team: "crowd",
            "concurrency: {policy: queue, max_runs: 7}\nlimit_keys:\n  - {key: \"${{ variables.pair }}\", max_runs: 2}",
            variables: "variables: {pair: one}",
            milliseconds: 100,
            on: site
        )
        try await applyJob("free", team: "crowd", milliseconds: 100, on: site)
        try await applyJob("ticking", milliseconds: 20, on: site)
        let made = try await site.slipway("schedule", "create", "ticking", "often", "--every", "10s", "--missed", "all")
        #expect(made.status == 0, "\(made.notes)")
        try await watchLimits(site)
        let runs = try await withThrowingTaskGroup(of: [String].self) { group in
            for submitter in 0..<100 {
                group.addTask {
                    let pair = ["pair": "\(submitter % 7)"]
                    return try await create("limited", "crowd", 2, pair, api: submitter % 2, on: site)
                        + create("free", "crowd", 1, api: submitter % 2, on: site)
                }
            }
            group.addTask {
                for _ in 0..<5 {
                    let leader = try await fleet.leader()
                    try await fleet.kill(leader)
                    try await eventually(within: .seconds(40), "another one leads") {
                        try await fleet.leader() != leader
                    }
                    try await fleet.start([leader])
                }
                return []
            }
            return try await group.reduce(into: []) { $0 += $1 }
        }
        try await site.waitForEnd(of: runs, within: .seconds(180))
        #expect(runs.count == 300)
        #expect(try await site.states(of: runs).filter { !$0.key.hasPrefix("succeeded") } == [:])
        let seen = try await site.database.query(
            "SELECT what, max(live) FROM seen GROUP BY what ORDER BY what"
        ).decode(String.self, Int.self)
        // The limits were reached, and not exceeded.
        #expect(seen.map { "\($0) \($1)" } == ["job 7", "key 2", "team 9"])
        let terms = try await site.number("SELECT max(term) FROM terms")
        #expect(terms > 5)
        try await checkTicks(site)
        _ = try await site.slipway("schedule", "delete", "ticking", "often")
    }

    @Test("under overload teams of weights 1, 2 and 3 get cpu in these shares, within five percent")
    func shares() async throws {
        let site = try Site.current()
        try await setCapacity("cpu: 540m", on: site)
        let teams = ["one", "two", "three"]
        for (index, team) in teams.enumerated() {
            try await applyTeam(team, "weight: \(index + 1)", on: site)
            // Each has short and long runs, small and large ones.
            try await applyJob("short", team: team, milliseconds: 300, on: site)
            try await applyJob(
                "long",
                team: team,
                "resources: {runner: {cpu: 20m, memory: 8Mi}}",
                milliseconds: 700,
                on: site
            )
        }
        for _ in 0..<9 {
            for team in teams {
                for job in ["short", "long"] { _ = try await create(job, team, 50, on: site) }
            }
        }
        // Until the first team has nothing left to wait for.
        try await eventually(within: .seconds(240), "a team has no more waiting runs") {
            let waiting = try await site.number(
                "SELECT count(DISTINCT team) FROM live_runs WHERE state = 'pending' AND team = ANY(\(teams))"
            )
            return waiting < 3
        }
        let used = try await site.database.query(
            """
            WITH last AS (
                SELECT min(until) AS until FROM (
                    SELECT max(admitted_at) AS until FROM runs WHERE team = ANY(\(teams)) GROUP BY team
                ) AS ends
            ), first AS (SELECT min(admitted_at) AS since FROM runs WHERE team = ANY(\(teams)))
            SELECT team, sum(cpu_millicores * extract(epoch FROM
                least(coalesce(ended_at, now()), until) - greatest(admitted_at, since + interval '3 s')))::float8
            FROM runs, last, first
            WHERE team = ANY(\(teams)) AND admitted_at < until AND coalesce(ended_at, now()) > since + interval '3 s'
            GROUP BY team
            """
        ).decode(String.self, Double.self)
        let total = used.reduce(0) { $0 + $1.1 }
        print("cpu shares of weights 1, 2, 3: \(used.map { "\($0) \($1 / total)" }.sorted())")
        for (team, cpu) in used {
            let wanted = Double((teams.firstIndex(of: team) ?? 0) + 1) / 6
            #expect(abs(cpu / total - wanted) < 0.05 * wanted, "\(team) had \(cpu / total) of \(wanted)")
        }
        #expect(used.count == 3)
        try await cancelAll(on: site)
    }

    @Test("ten thousand runs of one team in ten seconds do not make another team's runs wait")
    func burst() async throws {
        let site = try Site.current()
        try await setCapacity("runs: 36", on: site)
        for team in ["loud", "quiet"] {
            try await applyTeam(team, "weight: 1", on: site)
            try await applyJob("work", team: team, milliseconds: 300, on: site)
        }
        let quiet = try await withThrowingTaskGroup(of: [String].self) { group in
            group.addTask {
                for _ in 0..<10 {
                    let second = ContinuousClock.now + .seconds(1)
                    _ = try await create("work", "loud", 1000, api: 0, on: site)
                    // The burst is spread over ten seconds: the pace is what is tried.
                    try await Task.sleep(until: second)
                }
                return []
            }
            group.addTask {
                var runs: [String] = []
                for _ in 0..<60 {
                    runs += try await create("work", "quiet", 2, api: 1, on: site)
                    // A steady trickle beside it.
                    try await Task.sleep(for: .milliseconds(200))
                }
                return runs
            }
            return try await group.reduce(into: []) { $0 += $1 }
        }
        try await site.waitForEnd(of: quiet, within: .seconds(60))
        let waits = try await site.database.query(
            """
            SELECT extract(epoch FROM admitted_at - created_at)::float8 FROM runs
            WHERE id::text = ANY(\(quiet)) ORDER BY 1
            """
        ).decode(Double.self)
        #expect(waits.count == 120)
        let p99 = waits[Int(0.99 * Double(waits.count))]
        print("the quiet team waited \(waits[waits.count / 2]) s (p50), \(p99) s (p99)")
        #expect(p99 < 1.5, "the p99 wait of the quiet team was \(p99) s")
        #expect(
            try await site.number("SELECT count(*) FROM live_runs WHERE team = 'loud' AND state = 'pending'") > 5000
        )
        try await cancelAll(on: site)
    }

    // MARK: Watching

    /// Each change of states is followed by a look at every limit, in the same transaction.
    private func watchLimits(_ site: Site) async throws {
        try await site.database.query("CREATE TABLE seen (what text, live bigint)")
        try await site.database.query(
            """
            CREATE FUNCTION watch_limits() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN
                INSERT INTO seen
                SELECT 'team', count(*) FROM live_runs WHERE team = 'crowd' AND state NOT IN ('pending', 'paused')
                UNION ALL
                SELECT 'job', count(*) FROM live_runs
                WHERE team = 'crowd' AND job_name = 'limited' AND state NOT IN ('pending', 'paused')
                UNION ALL
                SELECT 'key', coalesce(max(live), 0) FROM (
                    SELECT count(*) AS live FROM live_runs
                    WHERE job_name = 'limited' AND state NOT IN ('pending', 'paused') GROUP BY limit_keys
                ) AS keys;
                RETURN NULL;
            END
            $$
            """
        )
        try await site.database.query(
            """
            CREATE TRIGGER watch_limits AFTER UPDATE OF state ON live_runs
            FOR EACH STATEMENT EXECUTE FUNCTION watch_limits()
            """
        )
    }

    private func checkTicks(_ site: Site) async throws {
        let ticks = try await site.database.query(
            "SELECT tick, run_id::text FROM schedule_ticks WHERE schedule_name = 'often' ORDER BY tick"
        ).decode(PostgresTimestamp.self, String?.self)
        let moments = ticks.map(\.0.microsecondsSince1970)
        #expect(zip(moments, moments.dropFirst()).allSatisfy { $1 - $0 == 10_000_000 }, "\(moments)")
        let fired = ticks.compactMap(\.1)
        #expect(!fired.isEmpty && Set(fired).count == fired.count)
    }

    // MARK: Jobs and teams

    private func applyTeam(_ name: String, _ more: String, on site: Site) async throws {
        let answer = try await site.slipway("team", "apply", site.file("name: \(name)\nnamespace: \(name)\n\(more)\n"))
        guard answer.status == 0 else { throw Unexpected(answer.notes) }
        try await site.send("POST", "/api/v1/namespaces", #"{"metadata": {"name": "\#(name)"}}"#)
    }

    private func applyJob(
        _ name: String,
        team: String = "default",
        _ more: String = "resources: {runner: {cpu: 10m, memory: 8Mi}}",
        variables: String = "",
        milliseconds: Int,
        on site: Site
    ) async throws {
        try await site.apply(
            """
            name: \(name)
            team: \(team)
            engine: none
            \(more)
            \(variables)
            annotations: {localkube.slipway/run-milliseconds: "\(milliseconds)"}
            tasks:
              - {name: only, command: "true"}
            """
        )
    }

    private func create(
        _ job: String,
        _ team: String,
        _ count: Int,
        _ variables: [String: String] = [:],
        api: Int = 0,
        on site: Site
    ) async throws -> [String] {
        let values = variables.flatMap { ["--variable", "\($0.key)=\($0.value)"] }
        let answer = try await site.slipway(api: api)(
            ["run", "create", job, "--team", team, "--count", "\(count)", "-o", "name"] + values
        )
        guard answer.status == 0, answer.names.count == count else { throw Unexpected(answer.notes) }
        return answer.names
    }

    private func setCapacity(_ capacity: String, on site: Site) async throws {
        let answer = try await site.slipway("cluster", "apply", site.file("name: default\ncapacity: {\(capacity)}\n"))
        guard answer.status == 0 else { throw Unexpected(answer.notes) }
    }

    private func cancelAll(on site: Site) async throws {
        let answer = try await site.slipway(["run", "cancel", "--all", "--yes", "-o", "name"], within: .seconds(120))
        #expect(answer.status == 0, "\(answer.notes)")
        try await eventually(within: .seconds(60), "nothing is left") {
            try await site.number("SELECT count(*) FROM live_runs") == 0
        }
    }
}
