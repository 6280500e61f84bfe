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
    /// Where each value is from.
    package var variableOrigins: [String: VariableOrigin]
    package var originID: RunID?
    package var originKind: OriginKind?
    /// The first run of the chain; `nil` for one that begins a chain.
    package var rootID: RunID?
    /// Its place in the chain, from 1.
    package var attempt: Int
    package var overrides: RunOverrides
    /// What it executes of its job; `nil`: all of it.
    package var plan: RunPlan?
    package var submittedBy: String?
    /// What admission counts.
    package var admission: AdmissionRequest
    /// The clusters it may be moved to while it is not placed; `nil`: it stays on ``cluster``.
    package var clusters: [String]?
    /// What made it.
    package var trigger: Trigger
    /// Why, in the words of whoever asked.
    package var why: String?
    /// From where somebody asked for it: that of the request in which this value is made; `nil`: nobody did.
    package let askedFrom = AuditOrigin.current

    /// What makes a run.
    package enum Trigger: Sendable, Hashable {
        /// A person or a program asked.
        case manual
        case schedule(ScheduleID, tick: Timestamp)
        /// Somebody asked for the ticks of a span of time.
        case backfill(ScheduleID, tick: Timestamp)

        package var kind: String {
            switch self {
            case .manual: "manual"
            case .schedule: "schedule"
            case .backfill: "backfill"
            }
        }

        package var tick: (schedule: ScheduleID, at: Timestamp)? {
            switch self {
            case .manual: nil
            case .schedule(let schedule, let tick), .backfill(let schedule, let tick): (schedule, tick)
            }
        }
    }

    /// How a run came from another.
    package enum OriginKind: String, Sendable, Hashable, CaseIterable {
        /// Same version, same variables.
        case retry
        /// Changed variables or another version.
        case rerun
        /// Without the tasks that had succeeded, or beginning with one of them.
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
        variableOrigins: [String: VariableOrigin] = [:],
        originID: RunID? = nil,
        originKind: OriginKind? = nil,
        rootID: RunID? = nil,
        attempt: Int = 1,
        overrides: RunOverrides = RunOverrides(),
        plan: RunPlan? = nil,
        submittedBy: String? = nil,
        admission: AdmissionRequest = AdmissionRequest(),
        clusters: [String]? = nil,
        trigger: Trigger = .manual,
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
        self.variableOrigins = variableOrigins
        self.originID = originID
        self.originKind = originKind
        self.rootID = rootID
        self.attempt = attempt
        self.overrides = overrides
        self.plan = plan
        self.submittedBy = submittedBy
        self.admission = admission
        self.clusters = clusters
        self.trigger = trigger
        self.why = why
    }
}

extension RunStore {
    /// Stores new runs as `pending`, all in one statement. A run whose id is already there is left alone, and so is a second
    /// retry of a run while the first is not over.
    ///
    /// - Throws: an error of the database, and none is stored, if a cluster is not registered: nobody would ever look at its runs.
    package func create(_ runs: [NewRun]) async throws {
        guard !runs.isEmpty else { return }
        try await pool.query(Self.creation(of: runs))
    }

