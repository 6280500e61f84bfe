internal import SlipwayCore

// Schedules, their ticks and backfills.

extension OpenAPIDocument {
    private static let missing: [Problem.Code] = [.jobNotFound, .scheduleNotFound]
    private static let dryRunParameters: [APIParameter] = [
        APIParameter("count", .integer(1...ScheduleLimits.standard.dryRunTicks), "So many ticks."),
        APIParameter("from", .time, "Those after this time; after now if absent."),
    ]
    private static let tickParameters: [APIParameter] = [
        APIParameter("outcome", .text, "Only these, separated by commas: fired, caught_up, skipped."),
        APIParameter("reason", .text, "Only those skipped for these reasons, separated by commas."),
        APIParameter("since", .time, "Only ticks at this time or later."),
        APIParameter("until", .time, "Only ticks before this time."),
    ]

    static let scheduleDescriptions: [String: OperationDescription] = [
        "ListSchedules": .list(
            "List schedules by team, job and name.",
            "schedules",
            of: .named("Schedule"),
            [
                APIParameter("team", .text, "Only these teams', separated by commas."),
                APIParameter("job", .text, "Only those of jobs with this name."),
                APIParameter("paused", .flag, "Only those that are paused, or only the others."),
                APIParameter("filter", .text, "What else must hold, such as name:daily AND next<2026-02-01."),
            ]
        ),
        "ListJobSchedules": .list(
            "List a job's schedules.",
            "schedules",
            of: .named("Schedule"),
            problems: [.jobNotFound]
        ),
        "CreateSchedule": .act(
            "Make a schedule.",
            .file("A schedule."),
            [.created(.named("Schedule"))],
            [APIParameter("paused", .flag, "Whether it is paused at first.")],
            problems: [.jobNotFound, .invalidSchedule, .scheduleExists]
        ),
        "DescribeSchedule": .read("Tell a schedule.", .named("Schedule"), problems: missing),
        "ReplaceSchedule": OperationDescription.act(
            "Change a schedule, or make it.",
            .file("A schedule."),
            [.ok(.named("Schedule")), .created(.named("Schedule"))],
            problems: missing + [.invalidSchedule, .scheduleExists]
        ).expectingRevision(),
        "DeleteSchedule": OperationDescription.act(
            "Delete a schedule; what became of its ticks is kept.",
            nil,
            [.ok(.named("Schedule"))],
            problems: missing
        ).expectingRevision(),
        "PauseSchedule": OperationDescription.act(
            "Silence a schedule.",
            .why,
            [.ok(.named("Schedule"))],
            problems: missing
        ).expectingRevision(),
        "ResumeSchedule": OperationDescription.act(
            "Have a schedule speak again.",
            .why,
            [.ok(.named("Schedule"))],
            problems: missing
        ).expectingRevision(),
        "DryRunSchedule": .read(
            "Tell what a schedule's next ticks would do.",
            dryRun,
            dryRunParameters,
            problems: missing + [.invalidSchedule]
        ),
        "DryRunNewSchedule": .act(
            "Tell what the ticks of a schedule would do that is not stored.",
            .file("A schedule."),
            [.ok(dryRun)],
            dryRunParameters,
            problems: [.jobNotFound, .invalidSchedule]
        ),
        "BackfillSchedule": .act(
            "Make runs for the ticks of a span of time.",
            .json(
                .object(
                    ["from": .time, "until": .time],
                    [
                        "again": .flag, "dry_run": .flag, "order": .words(["newest_first", "oldest_first"]),
                        "why": APISchemas.why,
                    ]
                ),
                example: #"{"from": "2026-01-01T00:00:00Z", "until": "2026-02-01T00:00:00Z", "dry_run": true}"#
            ),
            [.ok(backfill), .created(backfill)],
            problems: missing + [.invalidSchedule, .noCluster, .submissionRateExceeded, .jobArchived]
        ),
        "TriggerSchedule": .act(
            "Run the job now with the schedule's variables.",
            .optional(
                .object([:], ["variables": APISchemas.variables, "why": APISchemas.why]),
                example: #"{"variables": {"days": 3}}"#
            ),
            [.created(.named("NewRun"))],
            problems: missing + [
                .jobArchived, .invalidVariables, .invalidSchedule, .noCluster, .submissionRateExceeded,
            ]
        ),
        "ListScheduleTicks": .list(
            "List what became of a schedule's ticks.",
            "ticks",
            of: .named("Tick"),
            tickParameters,
            problems: missing
        ),
        "ListJobTicks": .list(
            "List what became of the ticks of a job's schedules, deleted ones included.",
            "ticks",
            of: .named("Tick"),
            tickParameters + [APIParameter("schedule", .text, "Only those of the schedule with this name.")],
            problems: [.jobNotFound]
        ),
        "ListUpcomingRuns": .list(
            "List the ticks that are to come.",
            "upcoming",
            of: APISchemas.tick(["team": .text, "job": .text, "schedule": .text, "schedule_id": .id]),
            [
                APIParameter("team", .text, "Only these teams', separated by commas."),
                APIParameter("job", .text, "Only those of jobs with this name."),
                APIParameter("until", .time, "Only ticks before this time."),
            ]
        ),
    ]

    private static let dryRun = APISchema.object(
        [
            "schedule_paused": .flag, "live_runs": .integer,
            "ticks": .array(
                APISchemas.tick(
                    ["verdict": .words(["starts", "replaces", "waits", "skipped"])],
                    ["runs": .integer, "until": .time, "reason": .text, "message": .text]
                )
            ),
        ],
        ["run_seconds": .integer]
    )

    private static let backfill = APISchema.object(
        [
            "dry_run": .flag, "runs": .integer, "more": .flag,
            "ticks": .array(
                .object(
                    ["tick": .time, "local": .text, "creates_run": .flag],
                    ["known": .text, "reason": .words(TickSkipReason.self), "run": .id]
                )
            ),
        ],
        ["next_from": .time]
    )
}
