internal import RunStore
internal import SlipwayCore

/// How a schedule looks in answers.
struct ScheduleView {
    let record: ScheduleRecord
    /// `nil` if its zone is unknown here.
    let schedule: Schedule?

    init(_ record: ScheduleRecord, _ zones: ZoneCatalog) {
        self.record = record
        // why: one that cannot be told must still be shown; what is wrong its problem says.
        schedule = try? record.schedule(zones)
    }

    var link: String { Links.schedule(team: record.team, job: record.jobName, name: record.name) }

    /// The tick that is decided next.
    private var next: Tick? { schedule?.nextTick(lastSettled: record.lastSettled) }

    /// `active`, `paused`, `job_paused`, `failing` if it cannot be decided, `over` if no tick is to come.
    private var state: String {
        if record.isPaused { return "paused" }
        if record.isJobPaused { return "job_paused" }
        if record.problem != nil || schedule == nil { return "failing" }
        return next == nil && !record.spec.isAlwaysOn ? "over" : "active"
    }

    func write(to json: inout JSONWriter) {
        json.member("id", record.id)
        json.member("team", record.team)
        json.member("job", record.jobName)
        json.member("name", record.name)
        json.member("kind", record.spec.trigger.kind)
        json.member("state", state)
        json.member("paused", record.isPaused)
        json.member("job_paused", record.isJobPaused)
        // Encoding a stored schedule cannot fail: it was decoded from JSON.
        if let spec = try? JSONValue(encoding: record.spec) { json.member("spec", spec) }  // why: see above
        if let schedule, let next, state == "active" {
            json.object("next") { $0.members(of: next, in: schedule.zone) }
        }
        json.member("last_tick", record.lastSettled)
        json.member("last_run", record.lastRunID)
        json.member("effective_since", record.effectiveSince)
        json.member("problem", record.problem)
        json.member("from_job_file", record.isFromJobFile)
        json.member("revision", record.revision)
        json.member("created_by", record.createdBy)
        json.member("created_at", record.createdAt)
        json.member("updated_at", record.updatedAt)
        json.object("links") { json in
            json.member("self", link)
            json.member("job", Links.job(team: record.team, name: record.jobName))
            json.member("ticks", link + "/ticks")
            json.member("dry_run", link + "/dry-run")
            json.member("runs", "\(Links.root)/runs?team=\(record.team)&job=\(record.jobName)&schedule=\(record.name)")
        }
    }
}

extension Links {
    static func schedule(team: String, job: String, name: String) -> String {
        "\(Links.job(team: team, name: job))/schedules/\(name)"
    }
}

extension JSONWriter {
    /// - Parameter zone: whose clocks tell the local time.
    mutating func members(of tick: Tick, in zone: ZoneRules) {
        member("tick", tick.at)
        if tick.due != tick.at { member("due", tick.due) }
        member("local", zone.text(tick.at))
    }

    mutating func tick(_ tick: TickRecord) {
        object { json in
            json.member("tick", tick.tick)
            json.member("schedule", tick.scheduleName)
            json.member("schedule_id", tick.scheduleID)
            json.member("outcome", tick.outcome)
            json.member("reason", tick.reason)
            json.member("message", tick.message ?? tick.reason?.sentence)
            json.member("run", tick.runID)
            json.member("backfill_run", tick.backfillRunID)
            json.member("decided_at", tick.decidedAt)
            if tick.ticks > 1 {
                json.member("through", tick.through)
                json.member("ticks", tick.ticks)
                json.member("count_is_exact", tick.isCountExact)
            }
        }
    }
}
