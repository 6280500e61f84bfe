internal import PostgresClient
package import SlipwayCore

/// A term of the scheduling duty: whose it is, and its number. Every decision about admission names it.
package struct SchedulingTerm: Sendable, Hashable {
    package static let duty = "scheduling"

    package var holder: HolderID
    package var number: Int64

    package init(holder: HolderID, number: Int64) {
        self.holder = holder
        self.number = number
    }
}

/// A run that may go, as it was when that was decided.
package struct AdmissionChoice: Sendable, Hashable {
    package var id: RunID
    /// A run that was moved meanwhile is left alone.
    package var cluster: String

    package init(id: RunID, cluster: String) {
        self.id = id
        self.cluster = cluster
    }
}

/// A run that was let go.
package struct AdmittedRun: Sendable, Hashable {
    package var id: RunID
    package var cluster: String
    package var admittedAt: Timestamp

    package init(id: RunID, cluster: String, admittedAt: Timestamp) {
        self.id = id
        self.cluster = cluster
        self.admittedAt = admittedAt
    }
}

/// A run that is to be held, with what its people are told.
package struct PausedRun: Sendable, Hashable {
    package var id: RunID
    /// ``ReasonCode/creditsExhausted`` or ``ReasonCode/credentialInvalid``.
    package var reason: ReasonCode
    package var message: String

    package init(id: RunID, reason: ReasonCode, message: String) {
        self.id = id
        self.reason = reason
        self.message = message
    }
}

// What admission decided, one statement a kind. Each locks the term's row until its commit: whoever takes the term over
// waits for it, and finds its effects. What is not as it was when it was decided is left alone.
extension RunStore {
    /// Lets runs go: `pending` → `ready`.
    ///
    /// - Returns: those that went.
    package func admit(_ runs: [AdmissionChoice], under term: SchedulingTerm) async throws -> [AdmittedRun] {
        guard !runs.isEmpty else { return [] }
        return try await pool.query(
            """
            WITH chosen AS (
                SELECT * FROM unnest(\(runs.map(\.id)), \(runs.map(\.cluster))) AS c (id, cluster)
            ), picked AS (
                SELECT r.id FROM live_runs r JOIN chosen c ON c.id = r.id AND c.cluster = r.cluster
                WHERE r.state = 'pending' AND NOT r.is_promoted AND EXISTS (
                    SELECT FROM terms WHERE duty = 'scheduling' AND holder_id = \(term.holder) AND term = \(term.number)
                        AND expires_at > clock_timestamp() FOR SHARE)
                ORDER BY r.id FOR UPDATE OF r SKIP LOCKED
            ), admitted AS (
                UPDATE live_runs r SET state = 'ready', state_since = greatest(clock_timestamp(), r.state_since),
                    admitted_at = clock_timestamp(), reason = NULL, message = NULL
                FROM picked WHERE r.id = picked.id
                RETURNING r.id, r.cluster, r.state_since, r.admitted_at
            ), told AS (
                INSERT INTO run_events (run_id, kind, from_state, state, at)
                SELECT id, 'state', 'pending', 'ready', state_since FROM admitted
            )
            SELECT id, cluster, admitted_at FROM admitted
            """
        ).decode(RunID.self, String.self, Timestamp.self).map {
            AdmittedRun(id: $0.0, cluster: $0.1, admittedAt: $0.2)
        }
    }

