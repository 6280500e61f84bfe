internal import PostgresClient
package import SlipwayCore

extension RunStore {
    /// Creates runs out of others that are over: retries, reruns and resumptions. While a run's follower of the same kind,
    /// version and variables is not over, asking for it again gives that one; an automatic retry counts as a retry.
    ///
    /// - Parameter runs: each names its origin and kind; no origin twice.
    /// - Returns: for each run, under its origin's id: changed or already so, with the follower; not possible while the origin is
    ///   not over; or not found.
    package func follow(_ runs: [NewRun], by actor: String?, why: String?) async throws -> [ActionResult] {
        let origins = runs.compactMap(\.originID)
        guard !origins.isEmpty else { return [] }
        return try await pool.transaction { transaction in
            // A statement of its own, so that of two callers the second sees what the first one made.
            let over = try await transaction.query(
                "SELECT id, state FROM finished_runs WHERE id = ANY(\(origins)) ORDER BY id FOR UPDATE"
            ).decode(RunID.self, RunState.self)
            let live = try await transaction.query("SELECT id, state FROM live_runs WHERE id = ANY(\(origins))")
                .decode(RunID.self, RunState.self)
            var known: [RunID: ActionResult] = [:]
            for (id, state) in over { known[id] = ActionResult(id: id, change: .alreadySo, state: state) }
            for (id, state) in live { known[id] = ActionResult(id: id, change: .impossible, state: state) }
            let made = over.isEmpty ? nil : try await transaction.query(Self.followStatement(runs, actor, why))
            for (origin, created, existing, wanted) in try made?.decode(
                RunID.self,
                RunID?.self,
                RunID?.self,
                RunID.self
            )
                ?? []
            {
                known[origin]?.change = created == nil ? .alreadySo : .changed
                known[origin]?.follower = created ?? existing ?? wanted
            }
            return origins.map { known[$0] ?? ActionResult(id: $0, change: .notFound) }
        }
    }

    /// The followers that `follow` would give instead of creating these, by origin.
    package func followers(insteadOf runs: [NewRun]) async throws -> [RunID: RunID] {
        guard !runs.isEmpty else { return [:] }
        let variables = try runs.map { try postgresJSON($0.variables) }
        let plans = try runs.map { try $0.plan.map(postgresJSON) }
        let rows = try await pool.query(
            """
            WITH wanted AS (
                SELECT * FROM unnest(\(runs.map(\.id)), \(runs.map(\.originID))::uuid[],
                    \(runs.map(\.originKind?.rawValue))::text[], \(runs.map(\.jobVersion))::int[], \(variables),
                    \(plans)::jsonb[])
                    AS w (id, origin_id, origin_kind, job_version, variables, plan)
            ), \(unescaped: Self.existingFollowers)
            SELECT origin_id, follower FROM existing
            """
        ).decode(RunID.self, RunID.self)
        return Dictionary(rows.map { ($0.0, $0.1) }, uniquingKeysWith: { first, _ in first })
    }

    /// What a wanted run would only repeat.
    private static let existingFollowers = """
        existing AS (
            SELECT DISTINCT ON (w.id) w.id, w.origin_id, r.id AS follower FROM wanted w
            JOIN live_runs r ON r.origin_id = w.origin_id AND CASE w.origin_kind
                WHEN 'retry' THEN r.origin_kind IN ('retry', 'automatic')
                ELSE r.origin_kind = w.origin_kind AND r.job_version = w.job_version AND r.variables = w.variables END
            LEFT JOIN run_plans p ON p.run_id = r.id
            WHERE w.origin_kind = 'retry' OR p.plan IS NOT DISTINCT FROM w.plan
            ORDER BY w.id, r.id
        )
        """

