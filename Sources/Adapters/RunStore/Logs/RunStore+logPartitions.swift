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
    /// - Returns: how many were missing and are there now.
    @discardableResult
    package func makeLogPartitions() async throws -> Int {
        try await make("SELECT make_log_partitions(\(Self.logDaysAhead)::int)")
    }

    /// Drops the partitions all of whose days are older than `retention`, with the objects that hold their lines; the lines of
    /// pinned runs stay.
    ///
    /// A drop needs its table for itself for a moment. It waits at most a quarter of a second for it, so that it never holds
    /// up those that write and read; what is busy stays until the next time. Objects go after the rows that named them: which
    /// they are is noted before.
    ///
    /// - Parameter retention: whole days are counted; `.zero` keeps everything.
    package func sweepLogPartitions(retention: Duration) async throws -> LogPartitionSweep {
        var sweep = LogPartitionSweep(made: try await makeLogPartitions())
        guard retention > .zero else { return sweep }
        let days = Int((retention.components.seconds + 86_399) / 86_400)
        for name in try await expiredLogPartitions(days: days) {
            try await noteObjects(ofPartition: name)
            do {
                try await pool.transaction(retries: 0) { transaction in
                    try await Self.holdPins(in: transaction)
                    try await Self.dropLogs(PostgresQuery.quotedIdentifier(name), in: transaction)
                }
                sweep.dropped.append(name)
            } catch let error as PostgresError where error.isLockTimeout || error.code == .queryTimedOut {
                sweep.busy.append(name)
            }
        }
        if logObjects != nil { _ = try await removeUnnamedObjects() }
        return sweep
    }

    /// - Parameter name: quoted.
    private static func dropLogs(_ name: String, in transaction: PostgresTransaction) async throws {
        try await transaction.query("ALTER TABLE run_log_chunks DETACH PARTITION \(unescaped: name)")
        let columns = try await transaction.query("SELECT written_columns('run_log_chunks'::regclass)").decode(
            String.self
        )[0]
        let move: PostgresQuery = """
            INSERT INTO run_log_chunks_default (\(unescaped: columns))
            SELECT \(unescaped: columns) FROM \(unescaped: name) WHERE run_id IN (SELECT run_id FROM run_pins)
            """
        try await transaction.query(move.timeout(.seconds(10)))
        try await transaction.query("DROP TABLE \(unescaped: name)")
    }

    /// The partitions of logs that are old enough, for those who want to know before.
    package func oldLogPartitions(days: Int) async throws -> [OldPartition] {
        var partitions: [OldPartition] = []
        for name in try await expiredLogPartitions(days: days) {
            let quoted = PostgresQuery.quotedIdentifier(name)
            let (bytes, estimate, kept) = try await pool.query(
                """
                SELECT pg_total_relation_size(oid), greatest(reltuples, 0)::bigint, (SELECT count(*) FROM run_pins p
                    WHERE EXISTS (SELECT FROM \(unescaped: quoted) c WHERE c.run_id = p.run_id))
                FROM pg_class WHERE oid = \(quoted)::text::regclass
                """
            ).decode(Int.self, Int.self, Int.self)[0]
            let isCounted = bytes <= Self.countedBytes
            partitions.append(
                OldPartition(
                    kind: .logs,
                    table: "run_log_chunks",
                    name: name,
                    bytes: bytes,
                    rows: isCounted ? try await count(name) : estimate,
                    isCounted: isCounted,
                    keptRuns: kept,
                    low: Self.lowestID,
                    high: Self.lowestID
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
}
