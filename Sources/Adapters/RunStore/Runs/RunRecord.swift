internal import PostgresClient
package import SlipwayCore

/// A run as the view `runs` tells it.
package struct RunRecord: Sendable {
    package var id: RunID
    package var team: String
    package var jobID: JobID
    package var jobName: String
    package var jobVersion: Int
    package var kind: String?
    package var cluster: String
    package var priority: Int
    package var variables: JSONValue
    /// Where each value is from; empty for runs that an earlier version stored.
    package var variableOrigins: [String: VariableOrigin]
    package var originID: RunID?
    package var originKind: String?
    package var submittedBy: String?
    package var createdAt: Timestamp
    package var state: RunState
    package var stateSince: Timestamp
    package var runningAt: Timestamp?
    package var endedAt: Timestamp?
    package var placement: Int
    package var leaseEpoch: Int64
    package var holderID: HolderID?
    package var reason: ReasonCode?
    package var failureClass: FailureClass?
    package var message: String?
    package var failedTask: String?
    package var exitCode: Int?
    package var errorName: String?
    package var stackTrace: String?
    package var evidence: JSONValue?
    package var node: String?
    package var warnings: Int
    /// The first run of the chain; `nil` for a run that is the first itself.
    package var rootID: RunID?
    /// Its place in the chain, from 1.
    package var attempt: Int
    package var overrides: RunOverrides
    package var retriesUsed: RetriesUsed
    /// It is not admitted before this moment.
    package var eligibleAt: Timestamp?
    package var isPromoted: Bool
    package var releasedAt: Timestamp?
    package var releaseDeadline: Timestamp?
    /// What made it: `manual`, `schedule` or `backfill`.
    package var triggerKind: String
    package var scheduleID: ScheduleID?
    /// Of its schedule, if that is still there.
    package var scheduleName: String?
    package var tick: Timestamp?

    static let columns = """
        id, team, job_id, job_name, job_version, kind, cluster, priority, variables, origin_id, origin_kind, submitted_by, \
        created_at, state, state_since, running_at, ended_at, placement, lease_epoch, holder_id, reason, failure_class, \
        message, failed_task, exit_code, error_name, stack_trace, evidence, node, warnings, root_id, attempt, overrides, \
        retries_used, eligible_at, is_promoted, released_at, release_deadline, variable_origins, \
        trigger_kind, schedule_id, tick, (SELECT s.name FROM schedules s WHERE s.id = schedule_id) AS schedule_name
        """

    /// Its variables as they were resolved.
    package var resolvedVariables: RunVariables {
        guard case .object(let values) = variables else { return RunVariables(values: [:], origins: [:]) }
        return RunVariables(values: values, origins: variableOrigins)
    }

    init(row: PostgresRow) throws {
        id = try row.value("id")
        team = try row.value("team")
        jobID = try row.value("job_id")
        jobName = try row.value("job_name")
        jobVersion = try row.value("job_version")
        kind = try row.value("kind")
        cluster = try row.value("cluster")
        priority = try row.value("priority")
        variables = try decoded(row.value("variables"))
        variableOrigins = try decoded(row.value("variable_origins"))
        originID = try row.value("origin_id")
        originKind = try row.value("origin_kind")
        submittedBy = try row.value("submitted_by")
        createdAt = try row.value("created_at")
        state = try row.value("state")
        stateSince = try row.value("state_since")
        runningAt = try row.value("running_at")
        endedAt = try row.value("ended_at")
        placement = try row.value("placement")
        leaseEpoch = try row.value("lease_epoch")
        holderID = try row.value("holder_id")
        reason = try row.value("reason")
        failureClass = try row.value("failure_class")
        message = try row.value("message")
        failedTask = try row.value("failed_task")
        exitCode = try row.value("exit_code")
        errorName = try row.value("error_name")
        stackTrace = try row.value("stack_trace")
        evidence = try row.value("evidence", as: PostgresJSON?.self).map { try decoded($0) }
        node = try row.value("node")
        warnings = try row.value("warnings")
        rootID = try row.value("root_id")
        attempt = try row.value("attempt")
        overrides = try decodedOverrides(row.value("overrides"))
        retriesUsed = try decoded(row.value("retries_used"))
        eligibleAt = try row.value("eligible_at")
        isPromoted = try row.value("is_promoted")
        releasedAt = try row.value("released_at")
        releaseDeadline = try row.value("release_deadline")
        triggerKind = try row.value("trigger_kind")
        scheduleID = try row.value("schedule_id")
        scheduleName = try row.value("schedule_name")
        tick = try row.value("tick")
    }
}

/// One entry of a run's append-only record.
package struct RunEvent: Sendable {
    package var sequence: Int64
    package var kind: String
    package var fromState: RunState?
    package var state: RunState?
    package var at: Timestamp
    package var reason: ReasonCode?
    package var message: String?
    package var actor: String?
    package var placement: Int?

    init(row: PostgresRow) throws {
        sequence = try row.value("sequence")
        kind = try row.value("kind")
        fromState = try row.value("from_state")
        state = try row.value("state")
        at = try row.value("at")
        reason = try row.value("reason")
        message = try row.value("message")
        actor = try row.value("actor")
        placement = try row.value("placement")
    }
}

/// A placement that did not end well, or whose end came too late to count.
package struct PlacementRecord: Sendable {
    package var placement: Int
    package var cluster: String
    package var node: String?
    package var podUID: String?
    package var startedAt: Timestamp?
    package var endedAt: Timestamp?
    package var outcome: String?
    package var reason: ReasonCode?
    package var message: String?
    package var evidence: JSONValue?
    package var lateEnd: JSONValue?

    init(row: PostgresRow) throws {
        placement = try row.value("placement")
        cluster = try row.value("cluster")
        node = try row.value("node")
        podUID = try row.value("pod_uid")
        startedAt = try row.value("started_at")
        endedAt = try row.value("ended_at")
        outcome = try row.value("outcome")
        reason = try row.value("reason")
        message = try row.value("message")
        evidence = try row.value("evidence", as: PostgresJSON?.self).map { try decoded($0) }
        lateEnd = try row.value("late_end", as: PostgresJSON?.self).map { try decoded($0) }
    }
}