    /// - Parameter runs: at least one.
    static func creation(of runs: [NewRun]) throws -> PostgresQuery {
        let variables = try runs.map { try postgresJSON($0.variables) }
        let variableOrigins = try runs.map { try postgresJSON($0.variableOrigins) }
        let overrides = try runs.map { try postgresJSON($0.overrides) }
        let limitKeys = try runs.map { try postgresJSON($0.admission.limitKeys) }
        let clusters = try runs.map { try postgresJSON($0.clusters) }
        let credentials = try runs.map { try postgresJSON($0.admission.credentials) }
        let origins = try runs.map { try $0.askedFrom.map(postgresJSON) }
        return """
            WITH created AS (
                INSERT INTO live_runs (id, job_id, job_version, team, job_name, kind, cluster, variables, origin_id,
                    origin_kind, submitted_by, root_id, attempt, overrides, variable_origins, priority, cpu_millicores,
                    memory_bytes, limit_keys, credentials, clusters, trigger_kind, schedule_id, tick)
                SELECT n.id, n.job_id, n.job_version, n.team, n.job_name, n.kind,
                    -- Null, which the column refuses, if it was forgotten after it was chosen.
                    (SELECT c.name FROM clusters c WHERE c.name = n.cluster), n.variables, n.origin_id,
                    n.origin_kind, n.submitted_by, n.root_id, n.attempt, n.overrides, n.variable_origins, n.priority,
                    n.cpu_millicores, n.memory_bytes, n.limit_keys,
                    ARRAY(SELECT jsonb_array_elements_text(n.credentials)),
                    CASE WHEN jsonb_typeof(n.clusters) = 'array'
                        THEN ARRAY(SELECT jsonb_array_elements_text(n.clusters)) END,
                    n.trigger_kind, n.schedule_id, n.tick
                FROM unnest(\(runs.map(\.id)), \(runs.map(\.jobID)), \(runs.map(\.jobVersion))::int[],
                    \(runs.map(\.team)), \(runs.map(\.jobName)), \(runs.map(\.kind))::text[], \(runs.map(\.cluster)),
                    \(variables), \(runs.map(\.originID))::uuid[], \(runs.map(\.originKind?.rawValue))::text[],
                    \(runs.map(\.submittedBy))::text[], \(runs.map(\.rootID))::uuid[], \(runs.map(\.attempt))::int[],
                    \(overrides), \(variableOrigins), \(runs.map(\.admission.priority))::int[],
                    \(runs.map(\.admission.cpuMillicores))::int[], \(runs.map(\.admission.memoryBytes))::bigint[],
                    \(limitKeys), \(credentials), \(clusters), \(runs.map(\.trigger.kind)),
                    \(runs.map { $0.trigger.tick?.schedule })::uuid[], \(runs.map { $0.trigger.tick?.at })::timestamptz[])
                    AS n (id, job_id, job_version, team, job_name, kind, cluster, variables, origin_id, origin_kind,
                        submitted_by, root_id, attempt, overrides, variable_origins, priority, cpu_millicores,
                        memory_bytes, limit_keys, credentials, clusters, trigger_kind, schedule_id, tick)
                WHERE NOT EXISTS (SELECT FROM finished_runs f WHERE f.id = n.id)
                ON CONFLICT DO NOTHING
                RETURNING id, created_at, submitted_by, origin_id, team, job_name, job_version
            ), origins AS (
                INSERT INTO run_events (run_id, kind, at, actor, message)
                SELECT origin_id, 'retried', created_at, submitted_by, 'new run ' || id FROM created
                WHERE origin_id IS NOT NULL
            ), audited AS (
                INSERT INTO audit_log (origin, actor, action, team, subject_kind, subject, why, details)
                SELECT w.origin, c.submitted_by, 'create', c.team, 'run', c.id::text, w.why,
                    jsonb_build_object('job', c.job_name, 'version', c.job_version)
                FROM created c
                JOIN unnest(\(runs.map(\.id)), \(origins)::jsonb[], \(runs.map(\.why))::text[]) AS w (id, origin, why)
                    USING (id)
                WHERE w.origin IS NOT NULL
            )
            INSERT INTO run_events (run_id, kind, state, at, actor, message)
            SELECT c.id, 'created', 'pending', c.created_at, c.submitted_by, w.why
            FROM created c JOIN unnest(\(runs.map(\.id)), \(runs.map(\.why))::text[]) AS w (id, why) USING (id)
            """
    }

    /// The columns that a run takes with it when it ends.
    static let finishedColumns = """
        id, job_id, job_version, team, job_name, kind, cluster, priority, variables, origin_id, origin_kind, submitted_by, \
        created_at, lease_epoch, placement, running_at, node, pod_uid, warnings, root_id, attempt, overrides, retries_used, \
        is_promoted, released_at, variable_origins, cpu_millicores, memory_bytes, limit_keys, credentials, clusters, \
        admitted_at, trigger_kind, schedule_id, tick, placement_started_at
        """
}
