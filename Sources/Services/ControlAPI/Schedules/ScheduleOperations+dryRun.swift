internal import Hummingbird
internal import RunStore
internal import SlipwayCore

// What the next ticks would do: nothing is made.
extension ScheduleOperations {
    private static let statisticsRuns = 50
    private static let liveRuns = 500

    @Sendable func dryRun(_ call: Call) async throws -> Response {
        let schedule = try await schedule(call, .viewer)
        let job = try await call.job(.viewer, in: store)
        let now = try await store.databaseTime()
        let value = schedule.spec.schedule(
            schedule.id,
            zone: try zone(of: schedule.spec),
            isPaused: schedule.isPaused,
            effectiveSince: schedule.effectiveSince
        )
        return try await dryRun(call, value, schedule.spec, job, now)
    }

    /// Of a schedule that is not stored.
    @Sendable func dryRunNew(_ call: Call) async throws -> Response {
        let (job, document) = try await document(call, .viewer)
        let now = try await store.databaseTime()
        let value = document.spec.schedule(
            identifiers.next(),
            zone: try zone(of: document.spec),
            effectiveSince: now
        )
        return try await dryRun(call, value, document.spec, job, now)
    }

    private func dryRun(
        _ call: Call,
        _ schedule: Schedule,
        _ spec: ScheduleSpec,
        _ job: JobRecord,
        _ now: Timestamp
    ) async throws -> Response {
        let query = try call.query("count", "from")
        let count = try query.integer("count", default: 10, allowed: 1...ScheduleLimits.standard.dryRunTicks)
        let from = try query.time("from") ?? now
        let facts = try await store.scheduleFacts(of: job.id)
        let conditions = try await conditions(of: spec, job, now)
        let run = ScheduleDryRun(of: schedule, after: from, count: count, conditions: conditions) { _ in
            facts.isPaused
                ? .jobPaused : facts.isArchived ? .runRefused : facts.hasActiveCluster ? nil : .noHealthyCluster
        }
        return .json { json in
            json.object { json in
                json.member("schedule_paused", schedule.isPaused)
                json.member("run_seconds", conditions.runSeconds > 0 ? conditions.runSeconds : nil)
                json.member("live_runs", conditions.liveUntil.count)
                json.array("ticks", run.lines) { json, line in
                    json.object { json in
                        json.members(of: line.tick, in: schedule.zone)
                        json.verdict(line.verdict)
                    }
                }
            }
        }
    }

    /// The job's windows and policy, how long its runs take, and which are live.
    private func conditions(
        of spec: ScheduleSpec,
        _ job: JobRecord,
        _ now: Timestamp
    ) async throws -> ScheduleDryRun.Conditions {
        let median = try await store.statistics(job.id, runs: Self.statisticsRuns).running?.median ?? 0
        let seconds = Int(median.rounded(.up))
        let states = RunState.allCases.filter { !$0.isTerminal }
        let filter = RunFilter(teams: [job.team], jobName: job.name, states: states)
        let live = try await store.runs(filter, before: nil, limit: Self.liveRuns)
        var conditions = ScheduleDryRun.Conditions(
            outsideWindows: spec.outsideWindows,
            overlap: job.spec.overlap,
            runSeconds: seconds,
            // One that takes longer than others is taken to end in a moment.
            liveUntil: live.map { max(($0.runningAt ?? now) + .seconds(seconds), now + .seconds(1)) }
        )
        if let windows = job.spec.windows {
            do throws(ScheduleError) {
                conditions.windows = try EligibleWindows(windows.open, zone: store.zones.zone(windows.zone))
            } catch {
                throw Problem.invalidSchedule(error)
            }
        }
        return conditions
    }
}

extension JobSpec {
    fileprivate var overlap: ScheduleDryRun.Overlap {
        switch concurrency?.policy ?? .allow {
        case .allow: .allow(maximum: concurrency?.maximumRuns ?? .max)
        case .skip: .skip
        case .replace: .replace
        case .queue: .queue
        }
    }
}

extension JSONWriter {
    fileprivate mutating func verdict(_ verdict: ScheduleDryRun.Verdict) {
        switch verdict {
        case .starts: member("verdict", "starts")
        case .replaces(let runs):
            member("verdict", "replaces")
            member("runs", runs)
        case .waits(let until, let reason):
            member("verdict", "waits")
            member("until", until)
            member("reason", reason)
        case .skipped(let reason):
            member("verdict", "skipped")
            member("reason", reason)
            member("message", reason.sentence)
        }
    }
}
