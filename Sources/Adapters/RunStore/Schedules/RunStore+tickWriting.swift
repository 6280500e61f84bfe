internal import PostgresClient
package import SlipwayCore

/// What became of ticks in one transaction.
package struct WrittenTicks: Sendable {
    /// New runs.
    package var runs = 0
    /// Ticks by what became of them: `fired`, `caught_up`, or the reason for which they were skipped.
    package var ticks: [String: Int] = [:]
    /// From when each tick was due to when its run was made.
    package var delays: [Duration] = []
    /// The last run of each schedule that had one.
    var lastRuns: [ScheduleID: RunID] = [:]
    /// Schedules whose ticks are left open, since this version cannot read their job or its cluster.
    var failed: [ScheduleID: any Error] = [:]

    package init() {}
}

/// Ticks of a schedule whose row is locked, decided as far as the schedule itself decides them.
struct DecidedTicks {
    let record: ScheduleRecord
    let schedule: Schedule
    let entries: [LedgerEntry]
}

extension RunStore {
    /// Puts ticks into the ledger and creates the runs of those that fire. What the job and the clusters make of a tick
    /// is decided here. A tick that is in the ledger already makes no run. Ticks that would make runs of what this version
    /// cannot read stay open.
    func write(
        _ decided: [DecidedTicks],
        now: Timestamp,
        in transaction: PostgresTransaction
    ) async throws -> WrittenTicks {
        let decided = decided.filter { !$0.entries.isEmpty }
        guard !decided.isEmpty else { return WrittenTicks() }
        let creating = Set(decided.filter { $0.entries.contains { $0.outcome.createsRun } }.map(\.record.jobID))
        var surroundings = try await surroundings(of: creating, in: transaction)
        var rows: [LedgerRow] = []
        var failed: [ScheduleID: any Error] = [:]
        for ticks in decided {
            let id = ticks.record.jobID
            if ticks.entries.contains(where: \.outcome.createsRun), let problem = surroundings.problem(of: id) {
                failed[ticks.record.id] = problem
                continue
            }
            let outcomes: [(entry: LedgerEntry, message: String?)]
            if var conditions = surroundings.conditions(of: ticks.record, zones) {
                outcomes = conditions.applied(to: ticks.entries, of: ticks.schedule, now: now)
                surroundings.jobs[id]?.freeRuns = conditions.freeRuns
            } else {
                outcomes = ticks.entries.map { ($0, nil) }
            }
            for (entry, message) in outcomes {
                var row = LedgerRow(record: ticks.record, entry: entry, message: message, run: nil)
                if entry.outcome.createsRun, let job = surroundings.jobs[id] {
                    row.fire(ticks, job, &surroundings.clusters, retrySource)
                }
                rows.append(row)
            }
        }
        var written = WrittenTicks()
        if !rows.isEmpty { written = try await store(rows, decided, now: now, in: transaction) }
        written.failed = failed
        return written
    }

    /// The same for one schedule that is being changed.
    ///
    /// - Throws: if its ticks cannot be decided.
    func settle(
        _ ticks: DecidedTicks,
        now: Timestamp,
        in transaction: PostgresTransaction
    ) async throws -> WrittenTicks {
        let written = try await write([ticks], now: now, in: transaction)
        if let problem = written.failed[ticks.record.id] { throw problem }
        return written
    }

