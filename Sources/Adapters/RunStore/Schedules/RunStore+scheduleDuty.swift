internal import PostgresClient
package import SlipwayCore

/// What the scheduler's duty of schedules asks of the store.
package protocol ScheduleLedger: Sendable {
    func decideDueSchedules(holder: HolderID, term: Int64) async throws -> DueDecision?
    func nextScheduleDue() async throws -> Duration?
}

/// What one round of deciding did.
package struct DueDecision: Sendable {
    package var schedules = 0
    package var written = WrittenTicks()
    /// Schedules that could not be decided, with why. They are tried again a minute later.
    package var failed: [(id: ScheduleID, cause: String)] = []

    package init() {}
}

extension RunStore: ScheduleLedger {
    /// A schedule that is always on and whose tick was skipped has another one after this long.
    private static let skippedPause: Duration = .seconds(30)
    private static let failurePause: Duration = .seconds(60)

    /// Decides schedules that are due: ledger rows, runs and the schedules' next moments in one transaction, which the
    /// term guards.
    ///
    /// - Parameter moment: taken for now; `nil`: the database's clock.
    /// - Returns: `nil` if another holder has the term by now.
    package func decideDueSchedules(
        holder: HolderID,
        term: Int64,
        at moment: Timestamp? = nil
    ) async throws -> DueDecision? {
        try await pool.transaction { transaction in
            let held = try await transaction.query(
                """
                SELECT clock_timestamp() FROM terms WHERE duty = 'scheduling' AND holder_id = \(holder) AND term = \(term)
                    AND expires_at > clock_timestamp() FOR SHARE
                """
            ).decode(Timestamp.self)
            guard let clock = held.first else { return nil }
            let now = moment ?? clock
            let rows = try await transaction.query(
                """
                SELECT \(unescaped: ScheduleRecord.columns) FROM schedules s JOIN jobs j ON j.id = s.job_id
                WHERE s.next_due <= \(now) ORDER BY s.next_due, s.id LIMIT \(limits.scheduleBatch)
                FOR UPDATE OF s SKIP LOCKED
                """
            ).rows
            guard !rows.isEmpty else { return DueDecision() }
            return try await decide(rows, now: now, in: transaction)
        }
    }

    package func decideDueSchedules(holder: HolderID, term: Int64) async throws -> DueDecision? {
        try await decideDueSchedules(holder: holder, term: term, at: nil)
    }

    /// How long until the next schedule is due, never negative; `nil`: the clock makes none due.
    package func nextScheduleDue() async throws -> Duration? {
        let rows = try await pool.query(
            "SELECT min(next_due), clock_timestamp() FROM schedules WHERE next_due IS NOT NULL"
        )
        .decode(Timestamp?.self, Timestamp.self)
        guard let (due, now) = rows.first, let due else { return nil }
        return max(.zero, due - now)
    }

    // MARK: One round

    /// What is written of a schedule that was looked at.
    private struct Decision {
        let id: ScheduleID
        var lastSettled: Timestamp?
        var nextDue: Timestamp?
        var problem: String?
    }

    private func decide(
        _ rows: [PostgresRow],
        now: Timestamp,
        in transaction: PostgresTransaction
    ) async throws -> DueDecision {
        var round = DueDecision()
        var records: [ScheduleRecord] = []
        var decisions: [Decision] = []
        func fail(_ id: ScheduleID, _ lastSettled: Timestamp?, _ error: any Error) {
            let problem = String("\(error)".prefix(500))
            let later = now + Self.failurePause
            decisions.append(Decision(id: id, lastSettled: lastSettled, nextDue: later, problem: problem))
            round.failed.append((id, problem))
        }
        for row in rows {
            do {
                records.append(try ScheduleRecord(row: row))
            } catch let error as PostgresError {
                throw error
            } catch {
                fail(try row.value("id"), try row.value("last_settled"), error)
            }
        }
        let lastRuns = try await Self.lastRuns(of: records.filter(\.spec.isAlwaysOn).map(\.id), in: transaction)
        var decided: [DecidedTicks] = []
        var ticks = 0
        for record in records where ticks < limits.scheduleTicks {
            do throws(ScheduleError) {
                let schedule = try record.schedule(zones)
                let plan = TickDecision.decide(
                    schedule,
                    lastSettled: record.lastSettled,
                    now: now,
                    lastRun: lastRuns[record.id] ?? TickDecision.LastRun.none
                )
                ticks += plan.entries.count
                decided.append(DecidedTicks(record: record, schedule: schedule, entries: plan.entries))
                let settled = plan.entries.last?.through ?? record.lastSettled
                decisions.append(Decision(id: record.id, lastSettled: settled, nextDue: plan.nextDue))
            } catch {
                fail(record.id, record.lastSettled, error)
            }
        }
        round.written = try await write(decided, now: now, in: transaction)
        let failed = round.written.failed
        decisions.removeAll { failed[$0.id] != nil }
        for ticks in decided {
            if let error = failed[ticks.record.id] { fail(ticks.record.id, ticks.record.lastSettled, error) }
        }
        round.schedules = decided.count - failed.count
        // No run's end makes these due again.
        for ticks in decided where ticks.record.spec.isAlwaysOn && !ticks.entries.isEmpty {
            guard round.written.lastRuns[ticks.record.id] == nil, failed[ticks.record.id] == nil,
                let index = decisions.firstIndex(where: { $0.id == ticks.record.id })
            else { continue }
            decisions[index].nextDue = now + Self.skippedPause
        }
        try await store(decisions, round.written, in: transaction)
        return round
    }

    private func store(
        _ decisions: [Decision],
        _ written: WrittenTicks,
        in transaction: PostgresTransaction
    ) async throws {
        try await transaction.query(
            """
            UPDATE schedules s SET last_settled = d.last_settled, next_due = d.next_due, problem = d.problem,
                last_run_id = coalesce(d.last_run_id, s.last_run_id)
            FROM unnest(\(decisions.map(\.id)), \(decisions.map(\.lastSettled))::timestamptz[],
                \(decisions.map(\.nextDue))::timestamptz[], \(decisions.map(\.problem))::text[],
                \(decisions.map { written.lastRuns[$0.id] })::uuid[])
                AS d (id, last_settled, next_due, problem, last_run_id)
            WHERE s.id = d.id
            """
        )
    }

    /// How the runs of schedules fare, those that follow failed ones included.
    private static func lastRuns(
        of schedules: [ScheduleID],
        in transaction: PostgresTransaction
    ) async throws -> [ScheduleID: TickDecision.LastRun] {
        guard !schedules.isEmpty else { return [:] }
        let rows = try await transaction.query(
            """
            SELECT w.id, EXISTS (
                    SELECT FROM live_runs r WHERE r.schedule_id = w.id AND r.trigger_kind = 'schedule') AS is_live,
                (SELECT f.ended_at FROM finished_runs f WHERE f.schedule_id = w.id AND f.trigger_kind = 'schedule'
                    ORDER BY f.id DESC LIMIT 1) AS ended_at
            FROM unnest(\(schedules)) AS w (id)
            """
        ).decode(ScheduleID.self, Bool.self, Timestamp?.self)
        var lastRuns: [ScheduleID: TickDecision.LastRun] = [:]
        for (id, isLive, endedAt) in rows {
            if isLive {
                lastRuns[id] = .live
            } else if let endedAt {
                lastRuns[id] = .ended(at: endedAt)
            }
        }
        return lastRuns
    }
}
