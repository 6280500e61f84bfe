internal import RunStore
internal import SlipwayCore

/// The forms that several answers share.
enum APISchemas {
    static let why = APISchema.text(1...500).about("Why, in the words of whoever asks.")
    static let next = APISchema.text.about("What `after` takes for the page that follows; absent on the last.")
    static let state = APISchema.words(RunState.self)
    static let reason = APISchema.words(ReasonCode.self)
    static let change = APISchema.words(["created", "updated", "unchanged"])
    static let variables = APISchema.map(.any)

    /// By name, for the document's components.
    static let named: [String: APISchema] = [
        "Problem": problem, "Run": run, "RunDescription": runDescription, "NewRun": newRun, "Event": event,
        "Task": task, "Warning": warning, "Job": job, "Schedule": schedule, "Tick": tick, "Team": team,
        "Credential": credential, "Cluster": cluster, "ActionAnswer": actionAnswer, "RunFilter": runFilter,
    ]

    static let problem = APISchema.object(
        [
            "type": .text, "title": .text, "status": .integer, "detail": .text, "code": .text, "request_id": .text,
        ],
        ["errors": .array(fieldError)]
    )

    private static let fieldError = APISchema.object(
        ["field": .text, "message": .text],
        ["value": .text, "allowed": .array(.text), "line": .integer, "column": .integer]
    )

    // MARK: Runs

    private static let trigger = APISchema.words(RunListRequest.triggers)

    private static let runNeeded: [String: APISchema] = [
        "id": .id, "team": .text, "job": .text, "job_id": .id, "version": .integer, "cluster": .text, "state": state,
        "state_since": .time, "created_at": .time, "warnings": .integer, "priority": .integer, "attempt": .integer,
        "promoted": .flag, "placement": .integer,
        "trigger": .object(
            ["kind": trigger],
            ["schedule": .text, "schedule_id": .id, "tick": .time]
        ),
    ]

    private static let runOthers: [String: APISchema] = [
        "kind": .text, "running_at": .time, "ended_at": .time, "reason": reason,
        "failure_class": .words(FailureClass.self), "message": .text, "failed_task": .text, "error_name": .text,
        "origin": .id, "origin_kind": .words(NewRun.OriginKind.self), "root": .id, "submitted_by": .text,
        "eligible_at": .time, "released_at": .time, "release_deadline": .time, "node": .text, "holder": .id,
    ]

    static let run = APISchema.object(runNeeded, runOthers)

    static let runDescription = APISchema.object(
        runNeeded.merging([
            "pinned": .flag, "variables": variables, "variable_origins": .map(.text), "overrides": overrides,
            "retries_used": .object([
                "infrastructure": .integer, "timeout": .integer, "user": .integer, "free": .integer,
            ]),
            "tasks": .array(.named("Task")), "states": .array(stay), "chain": .array(chainLink),
            "placements": .array(placement), "links": .map(.link),
        ]) { first, _ in first },
        runOthers.merging([
            "waiting": .object(["sentence": .text, "since": .time], ["reason": .text]), "advice": .text,
            "exit_code": .integer, "stack_trace": .text, "evidence": .any, "plan": plan,
            "first_warnings": .array(.named("Warning")), "usage": .map(usage), "cost": cost,
        ]) { first, _ in first }
    )

    static let newRun = APISchema.object(
        ["id": .id, "team": .text, "job": .text, "version": .integer, "state": state],
        ["origin": .id, "plan": plan]
    )

    private static let overrides = APISchema.object(
        [:],
        ["timeouts": timeouts, "runner_memory_bytes": .integer, "sail_memory_bytes": .integer]
    )

    static let timeouts = APISchema.object(
        [:],
        [
            "schedule": .text, "start": .text, "sail_ready": .text, "run": .text, "cancel": .text, "stall": .text,
            "on_timeout": .words(JobSpec.TimeoutOutcome.self),
        ]
    )

    static let plan = APISchema.object(
        ["from_run": .id, "carried": .integer, "skipped": .integer],
        ["from_task": .text]
    )

