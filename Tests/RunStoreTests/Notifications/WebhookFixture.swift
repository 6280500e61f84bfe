import Logging
import Observability
import PostgresClient
import RunStore
import Scheduler
import SlipwayCore
import Synchronization
import Testing
import WebhookClient

/// A clock that a test moves.
final class MovedClock: Sendable {
    private let moved = Mutex<Duration>(.zero)

    func advance(_ span: Duration) { moved.withLock { $0 += span } }

    var source: TimeSource {
        TimeSource(
            instant: { .now },
            now: { [self] in Timestamp.now + moved.withLock { $0 } },
            sleep: { try await Task.sleep(for: $0) },
            random: { 0.5 }
        )
    }
}

extension StoreFixture {
    /// Deliveries to receivers on this machine.
    static func deliverySettings() -> WebhookDeliverySettings {
        var settings = WebhookDeliverySettings()
        settings.interval = .milliseconds(20)
        settings.version = "test"
        settings.sender.allowsPlainText = true
        settings.sender.policy = AddressPolicy(allowed: [NetworkRange("127.0.0.0/8")].compactMap(\.self))
        settings.sender.requestTimeout = .seconds(5)
        return settings
    }

    func delivery(
        _ clock: MovedClock = MovedClock(),
        holder: HolderID = StoreFixture.identifier(),
        _ settings: WebhookDeliverySettings = deliverySettings()
    ) -> WebhookDelivery {
        var logger = Logger(label: "test")
        logger.logLevel = .critical
        return WebhookDelivery(
            store: store,
            holder: holder,
            settings: settings,
            registry: MetricsRegistry(),
            logger: logger,
            time: clock.source
        )
    }

    /// An endpoint, with its secret.
    @discardableResult
    func webhook(
        _ name: String = "pager",
        _ url: String,
        form: WebhookForm = .slipway,
        events: [NotificationType] = NotificationType.choosable
    ) async throws -> (key: WebhookKey, secret: WebhookSecret) {
        let secret = WebhookSecret.random()
        let key = WebhookKey(team: "default", name: name)
        let stored = try await store.createWebhook(
            WebhookSpec(url: url, form: form, events: events),
            key: key,
            id: Self.identifier(),
            secret: secret.text,
            by: "ann"
        )
        guard case .done = stored else {
            Issue.record("\(stored)")
            return (key, secret)
        }
        return (key, secret)
    }

    /// Makes every attempt that is due at the clock's time, one after the other.
    @discardableResult
    func deliverDue(_ clock: MovedClock, _ delivery: WebhookDelivery, holder: HolderID) async throws -> Int {
        var count = 0
        for isFailing in [false, true] {
            let claimed = try await store.claimDeliveries(
                holder: holder,
                now: clock.source.now(),
                claim: .seconds(60),
                failing: isFailing,
                perEndpoint: 100,
                limit: 100
            )
            for one in claimed { await delivery.attempt(one) }
            count += claimed.count
        }
        return count
    }
}
