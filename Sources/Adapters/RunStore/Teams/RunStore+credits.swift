internal import PostgresClient
package import SlipwayCore

/// What a person says of a team's credits, in cpu-seconds.
package enum CreditChange: Sendable, Hashable {
    case set(Double)
    /// Also less, if it is negative.
    case add(Double)
    /// The team needs none from now on.
    case lift
}

package enum ChangedCredits: Sendable, Hashable {
    case done(TeamRecord)
    case teamNotFound
    /// Nothing can be added to the credits of a team that needs none.
    case needsNone
}

extension RunStore {
    /// Changes what is left of a team's credits.
    package func changeCredits(
        of team: String,
        _ change: CreditChange,
        by actor: String?,
        why: String? = nil
    ) async throws -> ChangedCredits {
        try await pool.transaction { transaction in
            let before = try await transaction.query("SELECT credits FROM teams WHERE name = \(team) FOR UPDATE")
                .decode(Double?.self).first
            guard let before else { return .teamNotFound }
            let bounds = TeamLimits.standard.credits
            let after: Double?
            switch change {
            case .set(let value): after = value
            case .lift: after = nil
            case .add(let value):
                guard let before else { return .needsNone }
                after = min(max(before + value, bounds.lowerBound), bounds.upperBound)
            }
            let stored = try await transaction.query(
                """
                UPDATE teams SET credits = \(nullable: after)::float8, revision = revision + 1, updated_at = now(),
                    credits_charged_at = CASE WHEN credits IS NULL THEN clock_timestamp() ELSE credits_charged_at END
                WHERE name = \(team) RETURNING \(unescaped: TeamRecord.columns)
                """
            )
            guard let row = stored.first else { return .teamNotFound }
            try await AuditEntry("credits", team: team, kind: "team", subject: team, by: actor, why: why)
                .changing(from: before, to: after).write(in: transaction)
            return .done(try TeamRecord(row: row))
        }
    }

    /// Takes from each team that needs credits what its runs asked for since it was last charged: for each run the requested
    /// cpu times the part of that span in which it had a placement, whether or not its code ran. A span without a scheduler is
    /// charged when there is one again; runs that began or ended within it only for what they took of it. What a placement
    /// took that was lost between two charges is free.
    ///
    /// - Parameter term: the caller's term of the scheduling duty; a later one makes this do nothing.
    /// - Returns: how many teams were charged.
    package func chargeCredits(holder: HolderID, term: Int64) async throws -> Int {
        try await pool.transaction { transaction in
            // A statement of its own, so that the next one does not see runs that were charged for as they were deleted.
            try await transaction.query(
                """
                SELECT FROM teams WHERE credits IS NOT NULL
                    AND EXISTS (SELECT FROM terms WHERE duty = 'scheduling' AND holder_id = \(holder)
                        AND term = \(term) AND expires_at > clock_timestamp())
                ORDER BY name FOR UPDATE
                """
            )
            return try await transaction.query(Self.charge(holder: holder, term: term))
        }.rowCount
    }

    private static func charge(holder: HolderID, term: Int64) -> PostgresQuery {
        """
        WITH due AS MATERIALIZED (
            SELECT name, credits_charged_at AS since, statement_timestamp() AS until FROM teams
            WHERE credits IS NOT NULL AND credits_charged_at < statement_timestamp()
                AND EXISTS (SELECT FROM terms WHERE duty = 'scheduling' AND holder_id = \(holder)
                    AND term = \(term) AND expires_at > clock_timestamp())
            ORDER BY name FOR UPDATE
        ), spans AS (
            SELECT r.team, r.cpu_millicores, greatest(r.placement_started_at, d.since) AS began, d.until AS ended
            FROM due d JOIN live_runs r ON r.team = d.name
            WHERE r.state = ANY(\(RunState.active)) AND r.placement_started_at IS NOT NULL
            UNION ALL
            SELECT f.team, f.cpu_millicores, greatest(f.placement_started_at, d.since), least(f.ended_at, d.until)
            FROM due d JOIN finished_runs f ON f.team = d.name AND f.ended_at > d.since
            WHERE f.ended_at > (SELECT min(since) FROM due) AND f.placement_started_at IS NOT NULL
        ), used AS (
            SELECT team, sum(cpu_millicores / 1000.0 * extract(epoch FROM ended - began)::float8) AS cpu_seconds
            FROM spans WHERE ended > began GROUP BY team
        )
        UPDATE teams t SET credits = t.credits - coalesce(u.cpu_seconds, 0), credits_charged_at = d.until
        FROM due d LEFT JOIN used u ON u.team = d.name
        WHERE t.name = d.name
        RETURNING t.name
        """
    }

