internal import PostgresClient
package import SlipwayCore

extension RunStore {
    /// Makes a process known. Its leases hold until `timeToLive` after this moment, by the database's clock.
    package func register(_ holder: Holder, timeToLive: Duration) async throws {
        try await pool.query(
            """
            INSERT INTO holders (id, kind, name, version, clusters, expires_at)
            VALUES (\(holder.id), \(holder.kind.rawValue), \(holder.name), \(holder.version), \(holder.clusters),
                clock_timestamp() + \(timeToLive.postgresInterval))
            ON CONFLICT (id) DO UPDATE SET expires_at = excluded.expires_at, renewed_at = clock_timestamp()
            """
        )
    }

    /// Renews the leases of a process, whatever their number, in one row.
    ///
    /// - Returns: `false` if it was declared dead: it holds nothing any more and needs a new id.
    package func renew(_ holder: HolderID, timeToLive: Duration) async throws -> Bool {
        let renewed = try await pool.query(
            """
            UPDATE holders SET renewed_at = clock_timestamp(),
                expires_at = clock_timestamp() + \(timeToLive.postgresInterval)
            WHERE id = \(holder)
            """
        )
        return renewed.affectedRows == 1
    }

    /// Ends a process's leases because it stops: each of its runs can be adopted at once.
    package func retire(_ holder: HolderID) async throws -> [Unsupervised] {
        let freed = try await pool.query(
            """
            WITH gone AS (
                DELETE FROM holders WHERE id = \(holder)
            ), cleanups_freed AS (
                UPDATE cleanups SET holder_id = NULL WHERE holder_id = \(holder)
            ), term_freed AS (
                UPDATE terms SET holder_id = NULL, expires_at = clock_timestamp() WHERE holder_id = \(holder)
            ), held AS (
                SELECT id FROM live_runs WHERE holder_id = \(holder) ORDER BY id FOR UPDATE
            )
            UPDATE live_runs r SET holder_id = NULL, lease_epoch = r.lease_epoch + 1, hinted_at = clock_timestamp()
            FROM held WHERE r.id = held.id
            RETURNING r.id, r.cluster, r.lease_epoch
            """
        )
        return try Self.unsupervised(freed)
    }

    /// The processes that are alive, oldest first.
    package func holders() async throws -> [(holder: Holder, startedAt: Timestamp, expiresAt: Timestamp)] {
        try await pool.query(
            "SELECT id, kind, name, version, clusters, started_at, expires_at FROM holders ORDER BY started_at, id"
        ).decode(HolderID.self, String.self, String.self, String.self, [String].self, Timestamp.self, Timestamp.self)
            .map { id, kind, name, version, clusters, startedAt, expiresAt in
                guard let kind = Holder.Kind(rawValue: kind) else {
                    throw StoredValueError(what: "a holder of kind", value: kind)
                }
                let holder = Holder(id: id, kind: kind, name: name, version: version, clusters: clusters)
                return (holder, startedAt, expiresAt)
            }
    }

    /// Takes or keeps a duty that one process at a time performs.
    ///
    /// - Returns: the term's number while `holder` has it, else `nil`.
    package func takeTerm(duty: String, holder: HolderID, timeToLive: Duration) async throws -> Int64? {
        let taken = try await pool.query(
            """
            INSERT INTO terms (duty, holder_id, term, expires_at)
            VALUES (\(duty), \(holder), 1, clock_timestamp() + \(timeToLive.postgresInterval))
            ON CONFLICT (duty) DO UPDATE SET
                term = terms.term + CASE WHEN terms.holder_id = excluded.holder_id THEN 0 ELSE 1 END,
                holder_id = excluded.holder_id, expires_at = excluded.expires_at
            WHERE terms.holder_id = excluded.holder_id OR terms.holder_id IS NULL OR terms.expires_at < clock_timestamp()
            RETURNING term
            """
        )
        return try taken.first?.value("term")
    }

    /// Declares dead the processes that did not renew, and frees what they held.
    ///
    /// Leases do not age while nobody could renew them: after a gap between two sweeps, longer than `expected`, every process
    /// first gets a whole time to live.
    ///
    /// - Parameters:
    ///   - expected: the longest time that two sweeps are apart while all is well.
    ///   - isThorough: also frees what a process took at the very moment of its end. It looks at every held run; without it
    ///     the cost is that of the few rows of the processes.
    /// - Returns: the runs that now need a supervisor.
    package func sweepLeases(
        timeToLive: Duration,
        expected: Duration,
        isThorough: Bool
    ) async throws -> [Unsupervised] {
        let interval = timeToLive.postgresInterval
        let sweep = try await pool.query(
            """
            WITH before AS (
                SELECT swept_at FROM sweeps WHERE name = 'leases' FOR UPDATE
            ), swept AS (
                UPDATE sweeps s SET swept_at = greatest(clock_timestamp(), s.swept_at) FROM before WHERE s.name = 'leases'
                RETURNING s.swept_at - before.swept_at AS gap
            ), granted AS (
                UPDATE holders SET expires_at = greatest(expires_at, clock_timestamp() + \(interval))
                FROM swept WHERE swept.gap > \(expected.postgresInterval)
                RETURNING expires_at
            )
            SELECT EXISTS (SELECT FROM granted) AS was_away,
                EXISTS (SELECT FROM holders WHERE expires_at < clock_timestamp()) AS is_any_silent
            """
        ).first
        guard let sweep, try !sweep.value("was_away", as: Bool.self),
            try isThorough || sweep.value("is_any_silent", as: Bool.self)
        else { return [] }
        return try Self.unsupervised(await pool.query(Self.expireHolders(expected: expected)))
    }

