internal import RunStore
internal import SlipwayCore

// Runs: creating, reading, following.

extension OpenAPIDocument {
    static let runFilters: [APIParameter] = [
        APIParameter("team", .text, "Only these teams' runs, separated by commas."),
        APIParameter("job", .text, "Only runs of jobs with this name."),
        APIParameter("state", .text, "Only runs in these states, separated by commas."),
        APIParameter("kind", .text, "Only runs whose job has this kind."),
        APIParameter("origin", .id, "Only runs made from this one."),
        APIParameter("released", .flag, "Only runs that somebody has let go of, or only the others."),
        APIParameter("variable", .array(.text), "Only runs with this value of a variable: name=value."),
        APIParameter("trigger", .text, "Only runs made so, separated by commas: manual, schedule, backfill."),
        APIParameter("schedule", .text, "Only runs of schedules with this name."),
        APIParameter("filter", .text, "What else must hold, such as state=failed AND NOT variables.country=NL."),
        APIParameter("search", .text(1...200), "Words that are all found in the run, or begin what is."),
    ]

    private static let logParameters: [APIParameter] = [
        APIParameter("stream", .text, "Only these streams, separated by commas: run, sail, runner, task/NAME."),
        APIParameter("after", .text, "The position that the lines begin after."),
        APIParameter("follow", .flag, "Whether the answer is a stream that lasts as long as the run."),
        APIParameter("since", .time, "Only lines written at this time or later."),
        APIParameter("until", .time, "Only lines written before this time."),
        APIParameter("contains", .text, "Only lines with this text."),
        APIParameter("ignore_case", .flag, "Whether small and capital letters are alike in `contains`."),
        APIParameter("tail", .integer(1...10_000), "Only so many lines from the end."),
        APIParameter("ansi", .words(["keep", "strip"]), "Whether colours and the like are kept in the lines."),
        APIParameter("prefix", .text, "What stands before each line of the plain text: stream, time."),
    ]

    private static let runRequest: [String: APISchema] = [
        "team": .text, "version": .integer(1...Int(Int32.max)), "variables": APISchemas.variables,
        "timeouts": APISchemas.timeouts, "why": APISchemas.why,
    ]

    private static let creationProblems: [Problem.Code] = [
        .jobNotFound, .versionNotFound, .invalidVariables, .jobArchived, .noCluster, .submissionRateExceeded,
    ]

    private static let lastEventID = APIParameter(
        "Last-Event-ID",
        .text,
        "The id of the last event that came, if the stream broke.",
        in: .header
    )

    private static let outputAnswers = APIAnswer(
        status: 200,
        content: ["application/json": .any, "text/csv": .text, "text/plain": .text]
    )