    private func store(
        _ rows: [LedgerRow],
        _ decided: [DecidedTicks],
        now: Timestamp,
        in transaction: PostgresTransaction
    ) async throws -> WrittenTicks {
        let entries = rows.map(\.entry)
        let inserted = try await transaction.query(
            """
            INSERT INTO schedule_ticks (schedule_id, tick, job_id, schedule_name, through, ticks, is_count_exact, outcome,
                reason, message, run_id, decided_at)
            SELECT t.*, \(now) FROM unnest(\(rows.map(\.record.id)), \(entries.map(\.tick)), \(rows.map(\.record.jobID)),
                \(rows.map(\.record.name))::text[], \(entries.map(\.through)), \(entries.map { Int64($0.ticks) })::bigint[],
                \(entries.map(\.isCountExact)), \(entries.map(\.outcome.kind))::text[],
                \(entries.map { $0.outcome.skipReason?.rawValue })::text[], \(rows.map(\.message))::text[],
                \(rows.map { $0.run?.id })::uuid[]) AS t
            ON CONFLICT DO NOTHING RETURNING schedule_id, tick
            """
        ).decode(ScheduleID.self, Timestamp.self)
        var written = WrittenTicks()
        let isNew = Set(inserted.map { TickKey(schedule: $0.0, tick: $0.1) })
        let schedules = Dictionary(decided.map { ($0.record.id, $0.schedule) }, uniquingKeysWith: { $1 })
        var runs: [NewRun] = []
        for row in rows where isNew.contains(TickKey(schedule: row.record.id, tick: row.entry.tick)) {
            written.ticks[row.entry.outcome.skipReason?.rawValue ?? row.entry.outcome.kind, default: 0] +=
                row.entry.ticks
            guard let run = row.run else { continue }
            runs.append(run)
            written.lastRuns[row.record.id] = run.id
            if let due = schedules[row.record.id]?.tick(at: row.entry.tick).due { written.delays.append(now - due) }
        }
        if !runs.isEmpty { try await transaction.query(Self.creation(of: runs)) }
        written.runs = runs.count
        return written
    }

    // MARK: What ticks meet

    /// What decides about each tick of a job's schedules.
    package func scheduleFacts(
        of job: JobID
    ) async throws -> (isPaused: Bool, isArchived: Bool, hasActiveCluster: Bool) {
        let surroundings = try await surroundings(of: [job], in: pool)
        if let problem = surroundings.problem(of: job) { throw problem }
        guard let known = surroundings.jobs[job] else { return (false, true, false) }
        return (known.isPaused, known.isArchived, surroundings.clusters.hasActive(for: known.spec))
    }

    private func surroundings(
        of jobs: Set<JobID>,
        in transaction: some PostgresQuerying
    ) async throws -> TickSurroundings {
        guard !jobs.isEmpty else { return TickSurroundings() }
        let ids = Array(jobs)
        let rows = try await transaction.query(
            """
            SELECT j.id, j.current_version, v.spec, j.paused_at IS NOT NULL, j.archived_at IS NOT NULL
            FROM jobs j JOIN job_versions v ON v.job_id = j.id AND v.version = j.current_version WHERE j.id = ANY(\(ids))
            """
        ).decode(JobID.self, Int.self, PostgresJSON.self, Bool.self, Bool.self)
        var surroundings = TickSurroundings()
        surroundings.clusters = try await clusterChoice(in: transaction)
        for (id, version, spec, isPaused, isArchived) in rows {
            do {
                surroundings.jobs[id] = ScheduledJob(
                    id: id,
                    version: version,
                    spec: try decoded(spec),
                    isPaused: isPaused,
                    isArchived: isArchived
                )
            } catch {
                surroundings.unreadable[id] = UnreadableJob(version: version, cause: "\(error)")
            }
        }
        let bounded = surroundings.jobs.values.filter { $0.spec.concurrency?.policy == .skip }.map(\.id)
        if !bounded.isEmpty {
            let live = try await transaction.query(
                "SELECT job_id, count(*) FROM live_runs WHERE job_id = ANY(\(bounded)) GROUP BY job_id"
            ).decode(JobID.self, Int.self)
            let counts = Dictionary(live.map { ($0.0, $0.1) }, uniquingKeysWith: +)
            for id in bounded {
                let maximum = surroundings.jobs[id]?.spec.concurrency?.maximumRuns ?? 1
                surroundings.jobs[id]?.freeRuns = maximum - (counts[id] ?? 0)
            }
        }
        return surroundings
    }
}

/// A job whose schedules have ticks that are decided.
struct ScheduledJob {
    let id: JobID
    let version: Int
    let spec: JobSpec
    let isPaused: Bool
    let isArchived: Bool
    /// How many more may be live where others are skipped; `nil`: any number.
    var freeRuns: Int?
}

/// A newer version wrote something of a job that this one does not know.
struct UnreadableJob: Error, CustomStringConvertible {
    let version: Int
    let cause: String

    var description: String { "this version cannot read version \(version) of the job: \(cause)" }
}

