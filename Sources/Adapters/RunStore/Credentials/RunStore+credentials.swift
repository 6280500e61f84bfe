internal import PostgresClient
package import SlipwayCore

extension RunStore {
    /// Stores what is known about a credential: a new one, which counts as valid until somebody says otherwise, or another
    /// kind, secret or check of one that exists. A check that is new is due at once.
    ///
    /// - Parameter revision: if given, the credential is only changed if it has this one; 0: only if it does not exist.
    package func apply(
        _ spec: CredentialSpec,
        kind: String,
        credential key: CredentialKey,
        ifRevision revision: Int64? = nil,
        by actor: String?
    ) async throws -> AppliedCredential {
        try await pool.transaction { transaction in
            let team = try await transaction.query("SELECT FROM teams WHERE name = \(key.team) FOR UPDATE")
            guard team.rowCount > 0 else { return .teamNotFound }
            let found = try await Self.credential(key, in: transaction)
            if let revision, revision != found?.revision ?? 0 { return .otherRevision(found?.revision ?? 0) }
            if let job = spec.check?.job {
                let jobs = try await transaction.query("SELECT FROM jobs WHERE team = \(key.team) AND name = \(job)")
                guard jobs.rowCount > 0 else { return .jobNotFound(job) }
            }
            if let found, found.spec == spec, found.kind == kind { return .done(found, .unchanged) }
            if found == nil {
                let limit = TeamLimits.standard.credentials
                let count = try await transaction.query("SELECT count(*) FROM credentials WHERE team = \(key.team)")
                    .decode(Int.self)[0]
                guard count < limit else { return .tooMany(limit: limit) }
            }
            let isOtherCheck = spec.check != found?.spec.check
            let stored = try await transaction.query(
                """
                INSERT INTO credentials AS c (team, name, kind, spec, check_due_at)
                VALUES (\(key.team), \(key.name), \(kind), \(try postgresJSON(spec)),
                    CASE WHEN \(spec.check != nil) THEN clock_timestamp() END)
                ON CONFLICT (team, name) DO UPDATE SET kind = excluded.kind, spec = excluded.spec,
                    check_due_at = CASE WHEN \(isOtherCheck) THEN excluded.check_due_at ELSE c.check_due_at END,
                    check_run_id = CASE WHEN \(isOtherCheck) THEN NULL ELSE c.check_run_id END,
                    revision = c.revision + 1, updated_at = now()
                RETURNING \(unescaped: CredentialRecord.columns)
                """
            )
            let record = try CredentialRecord(row: stored.rows[0])
            try await Self.entry("apply", key, by: actor).changing(from: found?.spec, to: spec).write(in: transaction)
            return .done(record, found == nil ? .created : .updated)
        }
    }

    package func credential(_ key: CredentialKey) async throws -> CredentialRecord? {
        try await pool.query(
            """
            SELECT \(unescaped: CredentialRecord.columns) FROM credentials
            WHERE team = \(key.team) AND name = \(key.name)
            """
        ).first.map(CredentialRecord.init(row:))
    }

    private static func credential(
        _ key: CredentialKey,
        in transaction: PostgresTransaction
    ) async throws -> CredentialRecord? {
        try await transaction.query(
            """
            SELECT \(unescaped: CredentialRecord.columns) FROM credentials
            WHERE team = \(key.team) AND name = \(key.name) FOR UPDATE
            """
        ).first.map(CredentialRecord.init(row:))
    }

    /// Credentials by team and name, after `key`.
    ///
    /// - Parameter isValid: if given, only those of which that is so.
    package func credentials(
        teams: [String]? = nil,
        isValid: Bool? = nil,
        after key: CredentialKey? = nil,
        limit: Int = 100
    ) async throws -> [CredentialRecord] {
        let page = min(max(limit, 1), limits.page)
        return try await pool.query(
            """
            SELECT \(unescaped: CredentialRecord.columns) FROM credentials
            WHERE (\(nullable: teams)::text[] IS NULL OR team = ANY(\(nullable: teams)))
                AND (\(nullable: isValid)::boolean IS NULL OR is_valid = \(nullable: isValid))
                AND (team, name) > (\(key?.team ?? ""), \(key?.name ?? ""))
            ORDER BY team, name LIMIT \(page)
            """
        ).rows.map(CredentialRecord.init(row:))
    }

