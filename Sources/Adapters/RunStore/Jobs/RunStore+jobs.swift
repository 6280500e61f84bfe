internal import PostgresClient
package import SlipwayCore

/// A job with its current version.
package struct JobRecord: Sendable {
    package var id: JobID
    package var team: String
    package var name: String
    package var currentVersion: Int
    package var createdAt: Timestamp
    package var updatedAt: Timestamp
    /// Since when its schedules are silent; `nil`: they are not.
    package var pausedAt: Timestamp?
    package var pausedBy: String?
    /// Since when it makes no new runs; `nil`: it does.
    package var archivedAt: Timestamp?
    /// The current version's.
    package var spec: JobSpec
}

/// One immutable version of a job.
package struct JobVersionRecord: Sendable {
    package var version: Int
    package var createdAt: Timestamp
    package var createdBy: String?
    package var spec: JobSpec
}

/// What applying a job file did.
package struct AppliedJob: Sendable, Hashable {
    package enum Change: String, Sendable, Hashable { case created, updated, unchanged }
    package var id: JobID
    package var version: Int
    package var change: Change
}

extension RunStore {
    /// Stores a job file's content: a new job, a new version, or nothing if the current version is the same.
    ///
    /// - Parameters:
    ///   - id: the job's id if it is new.
    ///   - canonicalSpec: `spec.canonicalJSON()`, whose SHA-256 is the version's address.
    /// - Returns: `nil` if the team or the cluster does not exist.
    package func apply(
        _ spec: JobSpec,
        canonicalSpec: String,
        id: JobID,
        by actor: String?
    ) async throws -> AppliedJob? {
        try await pool.transaction { transaction in
            let known = try await transaction.query(
                """
                SELECT EXISTS (SELECT FROM teams WHERE name = \(spec.team)) AND (\(spec.clusterSelector != nil) OR EXISTS (
                    SELECT FROM clusters WHERE name = \(spec.cluster))) AS is_known
                """
            )
            guard try known.first?.value("is_known", as: Bool.self) == true else { return nil }
            let found = try await transaction.query(
                """
                SELECT j.id, j.current_version, v.digest = sha256(convert_to(\(canonicalSpec), 'UTF8')) AS is_same
                FROM jobs j JOIN job_versions v ON v.job_id = j.id AND v.version = j.current_version
                WHERE j.team = \(spec.team) AND j.name = \(spec.name) FOR UPDATE OF j
                """
            ).decode(JobID.self, Int.self, Bool.self).first
            if let (id, version, isSame) = found, isSame {
                return AppliedJob(id: id, version: version, change: .unchanged)
            }
            let version = (found?.1 ?? 0) + 1
            let stored = try await transaction.query(
                """
                INSERT INTO jobs (id, team, name, current_version) VALUES (\(id), \(spec.team), \(spec.name), \(version))
                ON CONFLICT (team, name) DO UPDATE SET current_version = jobs.current_version + 1, updated_at = now()
                RETURNING id, current_version
                """
            ).decode(JobID.self, Int.self)
            guard let (storedID, storedVersion) = stored.first else { return nil }
            try await transaction.query(
                """
                INSERT INTO job_versions (job_id, version, digest, spec, created_by)
                VALUES (\(storedID), \(storedVersion), sha256(convert_to(\(canonicalSpec), 'UTF8')),
                    \(PostgresJSON(text: canonicalSpec)), \(nullable: actor))
                """
            )
            // The versions themselves stay.
            try await AuditEntry("apply", team: spec.team, kind: "job", subject: spec.name, by: actor)
                .changing(from: found.map { ["version": $0.1] }, to: ["version": storedVersion]).write(in: transaction)
            return AppliedJob(id: storedID, version: storedVersion, change: found == nil ? .created : .updated)
        }
    }

    /// A job by its team and name.
    package func job(team: String, name: String) async throws -> JobRecord? {
        try await jobs(where: "j.team = $1 AND j.name = $2", [team, name]).first
    }

    /// A job by its id.
    package func job(_ id: JobID) async throws -> JobRecord? {
        try await jobs(where: "j.id = $1", [id]).first
    }

    /// A version of a job; `nil` if it does not exist.
    package func version(_ id: JobID, _ version: Int) async throws -> JobVersionRecord? {
        let rows = try await pool.query(
            "SELECT created_at, created_by, spec FROM job_versions WHERE job_id = \(id) AND version = \(version)"
        ).decode(Timestamp.self, String?.self, PostgresJSON.self)
        return try rows.first.map {
            JobVersionRecord(version: version, createdAt: $0.0, createdBy: $0.1, spec: try decoded($0.2))
        }
    }

    /// The specs of versions of jobs; what does not exist is missing from the result.
    package func specs(_ versions: Set<JobVersionKey>) async throws -> [JobVersionKey: JobSpec] {
        try await Self.specs(versions, in: pool)
    }

    static func specs(
        _ versions: Set<JobVersionKey>,
        in session: some PostgresQuerying
    ) async throws -> [JobVersionKey: JobSpec] {
        try await storedSpecs(versions, in: session).mapValues { try decoded($0) }
    }

    /// The specs as they are stored, so that one which a newer version wrote keeps nobody from the others.
    static func storedSpecs(
        _ versions: Set<JobVersionKey>,
        in session: some PostgresQuerying
    ) async throws -> [JobVersionKey: PostgresJSON] {
        guard !versions.isEmpty else { return [:] }
        let wanted = Array(versions)
        let rows = try await session.query(
            """
            SELECT v.job_id, v.version, v.spec FROM job_versions v
            JOIN unnest(\(wanted.map(\.job)), \(wanted.map(\.version))::int[]) AS w (id, version)
                ON v.job_id = w.id AND v.version = w.version
            """
        ).decode(JobID.self, Int.self, PostgresJSON.self)
        return Dictionary(rows.map { (JobVersionKey(job: $0.0, version: $0.1), $0.2) }, uniquingKeysWith: { $1 })
    }

    private func jobs(
        where condition: String,
        _ parameters: [any PostgresEncodable]
    ) async throws -> [JobRecord] {
        let sql = """
            SELECT j.id, j.team, j.name, j.current_version, j.created_at, j.updated_at, j.paused_at, j.paused_by, j.archived_at,
                v.spec
            FROM jobs j JOIN job_versions v ON v.job_id = j.id AND v.version = j.current_version
            WHERE \(condition)
            """
        let rows = try await pool.query(PostgresQuery(sql, parameters)).decode(
            JobID.self,
            String.self,
            String.self,
            Int.self,
            Timestamp.self,
            Timestamp.self,
            Timestamp?.self,
            String?.self,
            Timestamp?.self,
            PostgresJSON.self
        )
        return try rows.map {
            JobRecord(
                id: $0.0,
                team: $0.1,
                name: $0.2,
                currentVersion: $0.3,
                createdAt: $0.4,
                updatedAt: $0.5,
                pausedAt: $0.6,
                pausedBy: $0.7,
                archivedAt: $0.8,
                spec: try decoded($0.9)
            )
        }
    }
}

/// Names one version of one job.
package struct JobVersionKey: Sendable, Hashable {
    package var job: JobID
    package var version: Int

    package init(job: JobID, version: Int) {
        self.job = job
        self.version = version
    }
}
