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
            let state = ["paused": isPaused, "archived": isArchived]
            var changed = state
            switch action {
            case .pause: changed["paused"] = true
            case .resume: changed["paused"] = false
            case .archive: changed["archived"] = true
            case .unarchive: changed["archived"] = false
            }
            let details = JSONValue.object(["job_id": .string(id.description)])
            try await AuditEntry(
                action.rawValue,
                team: team,
                kind: "job",
                subject: name,
                by: actor,
                why: why,
                details: details
            ).changing(from: state, to: changed).write(in: transaction)
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
