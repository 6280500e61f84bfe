internal import PostgresClient
package import SlipwayCore

/// What the scheduler that has the term asks of the place where teams and credentials are kept; ``RunStore`` keeps them in
/// Postgres, and each function is described there.
package protocol TeamLedger: Sendable {
    var limits: StoreLimits { get }
    func chargeCredits(holder: HolderID, term: Int64) async throws -> Int
    func returnRuns(holder: HolderID, term: Int64, isFirst: Bool) async throws -> Int
    func dueChecks() async throws -> [DueCheck]
    func clusterChoice() async throws -> ClusterChoice
    func beginCheck(_ key: CredentialKey, run: NewRun, holder: HolderID, term: Int64) async throws -> Bool
    func putOffCheck(_ check: DueCheck, because message: String, holder: HolderID, term: Int64) async throws
    func endedChecks() async throws -> [EndedCheck]
    func settle(_ check: EndedCheck, _ verdict: CredentialSpec.Verdict, holder: HolderID, term: Int64) async throws
        -> Int?
}

extension RunStore: TeamLedger {
    /// After so long without its run a check is begun anew: whoever began it did not come to create the run, or it was deleted.
    private static let checkPatience = Duration.seconds(60)

    /// Credentials whose check is due and not under way, with the job that does it.
    package func dueChecks() async throws -> [DueCheck] {
        try await pool.query(
            """
            SELECT c.team, c.name, c.spec, j.id, j.current_version, v.spec
            FROM credentials c
            LEFT JOIN jobs j ON j.team = c.team AND j.name = c.spec #>> '{check,job}' AND j.archived_at IS NULL
            LEFT JOIN job_versions v ON v.job_id = j.id AND v.version = j.current_version
            WHERE c.check_due_at <= clock_timestamp() AND c.check_run_id IS NULL
            ORDER BY c.check_due_at LIMIT \(limits.batch)
            """
        ).decode(String.self, String.self, PostgresJSON.self, JobID?.self, Int?.self, PostgresJSON?.self)
            .compactMap { team, name, spec, job, version, jobSpec in
                // why: what a newer version wrote keeps nobody from the others; that version checks it.
                guard let check = (try? decoded(spec, as: CredentialSpec.self))?.check else { return nil }
                var due = DueCheck(key: CredentialKey(team: team, name: name), check: check)
                if let job, let version, let jobSpec {
                    due.job = JobVersionKey(job: job, version: version)
                    due.jobSpec = try? decoded(jobSpec)  // why: as above; without it the check is put off
                }
                return due
            }
    }

    /// Notes the run that checks a credential, then creates it.
    ///
    /// - Parameter term: the caller's term of the scheduling duty; a later one makes this do nothing.
    /// - Returns: whether the check was begun.
    package func beginCheck(_ key: CredentialKey, run: NewRun, holder: HolderID, term: Int64) async throws -> Bool {
        let begun = try await pool.query(
            """
            UPDATE credentials SET check_run_id = \(run.id), check_due_at = clock_timestamp()
            WHERE team = \(key.team) AND name = \(key.name) AND check_run_id IS NULL AND check_due_at <= clock_timestamp()
                AND EXISTS (SELECT FROM terms WHERE duty = 'scheduling' AND holder_id = \(holder) AND term = \(term)
                    AND expires_at > clock_timestamp())
            """
        )
        guard begun.affectedRows > 0 else { return false }
        try await create([run])
        return true
    }

    /// Tells why a check cannot be made; it is tried again when the next one is due.
    package func putOffCheck(_ check: DueCheck, because message: String, holder: HolderID, term: Int64) async throws {
        try await pool.query(
            """
            UPDATE credentials SET message = \(message),
                check_due_at = clock_timestamp() + \(Duration.seconds(check.check.everySeconds).postgresInterval)
            WHERE team = \(check.key.team) AND name = \(check.key.name) AND check_run_id IS NULL
                AND EXISTS (SELECT FROM terms WHERE duty = 'scheduling' AND holder_id = \(holder) AND term = \(term)
                    AND expires_at > clock_timestamp())
            """
        )
    }

