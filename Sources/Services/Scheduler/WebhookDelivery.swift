internal import FoundationEssentials
package import Logging
package import Observability
internal import RunMessaging
package import RunStore
internal import ServiceLifecycle
package import SlipwayCore
internal import Synchronization
package import WebhookClient

/// How notifications are delivered; all of it is configurable and printed by `--show-config`.
package struct WebhookDeliverySettings: Sendable {
    /// How often deliveries that are due are looked for.
    package var interval: Duration = .seconds(1)
    package var sender = WebhookSenderConfiguration()
    /// Requests to one endpoint under way at once, over all processes.
    package var perEndpoint = 4
    package var policy = WebhookPolicy.standard
    /// Where keys are that are sent as bearer tokens: `TEAM/NAME` below it; empty: nowhere.
    package var keysFolder = ""
    /// Slipway's own version, for those who are told.
    package var version = ""

    package init() {}

    /// For how long a delivery is left to who claimed it.
    var claim: Duration { sender.requestTimeout + .seconds(45) }
}

/// Delivers notifications to webhook endpoints.
///
/// Any number may work side by side: a delivery is made by who claimed it, and by another if that one does not say in time how
/// it went. So each is made at least once, always with the same id. Endpoints whose attempts fail get one request at a time and
/// together at most half of the connections, so that they do not delay the others.
package struct WebhookDelivery: Service {
    private let store: RunStore
    private let holder: HolderID
    private let settings: WebhookDeliverySettings
    private let sender: WebhookSender
    private let registry: MetricsRegistry
    private let logger: Logger
    private let time: TimeSource

    /// - Parameter holder: who claims deliveries; of this process alone.
    package init(
        store: RunStore,
        holder: HolderID,
        settings: WebhookDeliverySettings,
        registry: MetricsRegistry,
        logger: Logger,
        time: TimeSource = .system
    ) {
        self.store = store
        self.holder = holder
        self.settings = settings
        self.registry = registry
        self.logger = logger
        self.time = time
        sender = WebhookSender(settings.sender)
    }

    package func run() async throws {
        do {
            try await cancelWhenGracefulShutdown { try await deliver() }
        } catch is CancellationError {
            // Stopped: what was under way is due again for whoever comes next.
        }
    }

    private func deliver() async throws {
        let wake = Signal()
        let underWay = UnderWay()
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                try await time.every(settings.interval) { wake.send() }
            }
            group.addTask {
                try await withThrowingDiscardingTaskGroup { deliveries in
                    for await _ in wake.stream {
                        for claimed in await claim(beside: underWay.counts) {
                            let isFailing = claimed.failingSince != nil
                            underWay.add(1, isFailing: isFailing)
                            deliveries.addTask {
                                await attempt(claimed)
                                underWay.add(-1, isFailing: isFailing)
                                wake.send()
                            }
                        }
                    }
                }
                try Task.checkCancellation()
            }
            try await group.next()
            group.cancelAll()
        }
    }

    /// What is due, as much as there is room for.
    private func claim(beside underWay: UnderWay.Counts) async -> [ClaimedDelivery] {
        let most = settings.sender.connections
        var claimed: [ClaimedDelivery] = []
        do {
            let room = most - underWay.sound - underWay.failing
            if room > 0 {
                claimed += try await claim(failing: false, perEndpoint: settings.perEndpoint, limit: room)
            }
            let left = min(room - claimed.count, max(1, most / 2) - underWay.failing)
            if left > 0 { claimed += try await claim(failing: true, perEndpoint: 1, limit: left) }
        } catch is CancellationError {
            // What was claimed before is due again in a while.
        } catch {
            logger.error("Deliveries could not be claimed", metadata: ["error": "\(error)"])
        }
        return claimed
    }

    private func claim(failing: Bool, perEndpoint: Int, limit: Int) async throws -> [ClaimedDelivery] {
        try await store.claimDeliveries(
            holder: holder,
            claim: settings.claim,
            failing: failing,
            perEndpoint: perEndpoint,
            limit: limit
        )
    }

    /// Makes one attempt and writes how it ended. Called by tests for one at a time.
    ///
    /// All times follow from that of the claim, which is the database's: schedulers whose clocks differ agree.
    package func attempt(_ delivery: ClaimedDelivery) async {
        let began = delivery.claimedAt
        let start = time.instant()
        let answer = await send(delivery, at: began)
        // Nobody knows how a request ended that was broken off here: it is made again. One that was answered is written.
        guard answer.status != nil || !Task.isCancelled else { return }
        let outcome = WebhookPolicy.outcome(status: answer.status)
        let now = began + (time.instant() - start)
        let decision = settings.policy.decide(
            outcome,
            attempt: delivery.attempt,
            ageSeconds: (now - delivery.createdAt).seconds,
            failingForSeconds: delivery.failingSince.map { (now - $0).seconds },
            random: time.random()
        )
        let attempt = DeliveryAttempt(
            at: began,
            status: answer.status,
            seconds: (time.instant() - start).seconds,
            error: answer.failure
        )
        count(outcome)
        var disabled: WebhookPolicy.DisabledReason?
        do {
            // why: a process that is being stopped still writes what it knows; the statements have a deadline.
            let writing = Task { try await store.settle(delivery, attempt, decision, holder: holder, now: now) }
            if case .disabled(let reason) = try await writing.value { disabled = reason }
        } catch {
            logger.error(
                "How a delivery ended could not be written; it is made again",
                metadata: ["webhook": "\(delivery.key.team)/\(delivery.key.name)", "error": "\(error)"]
            )
        }
        if let reason = disabled {
            logger.warning(
                "A webhook is not delivered to any more",
                metadata: ["webhook": "\(delivery.key.team)/\(delivery.key.name)", "reason": "\(reason.rawValue)"]
            )
        }
    }

    private func count(_ outcome: WebhookPolicy.Outcome) {
        registry.counter(
            "slipway_webhook_attempts_total",
            help: "Attempts to deliver notifications, by what came of them.",
            labels: ["outcome": outcome == .delivered ? "delivered" : "failed"]
        ).increment()
    }

    private func send(_ delivery: ClaimedDelivery, at moment: Timestamp) async -> WebhookAnswer {
        let installation: String
        var headers = ["content-type: \(delivery.form.contentType)"]
        do {
            installation = "urn:slipway:\(try await store.installationID())"
            if let name = delivery.apiKey {
                headers.append("authorization: Bearer \(try key(name, of: delivery.key.team))")
            }
        } catch let missing as MissingKey {
            return WebhookAnswer(status: nil, failure: missing.description)
        } catch {
            return WebhookAnswer(status: nil, failure: "the database cannot be reached")
        }
        let text = delivery.form.body(
            of: delivery.notification,
            installation: installation,
            version: settings.version,
            namespace: delivery.namespace ?? delivery.key.team
        )
        guard let text else { return WebhookAnswer(status: nil, failure: "its form has no word for this") }
        let body = Array(text.utf8)
        headers += WebhookSecret.headers(
            delivery.secrets.compactMap(WebhookSecret.init),
            id: delivery.notification.id.description,
            seconds: moment.microsecondsSince1970 / 1_000_000,
            body: body
        )
        return await sender.send(WebhookRequest(url: delivery.url, headers: headers, body: body))
    }

    /// A key of the team's own, read each time: it may be replaced.
    private func key(_ name: String, of team: String) throws(MissingKey) -> String {
        guard !settings.keysFolder.isEmpty else { throw MissingKey(name: name) }
        // Both are checked names, without a slash or a leading point.
        guard TeamNames.isName(team), TeamNames.isName(name),
            let data = FileManager.default.contents(atPath: "\(settings.keysFolder)/\(team)/\(name)"),
            data.count <= 8192
        else { throw MissingKey(name: name) }
        let text = String(decoding: data, as: UTF8.self).filter { !$0.isNewline }
        guard !text.isEmpty, text.unicodeScalars.allSatisfy({ (0x21...0x7E).contains($0.value) || $0 == " " }) else {
            throw MissingKey(name: name)
        }
        return text
    }

    private struct MissingKey: Error, CustomStringConvertible {
        let name: String
        var description: String { "there is no usable key \"\(name)\" of the team beside the scheduler" }
    }
}

/// What is under way in this process.
private final class UnderWay: Sendable {
    struct Counts: Sendable {
        var sound = 0
        var failing = 0
    }

    private let known = Mutex(Counts())
    var counts: Counts { known.withLock { $0 } }

    func add(_ count: Int, isFailing: Bool) {
        known.withLock { if isFailing { $0.failing += count } else { $0.sound += count } }
    }
}

extension Duration {
    fileprivate var seconds: Double {
        let (whole, attoseconds) = components
        return Double(whole) + Double(attoseconds) / 1e18
    }
}