    /// Has the runs wait again that were paused for want of credits and whose teams have some, or need none any more; and those
    /// that were paused for a credential although all they need had been told valid just before, by who did not know it yet.
    /// Teams take turns; of each those go first that were paused first.
    ///
    /// - Parameters:
    ///   - term: as for `chargeCredits`.
    ///   - isFirst: the first call of a look: only that one takes runs of teams that need credits, so that what is left of
    ///     them has not many begin to wait that are paused again at once.
    /// - Returns: how many; `limits.batch` at most.
    package func returnRuns(holder: HolderID, term: Int64, isFirst: Bool = true) async throws -> Int {
        try await pool.query(
            """
            WITH candidates AS (
                SELECT p.id, p.place FROM teams t CROSS JOIN LATERAL (
                    SELECT r.id, row_number() OVER (ORDER BY r.state_since) AS place FROM live_runs r
                    WHERE r.team = t.name AND r.state = 'paused' AND r.reason = 'credits_exhausted'
                    ORDER BY r.state_since LIMIT \(limits.batch)
                ) AS p
                WHERE t.credits IS NULL OR (\(isFirst) AND t.credits >= 1)
                UNION ALL
                SELECT p.id, p.place FROM credentials c CROSS JOIN LATERAL (
                    SELECT r.id, row_number() OVER (ORDER BY r.state_since) AS place FROM live_runs r
                    WHERE r.team = c.team AND r.state = 'paused' AND r.reason = 'credential_invalid'
                        -- Nobody is behind for longer than this.
                        AND r.state_since > c.checked_at AND r.state_since < c.checked_at + interval '10 minutes'
                        AND c.name = ANY(r.credentials) AND NOT EXISTS (
                            SELECT FROM credentials o WHERE o.team = r.team AND o.name = ANY(r.credentials)
                                AND (NOT o.is_valid OR o.checked_at >= r.state_since))
                    ORDER BY r.state_since LIMIT \(limits.batch)
                ) AS p
                WHERE c.is_valid AND c.checked_at IS NOT NULL
            ), picked AS (
                SELECT r.id FROM live_runs r
                WHERE r.id IN (SELECT id FROM candidates ORDER BY place, id LIMIT \(limits.batch))
                    AND r.state = 'paused' AND r.reason IN ('credits_exhausted', 'credential_invalid')
                    AND EXISTS (SELECT FROM terms WHERE duty = 'scheduling' AND holder_id = \(holder)
                        AND term = \(term) AND expires_at > clock_timestamp())
                ORDER BY r.id FOR UPDATE OF r SKIP LOCKED
            ), \(unescaped: Self.returned)
            SELECT id FROM returned
            """
        ).rowCount
    }

    /// `picked` runs that are paused wait again, as a part of a statement.
    static let returned = """
        returned AS (
            UPDATE live_runs r SET state = 'pending', state_since = greatest(clock_timestamp(), r.state_since),
                reason = NULL, message = NULL
            FROM picked WHERE r.id = picked.id AND r.state = 'paused'
            RETURNING r.id, r.team, r.state_since
        ), returned_told AS (
            INSERT INTO run_events (run_id, kind, from_state, state, at)
            SELECT id, 'state', 'paused', 'pending', state_since FROM returned
        )
        """
}
