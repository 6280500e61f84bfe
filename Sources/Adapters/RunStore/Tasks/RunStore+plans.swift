internal import PostgresClient
package import SlipwayCore

extension RunStore {
    /// What a run executes of its job; `nil` for all of it.
    package func plan(_ id: RunID) async throws -> RunPlan? {
        let rows = try await pool.query("SELECT plan FROM run_plans WHERE run_id = \(id)").decode(PostgresJSON.self)
        return try rows.first.map { try decoded($0) }
    }

    /// What runs take over from others: for each task its outputs, those of its items included.
    ///
    /// - Parameter limitBytes: of the outputs of one run as JSON. The smallest are taken first; the others are named only.
    package func carriedTasks(_ ids: [RunID], limitBytes: Int) async throws -> [RunID: [CarriedTask]] {
        guard !ids.isEmpty else { return [:] }
        let tasks = try await pool.query(
            """
            SELECT run_id, name, carried_from FROM run_tasks
            WHERE run_id = ANY(\(ids)) AND carried_from IS NOT NULL AND item_index IS NULL ORDER BY run_id, position
            """
        ).decode(RunID.self, String.self, RunID.self)
        struct Task: Hashable {
            var run: RunID
            var name: String
        }
        var carried: [RunID: [CarriedTask]] = [:]
        var indices: [Task: Int] = [:]
        for (run, name, from) in tasks {
            indices[Task(run: run, name: name)] = carried[run]?.count ?? 0
            carried[run, default: []].append(CarriedTask(name: name, from: from, outputs: []))
        }
        let outputs = try await pool.query(
            """
            SELECT o.run_id, h.name, o.task, o.name, o.kind, o.columns,
                CASE WHEN o.reach <= \(limitBytes) THEN o.value END, o.row_count, o.is_truncated
            FROM (
                SELECT *, sum(value_bytes + coalesce(octet_length(columns::text), 0) + 100) OVER (
                    PARTITION BY run_id ORDER BY value_bytes, task, name) AS reach
                FROM run_outputs WHERE run_id = ANY(\(ids))
            ) AS o
            JOIN run_tasks t ON t.run_id = o.run_id AND t.name = o.task AND t.carried_from IS NOT NULL
            JOIN run_tasks h ON h.run_id = t.run_id AND h.position = t.position AND h.item_index IS NULL
            ORDER BY o.run_id, o.created_at, o.task, o.name
            """
        ).decode(
            RunID.self,
            String.self,
            String.self,
            String.self,
            String.self,
            PostgresJSON?.self,
            PostgresJSON?.self,
            Int?.self,
            Bool.self
        )
        for (run, holder, task, name, kind, columns, value, rowCount, isTruncated) in outputs {
            guard let index = indices[Task(run: run, name: holder)] else { continue }
            guard let value else {
                carried[run]?[index].omitted.append(task == holder ? name : "\(task).\(name)")
                continue
            }
            guard let kind = TaskOutput.Kind(rawValue: kind) else {
                throw StoredValueError(what: "an output of kind", value: kind)
            }
            carried[run]?[index].outputs.append(
                TaskOutput(
                    task: task,
                    name: name,
                    kind: kind,
                    columns: try columns.map { try decoded($0) },
                    value: try decoded(value),
                    rowCount: rowCount,
                    isTruncated: isTruncated
                )
            )
        }
        return carried
    }

    /// The statement's parts that give new runs what they take over.
    ///
    /// - Parameters:
    ///   - created: the part that holds the new runs, with the columns `id` and `origin_id`.
    ///   - wanted: the part that holds their plans, with the columns `id` and `plan`.
    static func takeover(by created: String, of wanted: String) -> String {
        """
        plans AS (
            INSERT INTO run_plans (run_id, plan)
            SELECT c.id, w.plan FROM \(created) c JOIN \(wanted) w ON w.id = c.id WHERE w.plan IS NOT NULL
            RETURNING run_id, plan
        ), taken AS (
            SELECT c.id, t.* FROM \(created) c JOIN plans p ON p.run_id = c.id
            CROSS JOIN LATERAL jsonb_array_elements_text(p.plan -> 'carried') AS k (task)
            JOIN run_tasks h ON h.run_id = c.origin_id AND h.name = k.task
            JOIN run_tasks t ON t.run_id = c.origin_id AND t.position = h.position
        ), tasks_taken AS (
            INSERT INTO run_tasks (run_id, name, position, item_index, state, attempt, started_at, ended_at, exit_code,
                failure, item, note, progress_done, progress_total, warnings, carried_from)
            SELECT id, name, position, item_index, state, attempt, started_at, ended_at, exit_code, failure, item, note,
                progress_done, progress_total, 0, coalesce(carried_from, run_id)
            FROM taken
        ), outputs_taken AS (
            INSERT INTO run_outputs (run_id, task, name, kind, columns, value, row_count, is_truncated, created_at)
            SELECT t.id, o.task, o.name, o.kind, o.columns, o.value, o.row_count, o.is_truncated, o.created_at
            FROM taken t JOIN run_outputs o ON o.run_id = t.run_id AND o.task = t.name
        )
        """
    }
}
