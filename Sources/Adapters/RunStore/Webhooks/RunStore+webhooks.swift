internal import PostgresClient
package import SlipwayCore

extension RunStore {
    /// How many endpoints a team may have.
    package static let webhooksPerTeam = 50

    /// Stores a new endpoint.
    ///
    /// - Parameter secret: in the form of Standard Webhooks.
    package func createWebhook(
        _ spec: WebhookSpec,
        key: WebhookKey,
        id: Identifier,
        secret: String,
        by actor: String?
    ) async throws -> StoredWebhook {
        try await pool.transaction { transaction in
            let team = try await transaction.query("SELECT FROM teams WHERE name = \(key.team) FOR UPDATE")
            guard team.rowCount > 0 else { return .teamNotFound }
            let count = try await transaction.query("SELECT count(*) FROM webhook_endpoints WHERE team = \(key.team)")
                .decode(Int.self)[0]
            guard count < Self.webhooksPerTeam else { return .tooMany(limit: Self.webhooksPerTeam) }
            let reason: WebhookPolicy.DisabledReason? = spec.isEnabled ? nil : .byPerson
            let stored = try await transaction.query(
                """
                INSERT INTO webhook_endpoints (id, team, name, url, form, events, description, namespace, api_key,
                    is_enabled, disabled_reason, disabled_at, secret, created_by)
                VALUES (\(id), \(key.team), \(key.name), \(spec.url), \(spec.form.rawValue),
                    \(spec.events.map(\.rawValue)), \(nullable: spec.description), \(nullable: spec.namespace),
                    \(nullable: spec.apiKey), \(spec.isEnabled), \(nullable: reason?.rawValue),
                    CASE WHEN NOT \(spec.isEnabled) THEN now() END, \(secret), \(nullable: actor))
                ON CONFLICT (team, name) DO NOTHING
                RETURNING \(unescaped: WebhookRecord.columns)
                """
            )
            guard let row = stored.first else { return .exists }
            let record = try WebhookRecord(row: row)
            try await Self.audit("create", webhook: key, by: actor, to: record.spec, in: transaction)
            return .done(record)
        }
    }

    package func webhook(_ key: WebhookKey) async throws -> WebhookRecord? {
        try await pool.query(
            """
            SELECT \(unescaped: WebhookRecord.columns) FROM webhook_endpoints
            WHERE team = \(key.team) AND name = \(key.name)
            """
        ).first.map(WebhookRecord.init(row:))
    }

    private static func lockedWebhook(
        _ key: WebhookKey,
        in transaction: PostgresTransaction
    ) async throws -> WebhookRecord? {
        try await transaction.query(
            """
            SELECT \(unescaped: WebhookRecord.columns) FROM webhook_endpoints
            WHERE team = \(key.team) AND name = \(key.name) FOR UPDATE
            """
        ).first.map(WebhookRecord.init(row:))
    }

    /// Endpoints by team and name, after `key`.
    package func webhooks(
        teams: [String]? = nil,
        after key: WebhookKey? = nil,
        limit: Int = 100
    ) async throws -> [WebhookRecord] {
        try await pool.query(
            """
            SELECT \(unescaped: WebhookRecord.columns) FROM webhook_endpoints
            WHERE (\(nullable: teams)::text[] IS NULL OR team = ANY(\(nullable: teams)))
                AND (team, name) > (\(key?.team ?? ""), \(key?.name ?? ""))
            ORDER BY team, name LIMIT \(min(max(limit, 1), limits.page))
            """
        ).rows.map(WebhookRecord.init(row:))
    }

    /// Changes what is said of an endpoint. One that is turned on again begins without a past: it is not told what it missed. One
    /// that gets another address does not count as failing.
    ///
    /// - Parameter change: gets what is stored, returns what is to be.
    package func updateWebhook(
        _ key: WebhookKey,
        ifRevision revision: Int64? = nil,
        by actor: String?,
        why: String? = nil,
        _ change: @Sendable (WebhookSpec) -> WebhookSpec
    ) async throws -> StoredWebhook {
        try await pool.transaction { transaction in
            guard let found = try await Self.lockedWebhook(key, in: transaction) else { return .notFound }
            if let revision, revision != found.revision { return .otherRevision(found.revision) }
            let spec = change(found.spec)
            guard spec != found.spec else { return .done(found) }
            let turns = spec.isEnabled != found.spec.isEnabled
            let stored = try await transaction.query(
                """
                UPDATE webhook_endpoints SET url = \(spec.url), form = \(spec.form.rawValue),
                    events = \(spec.events.map(\.rawValue)), description = \(nullable: spec.description),
                    namespace = \(nullable: spec.namespace), api_key = \(nullable: spec.apiKey),
                    is_enabled = \(spec.isEnabled),
                    disabled_reason = CASE WHEN \(spec.isEnabled) THEN NULL
                        WHEN \(turns) THEN 'by_person' ELSE disabled_reason END,
                    disabled_at = CASE WHEN \(spec.isEnabled) THEN NULL WHEN \(turns) THEN now() ELSE disabled_at END,
                    failing_since = CASE WHEN \(turns || spec.url != found.spec.url) THEN NULL ELSE failing_since END,
                    on_since = CASE WHEN \(turns && spec.isEnabled) THEN clock_timestamp() ELSE on_since END,
                    revision = revision + 1, updated_at = now()
                WHERE id = \(found.id)
                RETURNING \(unescaped: WebhookRecord.columns)
                """
            )
            let record = try WebhookRecord(row: stored.rows[0])
            try await Self.audit(
                "update",
                webhook: key,
                by: actor,
                why: why,
                from: found.spec,
                to: record.spec,
                in: transaction
            )
            return .done(record)
        }
    }