    /// Holds runs: `pending` → `paused`.
    ///
    /// - Returns: those that are held now.
    package func pause(_ runs: [PausedRun], under term: SchedulingTerm) async throws -> [RunID] {
        guard !runs.isEmpty else { return [] }
        return try await pool.query(
            """
            WITH chosen AS (
                SELECT * FROM unnest(\(runs.map(\.id)), \(runs.map(\.reason))::text[], \(runs.map(\.message)))
                    AS c (id, reason, message)
            ), picked AS (
                SELECT r.id, c.reason, c.message FROM live_runs r JOIN chosen c ON c.id = r.id
                WHERE r.state = 'pending' AND NOT r.is_promoted AND EXISTS (
                    SELECT FROM terms WHERE duty = 'scheduling' AND holder_id = \(term.holder) AND term = \(term.number)
                        AND expires_at > clock_timestamp() FOR SHARE)
                ORDER BY r.id FOR UPDATE OF r SKIP LOCKED
            ), paused AS (
                UPDATE live_runs r SET state = 'paused', state_since = greatest(clock_timestamp(), r.state_since),
                    reason = p.reason, message = p.message
                FROM picked p WHERE r.id = p.id
                RETURNING r.id, r.state_since, r.reason, r.message
            ), told AS (
                INSERT INTO run_events (run_id, kind, from_state, state, at, reason, message)
                SELECT id, 'state', 'pending', 'paused', state_since, reason, message FROM paused
            )
            SELECT id FROM paused
            """
        ).decode(RunID.self)
    }

    /// Ends runs that are beyond what their job's concurrency policy allows: `pending` → `cancelled`.
    ///
    /// - Returns: those that ended.
    package func skip(_ skips: [AdmissionPlan.Skip], under term: SchedulingTerm) async throws -> [RunID] {
        guard !skips.isEmpty else { return [] }
        return try await pool.query(
            """
            WITH chosen AS (
                SELECT * FROM unnest(\(skips.map(\.run)), \(skips.map(\.cause.reason))::text[], \(skips.map(\.cause.message)))
                    AS c (id, end_reason, end_message)
            ), picked AS (
                SELECT r.id, c.end_reason, c.end_message FROM live_runs r JOIN chosen c ON c.id = r.id
                WHERE r.state = 'pending' AND NOT r.is_promoted AND EXISTS (
                    SELECT FROM terms WHERE duty = 'scheduling' AND holder_id = \(term.holder) AND term = \(term.number)
                        AND expires_at > clock_timestamp() FOR SHARE)
                ORDER BY r.id FOR UPDATE OF r SKIP LOCKED
            ), gone AS (
                DELETE FROM live_runs r USING picked p WHERE r.id = p.id
                RETURNING r.*, p.end_reason, p.end_message, clock_timestamp() AS now
            ), finished AS (
                INSERT INTO finished_runs (\(unescaped: Self.finishedColumns), state, ended_at, reason, failure_class, message)
                SELECT \(unescaped: Self.finishedColumns), 'cancelled', now, end_reason, 'cancelled', end_message FROM gone
            ), over AS (
                SELECT id, 'cancelled' AS state, end_reason AS reason, now AS ended_at FROM gone
            ), \(unescaped: Self.settlement("settled", of: "over")), told AS (
                INSERT INTO run_events (run_id, kind, from_state, state, at, reason, message)
                SELECT id, 'state', 'pending', 'cancelled', now, end_reason, end_message FROM gone
            )
            SELECT id FROM gone
            """
        ).decode(RunID.self)
    }

    /// Takes back runs that were let go and not claimed yet, in favour of others: `ready` → `pending`.
    ///
    /// - Returns: those that wait again.
    package func sendBack(_ runs: [AdmissionPlan.Preemption], under term: SchedulingTerm) async throws -> [RunID] {
        guard !runs.isEmpty else { return [] }
        return try await pool.query(
            """
            WITH chosen AS (
                SELECT * FROM unnest(\(runs.map(\.victim)), \(runs.map(\.beneficiary))) AS c (id, beneficiary)
            ), picked AS (
                SELECT r.id, c.beneficiary FROM live_runs r JOIN chosen c ON c.id = r.id
                WHERE r.state = 'ready' AND NOT r.is_promoted AND EXISTS (
                    SELECT FROM terms WHERE duty = 'scheduling' AND holder_id = \(term.holder) AND term = \(term.number)
                        AND expires_at > clock_timestamp() FOR SHARE)
                ORDER BY r.id FOR UPDATE OF r SKIP LOCKED
            ), returned AS (
                UPDATE live_runs r SET state = 'pending', state_since = greatest(clock_timestamp(), r.state_since),
                    admitted_at = NULL, reason = 'preempted', message = 'makes room for run ' || p.beneficiary
                FROM picked p WHERE r.id = p.id
                RETURNING r.id, r.state_since, r.reason, r.message
            ), told AS (
                INSERT INTO run_events (run_id, kind, from_state, state, at, reason, message)
                SELECT id, 'state', 'ready', 'pending', state_since, reason, message FROM returned
            )
            SELECT id FROM returned
            """
        ).decode(RunID.self)
    }

