internal import PostgresClient
package import SlipwayCore

/// Runs of a team that somebody wants to submit, and how many its people may.
package struct Submission: Sendable, Hashable {
    package var team: String
    package var runs: Int
    package var rate: JobSpec.RateLimit

    package init(team: String, runs: Int, rate: JobSpec.RateLimit) {
        self.team = team
        self.runs = runs
        self.rate = rate
    }
}

/// A team that has submitted as many runs as it may.
package struct SubmissionRefusal: Error, Sendable, Hashable {
    package var team: String
    package var rate: JobSpec.RateLimit
    /// After which so many are allowed.
    package var waitSeconds: Double
}

extension RunStore {
    /// Takes from the budgets of teams what they want to submit, all or nothing. A budget holds at most as many runs as the
    /// rate names and fills evenly, by the database's clock, so that all API processes together keep to it.
    ///
    /// - Parameter submissions: no team twice; none wants more than its rate's `runs`.
    /// - Returns: the first team that must wait; `nil` if all may submit.
    package func takeSubmissions(_ submissions: [Submission]) async throws -> SubmissionRefusal? {
        guard !submissions.isEmpty else { return nil }
        do {
            try await pool.transaction { try await Self.take(submissions, in: $0) }
            return nil
        } catch let refusal as SubmissionRefusal {
            return refusal
        }
    }

    /// The same as part of a transaction, which must not go on after a refusal.
    ///
    /// - Throws: ``SubmissionRefusal`` for the first team that must wait.
    static func take(_ submissions: [Submission], in transaction: PostgresTransaction) async throws {
        let wanted = submissions.sorted { $0.team < $1.team }
        let taken: [String] = try await transaction.query(takingStatement(wanted)).decode(String.self)
        guard let short = wanted.first(where: { !taken.contains($0.team) }) else { return }
        throw try await refusal(of: short, in: transaction)
    }

    /// A row of a team that is known is changed only if that leaves its budget at 0 or more.
    private static func takingStatement(_ wanted: [Submission]) -> PostgresQuery {
        """
        WITH wanted AS (
            SELECT * FROM unnest(\(wanted.map(\.team)), \(wanted.map { Double($0.runs) }),
                \(wanted.map { Double($0.rate.runs) }), \(wanted.map { Double($0.rate.perSeconds) }))
                AS w (team, runs, size, seconds)
        )
        INSERT INTO submission_budgets AS b (team, tokens, updated_at)
        SELECT team, size - runs, clock_timestamp() FROM wanted ORDER BY team
        ON CONFLICT (team) DO UPDATE SET updated_at = greatest(b.updated_at, clock_timestamp()),
            tokens = (SELECT \(unescaped: filled) - w.runs FROM wanted w WHERE w.team = b.team)
        WHERE (SELECT \(unescaped: filled) >= w.runs FROM wanted w WHERE w.team = b.team)
        RETURNING b.team
        """
    }

    /// What a budget holds by now.
    private static let filled = """
        least(w.size, b.tokens + greatest(0, extract(epoch FROM clock_timestamp() - b.updated_at))::float8
            * w.size / w.seconds)
        """

    private static func refusal(
        of short: Submission,
        in transaction: PostgresTransaction
    ) async throws -> SubmissionRefusal {
        let perSecond = Double(short.rate.runs) / Double(short.rate.perSeconds)
        let available = try await transaction.query(
            """
            SELECT least(\(Double(short.rate.runs)), tokens
                + greatest(0, extract(epoch FROM clock_timestamp() - updated_at))::float8 * \(perSecond))
            FROM submission_budgets WHERE team = \(short.team)
            """
        ).decode(Double.self).first
        let missing = Double(short.runs) - (available ?? 0)
        return SubmissionRefusal(team: short.team, rate: short.rate, waitSeconds: max(0, missing / perSecond))
    }
}
