internal import PostgresClient
package import SlipwayCore

/// A delivery that this process makes one attempt of.
package struct ClaimedDelivery: Sendable {
    package var id: Identifier
    package var endpoint: Identifier
    package var key: WebhookKey
    package var url: String
    package var form: WebhookForm
    package var namespace: String?
    package var apiKey: String?
    /// One or, while it is being replaced, two.
    package var secrets: [String]
    package var notification: TeamNotification
    /// The number of this attempt, from 1.
    package var attempt: Int
    package var createdAt: Timestamp
    package var failingSince: Timestamp?
    /// By the database's clock.
    package var claimedAt: Timestamp
    /// The day of the delivery's row.
    fileprivate var notedOn: String
}

/// How an attempt ended.
package struct DeliveryAttempt: Sendable, Hashable {
    package var at: Timestamp
    package var status: Int?
    package var seconds: Double
    package var error: String?

    package init(at: Timestamp, status: Int?, seconds: Double, error: String?) {
        self.at = at
        self.status = status
        self.seconds = seconds
        self.error = error
    }
}

/// What became of writing how an attempt ended.
package enum SettledDelivery: Sendable, Hashable {
    case done
    /// And its endpoint was turned off.
    case disabled(WebhookPolicy.DisabledReason)
    /// Nothing was written: another process has the delivery by now, or it is gone.
    case notOurs
}

extension RunStore {
    /// No delivery is older than this when it is tried. Retries end after a day; only what waited longer because its endpoint had
    /// too much to take is tried once more.
    static let deliveryDays = 3

    /// Claims deliveries that are due, of each endpoint so many at most that no more than `perEndpoint` are under way.
    ///
    /// Any number of processes may claim: they do not wait for each other. What was claimed and not settled by `claim` later is
    /// due again. Where there is more than `limit`, teams take turns: the one of which the fewest are under way comes first.
    ///
    /// - Parameters:
    ///   - now: instead of the time by the database's clock, by which all processes go.
    ///   - failing: of endpoints whose latest attempt failed, or of the others.
    package func claimDeliveries(
        holder: HolderID,
        now: Timestamp? = nil,
        claim: Duration,
        failing: Bool,
        perEndpoint: Int,
        limit: Int
    ) async throws -> [ClaimedDelivery] {
        try await pool.query(
            """
            WITH clock AS MATERIALIZED (
                SELECT coalesce(\(nullable: now)::timestamptz, clock_timestamp()) AS now,
                    (now() AT TIME ZONE 'UTC')::date - \(Self.deliveryDays)::int AS too_old
            ), endpoints AS MATERIALIZED (
                SELECT e.id, e.team, e.on_since FROM webhook_endpoints e
                WHERE e.is_enabled AND (e.failing_since IS NOT NULL) = \(failing)
                    AND e.form = ANY(\(WebhookForm.allCases.map(\.rawValue)))
                    AND EXISTS (
                        SELECT FROM webhook_deliveries d
                        WHERE d.endpoint_id = e.id AND d.state = 'waiting' AND d.next_at <= (SELECT now FROM clock)
                            AND d.noted_on > (SELECT too_old FROM clock))
                FOR NO KEY UPDATE SKIP LOCKED
            ), busy AS MATERIALIZED (
                SELECT d.endpoint_id, count(*) AS attempts FROM webhook_deliveries d
                WHERE d.claimed_until IS NOT NULL AND d.claimed_until > (SELECT now FROM clock) AND d.state = 'waiting'
                    AND d.noted_on > (SELECT too_old FROM clock)
                GROUP BY d.endpoint_id
            ), load AS MATERIALIZED (
                SELECT e.team, sum(b.attempts) AS attempts FROM busy b JOIN webhook_endpoints e ON e.id = b.endpoint_id
                GROUP BY e.team
            ), due AS MATERIALIZED (
                SELECT e.team, d.noted_on, d.id, d.next_at FROM endpoints e LEFT JOIN busy b ON b.endpoint_id = e.id,
                    LATERAL (
                        SELECT d.noted_on, d.id, d.next_at FROM webhook_deliveries d
                        WHERE d.endpoint_id = e.id AND d.state = 'waiting' AND d.next_at <= (SELECT now FROM clock)
                            AND (d.claimed_until IS NULL OR d.claimed_until <= (SELECT now FROM clock))
                            AND d.noted_on > (SELECT too_old FROM clock) AND d.created_at >= e.on_since
                            AND d.type = ANY(\(NotificationType.allCases.map(\.rawValue)))
                            AND EXISTS (SELECT FROM notifications n
                                WHERE n.noted_on = d.notified_on AND n.id = d.notification_id)
                        ORDER BY d.next_at LIMIT greatest(\(perEndpoint)::bigint - coalesce(b.attempts, 0), 0)
                        FOR UPDATE SKIP LOCKED
                    ) d
            ), picked AS MATERIALIZED (
                SELECT noted_on, id FROM (
                    SELECT d.noted_on, d.id, d.next_at,
                        coalesce(l.attempts, 0) + row_number() OVER (PARTITION BY d.team ORDER BY d.next_at) AS turn
                    FROM due d LEFT JOIN load l ON l.team = d.team
                ) d ORDER BY turn, next_at LIMIT \(limit)
            ), claimed AS (
                UPDATE webhook_deliveries d SET attempt = d.attempt + 1, claimed_by = \(holder),
                    claimed_until = (SELECT now FROM clock) + \(claim.postgresInterval)
                FROM picked p WHERE d.noted_on = p.noted_on AND d.id = p.id
                RETURNING d.*
            )
            SELECT c.id, c.noted_on::text AS noted_on, c.attempt, c.created_at, e.id AS endpoint, e.team, e.name, e.url, e.form,
                e.namespace, e.api_key, e.secret, e.failing_since, k.now AS claimed_at,
                CASE WHEN e.previous_secret_until > k.now THEN e.previous_secret END AS previous_secret,
                n.id AS notification_id, n.type, n.at, n.data
            FROM clock k, claimed c JOIN webhook_endpoints e ON e.id = c.endpoint_id
                JOIN notifications n ON n.noted_on = c.notified_on AND n.id = c.notification_id
            """
        ).rows.compactMap(Self.claimed)
    }

