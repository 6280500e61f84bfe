internal import PostgresClient
package import SlipwayCore

/// A task of a run, or an execution for one of its items, as stored.
package struct StoredTask: Sendable, Hashable {
    package var row: TaskRow
    /// The run that executed it, if this one did not.
    package var carriedFrom: RunID?
    /// The number up to which the stream was stored when the row was last written.
    package var sequence: Int64

    /// - Parameter carriedFrom: `nil` for what the run does itself.
    package init(_ row: TaskRow, carriedFrom: RunID? = nil, sequence: Int64 = 0) {
        self.row = row
        self.carriedFrom = carriedFrom
        self.sequence = sequence
    }

    static let columns = """
        name, position, item_index, state, attempt, started_at, ended_at, exit_code, failure, item, note, progress_done, \
        progress_total, warnings, carried_from, sequence
        """

    init(row: PostgresRow) throws {
        let total = try row.value("progress_total", as: Double?.self)
        self.row = TaskRow(
            name: try row.value("name"),
            position: try row.value("position"),
            itemIndex: try row.value("item_index"),
            state: try row.value("state"),
            attempt: try row.value("attempt"),
            startedAt: try row.value("started_at"),
            endedAt: try row.value("ended_at"),
            exitCode: try row.value("exit_code"),
            failure: try row.value("failure", as: PostgresJSON?.self).map { try decoded($0) },
            item: try row.value("item", as: PostgresJSON?.self).map { try decoded($0) },
            note: try row.value("note"),
            progress: try row.value("progress_done", as: Double?.self).map { TaskProgress(done: $0, total: total) },
            warnings: try row.value("warnings")
        )
        carriedFrom = try row.value("carried_from")
        sequence = try row.value("sequence")
    }
}

/// Where a list of tasks goes on: after this row.
package struct TaskPosition: Sendable, Hashable {
    package var position: Int
    /// -1 for the task as a whole.
    package var itemIndex: Int

    package static let start = TaskPosition(position: -1, itemIndex: -1)

    package init(position: Int, itemIndex: Int) {
        self.position = position
        self.itemIndex = itemIndex
    }
}

/// Executions of one task for its items, counted by state.
package struct ItemCount: Sendable, Hashable {
    /// Of the task within its job.
    package var position: Int
    package var state: TaskState
    package var count: Int
}

extension RunStore {
    /// What is stored of the job's tasks in a run, in the job's order, without the executions for single items. A task of which
    /// nothing was told has no row.
    package func tasks(_ id: RunID) async throws -> [StoredTask] {
        let result = try await pool.query(
            """
            SELECT \(unescaped: StoredTask.columns) FROM run_tasks
            WHERE run_id = \(id) AND item_index IS NULL ORDER BY position
            """
        )
        return try result.rows.map(StoredTask.init(row:))
    }

    /// The states of the tasks of several runs, by name; a run without rows is missing from the result.
    package func taskStates(_ ids: [RunID]) async throws -> [RunID: [String: TaskState]] {
        let rows = try await pool.query(
            "SELECT run_id, name, state FROM run_tasks WHERE run_id = ANY(\(ids)) AND item_index IS NULL"
        ).decode(RunID.self, String.self, TaskState.self)
        var states: [RunID: [String: TaskState]] = [:]
        for (run, name, state) in rows { states[run, default: [:]][name] = state }
        return states
    }

    /// How the executions for items of a run's tasks stand.
    package func itemCounts(_ id: RunID) async throws -> [ItemCount] {
        try await pool.query(
            """
            SELECT position, state, count(*) FROM run_tasks WHERE run_id = \(id) AND item_index IS NOT NULL
            GROUP BY position, state
            """
        ).decode(Int.self, TaskState.self, Int.self).map { ItemCount(position: $0.0, state: $0.1, count: $0.2) }
    }

    /// Rows of a run's tasks, each followed by the executions for its items.
    ///
    /// - Parameters:
    ///   - position: of one task within its job; `nil`: of all.
    ///   - limit: 1 to `limits.page`; larger values are cut.
    package func tasks(
        _ id: RunID,
        at position: Int? = nil,
        after last: TaskPosition,
        limit: Int
    ) async throws -> [StoredTask] {
        let page = min(max(limit, 1), limits.page)
        let result = try await pool.query(
            """
            SELECT \(unescaped: StoredTask.columns) FROM run_tasks
            WHERE run_id = \(id) AND position = coalesce(\(nullable: position)::int, position)
                AND (position, coalesce(item_index, -1)) > (\(last.position)::int, \(last.itemIndex)::int)
            ORDER BY position, coalesce(item_index, -1) LIMIT \(page)
            """
        )
        return try result.rows.map(StoredTask.init(row:))
    }

    /// Rows of a run's tasks and of their items that were written since the stream was stored up to a number, oldest first.
    package func tasks(_ id: RunID, changedAfter sequence: Int64) async throws -> [StoredTask] {
        let result = try await pool.query(
            """
            SELECT \(unescaped: StoredTask.columns) FROM run_tasks
            WHERE run_id = \(id) AND sequence > \(sequence) ORDER BY sequence, position, item_index NULLS FIRST
            """
        )
        return try result.rows.map(StoredTask.init(row:))
    }

    /// The statement's part that ends the tasks of runs that are over: what runs has failed with a run that failed or ran out of
    /// time, and is cancelled otherwise; what did not begin is cancelled.
    ///
    /// - Parameters:
    ///   - name: of the part.
    ///   - ended: of the part that holds the runs, with the columns `id`, `state`, `reason` and `ended_at`.
    static func settlement(_ name: String, of ended: String) -> String {
        """
        \(name) AS (
            UPDATE run_tasks t SET
                state = CASE WHEN t.state = 'running' AND e.state IN ('failed', 'timeout') THEN 'failed'
                    ELSE 'cancelled' END,
                ended_at = CASE WHEN t.started_at IS NOT NULL THEN greatest(e.ended_at, t.started_at) END,
                note = CASE WHEN t.state = 'running' AND e.state = 'succeeded' THEN 'its end was not received'
                    WHEN t.state = 'running' THEN 'the run ended: ' || e.reason
                    ELSE coalesce(t.note, 'the run ended before') END
            FROM \(ended) e WHERE t.run_id = e.id AND t.state IN ('initial', 'queued', 'running')
        )
        """
    }
}
