internal import SlipwayCore

// Teams, their members and credentials, and what other quotas would do.

extension OpenAPIDocument {
    private static let credentialChanges: [String: APISchema] = [
        "secret": .object(["name": .text], ["keys": APISchemas.texts]), "valid": .flag, "message": .text(1...1000),
        "resume_paused_runs": .flag, "why": APISchemas.why,
    ]

    static let teamDescriptions: [String: OperationDescription] = [
        "ApplyTeam": OperationDescription.act(
            "Store a team's file.",
            .file("A team's file."),
            [.ok(.named("Team")), .created(.named("Team"))],
            problems: [.invalidTeamFile]
        ).expectingRevision(),
        "ListTeams": .list("List teams by name.", "teams", of: .named("Team")),
        "DescribeTeam": .read("Tell a team.", .named("Team"), problems: [.teamNotFound]),
        "DeleteTeam": OperationDescription.act(
            "Delete a team whose jobs are all archived.",
            .why,
            [.ok(.object(["name": .text, "change": .words(["deleted"])]))],
            problems: [.teamNotFound, .teamHasJobs, .teamHasRuns]
        ).expectingRevision(),
        "SuspendTeam": .act(
            "Let nothing of a team begin.",
            .why,
            [.ok(.named("Team"))],
            problems: [.teamNotFound]
        ),
        "ResumeTeam": .act("End a team's suspension.", .why, [.ok(.named("Team"))], problems: [.teamNotFound]),
        "ChangeTeamCredits": .act(
            "Set, add to or lift a team's credits.",
            .json(
                .object([:], ["set": .integer, "add": .integer, "lift": .flag, "why": APISchemas.why]),
                example: #"{"add": 3600}"#
            ),
            [.ok(.named("Team"))],
            problems: [.teamNotFound, .teamNeedsNoCredits]
        ),
        "ListTeamMembers": .list(
            "List a team's members.",
            "members",
            of: .object(["subject": .text, "role": .words(TeamRole.self), "created_at": .time]),
            problems: [.teamNotFound]
        ),
        "SetTeamMember": .act(
            "Give somebody a role in a team.",
            .json(.object(["role": .words(TeamRole.self)]), example: #"{"role": "operator"}"#),
            [.ok(membership), .created(membership)],
            problems: [.teamNotFound, .limitReached]
        ),
        "RemoveTeamMember": .act(
            "Take a member out of a team.",
            nil,
            [.ok(.object(["team": .text, "subject": .text, "change": .words(["removed"])]))],
            problems: [.teamNotFound, .memberNotFound]
        ),
        "ApplyCredential": OperationDescription.act(
            "Store what is known of a credential; its value lives in a secret of Kubernetes.",
            .json(credential, example: #"{"kind": "s3", "secret": {"name": "lake", "keys": ["access_key"]}}"#),
            [.ok(.named("Credential")), .created(.named("Credential"))],
            problems: [.teamNotFound, .jobNotFound, .limitReached]
        ).expectingRevision(),
        "ListCredentials": .list(
            "List credentials by team and name.",
            "credentials",
            of: .named("Credential"),
            [
                APIParameter("team", .text, "Only these teams', separated by commas."),
                APIParameter("valid", .flag, "Only those that are valid, or only the others."),
            ]
        ),
        "DescribeCredential": .read("Tell a credential.", .named("Credential"), problems: [.credentialNotFound]),
        "UpdateCredential": OperationDescription.act(
            "Tell what changed about a credential.",
            .json(.object([:], credentialChanges), example: #"{"valid": true, "resume_paused_runs": true}"#),
            [.ok(.named("Credential"))],
            problems: [.credentialNotFound]
        ).expectingRevision(),
        "UpdateCredentials": .act(
            "Tell what changed about several credentials of a team.",
            .json(
                .object(
                    [:],
                    credentialChanges.merging([
                        "team": .text, "names": APISchemas.texts, "all_invalid": .flag,
                    ]) { first, _ in first }
                ),
                example: #"{"team": "etl", "all_invalid": true, "valid": true}"#
            ),
            [.ok(.object(["credentials": .array(.named("Credential")), "resumed_runs": .integer]))],
            problems: [.teamNotFound, .credentialNotFound, .otherRevision]
        ),
        "DeleteCredential": OperationDescription.act(
            "Delete a credential that nothing needs.",
            .why,
            [.ok(.object(["team": .text, "name": .text, "change": .words(["deleted"])]))],
            problems: [.credentialNotFound, .credentialIsNeeded]
        ).expectingRevision(),
        "CheckCredential": .act(
            "Have a credential checked now.",
            nil,
            [.json(202, .named("Credential"))],
            problems: [.credentialNotFound, .credentialHasNoCheck]
        ),
        "SimulateQuotas": .act(
            "Tell how long runs would have waited with other quotas.",
            .json(
                .object(["changes": .array(quotaChange, 1...100)], ["hours": .integer]),
                example: #"{"hours": 24, "changes": [{"team": "default", "runs": {"nominal": 10}}]}"#
            ),
            [
                .ok(
                    .object([
                        "hours": .integer, "runs": .integer,
                        "teams": .array(.object(["team": .text, "before": outcome, "after": outcome])),
                    ])
                )
            ]
        ),
    ]

    private static let membership = APISchema.object([
        "team": .text, "subject": .text, "role": .words(TeamRole.self), "change": APISchemas.change,
    ])

    private static let credential = APISchema.object(
        ["kind": .text],
        [
            "secret": .object(["name": .text], ["keys": APISchemas.texts]),
            "check": .object(["job": .text, "every": .text], ["resume_paused_runs": .flag]),
        ]
    )

    private static let quota = APISchema.object(
        ["nominal": .integer(0...(1 << 50))],
        ["borrowing_limit": .integer(0...(1 << 50)), "lending_limit": .integer(0...(1 << 50))]
    )

    private static let quotaChange = APISchema.object(
        ["team": .text],
        [
            "weight_thousandths": .integer(1...1_000_000_000), "cohort": .text, "runs": quota, "cpu_millicores": quota,
            "memory_bytes": quota, "unlimited": APISchemas.texts,
        ]
    )

    private static let outcome = APISchema.object(
        ["runs": .integer],
        [
            "unfinished_waits": .integer, "skipped": .integer, "average_wait_seconds": .number,
            "median_wait_seconds": .number, "p95_wait_seconds": .number, "longest_wait_seconds": .number,
            "average_runs": .number, "average_cpu_millicores": .number, "average_memory_bytes": .number,
            "runs_utilisation": .number, "cpu_utilisation": .number, "memory_utilisation": .number,
        ]
    )
}
