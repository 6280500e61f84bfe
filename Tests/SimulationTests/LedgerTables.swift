import PostgresClient
import RunStore
import Simulation
import SlipwayCore

/// What both ledgers keep, as sorted lines of text that can be compared.
extension LedgerComparison {
    static func tables(of store: RunStore) async throws -> [String] {
        let rows: [String] = try await store.pool.query(
            """
            SELECT concat_ws(' ', 'live', id, state, lease_epoch, placement, coalesce(holder_id::text, '-'),
                coalesce(reason, '-'), coalesce(node, '-'), coalesce(pod_uid, '-'), report_revision, stream_sequence,
                sail_lines, task_sequence, pod_created_at IS NOT NULL, running_at IS NOT NULL, warnings, coalesce(origin_id::text, '-'), coalesce(origin_kind, '-'),
                coalesce(root_id::text, '-'), attempt, is_promoted, coalesce(retries_used ->> 'infrastructure', '0'),
                coalesce(retries_used ->> 'timeout', '0'), coalesce(retries_used ->> 'user', '0'),
                coalesce(retries_used ->> 'free', '0'), coalesce(overrides ->> 'runner_memory_bytes', '-'))
            FROM live_runs
            UNION ALL
            SELECT concat_ws(' ', 'over', id, state, lease_epoch, placement, reason, coalesce(failure_class, '-'),
                coalesce(node, '-'), coalesce(pod_uid, '-'), running_at IS NOT NULL, warnings, attempt)
            FROM finished_runs
            UNION ALL
            SELECT concat_ws(' ', 'cleanup', run_id, placement, coalesce(holder_id::text, '-')) FROM cleanups
            UNION ALL
            SELECT concat_ws(' ', 'placement', run_id, placement, coalesce(outcome, '-'), coalesce(reason, '-'),
                late_end IS NOT NULL) FROM run_placements
            UNION ALL
            SELECT concat_ws(' ', 'events', run_id, string_agg(kind, ',' ORDER BY sequence)) FROM run_events GROUP BY run_id
            UNION ALL
            SELECT concat_ws(' ', 'holder', id, kind) FROM holders
            UNION ALL
            SELECT concat_ws(' ', 'lines', run_id, placement, stream, string_agg(number::text, ',' ORDER BY number))
            FROM run_log_chunks, generate_series(first_sequence, last_sequence) AS number
            GROUP BY run_id, placement, stream
            UNION ALL
            SELECT concat_ws(' ', 'task', run_id, name, position, coalesce(item_index::text, '-'), state, attempt, warnings)
            FROM run_tasks
            """
        ).decode(String.self)
        return rows.sorted()
    }

    static func tables(of tables: MemoryTables) -> [String] {
        let live = tables.live.values.map { run in
            "live \(run.id) \(run.state.rawValue) \(run.leaseEpoch) \(run.placement) \(text(run.holderID)) "
                + "\(run.reason?.rawValue ?? "-") \(run.node ?? "-") \(run.podUID ?? "-") \(run.reportRevision) "
                + "\(run.streamSequence) \(run.sailLines) \(run.taskSequence) \(text(run.isPodCreated)) \(text(run.runningAt != nil)) \(run.warnings) "
                + "\(text(run.originID)) \(run.originKind?.rawValue ?? "-") \(text(run.rootID)) \(run.attempt) "
                + "\(text(run.isPromoted)) \(run.retriesUsed.infrastructure) \(run.retriesUsed.timeout) "
                + "\(run.retriesUsed.user) \(run.retriesUsed.free) "
                + "\(run.overrides.runnerMemoryBytes.map { "\($0)" } ?? "-")"
        }
        let over = tables.finished.values.map { run in
            "over \(run.id) \(run.state.rawValue) \(run.leaseEpoch) \(run.placement) \(run.reason?.rawValue ?? "-") "
                + "\(run.failureClass?.rawValue ?? "-") \(run.node ?? "-") \(run.podUID ?? "-") "
                + "\(text(run.runningAt != nil)) \(run.warnings) \(run.attempt)"
        }
        let cleanups = tables.cleanups.map { "cleanup \($0.key.run) \($0.key.placement) \(text($0.value.holder))" }
        let placements = tables.placements.map { key, row in
            "placement \(key.run) \(key.placement) \(row.outcome?.rawValue ?? "-") \(row.reason?.rawValue ?? "-") "
                + text(row.hasLateEnd)
        }
        let events = tables.events.map { "events \($0.key) \($0.value.joined(separator: ","))" }
        let holders = tables.livingHolders.map { "holder \($0.id) \($0.kind.rawValue)" }
        let lines = tables.lines.map { key, numbers in
            "lines \(key.placement.run) \(key.placement.placement) \(key.stream) "
                + numbers.map { "\($0)" }.joined(separator: ",")
        }
        let tasks = tables.tasks.flatMap { run, tasks in
            tasks.values.map { task in
                "task \(run) \(task.name) \(task.position) \(task.itemIndex.map { "\($0)" } ?? "-") "
                    + "\(task.state.rawValue) \(task.attempt) \(task.warnings)"
            }
        }
        return (live + over + cleanups + placements + events + holders + lines + tasks).sorted()
    }

    private static func text(_ identifier: Identifier?) -> String { identifier?.description ?? "-" }

    /// As Postgres writes it.
    private static func text(_ value: Bool) -> String { value ? "t" : "f" }

    static func difference(_ expected: [String], _ told: [String]) -> String? {
        guard expected != told else { return nil }
        let missing = Set(expected).subtracting(told).sorted().map { "  Postgres: \($0)" }
        let more = Set(told).subtracting(expected).sorted().map { "  memory:   \($0)" }
        return (missing + more).joined(separator: "\n")
    }
}
