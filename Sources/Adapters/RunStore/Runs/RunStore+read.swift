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
        scheduleName: String? = nil
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
    }
}

extension RunStore {
    /// One run, or `nil` if there is none with this id.
    package func run(_ id: RunID) async throws -> RunRecord? {
        let result = try await pool.query("SELECT \(unescaped: RunRecord.columns) FROM runs WHERE id = \(id)")
        return try result.first.map(RunRecord.init(row:))
    }

    /// Runs, newest first, older than `before`.
    ///
    /// - Parameter limit: 1 to `limits.page`; larger values are cut.
    package func runs(_ filter: RunFilter, before: RunID?, limit: Int) async throws -> [RunRecord] {
        // Each half of the view is cut to the page before they are merged, so the cost does not grow with history.
        let columns = RunRecord.columns
        let page = min(max(limit, 1), limits.page)
        let variables = filter.variables.map { $0.sorted { $0.key < $1.key } }
        let result = try await pool.query(
            """
            SELECT \(unescaped: columns) FROM runs
            WHERE (\(nullable: before)::uuid IS NULL OR id < \(nullable: before))
                AND (\(nullable: filter.teams)::text[] IS NULL OR team = ANY(\(nullable: filter.teams)))
                AND (\(nullable: filter.jobName)::text IS NULL OR job_name = \(nullable: filter.jobName))
                AND (\(nullable: filter.states)::text[] IS NULL OR state = ANY(\(nullable: filter.states)))
                AND (\(nullable: filter.kind)::text IS NULL OR kind = \(nullable: filter.kind))
                AND (\(nullable: filter.originID)::uuid IS NULL OR origin_id = \(nullable: filter.originID))
                AND (\(nullable: filter.isReleased)::boolean IS NULL
                    OR (released_at IS NOT NULL) = \(nullable: filter.isReleased))
                AND (\(nullable: filter.createdBefore)::timestamptz IS NULL
                    OR created_at < \(nullable: filter.createdBefore))
                AND (\(nullable: filter.createdAfter)::timestamptz IS NULL
                    OR created_at >= \(nullable: filter.createdAfter))
                AND (\(nullable: filter.triggerKinds)::text[] IS NULL OR trigger_kind = ANY(\(nullable: filter.triggerKinds)))
                AND (\(nullable: filter.scheduleName)::text IS NULL OR schedule_id IN (
                    SELECT s.id FROM schedules s WHERE s.name = \(nullable: filter.scheduleName)))
                AND (\(nullable: variables?.map(\.key))::text[] IS NULL OR NOT EXISTS (
                    SELECT FROM unnest(\(nullable: variables?.map(\.key))::text[],
                        \(nullable: variables?.map(\.value))::text[]) AS wanted (name, value)
                    WHERE wanted.value IS DISTINCT FROM CASE jsonb_typeof(variables -> wanted.name) WHEN 'object'
                        THEN concat_ws('/', variables #>> ARRAY[wanted.name, 'secret'], variables #>> ARRAY[wanted.name, 'key'])
                        ELSE variables ->> wanted.name END))
            ORDER BY id DESC LIMIT \(page)
            """
        )
        return try result.rows.map(RunRecord.init(row:))
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