    static let runDescriptions: [String: OperationDescription] = [
        "CreateJobRun": .act(
            "Create a run of a job.",
            .json(.object(["job": .text], runRequest), example: #"{"job": "report", "variables": {"country": "NL"}}"#),
            [.created(.named("NewRun"))],
            problems: creationProblems
        ),
        "CreateJobRuns": .act(
            "Create many runs: all or none.",
            .json(
                .object(["runs": .array(.object(["job": .text], runRequest), 1...1000)]),
                example: #"{"runs": [{"job": "report"}, {"job": "report", "version": 2}]}"#
            ),
            [.created(.object(["runs": .array(.named("NewRun"))]))],
            problems: creationProblems
        ),
        "ListJobRuns": .list(
            "List runs in pages. A page may have few runs, or none, and yet be followed by others.",
            "runs",
            of: .named("Run"),
            runFilters + [APIParameter("order_by", .words(RunOrder.self), "The order; the newest first if absent.")]
        ),
        "WatchJobRuns": OperationDescription(
            summary: "Follow what a list of runs shows: each run that changes, as it is then.",
            parameters: runFilters + [lastEventID],
            answers: [.stream()]
        ),
        "DescribeJobRun": .read("Tell everything about a run.", .named("RunDescription"), problems: [.runNotFound]),
        "ListJobRunEvents": .list(
            "List the events of a run.",
            "events",
            of: .named("Event"),
            problems: [.runNotFound]
        ),
        "WatchJobRun": OperationDescription(
            summary: "Follow a run until it is over: its events, its tasks, and at the end the whole run.",
            parameters: [APIParameter("after", .integer, "The sequence of the last known event."), lastEventID],
            answers: [.stream()],
            problems: [.runNotFound]
        ),
        "GetJobRunLogs": OperationDescription(
            summary: "Read a run's log: a page, all of it as text, or as it is written.",
            parameters: logParameters + [lastEventID],
            answers: [
                APIAnswer(
                    status: 200,
                    content: [
                        "application/json": logPage, "text/plain": .text,
                        "text/event-stream": .serverSentEvent,
                    ]
                )
            ],
            problems: [.runNotFound]
        ),
        "ListJobRunLogLines": .read(
            "Read lines of one stream by their number.",
            .object(
                [
                    "stream": .text, "total": .integer, "from": .integer, "complete": .flag,
                    "lines": .array(
                        .object([
                            "placement": .integer, "sequence": .integer, "at": .time, "channel": .text, "text": .text,
                        ])
                    ),
                ],
                ["found": .integer]
            ),
            [
                APIParameter("stream", .text, "`sail`, `runner`, or `task/` and a task's name."),
                APIParameter(
                    "from",
                    .integer,
                    "The number of the first line, from 0; without it the last lines are told."
                ),
                APIParameter("at", .text, "The placement and number of a line, with a full stop between them."),
                APIParameter("count", .integer(1...2000), "How many lines."),
            ],
            problems: [.runNotFound]
        ),
        "ListJobRunOutputs": .list(
            "List what the tasks of a run gave; long values are left out.",
            "outputs",
            of: output,
            [APIParameter("task", .text, "Only this task's.")],
            problems: [.runNotFound]
        ),
        "GetJobRunOutput": OperationDescription(
            summary: "Get one output, whole.",
            parameters: [
                APIParameter("form", .words(OutputDocument.RowForm.self), "How rows look in JSON."),
                APIParameter("format", .words(OutputDocument.Format.self), "The form; that of `accept` if absent."),
                APIParameter("rows", .integer, "At most so many rows."),
            ],
            answers: [outputAnswers],
            problems: [.runNotFound, .outputNotFound, .notAcceptable]
        ),
        "GetJobRunMetrics": .read(
            "Tell what a run took: time, resources, money.",
            metrics,
            [APIParameter("points", .integer(0...720), "At most so many points of each series.")],
            problems: [.runNotFound]
        ),
        "ListJobRunTasks": .list(
            "List the tasks of a run, each followed by its items.",
            "tasks",
            of: .named("Task"),
            [APIParameter("task", .text, "Only this task and its items.")],
            problems: [.runNotFound]
        ),
        "ListJobRunWarnings": .read(
            "List the warnings of a run.",
            .object(["counted": .integer, "warnings": .array(.named("Warning"))]),
            problems: [.runNotFound]
        ),
        "ExplainRun": .read("Tell why a run waits.", wait, problems: [.runNotFound]),
        "ListAdmissionHolds": .read(
            "Tell how many runs wait for what.",
            .object([
                "holds": .array(
                    .object(
                        ["team": .text, "state": APISchemas.state, "runs": .integer],
                        ["reason": .text, "scope": .text]
                    )
                )
            ]),
            [APIParameter("team", .text, "Only this team's.")]
        ),
        "ListAdmissionShares": .read(
            "Tell what part of what is scarce each team uses.",
            .object([
                "whole": amounts,
                "shares": .array(
                    .object(
                        [
                            "team": .text, "weight": .number, "used": amounts, "waiting": .integer, "share": .number,
                            "fair_share": .number, "history": .number, "weighted": .number,
                        ],
                        ["cohort": .text]
                    )
                ),
            ]),
            [APIParameter("team", .text, "Only these teams', separated by commas.")]
        ),
    ]

    private static let amounts = APISchema.object([
        "runs": .integer, "cpu_millicores": .integer, "memory_bytes": .integer,
    ])

    private static let logPage = APISchema.object([
        "lines": .array(
            .object([
                "stream": .text, "placement": .integer, "sequence": .integer, "at": .time, "channel": .text,
                "text": .text,
            ])
        ),
        "next": .text, "more": .flag, "complete": .flag,
        "streams": .array(.object(["name": .text, "lines": .integer])),
    ])

    private static let output = APISchema.object(
        ["task": .text, "name": .text, "kind": .text, "truncated": .flag, "created_at": .time, "links": .map(.link)],
        [
            "columns": .array(.object(["name": .text, "type": .text])), "value": .any, "value_bytes": .integer,
            "sample_count": .integer, "row_count": .integer,
        ]
    )

    private static let metrics = APISchema.object(
        [
            "run": .id, "team": .text, "job": .text, "state": APISchemas.state, "seconds": .number,
            "states": .array(APISchemas.stay), "containers": .array(container),
            "tasks": .array(
                .object(
                    ["name": .text, "state": .words(TaskState.self), "attempt": .integer],
                    ["started_at": .time, "ended_at": .time, "seconds": .number]
                )
            ),
        ],
        ["cost": APISchemas.cost]
    )

    private static let container = APISchema.object(
        ["name": .text],
        [
            "requested": .object([:], ["cpu_millicores": .integer, "memory_bytes": .integer]),
            "used": APISchemas.usage,
            "series": .object([
                "at": .array(.time), "cpu_millicores": .array(.integer), "memory_bytes": .array(.integer),
            ]),
        ]
    )

    private static let wait = APISchema.object(
        [
            "run": .id, "team": .text, "job": .text, "state": APISchemas.state, "waiting": .flag, "sentence": .text,
            "blocking": .array(.id), "since": .time,
        ],
        [
            "reason": .text, "scope": .text, "position": .object(["team": .integer, "overall": .integer]),
            "dispatch": .object(["ahead": .integer, "starting": .integer]), "effective_priority": .integer,
            "ends_at": .time, "estimated_start": .time,
        ]
    )
}
