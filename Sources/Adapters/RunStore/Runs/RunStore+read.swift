internal import PostgresClient
package import SlipwayCore

/// Which runs a list shows. All that is set must hold.
package struct RunFilter: Sendable {
    package var teams: [String]?
    package var jobName: String?
    package var states: [RunState]?
    package var kind: String?
    package var originID: RunID?
    /// Whether somebody has let go of it.
    package var isReleased: Bool?
    /// Created earlier than this.
    package var createdBefore: Timestamp?
    /// Created at this time or later.
    package var createdAfter: Timestamp?
    /// Values by variable, as texts: `30`, `true`, `secret/key`.
    package var variables: [String: String]?
    /// What made it: `manual`, `schedule` or `backfill`.
    package var triggerKinds: [String]?
    /// The name of the schedule it is of.
    package var scheduleName: String?
    /// What else must hold, over the fields of ``schema``.
    package var condition: FilterCondition?
    /// Words that are all found in its job's name, its reason, message and the like, or the values of its variables.
    package var search: String?

    package init(
        teams: [String]? = nil,
        jobName: String? = nil,
        states: [RunState]? = nil,
        kind: String? = nil,
        originID: RunID? = nil,
        isReleased: Bool? = nil,
        createdBefore: Timestamp? = nil,
        createdAfter: Timestamp? = nil,
        variables: [String: String]? = nil,
        triggerKinds: [String]? = nil,
        scheduleName: String? = nil,
        condition: FilterCondition? = nil,
        search: String? = nil
    ) {
        self.teams = teams
        self.jobName = jobName
        self.states = states
        self.kind = kind
        self.originID = originID
        self.isReleased = isReleased
        self.createdBefore = createdBefore
        self.createdAfter = createdAfter
        self.variables = variables
        self.triggerKinds = triggerKinds
        self.scheduleName = scheduleName
        self.condition = condition
        self.search = search
    }
}

extension RunStore {
    /// One run, or `nil` if there is none with this id.
    package func run(_ id: RunID) async throws -> RunRecord? {
        let result = try await pool.query("SELECT \(unescaped: RunRecord.columns) FROM runs WHERE id = \(id)")
        return try result.first.map(RunRecord.init(row:))
    }

    /// The runs with these ids; what does not exist is missing from the result.
    package func runs(_ ids: [RunID]) async throws -> [RunRecord] {
        let result = try await pool.query(
            "SELECT \(unescaped: RunRecord.columns) FROM runs WHERE id = ANY(\(ids))"
        )
        return try result.rows.map(RunRecord.init(row:))
    }

    /// Every run that goes back to the same first run, that one included, in the order of their attempts.
    ///
    /// - Parameter root: the first run's id; the run itself may be deleted.
    package func chain(_ root: RunID) async throws -> [RunRecord] {
        let result = try await pool.query(
            """
            SELECT \(unescaped: RunRecord.columns) FROM runs WHERE id = \(root)
            UNION ALL SELECT \(unescaped: RunRecord.columns) FROM runs WHERE root_id = \(root)
            ORDER BY attempt, id LIMIT \(limits.page)
            """
        )
        return try result.rows.map(RunRecord.init(row:))
    }

    /// What became of the run's placements that did not end well, oldest first.
    package func placements(_ id: RunID) async throws -> [PlacementRecord] {
        let result = try await pool.query(
            """
            SELECT placement, cluster, node, pod_uid, started_at, ended_at, outcome, reason, message, evidence, late_end
            FROM run_placements WHERE run_id = \(id) ORDER BY placement LIMIT \(limits.page)
            """
        )
        return try result.rows.map(PlacementRecord.init(row:))
    }

    /// How many runs there are in each state, live ones only.
    package func liveCounts() async throws -> [RunState: Int] {
        let rows = try await pool.query("SELECT state, count(*) FROM live_runs GROUP BY state")
            .decode(RunState.self, Int.self)
        return Dictionary(rows.map { ($0.0, $0.1) }, uniquingKeysWith: +)
    }

    /// The events of a run after a sequence number, oldest first.
    package func events(_ id: RunID, after sequence: Int64 = 0, limit: Int = 500) async throws -> [RunEvent] {
        let page = min(max(limit, 1), limits.page)
        let result = try await pool.query(
            """
            SELECT sequence, kind, from_state, state, at, reason, message, actor, placement FROM run_events
            WHERE run_id = \(id) AND sequence > \(sequence) ORDER BY sequence LIMIT \(page)
            """
        )
        return try result.rows.map(RunEvent.init(row:))
    }

    /// What the tasks of a run wrote, in the order of writing.
    package func outputs(_ id: RunID) async throws -> [TaskOutput] {
        let rows = try await pool.query(
            """
            SELECT task, name, kind, columns, value, row_count, is_truncated FROM run_outputs
            WHERE run_id = \(id) ORDER BY created_at, task, name
            """
        ).decode(String.self, String.self, String.self, PostgresJSON?.self, PostgresJSON.self, Int?.self, Bool.self)
        return try rows.map { task, name, kind, columns, value, rowCount, isTruncated in
            guard let kind = TaskOutput.Kind(rawValue: kind) else {
                throw StoredValueError(what: "an output of kind", value: kind)
            }
            return TaskOutput(
                task: task,
                name: name,
                kind: kind,
                columns: try columns.map { try decoded($0) },
                value: try decoded(value),
                rowCount: rowCount,
                isTruncated: isTruncated
            )
        }
    }
}
