internal import PostgresClient
package import SlipwayCore

/// A run to be created. The caller chose its id, so that creating it twice creates it once.
package struct NewRun: Sendable {
    package var id: RunID
    package var jobID: JobID
    package var jobVersion: Int
    package var team: String
    package var jobName: String
    package var kind: String?
    package var cluster: String
    package var variables: [String: JSONValue]
    package var originID: RunID?
    package var originKind: OriginKind?
    /// The first run of the chain; `nil` for one that begins a chain.
    package var rootID: RunID?
    /// Its place in the chain, from 1.
    package var attempt: Int
    package var overrides: RunOverrides
    package var submittedBy: String?
    /// Why, in the words of whoever asked.
    package var why: String?

    /// How a run came from another.
    package enum OriginKind: String, Sendable, Hashable, CaseIterable {
        /// Same version, same variables.
        case retry
        /// Changed variables or another version.
        case rerun
        /// Without the tasks that had succeeded.
        case resume
        /// By the job's retry policy.
        case automatic
    }

    package init(
        id: RunID,
        jobID: JobID,
        jobVersion: Int,
        team: String,
        jobName: String,
        kind: String?,
        cluster: String,
        variables: [String: JSONValue],
        originID: RunID? = nil,
        originKind: OriginKind? = nil,
        rootID: RunID? = nil,
        attempt: Int = 1,
        overrides: RunOverrides = RunOverrides(),
        submittedBy: String? = nil,
        why: String? = nil
    ) {
        self.id = id
        self.jobID = jobID
        self.jobVersion = jobVersion
        self.team = team
        self.jobName = jobName
        self.kind = kind
        self.cluster = cluster
        self.variables = variables
        self.originID = originID
        self.originKind = originKind
        self.rootID = rootID
        self.attempt = attempt
        self.overrides = overrides
        self.submittedBy = submittedBy
        self.why = why
    }
}

/// What became of a request to cancel.
package enum CancelOutcome: Sendable, Hashable {
    /// It was not placed: it is over.
    case ended
    /// Its pod is being removed. The holder, if there is one, should be told.
    case cancelling(holder: HolderID?, cluster: String)
    /// It had ended before, in this state.
    case alreadyOver(RunState)
    case notFound
}

extension RunStore {
    /// Stores new runs as `pending`, all in one statement. A run whose id is already there is left alone, and so is a second
    /// retry of a run while the first is not over.
    package func create(_ runs: [NewRun]) async throws {
        guard !runs.isEmpty else { return }
        let variables = try runs.map { try postgresJSON($0.variables) }
        let overrides = try runs.map { try postgresJSON($0.overrides) }
        try await pool.query(
            """
            WITH created AS (
                INSERT INTO live_runs (id, job_id, job_version, team, job_name, kind, cluster, variables, origin_id,
                    origin_kind, submitted_by, root_id, attempt, overrides)
                SELECT n.id, n.job_id, n.job_version, n.team, n.job_name, n.kind, n.cluster, n.variables, n.origin_id,
                    n.origin_kind, n.submitted_by, n.root_id, n.attempt, n.overrides
                FROM unnest(\(runs.map(\.id)), \(runs.map(\.jobID)), \(runs.map(\.jobVersion))::int[],
                    \(runs.map(\.team)), \(runs.map(\.jobName)), \(runs.map(\.kind))::text[], \(runs.map(\.cluster)),
                    \(variables), \(runs.map(\.originID))::uuid[], \(runs.map(\.originKind?.rawValue))::text[],
                    \(runs.map(\.submittedBy))::text[], \(runs.map(\.rootID))::uuid[], \(runs.map(\.attempt))::int[],
                    \(overrides))
                    AS n (id, job_id, job_version, team, job_name, kind, cluster, variables, origin_id, origin_kind,
                        submitted_by, root_id, attempt, overrides)
                WHERE NOT EXISTS (SELECT FROM finished_runs f WHERE f.id = n.id)
                ON CONFLICT DO NOTHING
                RETURNING id, created_at, submitted_by, origin_id
            ), origins AS (
                INSERT INTO run_events (run_id, kind, at, actor, message)
                SELECT origin_id, 'retried', created_at, submitted_by, 'new run ' || id FROM created
                WHERE origin_id IS NOT NULL
            )
            INSERT INTO run_events (run_id, kind, state, at, actor, message)
            SELECT c.id, 'created', 'pending', c.created_at, c.submitted_by, w.why
            FROM created c JOIN unnest(\(runs.map(\.id)), \(runs.map(\.why))::text[]) AS w (id, why) USING (id)
            """
        )
    }

    /// Asks for a run's end. Safe to repeat.
    package func cancel(_ id: RunID, by actor: String?) async throws -> CancelOutcome {
        if try await cancelUnplaced(id, by: actor) { return .ended }
        try await pool.query(
            """
            WITH before AS (
                SELECT id, state, placement, lease_epoch FROM live_runs
                WHERE id = \(id) AND state = ANY(\(RunState.placed)) FOR UPDATE
            ), asked AS (
                UPDATE live_runs r SET state = 'cancelling', state_since = greatest(clock_timestamp(), r.state_since),
                    cancel_requested_by = \(nullable: actor), released_at = NULL, release_deadline = NULL
                FROM before b WHERE r.id = b.id
                RETURNING r.id, b.state AS from_state, r.state_since, r.placement, r.lease_epoch
            )
            INSERT INTO run_events (run_id, kind, from_state, state, at, reason, actor, placement, lease_epoch)
            SELECT id, 'state', from_state, 'cancelling', state_since, 'cancel_requested', \(nullable: actor), placement, lease_epoch
            FROM asked
            """
        )
        let found = try await pool.query("SELECT state, holder_id, cluster FROM runs WHERE id = \(id)")
            .decode(RunState.self, HolderID?.self, String.self).first
        guard let (state, holder, cluster) = found else { return .notFound }
        // It was placed between the two statements: the second attempt finds it so.
        if !state.isTerminal, state != .cancelling { return try await cancel(id, by: actor) }
        return state == .cancelling ? .cancelling(holder: holder, cluster: cluster) : .alreadyOver(state)
    }

    private func cancelUnplaced(_ id: RunID, by actor: String?) async throws -> Bool {
        let ended = try await pool.query(
            """
            WITH gone AS (
                DELETE FROM live_runs WHERE id = \(id) AND state IN ('pending', 'paused', 'ready')
                RETURNING *, clock_timestamp() AS now
            ), finished AS (
                INSERT INTO finished_runs (\(unescaped: Self.finishedColumns), state, ended_at, reason, failure_class, message)
                SELECT \(unescaped: Self.finishedColumns), 'cancelled', now, 'cancel_requested', 'cancelled',
                    'cancelled before it was placed'
                FROM gone
            ), leftovers AS (
                INSERT INTO run_events (run_id, kind, from_state, state, at, reason, actor)
                SELECT id, 'state', state, 'cancelled', now, 'cancel_requested', \(nullable: actor) FROM gone
            )
            SELECT id FROM gone
            """
        )
        return ended.rowCount == 1
    }

    /// The columns that a run takes with it when it ends.
    static let finishedColumns = """
        id, job_id, job_version, team, job_name, kind, cluster, priority, variables, origin_id, origin_kind, submitted_by, \
        created_at, lease_epoch, placement, running_at, node, pod_uid, warnings, root_id, attempt, overrides, retries_used, \
        is_promoted, released_at
        """
}
