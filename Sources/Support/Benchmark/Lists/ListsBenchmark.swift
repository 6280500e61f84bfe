internal import EventLoop
internal import PostgresClient
internal import RunStore
internal import SlipwayCore

/// Measures pages of lists over many runs, as a client of the API sees them.
package struct ListsBenchmark: Sendable {
    /// Rows written by one statement.
    private static let chunk = 50_000

    let plan: ListsPlan
    let stack: StackUnderTest
    let token: String
    let report: @Sendable (String) -> Void

    /// - Parameter report: gets a line for each step, to show to a person.
    package init(plan: ListsPlan, stack: StackUnderTest, token: String, report: @escaping @Sendable (String) -> Void) {
        self.plan = plan
        self.stack = stack
        self.token = token
        self.report = report
    }

    package func run() async throws -> ListsReport {
        try await fill()
        let api = try BenchmarkAPI(base: stack.api, token: token, connections: plan.clients)
        var rows: [ListsReport.Row] = []
        for question in ListQuestion.all {
            report(question.name)
            _ = try await ask(api, question, requests: min(plan.requests, 10))
            rows.append(try await ask(api, question, requests: plan.requests))
        }
        try await api.close()
        return ListsReport(runs: plan.runs, clients: plan.clients, requiredP99Seconds: plan.p99Seconds, rows: rows)
    }

    // MARK: Filling

    private func fill() async throws {
        let loop = EventLoop(name: "bench")
        defer { loop.shutdown() }
        var configuration = try PostgresConfiguration(url: stack.postgresURL)
        configuration.applicationName = "slipway-bench"
        configuration.poolSize = 1
        let pool = PostgresPool(configuration: configuration, eventLoop: loop, logger: Quiet.logger)
        do {
            try await fill(pool)
            await pool.close()
        } catch {
            await pool.close()
            throw error
        }
    }

    /// Runs over a year, of two hundred jobs in twenty teams; one in twelve did not end well.
    private func fill(_ pool: PostgresPool) async throws {
        var count = try await pool.query("SELECT count(*) FROM finished_runs").decode(Int.self)[0]
        while count < plan.runs {
            let rows = min(Self.chunk, plan.runs - count)
            let query: PostgresQuery = """
                INSERT INTO finished_runs (id, job_id, job_version, team, job_name, kind, cluster, priority, variables,
                    submitted_by, created_at, state, ended_at, lease_epoch, placement, running_at, reason, failure_class,
                    message, failed_task, error_name, warnings)
                SELECT (lpad(to_hex((extract(epoch FROM at) * 1000)::bigint), 12, '0') || '7'
                        || substr(md5(n::text), 1, 3) || '8' || substr(md5(n::text), 4, 15))::uuid,
                    md5('job' || n % 200)::uuid, 1, 'team-' || n % 20,
                    CASE WHEN n % 100000 = 5 THEN 'yearly' ELSE 'report-' || n % 200 END,
                    CASE n % 3 WHEN 0 THEN 'nightly' WHEN 1 THEN 'hourly' END, 'default', 0,
                    jsonb_build_object('country', (ARRAY['NL', 'DE', 'FR', 'ES', 'PT'])[n % 5 + 1], 'days', n % 30,
                        'order', 'order-' || n),
                    CASE WHEN n % 4 = 0 THEN 'ann' END, at, state, at + interval '5 minutes' * (n % 7 + 1), 1, 1,
                    at + interval '10 seconds',
                    CASE state WHEN 'succeeded' THEN 'completed' WHEN 'cancelled' THEN 'cancel_requested'
                        WHEN 'timeout' THEN 'run_timeout' ELSE 'task_failed' END,
                    CASE state WHEN 'succeeded' THEN NULL WHEN 'cancelled' THEN 'cancelled' WHEN 'timeout' THEN 'timeout'
                        ELSE 'user' END,
                    CASE state WHEN 'failed' THEN 'no such table: table_' || n / 12 % 1000 END,
                    CASE state WHEN 'failed' THEN 'extract' END,
                    CASE state WHEN 'failed' THEN 'AnalysisException' END, 0
                FROM (SELECT n, timestamptz '2025-11-01' + interval '31 seconds' * n AS at,
                    CASE WHEN n % 12 = 0 THEN 'failed' WHEN n % 97 = 0 THEN 'timeout' WHEN n % 101 = 0 THEN 'cancelled'
                        ELSE 'succeeded' END AS state
                    FROM generate_series(\(count)::bigint + 1, \(count + rows)::bigint) AS n) AS made
                ON CONFLICT DO NOTHING
                """
            try await pool.query(query.timeout(.seconds(600)))
            count += rows
            report("\(count) runs are over")
        }
        try await pool.query(PostgresQuery("VACUUM ANALYZE finished_runs").timeout(.seconds(1800)))
    }

    // MARK: Asking

    private func ask(_ api: BenchmarkAPI, _ question: ListQuestion, requests: Int) async throws -> ListsReport.Row {
        let clients = plan.clients
        let answers = try await withThrowingTaskGroup(of: [(seconds: Double, runs: Int)].self) { group in
            for client in 0..<clients {
                group.addTask {
                    var answers: [(seconds: Double, runs: Int)] = []
                    for number in stride(from: client, to: requests, by: clients) {
                        let start = ContinuousClock.now
                        let runs = try await api.runs(question.query(number))
                        answers.append(((ContinuousClock.now - start).inSeconds, runs))
                    }
                    return answers
                }
            }
            return try await group.reduce(into: []) { $0 += $1 }
        }
        return ListsReport.Row(
            name: question.name,
            runs: answers.map(\.runs).min() ?? 0,
            seconds: Quantiles(answers.map(\.seconds))
        )
    }
}
