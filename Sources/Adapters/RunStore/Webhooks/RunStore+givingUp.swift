internal import PostgresClient

extension RunStore {
    /// Gives up deliveries that nobody will try any more: of endpoints that are off or were turned on later, whose notification is
    /// gone, and older than any is tried.
    ///
    /// - Returns: how many, at most as many at once as ``rowsAtOnce``.
    package func giveUpDeliveries() async throws -> Int {
        try await pool.query(
            """
            WITH old AS (
                SELECT d.noted_on, d.id FROM webhook_deliveries d LEFT JOIN webhook_endpoints e ON e.id = d.endpoint_id
                WHERE d.state = 'waiting' AND (d.claimed_until IS NULL OR d.claimed_until <= clock_timestamp())
                    AND (d.noted_on <= (now() AT TIME ZONE 'UTC')::date - \(Self.deliveryDays)::int
                        OR e.id IS NULL OR NOT e.is_enabled OR d.created_at < e.on_since
                        OR NOT EXISTS (SELECT FROM notifications n
                            WHERE n.noted_on = d.notified_on AND n.id = d.notification_id))
                LIMIT \(Self.rowsAtOnce) FOR UPDATE OF d SKIP LOCKED
            )
            UPDATE webhook_deliveries d SET state = 'failed', ended_at = clock_timestamp(), claimed_by = NULL,
                claimed_until = NULL
            FROM old WHERE d.noted_on = old.noted_on AND d.id = old.id
            """
        ).affectedRows
    }
}