    private static func followStatement(_ runs: [NewRun], _ actor: String?, _ why: String?) throws -> PostgresQuery {
        let variables = try runs.map { try postgresJSON($0.variables) }
        let variableOrigins = try runs.map { try postgresJSON($0.variableOrigins) }
        let overrides = try runs.map { try postgresJSON($0.overrides) }
        let plans = try runs.map { try $0.plan.map(postgresJSON) }
        let limitKeys = try runs.map { try postgresJSON($0.admission.limitKeys) }
        let credentials = try runs.map { try postgresJSON($0.admission.credentials) }
        let clusters = try runs.map { try postgresJSON($0.clusters) }
        return """
            WITH wanted AS (
                SELECT n.*, o.team, o.job_id, o.job_name, coalesce(o.root_id, o.id) AS root_id,
                    o.attempt + 1 AS attempt,
                    -- What the run before did not need this one does not either.
                    CASE WHEN n.job_version = o.job_version THEN o.credentials
                        ELSE ARRAY(SELECT jsonb_array_elements_text(n.needed)) END AS credentials,
                    CASE WHEN jsonb_typeof(n.candidates) = 'array'
                        THEN ARRAY(SELECT jsonb_array_elements_text(n.candidates)) END AS clusters
                FROM unnest(\(runs.map(\.id)), \(runs.map(\.originID))::uuid[],
                    \(runs.map(\.originKind?.rawValue))::text[], \(runs.map(\.jobVersion))::int[], \(variables),
                    \(overrides), \(runs.map(\.kind))::text[], \(runs.map(\.cluster)), \(variableOrigins), \(plans)::jsonb[],
                    \(runs.map(\.admission.priority))::int[], \(runs.map(\.admission.cpuMillicores))::int[],
                    \(runs.map(\.admission.memoryBytes))::bigint[], \(limitKeys), \(credentials), \(clusters))
                    AS n (id, origin_id, origin_kind, job_version, variables, overrides, kind, cluster, variable_origins, plan,
                        priority, cpu_millicores, memory_bytes, limit_keys, needed, candidates)
                JOIN finished_runs o ON o.id = n.origin_id
            ), \(unescaped: existingFollowers), created AS (
                INSERT INTO live_runs (id, job_id, job_version, team, job_name, kind, cluster, priority, variables, origin_id,
                    origin_kind, submitted_by, root_id, attempt, overrides, variable_origins, cpu_millicores,
                    memory_bytes, limit_keys, credentials, clusters)
                SELECT id, job_id, job_version, team, job_name, kind,
                    -- Null, which the column refuses, if it was forgotten after it was chosen.
                    (SELECT c.name FROM clusters c WHERE c.name = w.cluster), priority, variables, origin_id,
                    origin_kind, \(nullable: actor)::text, root_id, attempt, overrides, variable_origins, cpu_millicores,
                    memory_bytes, limit_keys, credentials, clusters
                FROM wanted w
                WHERE NOT EXISTS (SELECT FROM existing e WHERE e.id = w.id)
                    AND NOT EXISTS (SELECT FROM finished_runs f WHERE f.id = w.id)
                ORDER BY id
                ON CONFLICT DO NOTHING
                RETURNING id, created_at, origin_id, origin_kind, team
            ), \(unescaped: takeover(by: "created", of: "wanted")), origins AS (
                INSERT INTO run_events (run_id, kind, at, actor, message)
                SELECT origin_id, 'retried', created_at, \(nullable: actor)::text, origin_kind || ': new run ' || id FROM created
            ), told AS (
                INSERT INTO run_events (run_id, kind, state, at, actor, message)
                SELECT id, 'created', 'pending', created_at, \(nullable: actor)::text, \(nullable: why)::text FROM created
            ), audited AS (
                INSERT INTO audit_log (origin, actor, action, team, subject_kind, subject, why, details)
                SELECT \(nullable: AuditOrigin.json)::jsonb, \(nullable: actor)::text, origin_kind, team, 'run', origin_id::text, \(nullable: why)::text,
                    jsonb_strip_nulls(jsonb_build_object('run', id, 'from_task', p.plan -> 'from_task'))
                FROM created LEFT JOIN plans p ON p.run_id = id
            )
            SELECT w.origin_id, c.id, e.follower, w.id FROM wanted w
            LEFT JOIN created c ON c.id = w.id LEFT JOIN existing e ON e.id = w.id
            """
    }
}
