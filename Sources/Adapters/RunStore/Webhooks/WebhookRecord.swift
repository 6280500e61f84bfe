internal import PostgresClient
package import SlipwayCore

/// Names a webhook endpoint.
package struct WebhookKey: Sendable, Hashable {
    package var team: String
    package var name: String

    package init(team: String, name: String) {
        self.team = team
        self.name = name
    }
}

/// What people say of a webhook endpoint.
package struct WebhookSpec: Sendable, Hashable {
    package var url: String
    package var form: WebhookForm
    package var events: [NotificationType]
    package var description: String?
    /// Of OpenLineage's jobs; `nil`: the team's name.
    package var namespace: String?
    /// The name of one of the team's key files, whose content is sent as a bearer token.
    package var apiKey: String?
    package var isEnabled: Bool

    package init(
        url: String,
        form: WebhookForm = .slipway,
        events: [NotificationType] = NotificationType.standard,
        description: String? = nil,
        namespace: String? = nil,
        apiKey: String? = nil,
        isEnabled: Bool = true
    ) {
        self.url = url
        self.form = form
        self.events = events
        self.description = description
        self.namespace = namespace
        self.apiKey = apiKey
        self.isEnabled = isEnabled
    }
}

extension WebhookSpec {
    /// The address without what may be a secret: a receiver may be known by its path or query alone.
    package var maskedURL: String {
        guard let scheme = url.firstRange(of: "://") else { return "…" }
        return url[..<scheme.upperBound] + url[scheme.upperBound...].prefix { $0 != "/" && $0 != "?" } + "/…"
    }

    /// The address for those who decide about it. Of a chat service's receiver it is never shown whole.
    package var knownURL: String { form == .slack ? maskedURL : url }
}

/// What the audit log has of a webhook.
struct AuditedWebhook: Encodable {
    private var url: String
    /// Tells whether the address changed where it is not shown whole.
    private var urlSHA256: String
    private var form: String
    private var events: [String]
    private var description: String?
    private var namespace: String?
    private var apiKey: String?
    private var enabled: Bool

    private enum CodingKeys: String, CodingKey {
        case url, form, events, description, namespace, enabled
        case urlSHA256 = "url_sha256"
        case apiKey = "api_key"
    }

    init(_ spec: WebhookSpec) {
        url = spec.knownURL
        urlSHA256 = Secrets.sha256(spec.url).map { byte in
            (byte < 16 ? "0" : "") + String(byte, radix: 16)
        }.joined()
        form = spec.form.rawValue
        events = spec.events.map(\.rawValue)
        description = spec.description
        namespace = spec.namespace
        apiKey = spec.apiKey
        enabled = spec.isEnabled
    }
}

/// A webhook endpoint as it is stored. Its secrets are not part of it.
package struct WebhookRecord: Sendable, Hashable {
    package var id: Identifier
    package var key: WebhookKey
    package var spec: WebhookSpec
    package var disabledReason: WebhookPolicy.DisabledReason?
    package var disabledAt: Timestamp?
    /// Until when the secret before the present one signs, too.
    package var previousSecretUntil: Timestamp?
    /// The first failed attempt after which none succeeded.
    package var failingSince: Timestamp?
    package var deliveredAt: Timestamp?
    package var revision: Int64
    package var createdBy: String?
    package var createdAt: Timestamp
    package var updatedAt: Timestamp

    static let columns = """
        id, team, name, url, form, events, description, namespace, api_key, is_enabled, disabled_reason, disabled_at,
        previous_secret_until, failing_since, delivered_at, revision, created_by, created_at, updated_at
        """

    init(row: PostgresRow) throws {
        id = try row.value("id")
        key = WebhookKey(team: try row.value("team"), name: try row.value("name"))
        let form: String = try row.value("form")
        guard let known = WebhookForm(rawValue: form) else {
            throw StoredValueError(what: "a webhook's form", value: form)
        }
        let events: [String] = try row.value("events")
        spec = WebhookSpec(
            url: try row.value("url"),
            form: known,
            // One that a newer version knows stays in the row.
            events: events.compactMap(NotificationType.init(rawValue:)),
            description: try row.value("description"),
            namespace: try row.value("namespace"),
            apiKey: try row.value("api_key"),
            isEnabled: try row.value("is_enabled")
        )
        let reason: String? = try row.value("disabled_reason")
        disabledReason = reason.flatMap(WebhookPolicy.DisabledReason.init(rawValue:))
        disabledAt = try row.value("disabled_at")
        previousSecretUntil = try row.value("previous_secret_until")
        failingSince = try row.value("failing_since")
        deliveredAt = try row.value("delivered_at")
        revision = try row.value("revision")
        createdBy = try row.value("created_by")
        createdAt = try row.value("created_at")
        updatedAt = try row.value("updated_at")
    }
}

/// What became of an endpoint that somebody stored.
package enum StoredWebhook: Sendable, Hashable {
    case done(WebhookRecord)
    case teamNotFound
    case exists
    case notFound
    case tooMany(limit: Int)
    case otherRevision(Int64)
}

/// One delivery as it is stored.
package struct DeliveryRecord: Sendable, Hashable {
    package enum State: String, Sendable, Hashable, CaseIterable { case waiting, delivered, failed }

    package var id: Identifier
    package var notificationID: Identifier
    package var type: String
    package var state: State
    /// Attempts begun.
    package var attempt: Int
    /// Those that ended, the oldest first: `at`, `status`, `seconds`, `error`.
    package var attempts: JSONValue
    /// When it is tried next; of one that is not waiting, when it was last.
    package var nextAt: Timestamp
    package var createdAt: Timestamp
    package var endedAt: Timestamp?

    static let columns = "id, notification_id, type, state, attempt, attempts, next_at, created_at, ended_at"

    init(row: PostgresRow) throws {
        id = try row.value("id")
        notificationID = try row.value("notification_id")
        type = try row.value("type")
        let text: String = try row.value("state")
        guard let state = State(rawValue: text) else {
            throw StoredValueError(what: "a delivery's state", value: text)
        }
        self.state = state
        attempt = try row.value("attempt")
        attempts = try decoded(row.value("attempts"))
        nextAt = try row.value("next_at")
        createdAt = try row.value("created_at")
        endedAt = try row.value("ended_at")
    }
}
