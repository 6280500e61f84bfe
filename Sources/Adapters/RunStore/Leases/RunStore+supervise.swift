internal import PostgresClient
package import SlipwayCore

/// A run that a worker has taken over.
package struct SupervisedRun: Sendable, Hashable {
    package var id: RunID
    package var jobID: JobID
    package var jobVersion: Int
    package var team: String
    package var namespace: String
    package var state: RunState
    package var leaseEpoch: Int64
    package var placement: Int
    package var placementStartedAt: Timestamp
    package var runningAt: Timestamp?
    package var stateSince: Timestamp
    /// The number of the last line of the runner's stream that is stored.
    package var streamSequence: Int64
    /// How many lines of Sail's log are stored.
    package var sailLines: Int64
    package var overrides: RunOverrides
    /// What is stored of its streams, for whoever counts on; asked for apart.
    package var storedStreams: [String: StoredStream] = [:]

    package init(
        id: RunID,
        jobID: JobID,
        jobVersion: Int,
        team: String,
        namespace: String,
        state: RunState,
        leaseEpoch: Int64,
        placement: Int,
        placementStartedAt: Timestamp,
        runningAt: Timestamp?,
        stateSince: Timestamp,
        streamSequence: Int64,
        sailLines: Int64,
        overrides: RunOverrides
    ) {
        self.id = id
        self.jobID = jobID
        self.jobVersion = jobVersion
        self.team = team
        self.namespace = namespace
        self.state = state
        self.leaseEpoch = leaseEpoch
        self.placement = placement
        self.placementStartedAt = placementStartedAt
        self.runningAt = runningAt
        self.stateSince = stateSince
        self.streamSequence = streamSequence
        self.sailLines = sailLines
        self.overrides = overrides
    }
}

/// A pod that must go: its run is over, or its placement was given up.
package struct Cleanup: Sendable, Hashable {
    package var runID: RunID
    package var placement: Int
    package var namespace: String

    package init(runID: RunID, placement: Int, namespace: String) {
        self.runID = runID
        self.placement = placement
        self.namespace = namespace
    }
}

extension RunStore {
    /// Takes runs over from whoever had them at the given epochs; a run with another epoch is left alone.
    package func adopt(
        _ runs: [(id: RunID, epoch: Int64)],
        holder: HolderID
    ) async throws -> [SupervisedRun] {
        guard !runs.isEmpty else { return [] }
        let rows = try await pool.query(
            """
            WITH wanted AS (
                SELECT r.id, r.holder_id IS NULL AS was_free FROM live_runs r
                JOIN unnest(\(runs.map(\.id)), \(runs.map(\.epoch))) AS w (id, epoch)
                    ON r.id = w.id AND r.lease_epoch = w.epoch
                WHERE r.state = ANY(\(RunState.active)) AND r.released_at IS NULL
                    AND EXISTS (SELECT FROM holders WHERE id = \(holder) AND expires_at > clock_timestamp())
                ORDER BY r.id FOR UPDATE OF r
            ), adopted AS (
                UPDATE live_runs r SET holder_id = \(holder), lease_epoch = r.lease_epoch + 1, report_revision = 0
                FROM wanted WHERE r.id = wanted.id
                RETURNING r.*, wanted.was_free
            ), told AS (
                INSERT INTO run_events (run_id, kind, state, at, placement, lease_epoch)
                SELECT id, 'adopted', state, clock_timestamp(), placement, lease_epoch FROM adopted WHERE was_free
            )
            SELECT \(unescaped: Self.supervisedColumns) FROM adopted r JOIN teams t ON t.name = r.team
            """
        )
        return try Self.supervised(rows)
    }

    /// The runs of a cluster that a holder has beyond those it knows: their adoption was committed and its answer lost.
    package func held(holder: HolderID, cluster: String, beyond known: [RunID]) async throws -> [SupervisedRun] {
        let rows = try await pool.query(
            """
            SELECT \(unescaped: Self.supervisedColumns) FROM live_runs r JOIN teams t ON t.name = r.team
            WHERE r.holder_id = \(holder) AND r.cluster = \(cluster)
                AND NOT EXISTS (SELECT FROM unnest(\(known)) AS k (id) WHERE k.id = r.id)
            LIMIT \(limits.batch)
            """
        )
        return try Self.supervised(rows)
    }

    private static let supervisedColumns = """
        r.id, r.job_id, r.job_version, r.team, coalesce(r.namespace, t.namespace), r.state, r.lease_epoch, r.placement, r.placement_started_at, \
        r.running_at, r.state_since, r.stream_sequence, r.sail_lines, \
        r.overrides
        """