/// What is there besides the schedules as their ticks are decided.
struct TickSurroundings {
    var jobs: [JobID: ScheduledJob] = [:]
    var clusters = ClusterChoice([])
    var unreadable: [JobID: UnreadableJob] = [:]

    /// Why it cannot be told what a job's schedules do; `nil`: it can.
    func problem(of job: JobID) -> (any Error)? {
        if let unreadable = unreadable[job] { return unreadable }
        guard let spec = jobs[job]?.spec, !clusters.hasActive(for: spec) else { return nil }
        let isNamed = spec.clusterSelector == nil
        let possible = isNamed ? clusters.unreadable.intersection([spec.cluster]) : clusters.unreadable
        return possible.min().map(ClusterRefusal.unreadable)
    }

    /// - Returns: `nil` if the job is not among these.
    func conditions(of schedule: ScheduleRecord, _ zones: ZoneCatalog) -> TickConditions? {
        guard let job = jobs[schedule.jobID] else { return nil }
        var conditions = TickConditions()
        conditions.isJobPaused = job.isPaused
        conditions.refusal = job.isArchived ? "The job is archived." : nil
        conditions.hasActiveCluster = clusters.hasActive(for: job.spec)
        conditions.freeRuns = job.freeRuns
        guard schedule.spec.outsideWindows == .skip, let windows = job.spec.windows else { return conditions }
        do {
            conditions.windows = try EligibleWindows(windows.open, zone: zones.zone(windows.zone))
        } catch {
            conditions.refusal = conditions.refusal ?? "The job's windows cannot be told: \(error)"
        }
        return conditions
    }
}

/// Why the run of a tick cannot be made.
enum TickRefusal: Error, CustomStringConvertible {
    case variables(RunVariableErrors)
    case cluster(ClusterRefusal)

    var cause: any Error {
        switch self {
        case .variables(let errors): errors
        case .cluster(let refusal): refusal
        }
    }

    var description: String {
        switch self {
        case .variables(let errors): errors.description
        case .cluster(let refusal): refusal.description
        }
    }
}

private struct TickKey: Hashable {
    let schedule: ScheduleID
    let tick: Timestamp
}

/// A row of the ledger with the run it makes.
private struct LedgerRow {
    private static let messageCharacters = 2000

    let record: ScheduleRecord
    var entry: LedgerEntry
    var message: String?
    var run: NewRun?

    mutating func fire(
        _ ticks: DecidedTicks,
        _ job: ScheduledJob,
        _ clusters: inout ClusterChoice,
        _ source: RetrySource
    ) {
        do throws(TickRefusal) {
            run = try record.newRun(
                of: job,
                at: entry.tick,
                schedule: ticks.schedule,
                trigger: .schedule(record.id, tick: entry.tick),
                on: &clusters,
                source,
                why: "tick \(record.text(of: entry.tick, ticks.schedule)) of schedule \(record.name)"
            )
        } catch {
            entry.outcome = .skipped(.runRefused)
            message = String(error.description.prefix(Self.messageCharacters))
        }
    }
}

extension ScheduleRecord {
    /// The run of a tick.
    ///
    /// - Throws: if the schedule's variables do not fit the job any more, or no cluster takes its runs.
    func newRun(
        of job: ScheduledJob,
        at tick: Timestamp,
        schedule: Schedule,
        trigger: NewRun.Trigger,
        on clusters: inout ClusterChoice,
        _ source: RetrySource,
        by actor: String? = nil,
        why: String?
    ) throws(TickRefusal) -> NewRun {
        let variables: RunVariables
        let cluster: ChosenCluster
        do throws(RunVariableErrors) {
            variables = try spec.variables(of: job.spec, at: tick, in: schedule.zone)
        } catch {
            throw .variables(error)
        }
        do throws(ClusterRefusal) {
            cluster = try clusters.choose(for: job.spec, variables: variables)
        } catch {
            throw .cluster(error)
        }
        return NewRun(
            id: source.nextID(),
            of: job.id,
            version: job.version,
            spec: job.spec,
            variables: variables,
            on: cluster,
            submittedBy: actor,
            trigger: trigger,
            why: why
        )
    }

    /// A tick as the clocks of its zone tell it.
    func text(of tick: Timestamp, _ schedule: Schedule) -> String { schedule.zone.text(tick) }
}
