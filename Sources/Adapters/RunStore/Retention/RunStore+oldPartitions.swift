internal import PostgresClient
package import SlipwayCore

/// A partition all of which is old enough to go.
package struct OldPartition: Sendable, Hashable {
    package var kind: RetentionKind
    package var table: String
    package var name: String
    /// What it takes up, with its indexes.
    package var bytes: Int
    /// An estimate of large ones, as of their latest analysis.
    package var rows: Int
    package var isCounted: Bool
    /// Of these its rows stay: pinned, not over yet, or over for less long than the time.
    package var keptRuns: Int
    /// The runs in it have ids from this one on, and before the other.
    var low: RunID
    var high: RunID
}

/// What became of an attempt to drop a partition.
package enum PartitionDrop: Sendable, Hashable {
    case dropped(keptRows: Int)
    /// It was being read or written: it goes next time.
    case busy
    /// More runs in it are to be kept than are moved at once.
    case keepsTooMany
    /// Moving what stays took too long; nothing was changed.
    case takesTooLong
}

extension RunStore {
    /// A partition in which more runs than this are to be kept stays as it is for now.
    package static let mostKeptRuns = 2000
    /// Rows of smaller partitions are counted.
    static let countedBytes = 64 << 20
    /// Everybody waits for the table while rows that stay are moved: no longer than this.
    private static let moveTimeout: Duration = .seconds(5)

    /// Partitions of a table with the history of runs that are old enough as a whole, the oldest first.
    package func oldPartitions(_ table: RunTable, days: Int, limit: Int = 100) async throws -> [OldPartition] {
        let found = try await pool.query(
            """
            SELECT name, pg_total_relation_size(oid), greatest(reltuples, 0)::bigint, coalesce(low, \(Self.lowestID)), high FROM (
                SELECT c.oid, c.relname AS name, c.reltuples,
                    substring(pg_get_expr(c.relpartbound, c.oid) FROM $$FROM \\('([0-9a-f-]+)'\\)$$)::uuid AS low,
                    substring(pg_get_expr(c.relpartbound, c.oid) FROM $$TO \\('([0-9a-f-]+)'\\)$$)::uuid AS high
                FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
                WHERE i.inhparent = \(table.rawValue)::text::regclass
            ) AS partitions
            WHERE high <= first_id_at(now() - make_interval(days => \(days)::int))
            ORDER BY high LIMIT \(limit)
            """
        ).decode(String.self, Int.self, Int.self, RunID.self, RunID.self)
        var partitions: [OldPartition] = []
        for (name, bytes, estimate, low, high) in found {
            let isCounted = bytes <= Self.countedBytes
            let rows = isCounted ? try await count(name) : estimate
            let kept = try await pool.query(Self.keptCount(table, low: low, high: high, days: days)).decode(Int.self)[0]
            partitions.append(
                OldPartition(
                    kind: table.kind,
                    table: table.rawValue,
                    name: name,
                    bytes: bytes,
                    rows: rows,
                    isCounted: isCounted,
                    keptRuns: kept,
                    low: low,
                    high: high
                )
            )
        }
        return partitions
    }

    static let lowestID = Identifier(high: 0, low: 0)

    func count(_ name: String) async throws -> Int {
        try await pool.query("SELECT count(*) FROM \(unescaped: PostgresQuery.quotedIdentifier(name))").decode(
            Int.self
        )[0]
    }

    /// The runs of a span of ids that stay.
    private static func kept(low: RunID, high: RunID, days: Int) -> PostgresQuery {
        """
        SELECT run_id FROM run_pins WHERE run_id >= \(low) AND run_id < \(high)
        UNION SELECT id FROM live_runs WHERE id >= \(low) AND id < \(high)
        UNION SELECT id FROM finished_runs WHERE id >= \(low) AND id < \(high)
            AND ended_at > now() - make_interval(days => \(days)::int)
        """
    }

    private static func keptCount(_ table: RunTable, low: RunID, high: RunID, days: Int) -> PostgresQuery {
        """
        SELECT count(*) FROM (
            SELECT run_id FROM run_pins WHERE run_id >= \(low) AND run_id < \(high)
            UNION SELECT id FROM live_runs WHERE id >= \(low) AND id < \(high)
            UNION SELECT id FROM finished_runs WHERE id >= \(low) AND id < \(high)
                AND ended_at > now() - make_interval(days => \(days)::int)
            LIMIT \(mostKeptRuns + 1)
        ) AS kept
        """
    }