    /// Which of these names are no credentials of the team.
    package func unknownCredentials(_ names: [String], team: String) async throws -> [String] {
        guard !names.isEmpty else { return [] }
        return try await pool.query(
            """
            SELECT DISTINCT w.name FROM unnest(\(names)) AS w (name) WHERE NOT EXISTS (
                SELECT FROM credentials c WHERE c.team = \(team) AND c.name = w.name) ORDER BY 1
            """
        ).decode(String.self)
    }

    /// Forgets a credential that no job of the team needs, and no run that is not placed yet.
    package func deleteCredential(
        _ key: CredentialKey,
        ifRevision revision: Int64? = nil,
        by actor: String?,
        why: String? = nil
    ) async throws -> DeletedCredential {
        try await pool.transaction { transaction in
            guard let found = try await Self.credential(key, in: transaction) else { return .notFound }
            if let revision, revision != found.revision { return .otherRevision(found.revision) }
            let jobs = try await transaction.query(
                """
                SELECT j.name FROM jobs j JOIN job_versions v ON v.job_id = j.id AND v.version = j.current_version
                WHERE j.team = \(key.team) AND j.archived_at IS NULL AND v.spec -> 'credentials' ? \(key.name)
                ORDER BY 1 LIMIT 5
                """
            ).decode(String.self)
            guard jobs.isEmpty else { return .isNeeded(by: jobs) }
            // Of versions that are not current, or of jobs that are archived.
            let runs = try await transaction.query(
                """
                SELECT id FROM live_runs
                WHERE team = \(key.team) AND state IN ('pending', 'paused', 'ready') AND \(key.name) = ANY(credentials)
                ORDER BY id LIMIT 5
                """
            ).decode(RunID.self)
            guard runs.isEmpty else { return .isAwaited(by: runs) }
            try await transaction.query(
                "DELETE FROM credentials WHERE team = \(key.team) AND name = \(key.name)"
            )
            try await Self.entry("delete", key, by: actor, why: why)
                .changing(from: found.spec, to: CredentialSpec?.none).write(in: transaction)
            return .done
        }
    }

    /// Writes what a person says of credentials of a team, of all that are meant or none. What a check that is under way
    /// finds does not count any more if they say whether it is valid.
    ///
    /// - Parameters:
    ///   - revision: if given, and one credential is named, it is only changed if it has this one.
    ///   - resumes: has the runs wait again that were paused for these, except those that need another one that is not valid,
    ///     in the same transaction.
    package func updateCredentials(
        _ selection: CredentialSelection,
        team: String,
        _ update: CredentialUpdate,
        resumes: Bool = false,
        ifRevision revision: Int64? = nil,
        by actor: String?,
        why: String? = nil
    ) async throws -> UpdatedCredentials {
        try await pool.transaction { transaction in
            let found = try await Self.selected(selection, team: team, in: transaction)
            if case .named(let names) = selection {
                let missing = Set(names).subtracting(found.map(\.key.name))
                guard missing.isEmpty else { return .notFound(missing.sorted()) }
            }
            if let revision, let first = found.first, first.revision != revision {
                return .otherRevision(first.revision)
            }
            let names = found.map(\.key.name)
            let secret = try update.secret.map(postgresJSON)
            let rows = try await transaction.query(
                """
                UPDATE credentials SET is_valid = coalesce(\(nullable: update.isValid)::boolean, is_valid),
                    spec = CASE WHEN \(nullable: secret)::jsonb IS NULL THEN spec
                        ELSE jsonb_set(spec, '{secret}', \(nullable: secret)::jsonb) END,
                    checked_at = CASE WHEN \(update.isValid == nil) THEN checked_at ELSE clock_timestamp() END,
                    message = CASE WHEN \(update.isValid == nil) THEN coalesce(\(nullable: update.message)::text, message)
                        ELSE \(nullable: update.message)::text END,
                    check_due_at = CASE WHEN \(update.isValid == nil) OR check_run_id IS NULL THEN check_due_at
                        ELSE clock_timestamp() + make_interval(secs => (spec #>> '{check,every_seconds}')::float8) END,
                    check_run_id = CASE WHEN \(update.isValid == nil) THEN check_run_id END,
                    revision = revision + 1, updated_at = now()
                WHERE team = \(team) AND name = ANY(\(names))
                RETURNING \(unescaped: CredentialRecord.columns)
                """
            )
            for name in names {
                try await Self.audit(
                    "update",
                    credential: CredentialKey(team: team, name: name),
                    by: actor,
                    why: why,
                    details: .object(["valid": update.isValid.map(JSONValue.bool) ?? .null]),
                    in: transaction
                )
            }
            let records = try rows.rows.map(CredentialRecord.init(row:)).sorted { $0.key < $1.key }
            guard resumes else { return .done(records, resumedRuns: 0) }
            let resumed = try await resumePausedRuns(
                team: team,
                credentials: names,
                by: actor,
                why: why,
                in: transaction
            )
            return .done(records, resumedRuns: resumed)
        }
    }

