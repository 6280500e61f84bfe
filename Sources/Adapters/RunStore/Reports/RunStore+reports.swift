internal import PostgresClient
package import SlipwayCore

extension RunStore {
    /// Applies reports in one transaction: locks their runs, decides purely what each means, writes all of it in bulk.
    ///
    /// A report that holds something the database does not take is found by halving and left out, so that the others go on.
    package func apply(_ reports: [PlacementReport]) async throws -> AppliedReports {
        try await applyHalving(Self.newestPerLease(reports)[...])
    }

    private func applyHalving(_ reports: ArraySlice<PlacementReport>) async throws -> AppliedReports {
        guard let first = reports.first else { return AppliedReports() }
        do {
            return try await applyTogether(reports)
        } catch let error as PostgresError where error.isAboutData {
            guard reports.count > 1 else {
                var applied = AppliedReports()
                applied.refused = [(first.runID, error.description)]
                return applied
            }
            let middle = reports.startIndex + reports.count / 2
            var applied = try await applyHalving(reports[..<middle])
            applied.add(try await applyHalving(reports[middle...]))
            return applied
        }
    }

    private func applyTogether(_ newest: ArraySlice<PlacementReport>) async throws -> AppliedReports {
        try await pool.transaction { transaction in
            let locked = try await Self.lock(newest.map(\.runID), in: transaction)
            var applied = AppliedReports()
            var changes: [RunChange] = []
            var late: [PlacementReport] = []
            for report in newest {
                guard let run = locked[report.runID], run.leaseEpoch == report.leaseEpoch else {
                    applied.stale += 1
                    if report.end != nil { late.append(report) }
                    continue
                }
                guard
                    let change = ReportDecision.change(run, report, maximumPlacements: limits.placements)
                else { continue }
                changes.append(change)
                Self.note(change, in: &applied)
            }
            applied.lateEnds = try await Self.keepLateEnds(late, in: transaction)
            guard !changes.isEmpty else { return applied }
            var statements = try Self.statements(for: changes)
            let retries = try await retries(after: changes, in: transaction, noting: &applied)
            if !retries.isEmpty { statements.append(try Self.retryStatement(retries)) }
            applied.retried = retries.count
            for result in try await transaction.batch(statements) {
                _ = try result.get()
            }
            return applied
        }
    }

    /// A report is a snapshot: of several under one lease only the newest says anything.
    private static func newestPerLease(_ reports: [PlacementReport]) -> [PlacementReport] {
        struct Lease: Hashable {
            var run: RunID
            var epoch: Int64
        }
        var newest: [Lease: PlacementReport] = [:]
        for report in reports {
            let lease = Lease(run: report.runID, epoch: report.leaseEpoch)
            if let known = newest[lease], known.revision >= report.revision { continue }
            newest[lease] = report
        }
        return newest.values.sorted { ($0.runID, $0.leaseEpoch) < ($1.runID, $1.leaseEpoch) }
    }

    private static func lock(
        _ ids: [RunID],
        in transaction: PostgresTransaction
    ) async throws -> [RunID: LockedRun] {
        let rows = try await transaction.query(
            """
            SELECT id, state, state_since, lease_epoch, placement, report_revision, running_at, cluster, job_id, job_version,
                holder_id, overrides, retries_used
            FROM live_runs WHERE id = ANY(\(ids)) ORDER BY id FOR UPDATE
            """
        ).decode(
            RunID.self,
            RunState.self,
            Timestamp.self,
            Int64.self,
            Int.self,
            Int64.self,
            Timestamp?.self,
            String.self,
            JobID.self,
            Int.self,
            HolderID?.self,
            PostgresJSON.self,
            PostgresJSON.self
        )
        var runs: [RunID: LockedRun] = [:]
        for row in rows {
            runs[row.0] = LockedRun(
                id: row.0,
                state: row.1,
                stateSince: row.2,
                leaseEpoch: row.3,
                placement: row.4,
                reportRevision: row.5,
                runningAt: row.6,
                cluster: row.7,
                jobID: row.8,
                jobVersion: row.9,
                holderID: row.10,
                overrides: row.11.text,
                retriesUsed: row.12.text
            )
        }
        return runs
    }

    private static func note(_ change: RunChange, in applied: inout AppliedReports) {
        switch change.next {
        case .live: return
        case .replace:
            applied.replaced.insert(change.run.cluster)
            applied.replacedRuns += 1
        case .finished(let state, _, _): applied.finished.append((change.run.id, state))
        }
        if let holder = change.run.holderID, change.report.podUID != nil {
            applied.settled[holder, default: []].append(change.run)
        }
    }