    /// Checks whose run is over, with the runs that followed it by the job's own policy, or is not there.
    package func endedChecks() async throws -> [EndedCheck] {
        try await pool.query(
            """
            SELECT c.team, c.name, c.spec, c.check_run_id, f.state, f.failure_class, f.message
            FROM credentials c LEFT JOIN LATERAL (
                SELECT state, failure_class, message FROM (
                    SELECT state, failure_class, message, attempt, id FROM finished_runs WHERE id = c.check_run_id
                    UNION ALL
                    SELECT state, failure_class, message, attempt, id FROM finished_runs WHERE root_id = c.check_run_id
                ) AS ends ORDER BY attempt DESC, id DESC LIMIT 1
            ) AS f ON true
            WHERE c.check_run_id IS NOT NULL
                AND NOT EXISTS (SELECT FROM live_runs l WHERE l.id = c.check_run_id)
                AND NOT EXISTS (SELECT FROM live_runs l WHERE l.root_id = c.check_run_id)
                AND (f.state IS NOT NULL
                    OR c.check_due_at < clock_timestamp() - \(Self.checkPatience.postgresInterval))
            ORDER BY c.team, c.name LIMIT \(limits.batch)
            """
        ).decode(
            String.self,
            String.self,
            PostgresJSON.self,
            RunID.self,
            RunState?.self,
            FailureClass?.self,
            String?.self
        ).map { team, name, spec, run, state, failureClass, message in
            let credential: CredentialSpec = try decoded(spec)
            return EndedCheck(
                key: CredentialKey(team: team, name: name),
                check: credential.check,
                runID: run,
                state: state,
                failureClass: failureClass,
                message: message
            )
        }
    }

    /// Writes what a check found, unless somebody has said otherwise meanwhile. If it is valid, and the check says so, the runs
    /// that were paused for it wait again, in the same transaction.
    ///
    /// - Parameter term: as for `beginCheck`.
    /// - Returns: how many runs wait again; `nil` if nothing was written.
    package func settle(
        _ check: EndedCheck,
        _ verdict: CredentialSpec.Verdict,
        holder: HolderID,
        term: Int64
    ) async throws -> Int? {
        let isValid: Bool? =
            switch verdict {
            case .valid: true
            case .invalid: false
            case .unknown: nil
            }
        // A run that is gone told nothing: the check is made again at once.
        let pause = check.state == nil ? Duration.zero : .seconds(check.check?.everySeconds ?? 0)
        let message = verdict == .valid ? nil : Self.message(check, verdict)
        return try await pool.transaction { transaction in
            let settled = try await transaction.query(
                """
                WITH settled AS (
                    UPDATE credentials c SET check_run_id = NULL,
                        check_due_at = CASE WHEN \(check.check != nil) THEN clock_timestamp() + \(pause.postgresInterval) END,
                        is_valid = coalesce(\(nullable: isValid)::boolean, c.is_valid),
                        checked_at = CASE WHEN \(isValid == nil) THEN c.checked_at ELSE clock_timestamp() END,
                        message = \(nullable: message)::text,
                        revision = c.revision + CASE WHEN coalesce(\(nullable: isValid)::boolean, c.is_valid) = c.is_valid
                            THEN 0 ELSE 1 END
                    WHERE team = \(check.key.team) AND name = \(check.key.name) AND check_run_id = \(check.runID)
                        AND EXISTS (SELECT FROM terms WHERE duty = 'scheduling' AND holder_id = \(holder) AND term = \(term)
                            AND expires_at > clock_timestamp())
                    RETURNING c.team, c.name
                ), audited AS (
                    INSERT INTO audit_log (action, team, subject_kind, subject, details)
                    SELECT 'checked', team, 'credential', team || '/' || name,
                        jsonb_build_object('run', \(check.runID)::uuid, 'valid', \(nullable: isValid)::boolean)
                    FROM settled
                )
                SELECT name FROM settled
                """
            )
            guard settled.rowCount > 0 else { return nil }
            guard verdict == .valid, check.check?.resumesRuns == true else { return 0 }
            let names = [check.key.name]
            return try await resumePausedRuns(
                team: check.key.team,
                credentials: names,
                by: nil,
                why: nil,
                in: transaction
            )
        }
    }

    private static func message(_ check: EndedCheck, _ verdict: CredentialSpec.Verdict) -> String {
        guard let state = check.state else { return "the check's run \(check.runID) is not there any more" }
        let end = "the check's run \(check.runID) ended as \(state.rawValue)"
        let told = check.message.map { ": \($0)" } ?? ""
        return postgresText(String((end + told).prefix(2000)))
    }
}