    // The condition names the living rather than the dead: it also frees what a process took at the moment of its expiry.
    // A statement that reaches the database late finds everybody alive: the next sweep looks at the gap first.
    private static func expireHolders(expected: Duration) -> PostgresQuery {
        """
        WITH alive AS MATERIALIZED (
            SELECT id FROM holders WHERE expires_at >= clock_timestamp() OR NOT EXISTS (
                SELECT FROM sweeps
                WHERE name = 'leases' AND swept_at > clock_timestamp() - \(expected.postgresInterval))
        ), gone AS (
            DELETE FROM holders WHERE id NOT IN (SELECT id FROM alive)
        ), cleanups_freed AS (
            UPDATE cleanups SET holder_id = NULL WHERE holder_id IS NOT NULL AND holder_id NOT IN (SELECT id FROM alive)
        ), held AS (
            SELECT id FROM live_runs
            WHERE holder_id IS NOT NULL AND holder_id NOT IN (SELECT id FROM alive) ORDER BY id FOR UPDATE
        ), freed AS (
            UPDATE live_runs r SET holder_id = NULL, lease_epoch = r.lease_epoch + 1, hinted_at = clock_timestamp()
            FROM held WHERE r.id = held.id
            RETURNING r.id, r.cluster, r.lease_epoch, r.state, r.placement
        ), told AS (
            INSERT INTO run_events (run_id, kind, state, at, placement, lease_epoch)
            SELECT id, 'lease_expired', state, clock_timestamp(), placement, lease_epoch FROM freed
        )
        SELECT id, cluster, lease_epoch FROM freed
        """
    }

    /// Runs that need a supervisor and whose last hint was sent more than `age` ago; marks them as hinted now.
    ///
    /// They are the ones nobody holds, and the ones a dispatcher placed but no worker took over.
    package func overdueForSupervision(age: Duration) async throws -> [Unsupervised] {
        // A live dispatcher may be kept waiting by the API server: taking its run away early would only waste a placement.
        let placing = (age * 6).postgresInterval
        let overdue = try await pool.query(
            """
            WITH late AS (
                SELECT id, lease_epoch FROM live_runs
                WHERE holder_id IS NULL AND released_at IS NULL AND state NOT IN ('pending', 'paused', 'ready')
                    AND hinted_at < clock_timestamp() - \(age.postgresInterval)
                UNION
                SELECT r.id, r.lease_epoch FROM live_runs r
                JOIN holders h ON h.id = r.holder_id AND h.kind = 'dispatcher'
                WHERE r.state IN ('starting', 'cancelling') AND r.state_since < clock_timestamp() - \(placing)
                    AND r.hinted_at < clock_timestamp() - \(placing)
                LIMIT \(limits.batch)
            ), locked AS (
                -- The epoch is compared again once the row is locked: a run adopted meanwhile is not offered to another.
                SELECT r.id FROM live_runs r JOIN late USING (id, lease_epoch) ORDER BY r.id FOR UPDATE OF r SKIP LOCKED
            )
            UPDATE live_runs r SET hinted_at = clock_timestamp() FROM locked WHERE r.id = locked.id
            RETURNING r.id, r.cluster, r.lease_epoch
            """
        )
        return try Self.unsupervised(overdue)
    }

    /// Clusters with runs that have been `ready` for longer than `age`.
    package func overdueForDispatch(age: Duration) async throws -> [String] {
        try await pool.query(
            """
            SELECT name FROM clusters c WHERE EXISTS (
                SELECT FROM live_runs r WHERE (r.state = 'ready' OR (r.state = 'pending' AND r.is_promoted)) AND r.cluster = c.name
                    AND r.state_since < clock_timestamp() - \(age.postgresInterval))
            """
        ).decode(String.self)
    }

    private static func unsupervised(_ result: PostgresResult) throws -> [Unsupervised] {
        try result.decode(RunID.self, String.self, Int64.self).map {
            Unsupervised(id: $0.0, cluster: $0.1, leaseEpoch: $0.2)
        }
    }
}