    /// Gives an endpoint another secret; the one it had signs beside it for a while.
    package func rotateWebhookSecret(
        _ key: WebhookKey,
        to secret: String,
        keepingPrevious: Duration,
        by actor: String?
    ) async throws -> StoredWebhook {
        try await pool.transaction { transaction in
            guard let found = try await Self.lockedWebhook(key, in: transaction) else { return .notFound }
            let keeps = keepingPrevious > .zero
            let stored = try await transaction.query(
                """
                UPDATE webhook_endpoints SET secret = \(secret),
                    previous_secret = CASE WHEN \(keeps) THEN secret END,
                    previous_secret_until = CASE WHEN \(keeps)
                        THEN clock_timestamp() + \(keepingPrevious.postgresInterval) END,
                    revision = revision + 1, updated_at = now()
                WHERE id = \(found.id)
                RETURNING \(unescaped: WebhookRecord.columns)
                """
            )
            let record = try WebhookRecord(row: stored.rows[0])
            try await Self.audit("rotate_secret", webhook: key, by: actor, in: transaction)
            return .done(record)
        }
    }

    /// Forgets an endpoint. What was to be delivered to it is not.
    package func deleteWebhook(
        _ key: WebhookKey,
        ifRevision revision: Int64? = nil,
        by actor: String?,
        why: String? = nil
    ) async throws -> StoredWebhook {
        try await pool.transaction { transaction in
            guard let found = try await Self.lockedWebhook(key, in: transaction) else { return .notFound }
            if let revision, revision != found.revision { return .otherRevision(found.revision) }
            try await transaction.query("DELETE FROM webhook_deliveries WHERE endpoint_id = \(found.id)")
            try await transaction.query("DELETE FROM webhook_endpoints WHERE id = \(found.id)")
            try await Self.audit("delete", webhook: key, by: actor, why: why, from: found.spec, in: transaction)
            return .done(found)
        }
    }

    private static func audit(
        _ action: String,
        webhook key: WebhookKey,
        by actor: String?,
        why: String? = nil,
        from before: WebhookSpec? = nil,
        to after: WebhookSpec? = nil,
        delivery: Identifier? = nil,
        in transaction: PostgresTransaction
    ) async throws {
        try await AuditEntry(
            action,
            team: key.team,
            kind: "webhook",
            subject: "\(key.team)/\(key.name)",
            by: actor,
            why: why,
            details: delivery.map { .object(["delivery": .string($0.description)]) }
        ).changing(from: before.map(AuditedWebhook.init), to: after.map(AuditedWebhook.init)).write(in: transaction)
    }

    // MARK: Deliveries

    /// An endpoint's deliveries, the newest first.
    ///
    /// - Parameter id: only those before it.
    package func deliveries(
        of endpoint: Identifier,
        state: DeliveryRecord.State? = nil,
        before id: Identifier? = nil,
        limit: Int
    ) async throws -> [DeliveryRecord] {
        try await pool.query(
            """
            SELECT \(unescaped: DeliveryRecord.columns) FROM webhook_deliveries
            WHERE endpoint_id = \(endpoint) AND (\(nullable: state?.rawValue)::text IS NULL OR state = \(nullable: state?.rawValue))
                AND id < \(id ?? Identifier(high: .max, low: .max))
            ORDER BY id DESC LIMIT \(min(max(limit, 1), limits.page))
            """
        ).rows.map(DeliveryRecord.init(row:))
    }

    /// Has something delivered again: a new delivery of the same notification, whose id stays.
    ///
    /// - Returns: the new one; `nil` if the endpoint has no such delivery, or what it told is gone.
    package func resend(
        _ delivery: Identifier,
        of webhook: WebhookRecord,
        by actor: String?
    ) async throws -> DeliveryRecord? {
        try await pool.transaction { transaction in
            let rows = try await transaction.query(
                """
                INSERT INTO webhook_deliveries (id, endpoint_id, notification_id, notified_on, type)
                SELECT time_ordered_id(), d.endpoint_id, d.notification_id, d.notified_on, d.type FROM webhook_deliveries d
                WHERE d.id = \(delivery) AND d.endpoint_id = \(webhook.id) AND EXISTS (
                    SELECT FROM notifications n WHERE n.noted_on = d.notified_on AND n.id = d.notification_id)
                RETURNING \(unescaped: DeliveryRecord.columns)
                """
            )
            guard let row = rows.first else { return nil }
            try await Self.audit("resend", webhook: webhook.key, by: actor, delivery: delivery, in: transaction)
            return try DeliveryRecord(row: row)
        }
    }

    /// Has an endpoint told that this is a test.
    package func testWebhook(_ webhook: WebhookRecord, by actor: String?) async throws -> DeliveryRecord {
        try await pool.transaction { transaction in
            let data = JSONValue.object([
                "endpoint": .object([
                    "name": .string(webhook.key.name), "asked_by": actor.map(JSONValue.string) ?? .null,
                ])
            ])
            let rows = try await transaction.query(
                """
                WITH noted AS (
                    INSERT INTO notifications (id, team, type, at, data)
                    VALUES (time_ordered_id(), \(webhook.key.team), \(NotificationType.test.rawValue), clock_timestamp(),
                        \(try postgresJSON(data)))
                    RETURNING id, type
                )
                INSERT INTO webhook_deliveries (id, endpoint_id, notification_id, type)
                SELECT time_ordered_id(), \(webhook.id), id, type FROM noted
                RETURNING \(unescaped: DeliveryRecord.columns)
                """
            )
            let record = try DeliveryRecord(row: rows.rows[0])
            try await Self.audit("test", webhook: webhook.key, by: actor, delivery: record.id, in: transaction)
            return record
        }
    }
}
