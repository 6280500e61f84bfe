internal import PostgresClient
package import SlipwayCore

/// An output as lists show it.
package struct OutputRecord: Sendable {
    package var task: String
    package var name: String
    package var kind: TaskOutput.Kind
    package var columns: [TaskOutput.Column]?
    /// `nil` if it is too long for a list.
    package var value: JSONValue?
    /// The size of the value as JSON, in bytes.
    package var valueBytes: Int
    /// How many rows are kept, of `rows`.
    package var sampleCount: Int?
    /// How many rows there are in all, if that is known.
    package var rowCount: Int?
    package var isTruncated: Bool
    package var createdAt: Timestamp
}

/// Names an output of a run.
package struct OutputName: Sendable, Hashable {
    package var task: String
    package var name: String

    package init(task: String, name: String) {
        self.task = task
        self.name = name
    }
}

extension RunStore {
    /// What the tasks of a run gave, in the order of writing.
    ///
    /// - Parameters:
    ///   - task: only this task's.
    ///   - after: only those that come after this one.
    ///   - limit: 1 to `limits.page`; larger values are cut.
    ///   - valueBytes: a longer value is left out, and so is each one after which the values shown would be longer than
    ///     sixteen times this.
    package func outputs(
        _ id: RunID,
        task: String? = nil,
        after: OutputName? = nil,
        limit: Int,
        valueBytes: Int
    ) async throws -> [OutputRecord] {
        let page = min(max(limit, 1), limits.page)
        let rows = try await pool.query(
            """
            WITH page AS (
                SELECT task, name, created_at FROM run_outputs
                WHERE run_id = \(id) AND (\(nullable: task)::text IS NULL OR task = \(nullable: task))
                    AND (\(nullable: after?.name)::text IS NULL OR (created_at, task, name) > (
                        SELECT created_at, task, name FROM run_outputs
                        WHERE run_id = \(id) AND task = \(nullable: after?.task) AND name = \(nullable: after?.name)))
                ORDER BY created_at, task, name LIMIT \(page)
            ), sized AS (
                SELECT o.*, sum(CASE WHEN o.value_bytes <= \(valueBytes)::int THEN o.value_bytes ELSE 0 END)
                    OVER (ORDER BY o.created_at, o.task, o.name) AS total
                FROM page p JOIN run_outputs o ON o.run_id = \(id) AND o.task = p.task AND o.name = p.name
            )
            SELECT task, name, kind, columns,
                CASE WHEN value_bytes <= \(valueBytes)::int AND total <= 16 * \(valueBytes)::bigint THEN value END,
                value_bytes, CASE WHEN kind = 'rows' THEN jsonb_array_length(value) END, row_count, is_truncated,
                created_at
            FROM sized ORDER BY created_at, task, name
            """
        ).decode(
            String.self,
            String.self,
            String.self,
            PostgresJSON?.self,
            PostgresJSON?.self,
            Int.self,
            Int?.self,
            Int?.self,
            Bool.self,
            Timestamp.self
        )
        return try rows.map { row in
            OutputRecord(
                task: row.0,
                name: row.1,
                kind: try Self.kind(row.2),
                columns: try row.3.map { try decoded($0) },
                value: try row.4.map { try decoded($0) },
                valueBytes: row.5,
                sampleCount: row.6,
                rowCount: row.7,
                isTruncated: row.8,
                createdAt: row.9
            )
        }
    }

    /// One output whole; `nil` if there is none of this name.
    package func output(_ id: RunID, _ output: OutputName) async throws -> TaskOutput? {
        let rows = try await pool.query(
            """
            SELECT kind, columns, value, row_count, is_truncated FROM run_outputs
            WHERE run_id = \(id) AND task = \(output.task) AND name = \(output.name)
            """
        ).decode(String.self, PostgresJSON?.self, PostgresJSON.self, Int?.self, Bool.self)
        return try rows.first.map { kind, columns, value, rowCount, isTruncated in
            TaskOutput(
                task: output.task,
                name: output.name,
                kind: try Self.kind(kind),
                columns: try columns.map { try decoded($0) },
                value: try decoded(value),
                rowCount: rowCount,
                isTruncated: isTruncated
            )
        }
    }

    /// The names of a run's outputs, in the order of writing; at most `limit`.
    package func outputNames(_ id: RunID, limit: Int) async throws -> [OutputName] {
        try await pool.query(
            """
            SELECT task, name FROM run_outputs WHERE run_id = \(id) ORDER BY created_at, task, name
            LIMIT \(min(max(limit, 1), limits.page))
            """
        ).decode(String.self, String.self).map { OutputName(task: $0.0, name: $0.1) }
    }

    private static func kind(_ text: String) throws -> TaskOutput.Kind {
        guard let kind = TaskOutput.Kind(rawValue: text) else {
            throw StoredValueError(what: "an output of kind", value: text)
        }
        return kind
    }
}