    static let stay = APISchema.object(
        ["state": state, "entered_at": .time],
        ["left_at": .time, "seconds": .number]
    )

    private static let chainLink = APISchema.object(
        ["id": .id, "attempt": .integer, "state": state, "version": .integer, "created_at": .time],
        ["origin": .id, "origin_kind": .words(NewRun.OriginKind.self), "reason": reason]
    )

    private static let placement = APISchema.object(
        ["placement": .integer],
        [
            "outcome": .text, "reason": reason, "message": .text, "node": .text, "pod_uid": .text, "started_at": .time,
            "ended_at": .time, "evidence": .any, "late_end": .any,
        ]
    )

    static let usage = APISchema.object(
        ["samples": .integer, "first_at": .time, "last_at": .time],
        [
            "covered_seconds": .number, "cpu_seconds": .number, "average_cpu_millicores": .integer,
            "peak_cpu_millicores": .integer, "average_memory_bytes": .integer, "peak_memory_bytes": .integer,
        ]
    )

    static let cost = APISchema.object(
        ["reserved": .number, "reserved_seconds": .number],
        ["used": .number, "currency": .text]
    )

    static let event = APISchema.object(
        ["sequence": .integer, "kind": .text, "at": .time],
        [
            "from_state": state, "state": state, "reason": reason, "message": .text, "actor": .text,
            "placement": .integer,
        ]
    )

    static let task = APISchema.object(
        ["name": .text, "position": .integer, "state": .words(TaskState.self), "attempt": .integer],
        [
            "item_index": .integer, "item": .any, "started_at": .time, "ended_at": .time, "seconds": .number,
            "exit_code": .integer, "note": .text, "progress": .object(["done": .integer], ["total": .integer]),
            "warnings": .integer, "carried_from": .id, "links": .map(.link), "items": .map(.integer),
            "failure": .object(
                ["reason": reason],
                [
                    "failure_class": .words(FailureClass.self), "message": .text, "error_name": .text,
                    "stack_trace": .text,
                ]
            ),
        ]
    )

    static let warning = APISchema.object(
        ["placement": .integer, "source": .text, "at": .time, "message": .text, "counted": .flag],
        ["line": .integer, "task": .text]
    )

    static let actionAnswer = APISchema.object(
        ["id": .id, "change": .text],
        [
            "state": state, "team": .text, "job": .text, "created_at": .time, "release_deadline": .time,
            "run": .object(
                ["id": .id],
                ["team": .text, "job": .text, "version": .integer, "state": state, "origin": .id, "plan": plan]
            ),
            "code": .text, "message": .text,
        ]
    )

    static let runFilter = APISchema.object(
        [:],
        [
            "team": texts, "job": .text, "state": .oneOf([state, .array(state)]), "kind": .text, "origin": .id,
            "released": .flag, "before": .time, "after": .time,
            "trigger": .oneOf([trigger, .array(trigger)]), "schedule": .text,
            "variables": .map(.oneOf([.text, .number, .flag, .anyObject])),
            "where": .text.about("What else must hold, in the grammar of the parameter `filter` of ListJobRuns."),
            "search": .text(1...200),
        ]
    )

    static let texts = APISchema.oneOf([.text, .array(.text)])

    // MARK: Jobs

    static let job = APISchema.object(
        [
            "id": .id, "team": .text, "name": .text, "version": .integer, "created_at": .time, "updated_at": .time,
            "task_count": .integer, "tasks": .array(.text), "links": .map(.link),
        ],
        [
            "kind": .text, "description": .text, "owner": .text, "cluster": .text, "cluster_selector": .map(.text),
            "paused_at": .time, "archived_at": .time, "tags": .array(.text), "variable_names": .array(.text),
        ]
    )

