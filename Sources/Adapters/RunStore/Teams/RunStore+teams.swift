internal import PostgresClient
package import SlipwayCore

/// A team as it is stored.
package struct TeamRecord: Sendable, Hashable {
    package var name: String
    /// Of its pods on clusters that the specification does not name.
    package var namespace: String
    package var spec: TeamSpec
    /// What is left of them, in cpu-seconds; `nil`: it needs none.
    package var credits: Double?
    /// Grows with each change that a person makes.
    package var revision: Int64
    package var createdAt: Timestamp
    package var updatedAt: Timestamp

    static let columns = "name, namespace, spec, credits, revision, created_at, updated_at"

    init(row: PostgresRow) throws {
        name = try row.value("name")
        namespace = try row.value("namespace")
        spec = try decoded(row.value("spec"))
        credits = try row.value("credits")
        revision = try row.value("revision")
        createdAt = try row.value("created_at")
        updatedAt = try row.value("updated_at")
    }
}

/// What storing something that has revisions did.
package enum StoreChange: String, Sendable, Hashable { case created, updated, unchanged }

/// What became of a team's file.
package enum AppliedTeam: Sendable, Hashable {
    case done(TeamRecord, StoreChange)
    /// It names clusters that are not registered.
    case unknownClusters([String])
    /// Pods of two teams are never in one namespace of a cluster, nor beside the cluster's own.
    case takenNamespaces([TakenNamespace])
    /// Somebody changed it meanwhile; it has this revision now, 0 if it does not exist.
    case otherRevision(Int64)
}

/// A namespace that a team may not have.
package struct TakenNamespace: Sendable, Hashable {
    /// What of the team's file asks for it: `namespace`, or `namespaces` with the cluster, such as `namespaces.west`.
    package var field: String
    package var namespace: String
    /// Who has it; `nil`: the cluster itself.
    package var team: String?

    package init(field: String, namespace: String, team: String?) {
        self.field = field
        self.namespace = namespace
        self.team = team
    }
}

package enum DeletedTeam: Sendable, Hashable {
    case done
    case notFound
    /// It still has so many jobs that are not archived.
    case hasJobs(Int)
    /// Runs of its archived jobs are not over.
    case hasLiveRuns
    case otherRevision(Int64)
}

extension RunStore {
    /// Stores a team's file. What it does not say of `namespace` and `suspended` stays as it is.
    ///
    /// - Parameter revision: if given, the team is only changed if it has this one.
    package func apply(
        _ spec: TeamSpec,
        team name: String,
        ifRevision revision: Int64? = nil,
        by actor: String?
    ) async throws -> AppliedTeam {
        try await pool.transaction { transaction in
            let found = try await transaction.query(
                "SELECT \(unescaped: TeamRecord.columns) FROM teams WHERE name = \(name) FOR UPDATE"
            ).first.map(TeamRecord.init(row:))
            if let revision, revision != found?.revision ?? 0 { return .otherRevision(found?.revision ?? 0) }
            let unknown = try await transaction.query(
                """
                SELECT c.name FROM unnest(\(spec.namespaces.keys.sorted())) AS c (name)
                WHERE NOT EXISTS (SELECT FROM clusters k WHERE k.name = c.name) ORDER BY 1
                """
            ).decode(String.self)
            guard unknown.isEmpty else { return .unknownClusters(unknown) }
            var wanted = spec
            wanted.namespace = spec.namespace ?? found?.namespace ?? name
            wanted.isSuspended = spec.isSuspended ?? found?.spec.isSuspended
            if let found, found.spec == wanted { return .done(found, .unchanged) }
            if found?.namespace != wanted.namespace || found?.spec.namespaces != wanted.namespaces {
                let taken = try await Self.takenNamespaces(of: wanted, team: name, in: transaction)
                guard taken.isEmpty else { return .takenNamespaces(taken) }
            }
            let stored = try await transaction.query(
                """
                INSERT INTO teams (name, namespace, spec)
                VALUES (\(name), \(wanted.namespace ?? name), \(try postgresJSON(wanted)))
                ON CONFLICT (name) DO UPDATE SET namespace = excluded.namespace, spec = excluded.spec,
                    revision = teams.revision + 1, updated_at = now()
                RETURNING \(unescaped: TeamRecord.columns)
                """
            )
            try await AuditEntry("apply", team: name, kind: "team", subject: name, by: actor)
                .changing(from: found?.spec, to: wanted).write(in: transaction)
            try await transaction.query("DELETE FROM team_namespaces WHERE team = \(name)")
            let namespaces = wanted.namespaces.sorted { $0.key < $1.key }
            try await transaction.query(
                """
                INSERT INTO team_namespaces (team, cluster, namespace)
                SELECT \(name), * FROM unnest(\(namespaces.map(\.key)), \(namespaces.map(\.value)))
                """
            )
            guard let row = stored.first else { return .otherRevision(0) }
            return .done(try TeamRecord(row: row), found == nil ? .created : .updated)
        }
    }

