import PostgresClient
import RunStore
import SlipwayCore
import Testing

/// What became of a tick, in short.
struct LedgerLine: Hashable, CustomStringConvertible {
    var tick: Timestamp
    var outcome: String
    var reason: String?
    var runID: RunID?
    var ticks: Int

    var description: String { "\(tick) \(outcome)\(reason.map { " \($0)" } ?? "")\(ticks > 1 ? " x\(ticks)" : "")" }
}

extension StoreFixture {
    static let minute = ScheduleSpec(trigger: .every(seconds: 60, anchor: nil), missedTicks: .skip)

    /// The moment from which a test counts, on a whole hour; schedules are made to be effective since then.
    static let noon = Timestamp(rfc3339: "2026-03-01T12:00:00Z") ?? .now

    func editing(_ name: String = "nightly", revision: Int64? = nil) -> ScheduleEditing {
        ScheduleEditing(job: job.id, name: name, revision: revision, actor: "ann", why: "because")
    }

    /// A schedule that is effective since a moment of the past, as if it had been made then.
    func schedule(
        _ spec: ScheduleSpec,
        named name: String = "nightly",
        since: Timestamp = noon,
        isPaused: Bool = false
    ) async throws -> ScheduleRecord {
        let edit = try await store.createSchedule(editing(name), spec, isPaused: isPaused)
        let record = try #require(edit.record)
        try await store.pool.query(
            "UPDATE schedules SET effective_since = \(since), next_due = \(since) WHERE id = \(record.id)"
        )
        return record
    }

    func term() async throws -> Int64 {
        try #require(try await store.takeTerm(duty: "scheduling", holder: holder.id, timeToLive: .seconds(600)))
    }

    /// Decides all that is due at a moment.
    @discardableResult
    func decide(at moment: Timestamp, _ term: Int64) async throws -> WrittenTicks {
        let round = try #require(try await store.decideDueSchedules(holder: holder.id, term: term, at: moment))
        #expect(round.failed.isEmpty)
        return round.written
    }

    /// The whole ledger, oldest first.
    func ledger(_ schedule: ScheduleID? = nil) async throws -> [LedgerLine] {
        try await store.pool.query(
            """
            SELECT tick, outcome, reason, run_id, ticks FROM schedule_ticks
            WHERE \(nullable: schedule)::uuid IS NULL OR schedule_id = \(nullable: schedule) ORDER BY tick
            """
        ).decode(Timestamp.self, String.self, String?.self, RunID?.self, Int.self).map {
            LedgerLine(tick: $0.0, outcome: $0.1, reason: $0.2, runID: $0.3, ticks: $0.4)
        }
    }

    /// Ends a live run as if it had succeeded.
    func finish(_ id: RunID, at moment: Timestamp) async throws {
        try await store.pool.query(
            """
            WITH gone AS (DELETE FROM live_runs WHERE id = \(id) RETURNING *)
            INSERT INTO finished_runs (id, job_id, job_version, team, job_name, cluster, priority, variables, created_at,
                state, ended_at, reason, lease_epoch, placement, warnings, trigger_kind, schedule_id, tick)
            SELECT id, job_id, job_version, team, job_name, cluster, priority, variables, created_at, 'succeeded',
                \(moment), 'completed', lease_epoch, placement, 0, trigger_kind, schedule_id, tick FROM gone
            """
        )
    }
}

extension Timestamp {
    static func + (left: Timestamp, minutes: Int) -> Timestamp { left + .seconds(60 * minutes) }
}
