internal import PostgresClient
internal import RunStore
internal import SlipwayCore

/// What the database holds of the runs that are measured.
struct RunLedger: Sendable {
    let pool: PostgresPool
    let job: JobID
    /// The newest run of the job before the measurement began.
    let floor: RunID
    /// Runs asked for by one statement.
    private static let chunk = 10_000

    init(pool: PostgresPool, job: JobID) async throws {
        self.pool = pool
        self.job = job
        let newest = try await pool.query(
            """
            SELECT greatest(
                (SELECT id FROM live_runs WHERE job_id = \(job) ORDER BY id DESC LIMIT 1),
                (SELECT id FROM finished_runs WHERE job_id = \(job) ORDER BY id DESC LIMIT 1))
            """
        )
        floor = try newest.decode(RunID?.self).first.flatMap { $0 } ?? RunID(high: 0, low: 0)
    }

    /// The database's clock, in microseconds since 1970.
    func now() async throws -> Int64 {
        let result = try await pool.query("SELECT clock_timestamp()")
        guard let time = try result.decode(Timestamp.self).first else {
            throw BenchmarkError("the database has no clock")
        }
        return time.microsecondsSince1970
    }

    struct Progress: Sendable, Equatable {
        var live: Int
        var finished: Int
    }

    /// How many of the runs are live and finished, at one moment.
    func progress() async throws -> Progress {
        let rows = try await pool.query(
            """
            SELECT (SELECT count(*) FROM live_runs WHERE job_id = \(job) AND id > \(floor)),
                (SELECT count(*) FROM finished_runs WHERE job_id = \(job) AND id > \(floor))
            """
        ).decode(Int.self, Int.self)
        return Progress(live: rows[0].0, finished: rows[0].1)
    }

    /// Pods of the runs that are not yet verified gone.
    func cleanups() async throws -> Int {
        let rows = try await pool.query(
            """
            SELECT count(*) FROM cleanups c JOIN finished_runs f ON f.id = c.run_id
            WHERE f.job_id = \(job) AND f.id > \(floor)
            """
        ).decode(Int.self)
        return rows[0]
    }

    /// A finished run.
    struct End: Sendable {
        var id: RunID
        var state: RunState
        var reason: String
        var placement: Int
    }

    /// How these runs ended; those that have not, or are nowhere, are missing.
    func ends(of ids: [RunID]) async throws -> [End] {
        try await inChunks(ids) { chunk in
            try await pool.query("SELECT id, state, reason, placement FROM finished_runs WHERE id = ANY(\(chunk))")
                .decode(RunID.self, RunState.self, String.self, Int.self)
                .map { End(id: $0.0, state: $0.1, reason: $0.2, placement: $0.3) }
        }
    }

    /// Those of these runs that are not over.
    func live(of ids: [RunID]) async throws -> [RunID] {
        try await inChunks(ids) { chunk in
            try await pool.query("SELECT id FROM live_runs WHERE id = ANY(\(chunk))").decode(RunID.self)
        }
    }

    /// When the events of one run happened or were recorded, in microseconds since 1970.
    struct Times: Sendable {
        var created: Int64
        var running: Int64?
        var succeeded: Int64?
    }

    /// The creation's own time, and for `running` and the end the time of recording: clusters tell whole seconds, and it is
    /// from then on that people and programs can know.
    func times(of ids: [RunID]) async throws -> [Times] {
        try await inChunks(ids) { chunk in
            try await pool.query(
                """
                SELECT min(at) FILTER (WHERE kind = 'created'),
                    min(recorded_at) FILTER (WHERE state = 'running'),
                    max(recorded_at) FILTER (WHERE state = 'succeeded')
                FROM run_events WHERE run_id = ANY(\(chunk)) GROUP BY run_id
                """
            ).decode(Timestamp?.self, Timestamp?.self, Timestamp?.self).compactMap { created, running, succeeded in
                created.map {
                    Times(
                        created: $0.microsecondsSince1970,
                        running: running?.microsecondsSince1970,
                        succeeded: succeeded?.microsecondsSince1970
                    )
                }
            }
        }
    }

    /// Lines of the job's own log stream that are stored of these runs.
    func logLines(of ids: [RunID]) async throws -> Int {
        try await inChunks(ids) { chunk in
            try await pool.query(
                """
                SELECT coalesce(sum(line_count), 0)::bigint FROM run_log_chunks
                WHERE run_id = ANY(\(chunk)) AND stream = \(NoopJob.logStream)
                """
            ).decode(Int.self)
        }.reduce(0, +)
    }

    private func inChunks<Value>(_ ids: [RunID], _ body: ([RunID]) async throws -> [Value]) async throws -> [Value] {
        var values: [Value] = []
        var rest = ids[...]
        while !rest.isEmpty {
            values += try await body(Array(rest.prefix(Self.chunk)))
            rest = rest.dropFirst(Self.chunk)
        }
        return values
    }
}