    /// Which namespaces of a team's specification others have, the first few. Who else asks for any waits until this transaction is
    /// over.
    private static func takenNamespaces(
        of spec: TeamSpec,
        team name: String,
        in transaction: PostgresTransaction
    ) async throws -> [TakenNamespace] {
        let namespace = spec.namespace ?? name
        let named = spec.namespaces.sorted { $0.key < $1.key }
        let asked = [("namespace", namespace)] + named.map { ("namespaces.\($0.key)", $0.value) }
        let reserved = asked.filter { $0.1.hasPrefix("kube-") }
        guard reserved.isEmpty else {
            return reserved.map { TakenNamespace(field: $0.0, namespace: $0.1, team: nil) }
        }
        try await transaction.query("SELECT pg_advisory_xact_lock(7203914413)")
        return try await transaction.query(
            """
            SELECT 'namespace', t.namespace, t.name FROM teams t WHERE t.name <> \(name) AND t.namespace = \(namespace)
            UNION ALL
            SELECT 'namespace', n.namespace, n.team FROM team_namespaces n
            WHERE n.team <> \(name) AND n.namespace = \(namespace) AND n.cluster <> ALL(\(named.map(\.key)))
            UNION ALL
            SELECT 'namespaces.' || w.cluster, w.namespace, t.name
            FROM unnest(\(named.map(\.key)), \(named.map(\.value))) AS w (cluster, namespace)
            JOIN teams t ON t.name <> \(name)
            LEFT JOIN team_namespaces n ON n.team = t.name AND n.cluster = w.cluster
            WHERE coalesce(n.namespace, t.namespace) = w.namespace
            ORDER BY 1, 3 LIMIT 20
            """
        ).decode(String.self, String.self, String.self).map {
            TakenNamespace(field: $0.0, namespace: $0.1, team: $0.2)
        }
    }

    package func team(_ name: String) async throws -> TeamRecord? {
        try await pool.query("SELECT \(unescaped: TeamRecord.columns) FROM teams WHERE name = \(name)")
            .first.map(TeamRecord.init(row:))
    }

    /// Teams by name, after `name`.
    ///
    /// - Parameter names: only some of these; `nil`: of all.
    package func teams(
        _ names: [String]? = nil,
        after name: String? = nil,
        limit: Int = 100
    ) async throws -> [TeamRecord] {
        let page = min(max(limit, 1), limits.page)
        return try await pool.query(
            """
            SELECT \(unescaped: TeamRecord.columns) FROM teams WHERE name > \(name ?? "")
                AND (\(nullable: names)::text[] IS NULL OR name = ANY(\(nullable: names)::text[]))
            ORDER BY name LIMIT \(page)
            """
        ).rows.map(TeamRecord.init(row:))
    }

