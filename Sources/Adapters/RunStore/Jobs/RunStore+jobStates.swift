internal import PostgresClient
internal import SlipwayCore

/// What people do to a job as a whole. Each is safe to repeat.
package enum JobAction: String, Sendable, Hashable, CaseIterable {
    /// Its schedules are silent. Runs that people ask for, and those that wait, go on.
    case pause
    case resume
    /// Hidden from lists, no new runs, silent schedules. Runs that wait or run go on.
    case archive
    case unarchive
}

extension RunStore {
    /// Does something to a job.
    ///
    /// - Returns: whether that changed anything; `nil` if there is no such job.
    package func act(
        _ action: JobAction,
        onJob name: String,
        of team: String,
        by actor: String?,
        why: String?
    ) async throws -> Bool? {
        try await pool.transaction { transaction in
            let found = try await transaction.query(
                """
                SELECT id, paused_at IS NOT NULL, archived_at IS NOT NULL FROM jobs
                WHERE team = \(team) AND name = \(name) FOR UPDATE
                """
            ).decode(JobID.self, Bool.self, Bool.self).first
            guard let (id, isPaused, isArchived) = found else { return nil }
            let isAlreadySo =
                switch action {
                case .pause: isPaused
                case .resume: !isPaused
                case .archive: isArchived
                case .unarchive: !isArchived
                }
            if isAlreadySo { return false }
            try await transaction.query(Self.change(action, of: id, by: actor))
            try await transaction.query(
                """
                INSERT INTO audit_log (origin, actor, action, team, subject_kind, subject, why, details)
                VALUES (\(nullable: AuditOrigin.json)::jsonb, \(nullable: actor), \(action.rawValue), \(team), 'job', \(name), \(nullable: why),
                    jsonb_build_object('job_id', \(id)::uuid))
                """
            )
            return true
        }
    }

    private static func change(_ action: JobAction, of id: JobID, by actor: String?) -> PostgresQuery {
        switch action {
        case .pause:
            "UPDATE jobs SET paused_at = clock_timestamp(), paused_by = \(nullable: actor) WHERE id = \(id)"
        case .resume: "UPDATE jobs SET paused_at = NULL, paused_by = NULL WHERE id = \(id)"
        case .archive: "UPDATE jobs SET archived_at = clock_timestamp() WHERE id = \(id)"
        case .unarchive: "UPDATE jobs SET archived_at = NULL WHERE id = \(id)"
        }
    }
}
