internal import RunStore
internal import SlipwayCore

// How runs look in answers.

extension JSONWriter {
    /// What a list shows of a run.
    mutating func run(_ run: RunRecord) {
        object { $0.members(of: run) }
    }

    /// Everything about a run.
    mutating func run(_ run: RunRecord, _ parts: RunParts, now: Timestamp) {
        object { json in
            json.members(of: run)
            json.member("pinned", parts.isPinned)
            json.waiting(parts.wait)
            json.member("variables", run.variables)
            json.object("variable_origins") { json in
                for (name, origin) in run.variableOrigins.sorted(by: { $0.key < $1.key }) { json.member(name, origin) }
            }
            json.member("advice", run.reason?.advice)
            json.member("exit_code", run.exitCode)
            json.member("stack_trace", run.stackTrace)
            json.member("evidence", run.evidence)
            json.overrides(run.overrides)
            json.retriesUsed(run.retriesUsed)
            json.plan(parts.plan)
            json.array("tasks", parts.tasks) { $0.task($1) }
            if !parts.warnings.isEmpty { json.array("first_warnings", parts.warnings) { $0.warning($1) } }
            json.array("states", StateTimes.stays(parts.events)) { $0.stay($1, now: now) }
            json.usage(parts.use.usage)
            json.cost(parts.use.cost)
            json.array("chain", parts.chain) { $0.link($1) }
            json.array("placements", parts.placements) { $0.placement($1) }
            json.links(of: run)
        }
    }

    private mutating func waiting(_ wait: RunWait?) {
        guard let wait else { return }
        object("waiting") { json in
            json.member("reason", wait.reason)
            json.member("sentence", wait.sentence)
            json.member("since", wait.since)
        }
    }

    private mutating func members(of run: RunRecord) {
        member("id", run.id)
        member("team", run.team)
        member("job", run.jobName)
        member("job_id", run.jobID)
        member("version", run.jobVersion)
        member("kind", run.kind)
        member("cluster", run.cluster)
        member("state", run.state)
        member("state_since", run.stateSince)
        member("created_at", run.createdAt)
        member("running_at", run.runningAt)
        member("ended_at", run.endedAt)
        member("reason", run.reason)
        member("failure_class", run.failureClass)
        member("message", run.message)
        member("failed_task", run.failedTask)
        member("error_name", run.errorName)
        member("warnings", run.warnings)
        member("priority", run.priority)
        member("origin", run.originID)
        member("origin_kind", run.originKind)
        member("root", run.rootID)
        member("attempt", run.attempt)
        trigger(of: run)
        member("submitted_by", run.submittedBy)
        member("promoted", run.isPromoted)
        member("eligible_at", run.eligibleAt)
        member("released_at", run.releasedAt)
        member("release_deadline", run.releaseDeadline)
        member("placement", run.placement)
        member("node", run.node)
        member("holder", run.holderID)
    }

    private mutating func trigger(of run: RunRecord) {
        object("trigger") { json in
            json.member("kind", run.triggerKind)
            json.member("schedule", run.scheduleName)
            json.member("schedule_id", run.scheduleID)
            json.member("tick", run.tick)
        }
    }

    private mutating func links(of run: RunRecord) {
        let link = Links.run(run.id)
        object("links") { json in
            json.member("self", link)
            json.member("job", Links.job(team: run.team, name: run.jobName))
            json.member("events", "\(link)/events")
            json.member("logs", "\(link)/logs")
            json.member("outputs", "\(link)/outputs")
            json.member("metrics", "\(link)/metrics")
            json.member("tasks", "\(link)/tasks")
            json.member("warnings", "\(link)/warnings")
            json.member("watch", "\(link)/watch")
            json.member("origin", run.originID.map(Links.run))
        }
    }

    mutating func stay(_ stay: StateTimes.Stay, now: Timestamp) {
        object { json in
            json.member("state", stay.state)
            json.member("entered_at", stay.enteredAt)
            guard !stay.state.isTerminal else { return }
            json.member("left_at", stay.leftAt)
            json.member("seconds", max(0, ((stay.leftAt ?? now) - stay.enteredAt).secondsText))
        }
    }

    mutating func event(_ event: RunEvent) {
        object { json in
            json.member("sequence", event.sequence)
            json.member("kind", event.kind)
            json.member("from_state", event.fromState)
            json.member("state", event.state)
            json.member("at", event.at)
            json.member("reason", event.reason)
            json.member("message", event.message)
            json.member("actor", event.actor)
            json.member("placement", event.placement)
        }
    }
}
