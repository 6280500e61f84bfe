internal import RunStore
internal import SlipwayCore

// Jobs and their versions.

extension OpenAPIDocument {
    private static let team = APIParameter("team", .text, "The team, in place of the file's.")
    private static let applyProblems: [Problem.Code] = [
        .invalidJobFile, .invalidSchedule, .jobArchived, .unknownTeamOrCluster, .notAllowedByTeam, .noCluster,
    ]

    static let jobDescriptions: [String: OperationDescription] =
        JobAction.allCases.reduce(into: jobReads) { descriptions, action in
            let verb = action.rawValue
            let name = verb.prefix(1).uppercased() + verb.dropFirst()
            descriptions["\(name)Job"] = .act(
                "\(name) a job.",
                .why,
                [.ok(jobChange)],
                problems: [.jobNotFound]
            )
        }

    private static let jobChange = APISchema.object(
        ["team": .text, "name": .text, "change": .words(["changed", "unchanged"]), "links": .map(.link)],
        ["paused_at": .time, "archived_at": .time]
    )

    private static let applied = APISchema.object(
        [
            "id": .id, "team": .text, "name": .text, "version": .integer, "change": APISchemas.change,
            "links": .map(.link),
        ],
        ["schedules": APISchemas.scheduleChanges]
    )

    private static let jobReads: [String: OperationDescription] = [
        "ApplyJob": .act(
            "Store a job's file; a changed one makes a new version.",
            .file("A job's file."),
            [.ok(applied), .created(applied)],
            [team],
            problems: applyProblems
        ),
        "PlanJob": .act(
            "Tell what storing a job's file would change.",
            .file("A job's file."),
            [.ok(plan)],
            [team],
            problems: applyProblems
        ),
        "ListJobs": .list(
            "List jobs by team and name.",
            "jobs",
            of: .named("Job"),
            [
                APIParameter("team", .text, "Only these teams' jobs, separated by commas."),
                APIParameter("kind", .text, "Only jobs of this kind."),
                APIParameter("owner", .text, "Only jobs of this owner."),
                APIParameter("tag", .text, "Only jobs with all these tags, separated by commas."),
                APIParameter("text", .text, "Only jobs with this text in the name or the description."),
                APIParameter("paused", .flag, "Only jobs that are paused, or only the others."),
                APIParameter("archived", .words(["true", "false", "all"]), "Which; those that are not if absent."),
                APIParameter("filter", .text, "What else must hold, such as tags:nightly AND NOT owner=ann."),
            ]
        ),
        "DescribeJob": .read("Tell everything about a job.", APISchemas.jobDescription, problems: [.jobNotFound]),
        "GetJobStatistics": .read(
            "Tell how a job's latest runs went.",
            statistics,
            [
                APIParameter("runs", .integer(1...1000), "Of so many runs."),
                APIParameter("days", .integer(1...3650), "Of so many days."),
            ],
            problems: [.jobNotFound]
        ),
        "ListJobVersions": .list(
            "List a job's versions, the newest first.",
            "versions",
            of: .object(
                ["version": .integer, "created_at": .time, "task_count": .integer],
                ["created_by": .text, "image": .text]
            ),
            [APIParameter("before", .integer(1...Int(Int32.max)), "Only versions below this one.")],
            problems: [.jobNotFound]
        ),
        "DescribeJobVersion": .read(
            "Tell a version of a job.",
            .object(["version": .integer, "created_at": .time, "spec": .anyObject], ["created_by": .text]),
            problems: [.jobNotFound, .versionNotFound]
        ),
        "DiffJobVersions": .read(
            "Tell what differs between two versions.",
            .object(
                APISchemas.differences.merging([
                    "team": .text, "name": .text, "from": .integer, "to": .integer,
                ]) { first, _ in first }
            ),
            [
                APIParameter("from", .integer(1...Int(Int32.max)), "The one before `to` if absent."),
                APIParameter("to", .integer(1...Int(Int32.max)), "The newest if absent."),
            ],
            problems: [.jobNotFound, .versionNotFound]
        ),
    ]

    private static let durations = APISchema.object(["average": .number, "p50": .number, "p95": .number])

    private static let statistics = APISchema.object(
        ["runs": .integer, "succeeded": .integer, "failed": .integer, "timeout": .integer, "cancelled": .integer],
        [
            "success_rate": .number, "first_created_at": .time, "last_created_at": .time,
            "running_seconds": durations, "total_seconds": durations,
        ]
    )

    private static let plan = APISchema.object(
        APISchemas.differences.merging([
            "team": .text, "name": .text, "change": APISchemas.change, "version": .integer, "paused": .flag,
            "archived": .flag, "schedules": APISchemas.scheduleChanges,
            "placement": .object(
                [
                    "verdict": .text, "candidates": .array(.text),
                    "findings": .array(.object(["code": .text, "message": .text])),
                ],
                ["cluster": .text]
            ),
        ]) { first, _ in first },
        ["from_version": .integer, "refusal": .text]
    )
}