    /// - Returns: `nil` for what only a newer version can deliver.
    private static func claimed(_ row: PostgresRow) throws -> ClaimedDelivery? {
        let form: String = try row.value("form")
        let type: String = try row.value("type")
        guard let form = WebhookForm(rawValue: form), let type = NotificationType(rawValue: type) else { return nil }
        let previous: String? = try row.value("previous_secret")
        let team: String = try row.value("team")
        return ClaimedDelivery(
            id: try row.value("id"),
            endpoint: try row.value("endpoint"),
            key: WebhookKey(team: team, name: try row.value("name")),
            url: try row.value("url"),
            form: form,
            namespace: try row.value("namespace"),
            apiKey: try row.value("api_key"),
            secrets: [try row.value("secret")] + (previous.map { [$0] } ?? []),
            notification: TeamNotification(
                id: try row.value("notification_id"),
                team: team,
                type: type,
                at: try row.value("at"),
                data: try decoded(row.value("data"))
            ),
            attempt: try row.value("attempt"),
            createdAt: try row.value("created_at"),
            failingSince: try row.value("failing_since"),
            claimedAt: try row.value("claimed_at"),
            notedOn: try row.value("noted_on")
        )
    }

    /// Writes how an attempt ended, what becomes of the delivery, and what that says about its endpoint: nothing, if it has
    /// another address by now.
    @discardableResult
    package func settle(
        _ delivery: ClaimedDelivery,
        _ attempt: DeliveryAttempt,
        _ decision: WebhookPolicy.Decision,
        holder: HolderID,
        now: Timestamp
    ) async throws -> SettledDelivery {
        var told: [String: JSONValue] = [
            "at": .string(attempt.at.description), "seconds": .number(attempt.seconds),
            "attempt": .integer(Int64(delivery.attempt)),
        ]
        if let status = attempt.status { told["status"] = .integer(Int64(status)) }
        if let error = attempt.error { told["error"] = .string(error) }
        let next = Self.next(decision.next, now)
        let entry = try postgresJSON(JSONValue.object(told))
        return try await pool.transaction { transaction in
            // The endpoint goes first, as it does for whoever claims.
            let endpoint = try await transaction.query(
                """
                SELECT is_enabled, failing_since FROM webhook_endpoints
                WHERE id = \(delivery.endpoint) AND url = \(delivery.url) FOR NO KEY UPDATE
                """
            ).decode(Bool.self, Timestamp?.self)
            let settled = try await transaction.query(
                """
                UPDATE webhook_deliveries SET attempts = attempts || \(entry), state = \(next.state.rawValue),
                    next_at = \(next.at), claimed_by = NULL, claimed_until = NULL,
                    ended_at = CASE WHEN \(next.state == .waiting) THEN NULL ELSE \(now) END
                WHERE noted_on = \(delivery.notedOn)::text::date AND id = \(delivery.id) AND claimed_by = \(holder)
                    AND attempt = \(delivery.attempt)::int AND state = 'waiting'
                """
            )
            guard settled.affectedRows > 0 else { return .notOurs }
            guard let (isEnabled, failingSince) = endpoint.first else { return .done }
            try await transaction.query(
                next.state == .delivered
                    ? """
                    UPDATE webhook_endpoints SET failing_since = NULL, delivered_at = \(now) WHERE id = \(delivery.endpoint)
                    """
                    : """
                    UPDATE webhook_endpoints SET failing_since = \(now)
                    WHERE id = \(delivery.endpoint) AND failing_since IS NULL
                    """
            )
            guard let reason = decision.disables, isEnabled else { return .done }
            // Somebody turned it off and on meanwhile, or another attempt succeeded: it has not failed for so long.
            if reason == .failing, failingSince == nil || failingSince != delivery.failingSince { return .done }
            try await Self.disable(delivery, because: reason, last: attempt, now, in: transaction)
            return .disabled(reason)
        }
    }

