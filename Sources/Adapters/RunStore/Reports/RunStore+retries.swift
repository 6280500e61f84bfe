internal import PostgresClient
package import SlipwayCore

/// What the store cannot make by itself for the runs that follow failed ones.
package struct RetrySource: Sendable {
    package var nextID: @Sendable () -> RunID
    /// 0 to 1, evenly spread.
    package var random: @Sendable () -> Double

    package init(nextID: @escaping @Sendable () -> RunID, random: @escaping @Sendable () -> Double) {
        self.nextID = nextID
        self.random = random
    }

    /// The system's clock and randomness.
    package static let system: RetrySource = {
        let identifiers = RunIdentifiers(now: { Timestamp.now }, random: { UInt64.random(in: .min ... .max) })
        return RetrySource(nextID: { identifiers.next() }, random: { Double.random(in: 0..<1) })
    }()
}

/// A run that follows another by its job's policy.
struct PlannedRetry {
    let id: RunID
    let origin: RunID
    let plan: RetryPlan
    /// Of all its containers, which may have grown.
    let memoryBytes: Int
}

extension RunStore {
    /// The runs that follow those which end badly with these changes.
    ///
    /// - Parameter applied: is told of jobs that this version cannot read; their runs are not followed.
    func retries(
        after changes: [RunChange],
        in transaction: PostgresTransaction,
        noting applied: inout AppliedReports
    ) async throws -> [PlannedRetry] {
        let failed = changes.compactMap { change -> (run: LockedRun, state: RunState, end: PlacementEnd)? in
            guard case .finished(let state, _, let end) = change.next, state == .failed || state == .timeout else {
                return nil
            }
            return (change.run, state, end)
        }
        guard !failed.isEmpty else { return [] }
        let keys = Set(failed.map { JobVersionKey(job: $0.run.jobID, version: $0.run.jobVersion) })
        let specs = try await Self.storedSpecs(keys, in: transaction)
        var planned: [PlannedRetry] = []
        for (run, state, end) in failed {
            guard let stored = specs[JobVersionKey(job: run.jobID, version: run.jobVersion)] else { continue }
            do {
                let spec: JobSpec = try decoded(stored)
                let plan = RetryDecision.decide(
                    spec: spec,
                    overrides: try decodedOverrides(PostgresJSON(text: run.overrides)),
                    used: try decoded(PostgresJSON(text: run.retriesUsed)),
                    state: state,
                    end: end,
                    random: retrySource.random()
                )
                guard let plan else { continue }
                let request = AdmissionRequest(spec.applying(plan.overrides), variables: [:])
                let id = retrySource.nextID()
                planned.append(PlannedRetry(id: id, origin: run.id, plan: plan, memoryBytes: request.memoryBytes))
            } catch {
                applied.unread.append((run.id, "\(error)"))
            }
        }
        return planned
    }

    /// Goes after the statement that moved the failed runs to `finished_runs`.
    static func retryStatement(_ retries: [PlannedRetry]) throws -> PostgresQuery {
        let overrides = try retries.map { try postgresJSON($0.plan.overrides) }
        let used = try retries.map { try postgresJSON($0.plan.used) }
        return """
            WITH planned AS (
                SELECT * FROM unnest(\(retries.map(\.id)), \(retries.map(\.origin)), \(overrides), \(used),
                    \(retries.map(\.plan.delay.postgresInterval)), \(retries.map(\.memoryBytes))::bigint[])
                    AS p (id, origin_id, overrides, retries_used, delay, memory_bytes)
            ), created AS (
                INSERT INTO live_runs (id, job_id, job_version, team, job_name, kind, cluster, priority, variables, origin_id,
                    origin_kind, submitted_by, root_id, attempt, overrides, retries_used, eligible_at, reason, message,
                    variable_origins, cpu_millicores, memory_bytes, limit_keys, credentials, clusters, trigger_kind,
                    schedule_id, tick)
                SELECT p.id, f.job_id, f.job_version, f.team, f.job_name, f.kind, f.cluster, f.priority, f.variables, f.id,
                    'automatic', f.submitted_by, coalesce(f.root_id, f.id), f.attempt + 1, p.overrides, p.retries_used,
                    clock_timestamp() + p.delay, 'retry_backoff',
                    'follows run ' || f.id || ', which ended with ' || f.reason, f.variable_origins,
                    f.cpu_millicores, p.memory_bytes, f.limit_keys, f.credentials, f.clusters, f.trigger_kind,
                    f.schedule_id, f.tick
                FROM planned p JOIN finished_runs f ON f.id = p.origin_id
                ON CONFLICT DO NOTHING
                RETURNING id, origin_id, created_at, attempt, eligible_at
            ), kept AS (
                -- A run that was to do a part is followed by one that does the same part.
                SELECT c.id, p.plan FROM created c JOIN run_plans p ON p.run_id = c.origin_id
            ), \(unescaped: takeover(by: "created", of: "kept")), origins AS (
                INSERT INTO run_events (run_id, kind, at, message)
                SELECT origin_id, 'retried', created_at,
                    'attempt ' || attempt || ' is run ' || id || ', not before ' ||
                        to_char(eligible_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')
                FROM created
            )
            INSERT INTO run_events (run_id, kind, state, at, reason)
            SELECT id, 'created', 'pending', created_at, 'retry_backoff' FROM created
            """
    }
}
