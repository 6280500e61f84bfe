internal import DevStack
internal import PostgresClient

/// What servers and services count by themselves, at one moment.
struct ServerCounters: Sendable {
    /// Of the database's statistics, which sessions bring up to date about once a second.
    var commits: Int64
    /// The next transaction number: only transactions that write get one.
    var writeTransactions: Int64
    var walBytes: Int64
    /// Commits that this program itself caused.
    var ownCommits: Int64
    /// Of each service that has metrics.
    var metrics: [PrometheusText]
    /// How long each process's log file is.
    var logFileBytes: [String: Int]

    static func read(_ pool: PostgresPool, _ api: BenchmarkAPI, _ stack: StackUnderTest) async throws -> ServerCounters
    {
        let rows = try await pool.query(
            """
            SELECT (SELECT xact_commit FROM pg_stat_database WHERE datname = current_database()),
                pg_snapshot_xmax(pg_current_snapshot())::text::bigint, (pg_current_wal_lsn() - '0/0'::pg_lsn)::bigint
            """
        ).decode(Int64.self, Int64.self, Int64.self)
        var metrics: [PrometheusText] = []
        for port in stack.processes.compactMap(\.metricsPort) { metrics.append(try await api.metrics(port: port)) }
        return ServerCounters(
            commits: rows[0].0,
            writeTransactions: rows[0].1,
            walBytes: rows[0].2,
            ownCommits: Int64(await pool.statistics.statementsFinished),
            metrics: metrics,
            logFileBytes: Dictionary(
                stack.processes.map { ($0.logFile, LogFile.size(of: $0.logFile)) },
                uniquingKeysWith: { first, _ in first }
            )
        )
    }

    /// Lines that were appended to the log files since.
    func loggedLines() -> Int {
        logFileBytes.reduce(0) { sum, file in
            var position = file.value
            var lines = 0
            while case let bytes = LogFile.read(file.key, from: &position), !bytes.isEmpty {
                lines += bytes.count { $0 == UInt8(ascii: "\n") }
            }
            return sum + lines
        }
    }

    /// What the services' counters of this name grew by, by a label.
    static func growth(
        of name: String,
        by label: String,
        from before: ServerCounters,
        to after: ServerCounters
    ) -> [String: Double] {
        var growth: [String: Double] = [:]
        for (old, new) in zip(before.metrics, after.metrics) {
            let known = old.sums(name, by: label)
            for (value, sum) in new.sums(name, by: label) where sum > known[value] ?? 0 {
                growth[value, default: 0] += sum - (known[value] ?? 0)
            }
        }
        return growth
    }

    /// What all services' histograms of this name grew by.
    static func growth(
        of histogram: String,
        from before: ServerCounters,
        to after: ServerCounters
    ) -> PrometheusHistogram {
        zip(before.metrics, after.metrics).reduce(PrometheusHistogram()) { sum, pair in
            sum.adding(pair.1.histogram(histogram).since(pair.0.histogram(histogram)))
        }
    }
}