    private static func statements(for changes: [RunChange]) throws -> [PostgresQuery] {
        var statements: [PostgresQuery] = []
        let finished = changes.filter { if case .finished = $0.next { true } else { false } }
        statements += eventStatements(changes.filter { if case .finished = $0.next { false } else { true } })
        statements += try placementStatements(changes)
        let live = changes.filter { if case .live = $0.next { true } else { false } }
        if !live.isEmpty { statements.append(liveStatement(live)) }
        let replaced = changes.filter { if case .replace = $0.next { true } else { false } }
        if !replaced.isEmpty { statements.append(replaceStatement(replaced)) }
        if !finished.isEmpty { statements.append(try finishStatement(finished)) }
        // Whoever is told of an end is told all of it.
        statements += eventStatements(finished)
        return statements
    }

    // MARK: Statements, each for any number of runs

    private static func liveStatement(_ changes: [RunChange]) -> PostgresQuery {
        var states: [RunState] = []
        var since: [Timestamp] = []
        for change in changes {
            guard case .live(let state, let at) = change.next else { continue }
            states.append(state)
            since.append(at)
        }
        let runningAt = changes.map { change in
            change.run.runningAt ?? change.entered.first { $0.state == .running }?.at
        }
        return """
            UPDATE live_runs r SET state = c.state, state_since = c.since, running_at = c.running_at, node = c.node,
                pod_uid = c.pod_uid, reason = c.reason, message = c.message,
                report_revision = c.revision
            FROM unnest(\(changes.map(\.run.id)), \(changes.map(\.run.leaseEpoch)), \(states)::text[],
                \(since)::timestamptz[], \(runningAt)::timestamptz[], \(changes.map(\.report.node))::text[],
                \(changes.map(\.report.podUID))::text[], \(changes.map { $0.report.waiting?.reason })::text[],
                \(changes.map { $0.report.waiting?.message })::text[],
                \(changes.map(\.report.revision))::bigint[])
                AS c (id, epoch, state, since, running_at, node, pod_uid, reason, message, revision)
            WHERE r.id = c.id AND r.lease_epoch = c.epoch
            """
    }

    private static func replaceStatement(_ changes: [RunChange]) -> PostgresQuery {
        let reasons = changes.map { change -> String? in
            if case .replace(let waiting) = change.next { waiting.reason.rawValue } else { nil }
        }
        let messages = changes.map { change -> String? in
            if case .replace(let waiting) = change.next { waiting.message } else { nil }
        }
        return """
            WITH lost AS (
                SELECT * FROM unnest(\(changes.map(\.run.id)), \(changes.map(\.run.leaseEpoch)), \(reasons)::text[],
                    \(messages)::text[]) AS c (id, epoch, reason, message)
            ), cleaned AS (
                INSERT INTO cleanups (run_id, placement, cluster, team, namespace, holder_id)
                SELECT r.id, r.placement, r.cluster, r.team, r.namespace, CASE WHEN r.pod_uid IS NOT NULL THEN r.holder_id END
                FROM live_runs r JOIN lost USING (id)
                ON CONFLICT DO NOTHING
            ), told AS (
                INSERT INTO run_events (run_id, kind, from_state, state, at, reason, message, placement, lease_epoch)
                SELECT r.id, 'placement_lost', r.state, 'ready', clock_timestamp(), lost.reason, lost.message, r.placement,
                    r.lease_epoch
                FROM live_runs r JOIN lost USING (id)
            )
            UPDATE live_runs r SET state = 'ready', state_since = greatest(clock_timestamp(), r.state_since),
                holder_id = NULL, lease_epoch = r.lease_epoch + 1, reason = lost.reason, message = lost.message,
                node = NULL, pod_uid = NULL
            FROM lost WHERE r.id = lost.id AND r.lease_epoch = lost.epoch
            """
    }

