internal import ObjectStorage
internal import PostgresClient
private import SlipwayCore

/// What a look at the partitions of the logs did.
package struct LogPartitionSweep: Sendable, Hashable {
    /// Partitions made for days to come.
    package var made = 0
    /// Names of the partitions that were dropped.
    package var dropped: [String] = []
    /// Partitions that are old enough, but were being read: they go next time.
    package var busy: [String] = []
}

extension RunStore {
    /// For how many days partitions are made ahead.
    package static let logDaysAhead = 14

    /// Makes the partitions of the days to come. Keeps nobody waiting, and is safe to repeat.
    ///
    /// - Returns: how many were missing.
    @discardableResult
    package func makeLogPartitions() async throws -> Int {
        try await pool.query("SELECT make_log_partitions(\(Self.logDaysAhead)::int)").decode(Int.self)[0]
    }

    /// Drops the partitions all of whose days are older than `retention`, with the objects that hold their lines; the lines of
    /// pinned runs stay.
    ///
    /// A drop needs its table for itself for a moment. It waits at most a quarter of a second for it, so that it never holds
    /// up those that write and read; what is busy stays until the next time.
    ///
    /// - Parameter retention: whole days are counted; `.zero` keeps everything.
    package func sweepLogPartitions(retention: Duration) async throws -> LogPartitionSweep {
        var sweep = LogPartitionSweep(made: try await makeLogPartitions())
        guard retention > .zero else { return sweep }
        let days = Int((retention.components.seconds + 86_399) / 86_400)
        for name in try await expiredLogPartitions(days: days) {
            try await removeObjects(ofPartition: name)
            do {
                try await pool.transaction(retries: 0) { transaction in
                    try await transaction.query("SET LOCAL lock_timeout = '250ms'")
                    try await Self.dropLogs(PostgresQuery.quotedIdentifier(name), in: transaction)
                }
                sweep.dropped.append(name)
            } catch let error as PostgresError where error.sqlState == "55P03" {
                sweep.busy.append(name)
            }
        }
        return sweep
    }

    /// - Parameter name: quoted.
    private static func dropLogs(_ name: String, in transaction: PostgresTransaction) async throws {
        try await transaction.query("ALTER TABLE run_log_chunks DETACH PARTITION \(unescaped: name)")
        let columns = try await transaction.query("SELECT written_columns('run_log_chunks'::regclass)").decode(
            String.self
        )[0]
        try await transaction.query(
            """
            INSERT INTO run_log_chunks (\(unescaped: columns))
            SELECT \(unescaped: columns) FROM \(unescaped: name) WHERE run_id IN (SELECT run_id FROM run_pins)
            """
        )
        try await transaction.query("DROP TABLE \(unescaped: name)")
    }

    /// The partitions of logs that are old enough, for those who want to know before.
    package func oldLogPartitions(days: Int) async throws -> [OldPartition] {
        var partitions: [OldPartition] = []
        for name in try await expiredLogPartitions(days: days) {
            let quoted = PostgresQuery.quotedIdentifier(name)
            let (bytes, rows, kept) = try await pool.query(
                """
                SELECT pg_total_relation_size(\(quoted)::text::regclass), count(*),
                    count(DISTINCT run_id) FILTER (WHERE run_id IN (SELECT run_id FROM run_pins))
                FROM \(unescaped: quoted)
                """
            ).decode(Int.self, Int.self, Int.self)[0]
            let nothing = Identifier(high: 0, low: 0)
            partitions.append(
                OldPartition(
                    kind: .logs,
                    table: "run_log_chunks",
                    name: name,
                    bytes: bytes,
                    rows: rows,
                    isCounted: true,
                    keptRuns: kept,
                    low: nothing,
                    high: nothing
                )
            )
        }
        return partitions
    }

    /// The partitions whose last day is so many days ago or more, oldest first.
    private func expiredLogPartitions(days: Int) async throws -> [String] {
        // The upper bound is the first day after the partition's: `FOR VALUES FROM ('2026-01-30') TO ('2026-01-31')`.
        try await pool.query(
            """
            SELECT name FROM (
                SELECT c.relname AS name,
                    substring(pg_get_expr(c.relpartbound, c.oid) FROM $$TO \\('(\\d{4}-\\d\\d-\\d\\d)'\\)$$)::date AS until
                FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
                WHERE i.inhparent = 'run_log_chunks'::regclass
            ) AS partitions
            WHERE until + \(days)::int <= (now() AT TIME ZONE 'UTC')::date
            ORDER BY until LIMIT \(limits.batch)
            """
        ).decode(String.self)
    }

    /// Objects go before the rows that name them: what is interrupted is repeated. Each is of one run.
    private func removeObjects(ofPartition name: String) async throws {
        var after = ""
        while true {
            let keys = try await pool.query(
                """
                SELECT DISTINCT object_key FROM \(unescaped: PostgresQuery.quotedIdentifier(name))
                WHERE object_key > \(after) AND run_id NOT IN (SELECT run_id FROM run_pins) ORDER BY object_key LIMIT \(limits.page)
                """
            ).decode(String.self)
            guard let last = keys.last else { return }
            guard let logObjects else { throw NoObjectStorage() }
            for key in keys { try await logObjects.client.delete(key) }
            after = last
        }
    }
}