    static let jobDescription = APISchema.object(
        [
            "id": .id, "team": .text, "name": .text, "version": .integer, "created_at": .time, "updated_at": .time,
            "task_count": .integer, "tasks": .array(.text), "links": .map(.link), "spec": .anyObject,
            "variables": .map(.object(["type": .text], ["default": .any, "description": .text])),
        ],
        [
            "kind": .text, "description": .text, "owner": .text, "cluster": .text, "cluster_selector": .map(.text),
            "paused_at": .time, "paused_by": .text, "archived_at": .time, "tags": .array(.text),
        ]
    )

    static let differences: [String: APISchema] = [
        "differences": .array(
            .object(["path": .text, "kind": .text], ["before": .any, "after": .any, "too_long": .flag])
        ),
        "difference_count": .integer,
    ]

    static let scheduleChanges = APISchema.array(
        .object(["name": .text, "change": .words(["created", "updated", "unchanged", "deleted"])])
    )

    // MARK: Schedules

    private static let tickTimes: [String: APISchema] = ["tick": .time, "local": .text]

    static func tick(_ needed: [String: APISchema], _ others: [String: APISchema] = [:]) -> APISchema {
        .object(
            tickTimes.merging(needed) { first, _ in first },
            others.merging(["due": .time]) { first, _ in first }
        )
    }

    static let schedule = APISchema.object(
        [
            "id": .id, "team": .text, "job": .text, "name": .text, "kind": .text,
            "state": .words(["active", "paused", "job_paused", "failing", "over"]), "paused": .flag,
            "job_paused": .flag, "spec": .anyObject, "effective_since": .time, "from_job_file": .flag,
            "revision": .integer, "created_at": .time, "updated_at": .time, "links": .map(.link),
        ],
        [
            "next": tick([:]), "last_tick": .time, "last_run": .id, "problem": .text, "created_by": .text,
            "change": .words(["created", "updated", "unchanged", "deleted"]), "runs_created": .integer,
        ]
    )

    static let tick = APISchema.object(
        [
            "tick": .time, "schedule": .text, "schedule_id": .id,
            "outcome": .words(["fired", "caught_up", "skipped"]), "decided_at": .time,
        ],
        [
            "reason": .words(TickSkipReason.self), "message": .text, "run": .id, "backfill_run": .id,
            "through": .time, "ticks": .integer, "count_is_exact": .flag,
        ]
    )

    // MARK: Teams and clusters

    static let team = APISchema.object(
        [
            "name": .text, "namespace": .text, "suspended": .flag, "revision": .integer, "created_at": .time,
            "updated_at": .time, "spec": .anyObject, "links": .map(.link),
        ],
        ["description": .text, "weight": .number, "cohort": .text, "credits": .number, "change": change]
    )

    static let credential = APISchema.object(
        [
            "team": .text, "name": .text, "kind": .text, "valid": .flag, "revision": .integer, "created_at": .time,
            "updated_at": .time, "links": .map(.link),
        ],
        [
            "checked_at": .time, "message": .text, "secret": .object(["name": .text, "keys": .array(.text)]),
            "check": .object(
                ["job": .text, "every": .text, "resume_paused_runs": .flag],
                ["due_at": .time, "run": .id]
            ),
            "change": change, "resumed_runs": .integer,
        ]
    )

    private static let resources: [String: APISchema] = ["cpu_millicores": .integer, "memory_bytes": .integer]

    static let clusterNeeded: [String: APISchema] = [
        "name": .text, "state": .text, "wanted": .text, "state_since": .time, "labels": .map(.text),
        "capacity": .object([:], resources.merging(["runs": .integer]) { first, _ in first }),
        "used": .object(resources.merging(["runs": .integer, "placing": .integer]) { first, _ in first }),
        "revision": .integer, "created_at": .time, "updated_at": .time, "links": .map(.link),
    ]

    static let clusterOthers: [String: APISchema] = [
        "message": .text, "description": .text, "placement_window": .integer, "teams": .array(.text),
        "kubeconfig_file": .text, "requests_per_second": .number,
        "nodes": .object(
            resources.merging(["count": .integer, "largest": .array(.object(resources))]) { first, _ in first }
        ),
    ]

    static let cluster = APISchema.object(clusterNeeded, clusterOthers)
}
