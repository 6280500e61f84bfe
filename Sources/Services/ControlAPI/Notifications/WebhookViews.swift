internal import Hummingbird
internal import RunStore
internal import SlipwayCore

// How webhooks and their deliveries look in answers.

extension JSONWriter {
    /// - Parameters:
    ///   - isKnown: whether it is shown to somebody who decides about it: others do not see its whole address.
    ///   - secret: told when it was made, and never again.
    mutating func webhook(
        _ webhook: WebhookRecord,
        isKnown: Bool,
        change: StoreChange? = nil,
        secret: String? = nil
    ) {
        object { json in
            json.member("team", webhook.key.team)
            json.member("name", webhook.key.name)
            json.member("url", isKnown ? webhook.spec.knownURL : webhook.spec.maskedURL)
            json.member("form", webhook.spec.form)
            json.array("events", webhook.spec.events) { $0.value($1.rawValue) }
            json.member("description", webhook.spec.description)
            json.member("namespace", webhook.spec.namespace)
            json.member("api_key", webhook.spec.apiKey)
            json.member("enabled", webhook.spec.isEnabled)
            json.member("disabled_reason", webhook.disabledReason)
            json.member("disabled_at", webhook.disabledAt)
            json.member("failing_since", webhook.failingSince)
            json.member("delivered_at", webhook.deliveredAt)
            json.member("secret", secret)
            json.member("previous_secret_until", webhook.previousSecretUntil)
            json.member("revision", webhook.revision)
            json.member("created_by", webhook.createdBy)
            json.member("created_at", webhook.createdAt)
            json.member("updated_at", webhook.updatedAt)
            json.member("change", change)
            json.object("links") { json in
                json.member("self", Links.webhook(webhook.key))
                json.member("deliveries", Links.webhook(webhook.key) + "/deliveries")
            }
        }
    }

    mutating func delivery(_ delivery: DeliveryRecord) {
        object { json in
            json.member("id", delivery.id)
            json.member("notification", delivery.notificationID)
            json.member("type", delivery.type)
            json.member("state", delivery.state)
            json.member("attempt", delivery.attempt)
            json.member("attempts", delivery.attempts)
            json.member("next_at", delivery.state == .waiting ? delivery.nextAt : nil)
            json.member("created_at", delivery.createdAt)
            json.member("ended_at", delivery.endedAt)
        }
    }
}

extension Links {
    static func webhook(_ key: WebhookKey) -> String { "\(root)/webhooks/\(key.team)/\(key.name)" }
}

extension Problem {
    static func webhookNotFound(_ key: WebhookKey) -> Problem {
        Problem(
            .notFound,
            .webhookNotFound,
            title: "There is no such webhook",
            detail: "team \"\(key.team.prefix(100))\" has no webhook \"\(key.name.prefix(100))\""
        )
    }

    static func webhookExists(_ key: WebhookKey) -> Problem {
        Problem(
            .conflict,
            .webhookExists,
            title: "There is such a webhook",
            detail: "team \"\(key.team)\" has a webhook \"\(key.name)\"; change it, or take another name"
        )
    }

    static func webhookIsOff(_ key: WebhookKey) -> Problem {
        Problem(
            .conflict,
            .webhookIsOff,
            title: "The webhook is off",
            detail: "webhook \"\(key.name)\" of team \"\(key.team)\" is off: turn it on first"
        )
    }

    static func webhookTakesNoTest(_ key: WebhookKey) -> Problem {
        Problem(
            .conflict,
            .webhookTakesNoTest,
            title: "The webhook takes no test",
            detail: "OpenLineage has no word for a test; webhook \"\(key.name)\" is told of the next run that begins"
        )
    }

    static func deliveryNotFound(_ id: Identifier, _ key: WebhookKey) -> Problem {
        Problem(
            .notFound,
            .deliveryNotFound,
            title: "There is no such delivery",
            detail: "webhook \"\(key.name)\" of team \"\(key.team)\" has no delivery \(id), or what it told is gone"
        )
    }
}