    private static func selected(
        _ selection: CredentialSelection,
        team: String,
        in transaction: PostgresTransaction
    ) async throws -> [CredentialRecord] {
        var names: [String]?
        if case .named(let given) = selection { names = given }
        return try await transaction.query(
            """
            SELECT \(unescaped: CredentialRecord.columns) FROM credentials
            WHERE team = \(team) AND CASE WHEN \(names == nil) THEN NOT is_valid
                ELSE name = ANY(\(nullable: names)::text[]) END
            ORDER BY name FOR UPDATE
            """
        ).rows.map(CredentialRecord.init(row:))
    }

    /// Has the runs wait again that were paused for credentials which are named, unless one that they need is not valid, as the
    /// transaction sees it by now.
    ///
    /// - Returns: how many.
    func resumePausedRuns(
        team: String,
        credentials names: [String],
        by actor: String?,
        why: String?,
        in transaction: PostgresTransaction
    ) async throws -> Int {
        var total = 0
        while true {
            let counts = try await transaction.query(
                """
                WITH candidates AS MATERIALIZED (
                    SELECT r.id FROM live_runs r
                    WHERE r.team = \(team) AND r.state = 'paused' AND r.reason = 'credential_invalid'
                        AND r.credentials && \(names)::text[] AND NOT EXISTS (
                            SELECT FROM credentials c
                            WHERE c.team = r.team AND c.name = ANY(r.credentials) AND NOT c.is_valid)
                    ORDER BY r.state_since LIMIT \(limits.batch)
                ), picked AS (
                    SELECT r.id FROM live_runs r WHERE r.id IN (SELECT id FROM candidates)
                        AND r.state = 'paused' AND r.reason = 'credential_invalid'
                    ORDER BY r.id FOR UPDATE OF r
                ), \(unescaped: Self.returned), audited AS (
                    INSERT INTO audit_log (origin, actor, action, team, subject_kind, subject, why, details)
                    SELECT \(nullable: AuditOrigin.json)::jsonb, \(nullable: actor)::text, 'unpause', team, 'run', id::text, \(nullable: why)::text,
                        jsonb_build_object('state', 'paused', 'reason', 'credential_invalid')
                    FROM returned
                )
                SELECT (SELECT count(*) FROM candidates), count(*) FROM returned
                """
            ).decode(Int.self, Int.self)[0]
            total += counts.1
            if counts.0 < limits.batch { return total }
        }
    }

    /// Has a credential checked now.
    ///
    /// - Returns: the credential, and whether it has a check at all; `nil` if there is no such credential.
    package func requestCheck(
        _ key: CredentialKey,
        by actor: String?
    ) async throws -> (credential: CredentialRecord, hasCheck: Bool)? {
        try await pool.transaction { transaction in
            guard let found = try await Self.credential(key, in: transaction) else { return nil }
            guard found.spec.check != nil else { return (found, false) }
            guard found.checkRunID == nil else { return (found, true) }
            let rows = try await transaction.query(
                """
                UPDATE credentials SET check_due_at = clock_timestamp() WHERE team = \(key.team) AND name = \(key.name)
                RETURNING \(unescaped: CredentialRecord.columns)
                """
            )
            try await Self.audit("check", credential: key, by: actor, in: transaction)
            return (try CredentialRecord(row: rows.rows[0]), true)
        }
    }

    private static func entry(
        _ action: String,
        _ key: CredentialKey,
        by actor: String?,
        why: String? = nil
    ) throws -> AuditEntry {
        let subject = "\(key.team)/\(key.name)"
        return try AuditEntry(action, team: key.team, kind: "credential", subject: subject, by: actor, why: why)
    }

    static func audit(
        _ action: String,
        credential key: CredentialKey,
        by actor: String?,
        why: String? = nil,
        details: JSONValue? = nil,
        in transaction: PostgresTransaction
    ) async throws {
        try await audit(
            action,
            team: key.team,
            kind: "credential",
            subject: "\(key.team)/\(key.name)",
            by: actor,
            why: why,
            details: details,
            in: transaction
        )
    }
}