    /// Drops a partition. Rows of runs that stay go to the partition of what fits no other.
    ///
    /// Others wait while it is done: it begins only if it gets the table for itself within a quarter of a second, and it is given
    /// up if moving rows takes long.
    package func drop(_ partition: OldPartition, of table: RunTable, days: Int) async throws -> PartitionDrop {
        guard partition.keptRuns <= Self.mostKeptRuns else { return .keepsTooMany }
        let name = PostgresQuery.quotedIdentifier(partition.name)
        do {
            return try await pool.transaction(retries: 0) { transaction in
                try await Self.holdPins(in: transaction)
                let kept = try await transaction.query(Self.kept(low: partition.low, high: partition.high, days: days))
                    .decode(RunID.self)
                try await transaction.query(
                    "ALTER TABLE \(unescaped: table.rawValue) DETACH PARTITION \(unescaped: name)"
                )
                let columns = try await transaction.query(
                    "SELECT written_columns(\(table.rawValue)::text::regclass)"
                ).decode(String.self)[0]
                // Not into the table itself: its triggers would take old events for new ones.
                let move: PostgresQuery = """
                    INSERT INTO \(unescaped: table.rawValue)_default (\(unescaped: columns))
                    SELECT \(unescaped: columns) FROM \(unescaped: name) p
                    WHERE p.\(unescaped: table.key) = ANY(\(kept))
                    """
                let moved = try await transaction.query(move.timeout(Self.moveTimeout))
                try await transaction.query("DROP TABLE \(unescaped: name)")
                try await Self.audit(
                    "drop_partition",
                    team: "",
                    kind: "retention",
                    subject: partition.name,
                    by: "slipway",
                    details: .object([
                        "kind": .string(partition.kind.rawValue), "bytes": .integer(Int64(partition.bytes)),
                        "rows": .integer(Int64(partition.rows)), "kept_rows": .integer(Int64(moved.affectedRows)),
                    ]),
                    in: transaction
                )
                return .dropped(keptRows: moved.affectedRows)
            }
        } catch let error as PostgresError where error.isLockTimeout {
            return .busy
        } catch let error as PostgresError where error.code == .queryTimedOut {
            return .takesTooLong
        }
    }

    /// Begins a transaction that takes runs away which are not pinned: nobody pins or unpins one until it is over, and who pins
    /// one then sees that it is gone. It waits for no lock longer than a quarter of a second.
    static func holdPins(in transaction: PostgresTransaction) async throws {
        try await transaction.query("SET LOCAL lock_timeout = '250ms'")
        try await transaction.query("LOCK TABLE run_pins IN SHARE MODE")
    }

    /// Partitions of notifications and deliveries whose days are old enough.
    package func oldDeliveryPartitions(days: Int, limit: Int = 100) async throws -> [OldPartition] {
        let found = try await pool.query(
            """
            SELECT parent, name, pg_total_relation_size(oid), greatest(reltuples, 0)::bigint FROM (
                SELECT c.oid, i.inhparent::regclass::text AS parent, c.relname AS name, c.reltuples,
                    substring(pg_get_expr(c.relpartbound, c.oid) FROM $$TO \\('(\\d{4}-\\d\\d-\\d\\d)'\\)$$)::date AS until
                FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
                WHERE i.inhparent IN ('notifications'::regclass, 'webhook_deliveries'::regclass)
            ) AS partitions
            WHERE until + \(days)::int <= (now() AT TIME ZONE 'UTC')::date
            ORDER BY until, parent LIMIT \(limit)
            """
        ).decode(String.self, String.self, Int.self, Int.self)
        var partitions: [OldPartition] = []
        for (parent, name, bytes, estimate) in found {
            let isCounted = bytes <= Self.countedBytes
            partitions.append(
                OldPartition(
                    kind: .deliveries,
                    table: parent,
                    name: name,
                    bytes: bytes,
                    rows: isCounted ? try await count(name) : estimate,
                    isCounted: isCounted,
                    keptRuns: 0,
                    low: Self.lowestID,
                    high: Self.lowestID
                )
            )
        }
        return partitions
    }

    /// Drops a partition of notifications or deliveries.
    package func drop(deliveries partition: OldPartition) async throws -> PartitionDrop {
        do {
            return try await pool.transaction(retries: 0) { transaction in
                try await transaction.query("SET LOCAL lock_timeout = '250ms'")
                try await transaction.query(
                    "DROP TABLE IF EXISTS \(unescaped: PostgresQuery.quotedIdentifier(partition.name))"
                )
                return .dropped(keptRows: 0)
            }
        } catch let error as PostgresError where error.isLockTimeout {
            return .busy
        }
    }
}

extension PostgresError {
    /// A lock was not to be had within `lock_timeout`.
    var isLockTimeout: Bool { sqlState == "55P03" }
}
