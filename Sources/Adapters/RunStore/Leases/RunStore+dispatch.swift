internal import PostgresClient
package import SlipwayCore

/// A run that a dispatcher has leased and must place.
package struct ClaimedRun: Sendable, Hashable {
    package var id: RunID
    package var jobID: JobID
    package var jobVersion: Int
    package var team: String
    package var namespace: String
    package var leaseEpoch: Int64
    package var placement: Int
    package var variables: [String: JSONValue]
    package var overrides: RunOverrides
    /// What it executes of its job; `nil`: all of it.
    package var plan: RunPlan?
    /// For how long it was `ready`, by the database's clock.
    package var readyFor: Duration
    /// What its team allows, as it is now.
    package var policy: TeamPolicy

    package init(
        id: RunID,
        jobID: JobID,
        jobVersion: Int,
        team: String,
        namespace: String,
        leaseEpoch: Int64,
        placement: Int,
        variables: [String: JSONValue],
        overrides: RunOverrides,
        plan: RunPlan? = nil,
        readyFor: Duration,
        policy: TeamPolicy = TeamPolicy()
    ) {
        self.id = id
        self.jobID = jobID
        self.jobVersion = jobVersion
        self.team = team
        self.namespace = namespace
        self.leaseEpoch = leaseEpoch
        self.placement = placement
        self.variables = variables
        self.overrides = overrides
        self.plan = plan
        self.readyFor = readyFor
        self.policy = policy
    }
}

/// What a dispatcher got.
package struct Claim: Sendable {
    package var runs: [ClaimedRun]
    /// The cluster's window allows no more now: ready runs may be left.
    package var isWindowFull: Bool

    package init(runs: [ClaimedRun], isWindowFull: Bool) {
        self.runs = runs
        self.isWindowFull = isWindowFull
    }
}

extension RunStore {
    /// Leases ready runs of a cluster for placing: `ready` → `starting`. Promoted runs come first, also those still `pending`.
    ///
    /// - Parameters:
    ///   - limit: at most this many.
    ///   - window: how many runs of the cluster may be `starting` at once, over all dispatchers.
    package func claim(cluster: String, holder: HolderID, limit: Int, window: Int) async throws -> Claim {
        let rows = try await pool.query(
            """
            WITH room AS (
                SELECT greatest(0, \(window) - count(*)) AS places FROM live_runs
                WHERE cluster = \(cluster) AND state = 'starting' AND released_at IS NULL
            ), picked AS (
                SELECT id, state AS from_state, state_since AS ready_since FROM live_runs
                WHERE (state = 'ready' OR (state = 'pending' AND is_promoted)) AND cluster = \(cluster)
                    AND EXISTS (SELECT FROM holders WHERE id = \(holder) AND expires_at > clock_timestamp())
                    -- A cluster that is drained, or that nobody reaches, gets no pods, and none of teams it is not for.
                    AND NOT EXISTS (SELECT FROM clusters c WHERE c.name = \(cluster) AND (c.state <> 'active'
                        OR NOT \(unescaped: Self.admits(cluster: "c", team: "live_runs.team"))))
                ORDER BY is_promoted DESC, priority DESC, id LIMIT (SELECT least(places, \(min(limit, limits.batch))) FROM room)
                FOR UPDATE SKIP LOCKED
            ), claimed AS (
                UPDATE live_runs r SET state = 'starting', state_since = greatest(clock_timestamp(), r.state_since),
                    holder_id = \(holder), lease_epoch = r.lease_epoch + 1, placement = r.placement + 1,
                    placement_started_at = clock_timestamp(), report_revision = 0, stream_sequence = 0, sail_lines = 0,
                    namespace = coalesce((SELECT n.namespace FROM team_namespaces n WHERE n.team = r.team AND
                        n.cluster = r.cluster), (SELECT t.namespace FROM teams t WHERE t.name = r.team)),
                    task_sequence = 0, warnings = 0, reason = NULL, message = NULL, node = NULL, pod_uid = NULL,
                    pod_created_at = NULL
                FROM picked WHERE r.id = picked.id
                RETURNING r.id, r.job_id, r.job_version, r.team, r.namespace, r.lease_epoch, r.placement, r.variables, r.overrides,
                    r.state_since, picked.ready_since, picked.from_state
            ), told AS (
                INSERT INTO run_events (run_id, kind, from_state, state, at, placement, lease_epoch)
                SELECT id, 'state', from_state, 'starting', state_since, placement, lease_epoch FROM claimed
            ), tasks_forgotten AS (
                -- What the placement before told is not what this one will.
                DELETE FROM run_tasks t USING claimed c
                WHERE c.placement > 1 AND t.run_id = c.id AND t.carried_from IS NULL
            ), warnings_forgotten AS (
                DELETE FROM run_warnings w USING claimed c WHERE c.placement > 1 AND w.run_id = c.id
            )
            SELECT room.places, c.id, c.job_id, c.job_version, c.team, c.namespace, c.lease_epoch, c.placement, c.variables,
                c.overrides, p.plan, c.state_since, c.ready_since, t.spec -> 'policy'
            FROM room LEFT JOIN (claimed c JOIN teams t ON t.name = c.team LEFT JOIN run_plans p ON p.run_id = c.id) ON true
            """
        )
        let places = try rows.first?.value("places", as: Int.self) ?? 0
        let runs = try rows.rows.filter { try $0.value("id", as: RunID?.self) != nil }.map { row in
            try row.decode(
                Int.self,
                RunID.self,
                JobID.self,
                Int.self,
                String.self,
                String.self,
                Int64.self,
                Int.self,
                PostgresJSON.self,
                PostgresJSON.self,
                PostgresJSON?.self,
                Timestamp.self,
                Timestamp.self,
                PostgresJSON?.self
            )
        }
        let claimed = try runs.map {
            _,
            id,
            jobID,
            jobVersion,
            team,
            namespace,
            epoch,
            placement,
            variables,
            overrides,
            plan,
            since,
            ready,
            policy in
            ClaimedRun(
                id: id,
                jobID: jobID,
                jobVersion: jobVersion,
                team: team,
                namespace: namespace,
                leaseEpoch: epoch,
                placement: placement,
                variables: try decoded(variables),
                overrides: try decodedOverrides(overrides),
                plan: try plan.map { try decoded($0) },
                readyFor: since - ready,
                policy: try policy.map { try decoded($0) } ?? TeamPolicy()
            )
        }
        return Claim(runs: claimed, isWindowFull: claimed.count >= places)
    }

    /// Keeps of runs that are being placed that the API server has their pods. Then a pod that cannot be found was there, and may
    /// have run.
    package func noteCreated(_ leases: [(id: RunID, epoch: Int64)]) async throws {
        guard !leases.isEmpty else { return }
        try await pool.query(
            """
            UPDATE live_runs r SET pod_created_at = clock_timestamp()
            FROM unnest(\(leases.map(\.id)), \(leases.map(\.epoch))) AS l (id, epoch)
            WHERE r.id = l.id AND r.lease_epoch = l.epoch AND r.state = 'starting'
            """
        )
    }

    /// Which of these leases still stand, as a dispatcher asks before it creates a pod after a pause.
    package func standing(_ leases: [(id: RunID, epoch: Int64)]) async throws -> Set<RunID> {
        let rows = try await pool.query(
            """
            SELECT r.id FROM live_runs r JOIN unnest(\(leases.map(\.id)), \(leases.map(\.epoch))) AS l (id, epoch)
                ON r.id = l.id AND r.lease_epoch = l.epoch
            """
        ).decode(RunID.self)
        return Set(rows)
    }
}