    private static func next(
        _ next: WebhookPolicy.Decision.Next,
        _ now: Timestamp
    ) -> (state: DeliveryRecord.State, at: Timestamp) {
        switch next {
        case .delivered: (.delivered, now)
        case .givenUp: (.failed, now)
        case .again(let seconds): (.waiting, now + .milliseconds(Int64(seconds * 1000)))
        }
    }

    /// Turns an endpoint off and tells the team's others.
    private static func disable(
        _ delivery: ClaimedDelivery,
        because reason: WebhookPolicy.DisabledReason,
        last attempt: DeliveryAttempt,
        _ now: Timestamp,
        in transaction: PostgresTransaction
    ) async throws {
        let message = attempt.status.map { "the last attempt was answered with status \($0)" } ?? attempt.error ?? ""
        try await transaction.query(
            """
            UPDATE webhook_endpoints SET is_enabled = false, disabled_reason = \(reason.rawValue), disabled_at = \(now),
                revision = revision + 1, updated_at = now()
            WHERE id = \(delivery.endpoint)
            """
        )
        try await audit(
            "disable",
            team: delivery.key.team,
            kind: "webhook",
            subject: "\(delivery.key.team)/\(delivery.key.name)",
            by: "slipway",
            why: reason.rawValue,
            details: .object(["message": .string(message)]),
            in: transaction
        )
        let data = JSONValue.object([
            "endpoint": .object([
                "name": .string(delivery.key.name), "reason": .string(reason.rawValue), "message": .string(message),
            ])
        ])
        try await transaction.query(
            """
            SELECT tell_team(\(delivery.key.team), \(NotificationType.webhookDisabled.rawValue), \(now),
                \(try postgresJSON(data)))
            """
        )
    }
}