    /// Removes a team whose jobs are all archived and have no live runs, with its jobs, members and credentials. Runs that are over
    /// stay.
    package func deleteTeam(
        _ name: String,
        ifRevision revision: Int64? = nil,
        by actor: String?,
        why: String? = nil
    ) async throws -> DeletedTeam {
        try await pool.transaction { transaction in
            // Who stores a job meanwhile waits for this lock.
            let found = try await transaction.query(
                "SELECT \(unescaped: TeamRecord.columns) FROM teams WHERE name = \(name) FOR UPDATE"
            ).first.map(TeamRecord.init(row:))
            guard let found else { return .notFound }
            if let revision, revision != found.revision { return .otherRevision(found.revision) }
            // Nobody takes one out of the archive meanwhile.
            let archived = try await transaction.query(
                "SELECT archived_at IS NOT NULL FROM jobs WHERE team = \(name) ORDER BY id FOR UPDATE"
            ).decode(Bool.self)
            let jobs = archived.count { !$0 }
            guard jobs == 0 else { return .hasJobs(jobs) }
            let hasLiveRuns = try await transaction.query(
                """
                SELECT EXISTS (SELECT FROM jobs j WHERE j.team = \(name)
                    AND EXISTS (SELECT FROM live_runs r WHERE r.job_id = j.id))
                """
            ).decode(Bool.self)[0]
            guard !hasLiveRuns else { return .hasLiveRuns }
            try await transaction.query(
                "DELETE FROM job_versions WHERE job_id IN (SELECT id FROM jobs WHERE team = \(name))"
            )
            try await transaction.query("DELETE FROM jobs WHERE team = \(name)")
            try await transaction.query("DELETE FROM submission_budgets WHERE team = \(name)")
            // Nobody could take them back, and a later team of this name would have them.
            try await transaction.query("DELETE FROM retention_settings WHERE team = \(name)")
            try await transaction.query("DELETE FROM retention_progress WHERE team IN ('', \(name))")
            try await transaction.query("DELETE FROM teams WHERE name = \(name)")
            try await AuditEntry("delete", team: name, kind: "team", subject: name, by: actor, why: why)
                .changing(from: found.spec, to: TeamSpec?.none).write(in: transaction)
            return .done
        }
    }

    /// Stops or starts admitting a team's runs. Safe to repeat.
    ///
    /// - Returns: the team, and whether that was a change; `nil` if there is none.
    package func suspend(
        team name: String,
        _ isSuspended: Bool,
        by actor: String?,
        why: String? = nil
    ) async throws -> (team: TeamRecord, isChanged: Bool)? {
        try await pool.transaction { transaction in
            let changed = try await transaction.query(
                """
                UPDATE teams SET spec = jsonb_set(spec, '{suspended}', to_jsonb(\(isSuspended))), revision = revision + 1,
                    updated_at = now()
                WHERE name = \(name) AND coalesce((spec -> 'suspended')::boolean, false) <> \(isSuspended)
                RETURNING \(unescaped: TeamRecord.columns)
                """
            ).first
            if let changed {
                let action = isSuspended ? "suspend" : "resume"
                try await AuditEntry(action, team: name, kind: "team", subject: name, by: actor, why: why)
                    .changing(from: ["suspended": !isSuspended], to: ["suspended": isSuspended]).write(in: transaction)
                return (try TeamRecord(row: changed), true)
            }
            let same = try await transaction.query(
                "SELECT \(unescaped: TeamRecord.columns) FROM teams WHERE name = \(name)"
            ).first
            return try same.map { (try TeamRecord(row: $0), false) }
        }
    }

    /// Notes in the lasting record that somebody changed a team or something of it.
    static func audit(
        _ action: String,
        team: String,
        kind: String = "team",
        subject: String? = nil,
        by actor: String?,
        why: String? = nil,
        details: JSONValue? = nil,
        in transaction: PostgresTransaction
    ) async throws {
        try await AuditEntry(
            action,
            team: team,
            kind: kind,
            subject: subject ?? team,
            by: actor,
            why: why,
            details: details
        ).write(in: transaction)
    }
}