    /// Cancels live runs in whose place later runs of their jobs are to go, as ``cancel(_:by:why:in:)`` does.
    package func supersede(
        _ replacements: [AdmissionPlan.Replacement],
        under term: SchedulingTerm
    ) async throws -> [ActionResult] {
        guard !replacements.isEmpty else { return [] }
        let states = RunState.allCases.filter { $0 != .pending && $0 != .paused && !$0.isTerminal }
        return try await cancel(
            replacements.map(\.cancelled),
            by: "concurrency policy",
            why: "a later run of the job takes its place",
            in: states,
            under: term
        )
    }

    /// Keeps what teams have used of late.
    ///
    /// - Returns: whether the term is still the caller's.
    package func keepUsage(_ usage: [String: UsageHistory], under term: SchedulingTerm) async throws -> Bool {
        let teams = usage.sorted { $0.key < $1.key }
        let answer = try await pool.query(
            """
            WITH term AS MATERIALIZED (
                SELECT FROM terms WHERE duty = 'scheduling' AND holder_id = \(term.holder) AND term = \(term.number)
                    AND expires_at > clock_timestamp() FOR SHARE
            ), kept AS (
                INSERT INTO team_usage (team, value, updated_at)
                SELECT u.team, u.value, u.updated_at
                FROM term, unnest(\(teams.map(\.key)), \(teams.map(\.value.value)), \(teams.map(\.value.updatedAt)))
                    AS u (team, value, updated_at)
                WHERE EXISTS (SELECT FROM teams t WHERE t.name = u.team)
                ON CONFLICT (team) DO UPDATE SET value = excluded.value, updated_at = excluded.updated_at
            ), outlived AS (
                DELETE FROM team_usage u USING term WHERE NOT EXISTS (SELECT FROM teams t WHERE t.name = u.team)
            ), forgotten AS (
                DELETE FROM admission_removals USING term
                WHERE removed_at < clock_timestamp() - \(Self.removalsKept.postgresInterval)
            )
            SELECT count(*) FROM term
            """
        ).decode(Int.self)
        return answer.first == 1
    }

    /// Longer than anybody follows changes without a look.
    private static let removalsKept = Duration.seconds(2 * 3600)

    /// Tells others what the scheduler that has the term works with.
    package func keepAdmissionSettings(_ settings: AdmissionSettings, under term: SchedulingTerm) async throws {
        try await pool.query(
            """
            INSERT INTO admission_settings (settings)
            SELECT \(try postgresJSON(settings)) FROM (
                SELECT FROM terms WHERE duty = 'scheduling' AND holder_id = \(term.holder) AND term = \(term.number)
                    AND expires_at > clock_timestamp() FOR SHARE) AS held
            ON CONFLICT (is_only) DO UPDATE SET settings = excluded.settings, written_at = now()
            WHERE admission_settings.settings <> excluded.settings
            """
        )
    }

    /// Begins another term of the same holder, so that nothing that was sent under the one before has an effect any more.
    ///
    /// - Returns: its number; `nil` if the term was not the caller's.
    package func renewTerm(_ term: SchedulingTerm) async throws -> Int64? {
        try await pool.query(
            """
            UPDATE terms SET term = term + 1
            WHERE duty = 'scheduling' AND holder_id = \(term.holder) AND term = \(term.number)
                AND expires_at > clock_timestamp()
            RETURNING term
            """
        ).decode(Int64.self).first
    }
}

extension AdmissionPlan.Skip.Cause {
    /// Why the run ended.
    package var reason: ReasonCode {
        switch self {
        case .jobBusy: .concurrencySkipped
        case .superseded: .superseded
        }
    }

    var message: String {
        switch self {
        case .jobBusy: "as many runs of its job as may be were live or waiting"
        case .superseded: "a later run of its job took its place"
        }
    }
}
