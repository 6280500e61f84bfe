internal import RunStore
internal import SlipwayCore

// Callers, tokens, service accounts, logins and the audit log.

extension OpenAPIDocument {
    private static let service = "The service account `team/name` whose it is; yours if absent."

    static let accessDescriptions: [String: OperationDescription] = [
        "CreateToken": .act(
            "Make an API token; the answer alone has it.",
            .json(
                .object(
                    ["name": .text(1...100)],
                    [
                        "service_account": .text.about(service), "everywhere": .words(TeamRole.self),
                        "teams": .map(.words(TeamRole.self)), "expires_in": .text, "why": APISchemas.why,
                    ]
                ),
                example: #"{"name": "laptop", "expires_in": "90d"}"#
            ),
            [.created(.object(tokenNeeded.merging(["token": .text]) { first, _ in first }, tokenOthers))],
            problems: [.teamNotFound, .serviceAccountNotFound, .limitReached]
        ),
        "ListTokens": .list(
            "List API tokens, the newest first: yours, and those of the service accounts of teams you are an admin of.",
            "tokens",
            of: token,
            [
                APIParameter("team", .text, "Only those of these teams' service accounts, separated by commas."),
                APIParameter("service_account", .text, "Only those of service accounts of this name."),
                APIParameter("revoked", .flag, "Also those that are revoked."),
            ]
        ),
        "DescribeToken": .read("Tell an API token, but not the token itself.", token, problems: [.tokenNotFound]),
        "RevokeToken": .act("End an API token.", .why, [.ok(token)], problems: [.tokenNotFound]),
        "DescribeCaller": .read(
            "Tell who asks, and what they may do.",
            .object(
                ["kind": .words(Principal.Kind.self), "name": .text, "grants": grants, "session": .flag],
                ["subject": .text, "token_id": .id, "expires_at": .time, "csrf_token": .text]
            )
        ),
        "ApplyServiceAccount": OperationDescription.act(
            "Make a service account, or change its role.",
            .json(
                .object(["role": .words(TeamRole.self)], ["description": .text(1...500)]),
                example: #"{"role": "submitter"}"#
            ),
            [.ok(account), .created(account)],
            problems: [.teamNotFound, .limitReached]
        ).expectingRevision(),
        "ListServiceAccounts": .list(
            "List service accounts by team and name.",
            "service_accounts",
            of: account,
            [APIParameter("team", .text, "Only these teams', separated by commas.")]
        ),
        "DescribeServiceAccount": .read("Tell a service account.", account, problems: [.serviceAccountNotFound]),
        "DeleteServiceAccount": .act(
            "Delete a service account with its tokens.",
            .why,
            [.ok(.object(["team": .text, "name": .text, "change": .words(["deleted"])]))],
            problems: [.serviceAccountNotFound]
        ),
        "ListAuditEvents": .list("List what was changed, newest first.", "audit_events", of: auditEvent, auditFilters),
        "ExportAuditEvents": OperationDescription(
            summary: "Write what was changed, newest first, a line of JSON each.",
            parameters: auditFilters + [APIParameter("after", .text, "Only entries before the one with this id.")],
            answers: [APIAnswer(status: 200, content: ["application/x-ndjson": .text])]
        ),
        "ListIdentityProviders": .read(
            "List the providers by which people log in.",
            .object(["identity_providers": .array(.object(["name": .text, "login": .link]))])
        ),
        "BeginLogin": OperationDescription(
            summary: "Send a browser to a provider to log in.",
            parameters: [
                APIParameter("provider", .text, "Its name; the only one if absent."),
                APIParameter("return_to", .text, "The path here that the browser comes back to."),
            ],
            answers: [APIAnswer(status: 303, content: [:])],
            problems: [.noLogin]
        ),
        "FinishLogin": OperationDescription(
            summary: "Where a provider sends the browser back to.",
            parameters: [
                APIParameter("state", .text, "Of the login that was begun."),
                APIParameter("code", .text, "What the provider gives the identity for."),
                APIParameter("error", .text, "Why it gives none."),
                APIParameter("iss", .text, "The provider itself, if it says so."),
            ],
            answers: [APIAnswer(status: 303, content: [:])],
            problems: [.loginFailed]
        ),
        "Logout": .act("End a browser's session.", nil, [APIAnswer(status: 204, content: [:])]),
    ]

    private static let grants = APISchema.object(
        ["teams": .map(.words(TeamRole.self))],
        ["everywhere": .words(TeamRole.self)]
    )
    private static let tokenNeeded: [String: APISchema] = [
        "id": .id, "name": .text, "owner": .words(["installation", "service_account", "user"]), "grants": grants,
        "created_at": .time, "links": .map(.link),
    ]
    private static let tokenOthers: [String: APISchema] = [
        "team": .text, "service_account": .text, "subject": .text, "created_by": .text, "expires_at": .time,
        "last_used_at": .time, "revoked_at": .time, "revoked_by": .text,
    ]
    private static let token = APISchema.object(tokenNeeded, tokenOthers)

    private static let account = APISchema.object(
        [
            "team": .text, "name": .text, "role": .words(TeamRole.self), "tokens": .integer, "revision": .integer,
            "created_at": .time, "updated_at": .time, "links": .map(.link),
        ],
        ["description": .text, "created_by": .text, "change": APISchemas.change]
    )

    private static let auditFilters = [
        APIParameter("team", .text, "Only what these teams are concerned by, separated by commas."),
        APIParameter("actor", .text, "Only what was done by whoever is called so."),
        APIParameter("action", .text, "Only these actions, separated by commas."),
        APIParameter("kind", .text, "Only what was done to things of this kind."),
        APIParameter("subject", .text, "Only what was done to the thing of this name or id."),
        APIParameter("since", .time, "Only from then on."),
        APIParameter("until", .time, "Only before."),
    ]
    private static let auditEvent = APISchema.object(
        ["id": .integer, "at": .time, "action": .text, "kind": .text, "subject": .text],
        [
            "actor": .text, "team": .text, "why": .text, "origin": .any, "before": .any, "after": .any, "details": .any,
        ]
    )
}
