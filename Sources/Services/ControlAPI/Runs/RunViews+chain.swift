internal import RunStore
internal import SlipwayCore

// What a description tells beyond the run itself.

extension JSONWriter {
    /// What the run has otherwise than its job, in the form in which it is asked for.
    mutating func overrides(_ overrides: RunOverrides) {
        object("overrides") { json in
            if let timeouts = overrides.timeouts {
                json.object("timeouts") { json in
                    json.member("schedule", timeouts.scheduleSeconds.map(DurationText.text(seconds:)))
                    json.member("start", timeouts.startSeconds.map(DurationText.text(seconds:)))
                    json.member("sail_ready", timeouts.sailReadySeconds.map(DurationText.text(seconds:)))
                    json.member("run", timeouts.runSeconds.map(DurationText.text(seconds:)))
                    json.member("cancel", timeouts.cancelSeconds.map(DurationText.text(seconds:)))
                    json.member("stall", timeouts.stallSeconds.map(DurationText.text(seconds:)))
                    json.member("on_timeout", timeouts.onTimeout)
                }
            }
            json.member("runner_memory_bytes", overrides.runnerMemoryBytes)
            json.member("sail_memory_bytes", overrides.sailMemoryBytes)
        }
    }

    mutating func retriesUsed(_ used: RetriesUsed) {
        object("retries_used") { json in
            json.member("infrastructure", used.infrastructure)
            json.member("timeout", used.timeout)
            json.member("user", used.user)
            json.member("free", used.free)
        }
    }

    /// What the run executes of its job, if that is not all of it. Which tasks those are the tasks say.
    mutating func plan(_ plan: RunPlan?) {
        guard let plan else { return }
        object("plan") { json in
            json.member("from_run", plan.fromRun)
            json.member("from_task", plan.fromTask)
            json.member("carried", plan.carried.count)
            json.member("skipped", plan.skipped.count)
        }
    }

    /// One run of a chain.
    mutating func link(_ run: RunRecord) {
        object { json in
            json.member("id", run.id)
            json.member("attempt", run.attempt)
            json.member("state", run.state)
            json.member("version", run.jobVersion)
            json.member("origin", run.originID)
            json.member("origin_kind", run.originKind)
            json.member("reason", run.reason)
            json.member("created_at", run.createdAt)
        }
    }

    /// A placement that did not end well.
    mutating func placement(_ placement: PlacementRecord) {
        object { json in
            json.member("placement", placement.placement)
            json.member("outcome", placement.outcome)
            json.member("reason", placement.reason)
            json.member("message", placement.message)
            json.member("node", placement.node)
            json.member("pod_uid", placement.podUID)
            json.member("started_at", placement.startedAt)
            json.member("ended_at", placement.endedAt)
            json.member("evidence", placement.evidence)
            json.member("late_end", placement.lateEnd)
        }
    }
}