    private static func supervised(_ result: PostgresResult) throws -> [SupervisedRun] {
        try result.decode(
            RunID.self,
            JobID.self,
            Int.self,
            String.self,
            String.self,
            RunState.self,
            Int64.self,
            Int.self,
            Timestamp?.self,
            Timestamp?.self,
            Timestamp.self,
            Int64.self,
            Int64.self,
            PostgresJSON.self
        ).map { row in
            try SupervisedRun(
                id: row.0,
                jobID: row.1,
                jobVersion: row.2,
                team: row.3,
                namespace: row.4,
                state: row.5,
                leaseEpoch: row.6,
                placement: row.7,
                placementStartedAt: row.8 ?? row.10,
                runningAt: row.9,
                stateSince: row.10,
                streamSequence: row.11,
                sailLines: row.12,
                overrides: decodedOverrides(row.13)
            )
        }
    }

    /// The runs of a holder that someone asked to cancel.
    package func cancelling(holder: HolderID) async throws -> [RunID] {
        try await pool.query("SELECT id FROM live_runs WHERE holder_id = \(holder) AND state = 'cancelling'")
            .decode(RunID.self)
    }

    /// Which of these leases have ended, because the run did or another process took it.
    package func ended(_ leases: [(id: RunID, epoch: Int64)]) async throws -> Set<RunID> {
        let rows = try await pool.query(
            """
            SELECT w.id FROM unnest(\(leases.map(\.id)), \(leases.map(\.epoch))) AS w (id, epoch)
            WHERE NOT EXISTS (SELECT FROM live_runs r WHERE r.id = w.id AND r.lease_epoch = w.epoch)
            """
        ).decode(RunID.self)
        return Set(rows)
    }

    /// The pods a worker must remove: its own, and those nobody cares for in its clusters, which become its own.
    package func takeCleanups(clusters: [String], holder: HolderID) async throws -> [Cleanup] {
        let rows = try await pool.query(
            """
            WITH free AS (
                SELECT run_id, placement FROM cleanups
                WHERE holder_id IS NULL AND cluster = ANY(\(clusters))
                ORDER BY run_id LIMIT \(limits.batch) FOR UPDATE SKIP LOCKED
            ), taken AS (
                UPDATE cleanups c SET holder_id = \(holder) FROM free
                WHERE c.run_id = free.run_id AND c.placement = free.placement
                RETURNING c.run_id, c.placement, c.team, c.namespace
            )
            SELECT taken.run_id, taken.placement, coalesce(taken.namespace, t.namespace)
            FROM taken JOIN teams t ON t.name = taken.team
            UNION ALL
            SELECT c.run_id, c.placement, coalesce(c.namespace, t.namespace) FROM cleanups c JOIN teams t ON t.name = c.team
            WHERE c.holder_id = \(holder)
            """
        ).decode(RunID.self, Int.self, String.self)
        return rows.map { Cleanup(runID: $0.0, placement: $0.1, namespace: $0.2) }
    }

    /// Which of these placements nobody wants any more: their run is over, or was given another. Of a run that is not known
    /// here nothing is said.
    package func givenUp(_ placements: [(run: RunID, placement: Int)]) async throws -> [(run: RunID, placement: Int)] {
        try await pool.query(
            """
            SELECT p.id, p.placement
            FROM unnest(\(placements.map(\.run)), \(placements.map(\.placement))::int[]) AS p (id, placement)
            WHERE EXISTS (SELECT FROM finished_runs f WHERE f.id = p.id)
                OR EXISTS (SELECT FROM live_runs r WHERE r.id = p.id AND (r.placement > p.placement
                    OR (r.placement = p.placement AND (r.state IN ('pending', 'paused', 'ready')
                        OR (r.released_at IS NOT NULL AND r.state <> 'running')))))
            """
        ).decode(RunID.self, Int.self).map { ($0.0, $0.1) }
    }

    /// Which of these runs are neither live nor finished: they were deleted, or never were in this database.
    package func unknown(_ runs: [RunID]) async throws -> Set<RunID> {
        // One statement is one snapshot: a run that ends meanwhile is seen in one of the two tables.
        let rows = try await pool.query(
            """
            SELECT u.id FROM unnest(\(runs)) AS u (id)
            WHERE NOT EXISTS (SELECT FROM live_runs r WHERE r.id = u.id)
                AND NOT EXISTS (SELECT FROM finished_runs f WHERE f.id = u.id)
            """
        ).decode(RunID.self)
        return Set(rows)
    }

    /// Pods verified gone.
    package func finishCleanups(_ cleanups: [(run: RunID, placement: Int)]) async throws {
        guard !cleanups.isEmpty else { return }
        try await pool.query(
            """
            DELETE FROM cleanups c USING unnest(\(cleanups.map(\.run)), \(cleanups.map(\.placement))::int[]) AS d (id, placement)
            WHERE c.run_id = d.id AND c.placement = d.placement
            """
        )
    }
}
