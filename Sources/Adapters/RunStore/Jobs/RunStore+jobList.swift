internal import PostgresClient
package import SlipwayCore

/// Which jobs a list shows. All that is set must hold.
package struct JobFilter: Sendable, Hashable {
    package var teams: [String]?
    package var kind: String?
    package var owner: String?
    /// Jobs with every one of these tags.
    package var tags: [String]?
    /// Part of the name or the description, in small or capital letters.
    package var text: String?
    package var isPaused: Bool?
    /// `nil`: both those that are archived and the others.
    package var isArchived: Bool?
    /// What else must hold, over the fields of ``schema``.
    package var condition: FilterCondition?

    package init(
        teams: [String]? = nil,
        kind: String? = nil,
        owner: String? = nil,
        tags: [String]? = nil,
        text: String? = nil,
        isPaused: Bool? = nil,
        isArchived: Bool? = false,
        condition: FilterCondition? = nil
    ) {
        self.teams = teams
        self.kind = kind
        self.owner = owner
        self.tags = tags
        self.text = text
        self.isPaused = isPaused
        self.isArchived = isArchived
        self.condition = condition
    }
}

/// A job as lists show it: without its tasks' texts, so that a page has a bound.
package struct JobSummary: Sendable, Hashable {
    package var id: JobID
    package var team: String
    package var name: String
    package var currentVersion: Int
    package var createdAt: Timestamp
    package var updatedAt: Timestamp
    package var pausedAt: Timestamp?
    package var archivedAt: Timestamp?
    package var kind: String?
    package var description: String?
    package var owner: String?
    package var tags: [String]
    package var cluster: String
    package var clusterSelector: [String: String]?
    package var taskCount: Int
    /// The first few.
    package var taskNames: [String]
    /// The first few, in order of the alphabet.
    package var variableNames: [String]
}

/// A version as lists show it.
package struct JobVersionSummary: Sendable, Hashable {
    package var version: Int
    package var createdAt: Timestamp
    package var createdBy: String?
    package var image: String
    package var taskCount: Int
}

extension RunStore {
    /// Jobs by team and name, after `(team, name)`.
    ///
    /// - Parameter limit: 1 to `limits.page`; larger values are cut.
    package func jobs(
        _ filter: JobFilter = JobFilter(),
        after: (team: String, name: String)? = nil,
        limit: Int = 100
    ) async throws -> [JobSummary] {
        let page = min(max(limit, 1), limits.page)
        var conditions = filter.conditions
        if let after {
            let team = conditions.bind(after.team)
            conditions.require(after.name) { "(j.team, j.name) > (\(team)::text, \($0)::text)" }
        }
        let query = PostgresQuery(
            """
            SELECT j.id, j.team, j.name, j.current_version, j.created_at, j.updated_at, j.paused_at, j.archived_at,
                jsonb_build_object('kind', v.spec->'kind', 'description', v.spec->'description', 'owner', v.spec->'owner',
                    'tags', coalesce(v.spec->'tags', '[]'), 'cluster', v.spec->'cluster',
                    'selector', v.spec->'cluster_selector',
                    'task_count', jsonb_array_length(v.spec->'tasks'),
                    'tasks', jsonb_path_query_array(v.spec, '$.tasks[0 to 9].name'),
                    'variables', to_jsonb(ARRAY(SELECT jsonb_object_keys(coalesce(v.spec->'variables', '{}')) ORDER BY 1 LIMIT 10)))
            FROM jobs j JOIN job_versions v ON v.job_id = j.id AND v.version = j.current_version
            WHERE \(conditions.text)
            ORDER BY j.team, j.name LIMIT \(page)
            """,
            conditions.parameters
        )
        let rows = try await pool.query(query).decode(
            JobID.self,
            String.self,
            String.self,
            Int.self,
            Timestamp.self,
            Timestamp.self,
            Timestamp?.self,
            Timestamp?.self,
            PostgresJSON.self
        )
        return try rows.map { row in
            let said: JobGist = try decoded(row.8)
            return JobSummary(
                id: row.0,
                team: row.1,
                name: row.2,
                currentVersion: row.3,
                createdAt: row.4,
                updatedAt: row.5,
                pausedAt: row.6,
                archivedAt: row.7,
                kind: said.kind,
                description: said.description,
                owner: said.owner,
                tags: said.tags,
                cluster: said.cluster,
                clusterSelector: said.selector,
                taskCount: said.taskCount,
                taskNames: said.tasks,
                variableNames: said.variables
            )
        }
    }

    /// What a list tells of a specification.
    private struct JobGist: Decodable {
        var kind: String?
        var description: String?
        var owner: String?
        var tags: [String]
        var cluster: String
        var selector: [String: String]?
        var taskCount: Int
        var tasks: [String]
        var variables: [String]

        enum CodingKeys: String, CodingKey {
            case kind, description, owner, tags, cluster, selector
            case taskCount = "task_count"
            case tasks, variables
        }
    }

    /// The versions of a job, newest first, below `before`.
    package func versions(_ id: JobID, before: Int? = nil, limit: Int = 100) async throws -> [JobVersionSummary] {
        let page = min(max(limit, 1), limits.page)
        return try await pool.query(
            """
            SELECT version, created_at, created_by, spec->>'image', jsonb_array_length(spec->'tasks') FROM job_versions
            WHERE job_id = \(id) AND version < \(before ?? Int(Int32.max)) ORDER BY version DESC LIMIT \(page)
            """
        ).decode(Int.self, Timestamp.self, String?.self, String.self, Int.self).map {
            JobVersionSummary(version: $0.0, createdAt: $0.1, createdBy: $0.2, image: $0.3, taskCount: $0.4)
        }
    }
}
