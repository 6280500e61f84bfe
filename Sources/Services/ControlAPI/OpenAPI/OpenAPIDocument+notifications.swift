internal import RunStore
internal import SlipwayCore

// Webhooks, what they were told, and for how long what is kept.

extension OpenAPIDocument {
    private static let offProblems: [Problem.Code] = [.webhookNotFound, .webhookIsOff]

    static let notificationDescriptions: [String: OperationDescription] = [
        "CreateWebhook": .act(
            "Have a receiver told of what happens; the answer alone has its secret.",
            .json(
                .object(["name": .text, "url": .text], webhookChanges.merging(["team": .text]) { first, _ in first }),
                example: #"{"name": "pager", "url": "https://pager.example.org/in", "events": ["run.failed"]}"#
            ),
            [.created(webhook)],
            problems: [.teamNotFound, .webhookExists, .limitReached]
        ),
        "ListWebhooks": .list(
            "List webhooks by team and name.",
            "webhooks",
            of: webhook,
            [APIParameter("team", .text, "Only these teams', separated by commas.")]
        ),
        "DescribeWebhook": .read("Tell a webhook.", webhook, problems: [.webhookNotFound]),
        "UpdateWebhook": OperationDescription.act(
            "Change a webhook, turn it off or on again.",
            .json(
                .object([:], webhookChanges.merging(["url": .text, "why": APISchemas.why]) { first, _ in first }),
                example: #"{"enabled": true}"#
            ),
            [.ok(webhook)],
            problems: [.webhookNotFound]
        ).expectingRevision(),
        "DeleteWebhook": OperationDescription.act(
            "Delete a webhook with what was to be delivered to it.",
            .why,
            [.ok(.object(["team": .text, "name": .text, "change": .words(["deleted"])]))],
            problems: [.webhookNotFound]
        ).expectingRevision(),
        "TestWebhook": .act(
            "Have a webhook told that this is a test.",
            nil,
            [.json(202, delivery)],
            problems: offProblems + [.webhookTakesNoTest]
        ),
        "RotateWebhookSecret": .act(
            "Give a webhook another secret; the answer alone has it.",
            .optional(.object([:], ["keep_previous": .text]), example: #"{"keep_previous": "24h"}"#),
            [.ok(webhook)],
            problems: [.webhookNotFound]
        ),
        "ListWebhookDeliveries": .list(
            "List what a webhook was told, the newest first.",
            "deliveries",
            of: delivery,
            [APIParameter("state", .words(DeliveryRecord.State.self), "Only those in this state.")],
            problems: [.webhookNotFound]
        ),
        "ResendWebhookDelivery": .act(
            "Have something delivered again, under the id it had.",
            nil,
            [.json(202, delivery)],
            problems: offProblems + [.deliveryNotFound]
        ),
        "DescribeRetention": .read(
            "Tell for how long what is kept.",
            retention,
            [APIParameter("team", .text, "Of this team; of all without times of their own if absent.")],
            problems: [.teamNotFound]
        ),
        "UpdateRetention": .act(
            "Say for how long what is kept.",
            .json(
                .object(["keep": .map(.text)], ["team": .text, "why": APISchemas.why]),
                example: #"{"keep": {"runs": "365d", "logs": "standard"}}"#
            ),
            [.ok(retention)],
            problems: [.teamNotFound]
        ),
        "ForecastRetention": .read(
            "Tell what would go now; nothing does.",
            .object([
                "bytes": .integer,
                "partitions": .array(
                    .object([
                        "kind": .text, "name": .text, "bytes": .integer, "rows": .integer, "rows_are_counted": .flag,
                        "kept_runs": .integer,
                    ])
                ),
                "rows": .array(.object(["kind": .text, "runs": .integer, "more": .flag], ["team": .text])),
            ])
        ),
        "ListPinnedRuns": .list(
            "List the runs that stay, whatever their age.",
            "runs",
            of: .object(
                ["id": .id, "team": .text, "pinned_at": .time, "links": .map(.link)],
                ["pinned_by": .text, "why": .text]
            ),
            [APIParameter("team", .text, "Only these teams', separated by commas.")]
        ),
        "PinJobRun": .act(
            "Keep a run with all that belongs to it.",
            .why,
            [.ok(pin)],
            problems: [.runNotFound, .limitReached]
        ),
        "UnpinJobRun": .act("Let a run go when it is old enough.", .why, [.ok(pin)], problems: [.runNotFound]),
    ]

    private static let webhookChanges: [String: APISchema] = [
        "form": .words(WebhookForm.self), "events": .array(.words(NotificationType.choosable.map(\.rawValue))),
        "description": .text(0...500), "namespace": .text(0...200), "api_key": .text, "enabled": .flag,
    ]

    private static let webhook = APISchema.object(
        [
            "team": .text, "name": .text, "url": .text, "form": .words(WebhookForm.self), "events": .array(.text),
            "enabled": .flag, "revision": .integer, "created_at": .time, "updated_at": .time, "links": .map(.link),
        ],
        [
            "description": .text, "namespace": .text, "api_key": .text, "disabled_reason": .text, "disabled_at": .time,
            "failing_since": .time, "delivered_at": .time, "secret": .text, "previous_secret_until": .time,
            "created_by": .text, "change": APISchemas.change,
        ]
    )

    private static let delivery = APISchema.object(
        [
            "id": .id, "notification": .id, "type": .text, "state": .words(DeliveryRecord.State.self),
            "attempt": .integer, "attempts": .any, "created_at": .time,
        ],
        ["next_at": .time, "ended_at": .time]
    )

    private static let retention = APISchema.object(
        [
            "kinds": .array(
                .object(
                    ["kind": .text, "keep": .text, "standard": .text, "by": .words(["partitions", "rows"])],
                    ["said": .text]
                )
            ),
            "teams": .array(.text),
        ],
        ["team": .text]
    )

    private static let pin = APISchema.object([
        "id": .id, "team": .text, "pinned": .flag, "change": APISchemas.change, "links": .map(.link),
    ])
}
