internal import PostgresClient
package import SlipwayCore

extension RunStore {
    /// The registered clusters by name, after `after`.
    ///
    /// - Parameters:
    ///   - limit: 1 to `limits.page`; larger values are cut.
    ///   - teams: only those that take runs of one of these; `nil`: all.
    package func clusters(
        after: String? = nil,
        limit: Int = 500,
        servingAnyOf teams: [String]? = nil
    ) async throws -> [ClusterRecord] {
        let condition = """
            c.name > $1 AND ($2::text[] IS NULL OR jsonb_typeof(c.spec -> 'teams') IS DISTINCT FROM 'array'
                OR c.spec -> 'teams' ?| $2)
            """
        return try await clusters(where: condition, [after ?? "", teams], limit: limit, in: pool)
    }

    /// A cluster by its name.
    package func cluster(_ name: String) async throws -> ClusterRecord? {
        try await clusters(where: "c.name = $1", [name], limit: 1, in: pool).first
    }

    /// All registered clusters with what is admitted to them, for choosing among them.
    package func clusterChoice() async throws -> ClusterChoice { try await clusterChoice(in: pool) }

    func clusterChoice(in session: some PostgresQuerying) async throws -> ClusterChoice {
        var clusters: [ClusterChoice.Cluster] = []
        var unreadable: Set<String> = []
        for row in try await clusterRows(where: "true", [], limit: limits.page, in: session) {
            let name: String = try row.value("name")
            do {
                let record = try Self.clusterRecord(row)
                clusters.append(
                    ClusterChoice.Cluster(
                        name: name,
                        spec: record.spec,
                        state: record.state,
                        nodes: record.nodes,
                        used: record.used,
                        placing: record.placing
                    )
                )
            } catch let error as PostgresError {
                throw error
            } catch {
                // What a newer version wrote must not keep runs from the other clusters.
                unreadable.insert(name)
            }
        }
        return ClusterChoice(clusters, unreadable: unreadable)
    }

    private func clusters(
        where condition: String,
        _ parameters: [any PostgresEncodable],
        limit: Int,
        in session: some PostgresQuerying
    ) async throws -> [ClusterRecord] {
        try await clusterRows(where: condition, parameters, limit: limit, in: session).map(Self.clusterRecord)
    }

    private func clusterRows(
        where condition: String,
        _ parameters: [any PostgresEncodable],
        limit: Int,
        in session: some PostgresQuerying
    ) async throws -> [PostgresRow] {
        let page = min(max(limit, 1), limits.page)
        let sql = """
            SELECT c.name, c.spec, c.wanted, c.state, c.state_since, c.message, c.revision, c.created_at, c.updated_at,
                (SELECT h.nodes FROM cluster_health h WHERE h.cluster = c.name AND h.nodes IS NOT NULL
                    ORDER BY h.checked_at DESC LIMIT 1) AS nodes,
                load.placing, load.placed, load.runs, load.cpu, load.memory
            FROM clusters c CROSS JOIN LATERAL (
                SELECT count(*) FILTER (WHERE state IN ('ready', 'starting')) AS placing,
                    count(*) FILTER (WHERE state <> 'ready') AS placed,
                    coalesce(sum(cpu_millicores), 0)::bigint AS cpu, coalesce(sum(memory_bytes), 0)::bigint AS memory,
                    count(*) AS runs
                FROM live_runs r WHERE r.cluster = c.name AND r.state NOT IN ('pending', 'paused')
            ) AS load
            WHERE \(condition) ORDER BY c.name LIMIT \(page)
            """
        return try await session.query(PostgresQuery(sql, parameters)).rows
    }

    private static func clusterRecord(_ row: PostgresRow) throws -> ClusterRecord {
        ClusterRecord(
            name: try row.value("name"),
            spec: try decoded(row.value("spec")),
            wanted: try known(row.value("wanted"), "a cluster wanted"),
            state: try known(row.value("state"), "a cluster in the state"),
            stateSince: try row.value("state_since"),
            message: try row.value("message"),
            revision: try row.value("revision"),
            createdAt: try row.value("created_at"),
            updatedAt: try row.value("updated_at"),
            nodes: try row.value("nodes", as: PostgresJSON?.self).map { try decoded($0) },
            placing: try row.value("placing"),
            placed: try row.value("placed"),
            used: ResourceAmounts(
                runs: try row.value("runs"),
                cpuMillicores: try row.value("cpu"),
                memoryBytes: try row.value("memory")
            )
        )
    }

    static func known<Value: RawRepresentable<String>>(_ text: String, _ what: String) throws -> Value {
        guard let value = Value(rawValue: text) else { throw StoredValueError(what: what, value: text) }
        return value
    }