    private static func finishStatement(_ changes: [RunChange]) throws -> PostgresQuery {
        var states: [RunState] = []
        var times: [Timestamp] = []
        var ends: [PlacementEnd] = []
        for change in changes {
            guard case .finished(let state, let at, let end) = change.next else { continue }
            states.append(state)
            times.append(at)
            ends.append(end)
        }
        let runningAt = changes.map { change in
            change.run.runningAt ?? change.entered.first { $0.state == .running }?.at
        }
        let evidence = try ends.map { try $0.evidence.map(postgresJSON) }
        return """
            WITH over AS (
                SELECT * FROM unnest(\(changes.map(\.run.id)), \(changes.map(\.run.leaseEpoch)), \(states)::text[],
                    \(times)::timestamptz[], \(runningAt)::timestamptz[], \(ends.map(\.reason))::text[],
                    \(ends.map(\.failureClass))::text[], \(ends.map(\.message))::text[], \(ends.map(\.failedTask))::text[],
                    \(ends.map(\.exitCode))::int[], \(ends.map(\.errorName))::text[], \(ends.map(\.stackTrace))::text[],
                    \(evidence)::jsonb[], \(changes.map(\.report.node))::text[], \(changes.map(\.report.podUID))::text[],
                    \(changes.map(\.report.warnings))::int[])
                    AS c (id, epoch, state, ended_at, running_at, reason, failure_class, message, failed_task, exit_code,
                        error_name, stack_trace, evidence, node, pod_uid, warnings)
            ), gone AS (
                DELETE FROM live_runs r USING over WHERE r.id = over.id AND r.lease_epoch = over.epoch
                RETURNING r.*
            ), cleaned AS (
                INSERT INTO cleanups (run_id, placement, cluster, team, namespace, holder_id)
                SELECT g.id, g.placement, g.cluster, g.team, g.namespace, CASE WHEN o.pod_uid IS NOT NULL THEN g.holder_id END
                FROM gone g JOIN over o USING (id)
                ON CONFLICT DO NOTHING
            ), \(unescaped: settlement("settled", of: "(SELECT over.* FROM over JOIN gone USING (id))"))
            INSERT INTO finished_runs (\(unescaped: finishedColumns), state, ended_at, reason, failure_class, message,
                failed_task, exit_code, error_name, stack_trace, evidence)
            SELECT g.id, g.job_id, g.job_version, g.team, g.job_name, g.kind, g.cluster, g.priority, g.variables, g.origin_id,
                g.origin_kind, g.submitted_by, g.created_at, g.lease_epoch, g.placement, o.running_at,
                coalesce(o.node, g.node), coalesce(o.pod_uid, g.pod_uid), greatest(g.warnings, o.warnings), g.root_id,
                g.attempt, g.overrides, g.retries_used, g.is_promoted, g.released_at, g.variable_origins,
                g.cpu_millicores, g.memory_bytes, g.limit_keys, g.credentials, g.clusters, g.admitted_at, g.trigger_kind,
                g.schedule_id, g.tick, g.placement_started_at, o.state, o.ended_at, o.reason, o.failure_class, o.message,
                o.failed_task, o.exit_code, o.error_name, o.stack_trace, o.evidence
            FROM gone g JOIN over o USING (id)
            """
    }

    private static func eventStatements(_ changes: [RunChange]) -> [PostgresQuery] {
        var rows = EventRows()
        for change in changes {
            var from = change.run.state
            for observed in change.entered {
                rows.append(change, from: from, to: observed.state, at: observed.at, reason: nil, message: nil)
                from = observed.state
            }
            if case .finished(let state, let at, let end) = change.next {
                rows.append(change, from: from, to: state, at: at, reason: end.reason, message: end.message)
            }
        }
        guard !rows.ids.isEmpty else { return [] }
        return [
            """
            INSERT INTO run_events (run_id, kind, from_state, state, at, reason, message, placement, lease_epoch)
            SELECT id, 'state', from_state, state, at, reason, message, placement, epoch
            FROM unnest(\(rows.ids), \(rows.from)::text[], \(rows.to)::text[], \(rows.times)::timestamptz[],
                \(rows.reasons)::text[], \(rows.messages)::text[], \(rows.placements)::int[], \(rows.epochs)::bigint[])
                WITH ORDINALITY AS e (id, from_state, state, at, reason, message, placement, epoch, position)
            ORDER BY position
            """
        ]
    }

    /// Columns of events to be written.
    private struct EventRows {
        var ids: [RunID] = []
        var from: [RunState] = []
        var to: [RunState] = []
        var times: [Timestamp] = []
        var reasons: [ReasonCode?] = []
        var messages: [String?] = []
        var placements: [Int] = []
        var epochs: [Int64] = []

        mutating func append(
            _ change: RunChange,
            from: RunState,
            to: RunState,
            at: Timestamp,
            reason: ReasonCode?,
            message: String?
        ) {
            ids.append(change.run.id)
            self.from.append(from)
            self.to.append(to)
            times.append(at)
            reasons.append(reason)
            messages.append(message)
            placements.append(change.run.placement)
            epochs.append(change.run.leaseEpoch)
        }
    }
}