    /// What each process says of a cluster, latest first. At most a page.
    package func reporters(of cluster: String) async throws -> [ClusterReporter] {
        try await pool.query(
            """
            SELECT r.holder_id, h.kind, h.name, r.is_healthy, r.since, r.checked_at, r.healthy_at, r.message
            FROM cluster_health r LEFT JOIN holders h ON h.id = r.holder_id AND h.expires_at > clock_timestamp()
            WHERE r.cluster = \(cluster) ORDER BY r.checked_at DESC LIMIT \(limits.page)
            """
        ).decode(
            HolderID.self,
            String?.self,
            String?.self,
            Bool.self,
            Timestamp.self,
            Timestamp.self,
            Timestamp?.self,
            String?.self
        ).map { row in
            ClusterReporter(
                holder: row.0,
                kind: row.1,
                name: row.2,
                report: ClusterReport(
                    isHealthy: row.3,
                    since: row.4,
                    checkedAt: row.5,
                    healthyAt: row.6,
                    message: row.7
                )
            )
        }
    }

    // MARK: What people change

    /// Registers a cluster, or changes what is said of it. A new one is `provisioning` until somebody finds it healthy.
    ///
    /// - Parameter revision: if given, another revision than this leaves it as it is.
    package func applyCluster(
        _ name: String,
        _ spec: ClusterSpec,
        by actor: String?,
        revision: Int64? = nil
    ) async throws -> ClusterChange {
        let json = try postgresJSON(spec)
        return try await pool.transaction { transaction in
            let teams = spec.teams ?? []
            let missing = try await transaction.query(
                """
                SELECT t.name FROM unnest(\(teams)) AS t (name) WHERE NOT EXISTS (SELECT FROM teams WHERE name = t.name)
                """
            ).decode(String.self)
            guard missing.isEmpty else { return .unknownTeams(missing) }
            let found = try await transaction.query(
                "SELECT revision, wanted, spec = \(json), spec FROM clusters WHERE name = \(name) FOR UPDATE"
            ).decode(Int64.self, String.self, Bool.self, PostgresJSON.self).first
            if let (current, wanted, isSame, _) = found {
                guard revision == nil || revision == current else { return .outdated(revision: current) }
                guard wanted != WantedCluster.destroying.rawValue else { return .leaving }
                if isSame { return .unchanged(revision: current) }
            } else if revision != nil {
                return .notFound
            }
            let stored = try await transaction.query(
                """
                INSERT INTO clusters (name, spec, state, message)
                VALUES (\(name), \(json), 'provisioning', 'nobody has looked at it yet')
                ON CONFLICT (name) DO UPDATE SET spec = excluded.spec, revision = clusters.revision + 1, updated_at = now()
                RETURNING revision
                """
            ).decode(Int64.self)[0]
            let before: JSONValue? = try found.map { try decoded($0.3) }
            let action = found == nil ? "register" : "update"
            try await AuditEntry(action, team: nil, kind: "cluster", subject: name, by: actor)
                .changing(from: before, to: spec).write(in: transaction)
            return found == nil ? .created(revision: stored) : .updated(revision: stored)
        }
    }

    /// Says what is wanted of a cluster: that runs go to it, that none does any more, or that it is forgotten. The two latter
    /// hold at once; whether it is active again is found out by its health.
    package func want(
        _ wanted: WantedCluster,
        of name: String,
        by actor: String?,
        why: String?,
        revision: Int64? = nil
    ) async throws -> ClusterChange {
        try await pool.transaction { transaction in
            let found = try await transaction.query(
                "SELECT revision, wanted FROM clusters WHERE name = \(name) FOR UPDATE"
            ).decode(Int64.self, String.self).first
            guard let (current, before) = found else { return .notFound }
            guard revision == nil || revision == current else { return .outdated(revision: current) }
            if before == wanted.rawValue { return .unchanged(revision: current) }
            guard before != WantedCluster.destroying.rawValue else { return .leaving }
            let stored = try await transaction.query(
                """
                UPDATE clusters SET wanted = \(wanted.rawValue), revision = revision + 1, updated_at = now(),
                    state = CASE \(wanted.rawValue) WHEN 'active' THEN state ELSE \(wanted.rawValue) END,
                    state_since = CASE \(wanted.rawValue) WHEN 'active' THEN state_since ELSE clock_timestamp() END
                WHERE name = \(name) RETURNING revision
                """
            ).decode(Int64.self)[0]
            let action =
                switch wanted {
                case .active: "undrain"
                case .draining: "drain"
                case .destroying: "remove"
                }
            try await AuditEntry(action, team: nil, kind: "cluster", subject: name, by: actor, why: why)
                .changing(from: ["wanted": before], to: ["wanted": wanted.rawValue]).write(in: transaction)
            return .updated(revision: stored)
        }
    }
}
