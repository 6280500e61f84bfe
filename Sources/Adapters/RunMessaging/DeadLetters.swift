package import AMQPClient
package import Logging

/// The queue of dead letters, to look at, to send again and to empty.
///
/// Looking takes the messages out without acknowledging them and gives them back at the end; while that goes on nobody else
/// sees them. When the connection ends meanwhile, the broker gives them back by itself.
package struct DeadLetters: Sendable {
    /// Which messages are meant.
    package enum Selection: Sendable, Hashable {
        case ids(Set<String>)
        /// - Parameter queue: only those that were in this queue; `nil`: all.
        case all(queue: String?)

        func contains(_ letter: DeadLetter) -> Bool {
            switch self {
            case .ids(let ids): ids.contains(letter.id)
            case .all(let queue): queue == nil || letter.queue == queue
            }
        }
    }

    /// What was found.
    package struct Page: Sendable {
        /// In the order of their numbers.
        package var letters: [DeadLetter]
        /// There are more than were looked at.
        package var isCut: Bool
    }

    /// What became of the messages that were meant.
    package struct Outcome: Sendable {
        package var done: [DeadLetter] = []
        /// Those that stay where they are, and why.
        package var failed: [(letter: DeadLetter, cause: String)] = []
        /// Sent again, but the connection ended before they could be taken away: they may come twice.
        package var doubled: [DeadLetter] = []
        /// Not all messages were looked at.
        package var isCut = false
    }

    /// Looked at by one call at most; what lies behind is not seen.
    package static let defaultLimit = 10_000
    /// A broker drops a message it has delivered too often, 20 times from RabbitMQ 4 on, and looking counts as a delivery.
    private static let deliveriesBeforeRenewal = 8

    private let publisher: AMQPPublisher
    private let names: MessageNames
    /// What happens between the publishing of a message and its acknowledgement; a test ends the call there.
    var betweenPublishAndAcknowledge: @Sendable () async throws -> Void = {}

    /// Connects, runs `body` and disconnects.
    ///
    /// - Throws: `AMQPError`, or what `body` throws.
    package static func with<Result: Sendable>(
        _ configuration: AMQPConfiguration,
        names: MessageNames,
        logger: Logger,
        _ body: (DeadLetters) async throws -> Result
    ) async throws -> Result {
        let publisher = AMQPPublisher(configuration: configuration, logger: logger)
        return try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await publisher.run() }
            do {
                let result = try await body(DeadLetters(publisher: publisher, names: names))
                group.cancelAll()
                // What was acknowledged last is on its way until the connection is closed in order.
                try await group.waitForAll()
                return result
            } catch {
                group.cancelAll()
                throw error
            }
        }
    }

    init(publisher: AMQPPublisher, names: MessageNames) {
        self.publisher = publisher
        self.names = names
    }

    // MARK: Calls

    /// The messages there are, in the order of their numbers.
    ///
    /// - Throws: `AMQPError`; `brokerRefused` with 404 if the queue was never declared.
    package func list(limit: Int = defaultLimit) async throws -> Page {
        var letters: [DeadLetter] = []
        let isCut = try await walk(limit: limit) { letter, _ in
            letters.append(letter)
            return .keep
        }
        return Page(letters: letters.sorted(by: DeadLetter.isBefore), isCut: isCut)
    }

    /// Sends messages to the queues they were in. Each is confirmed by the broker there before it is taken away here: if that is
    /// interrupted, a message comes twice rather than not at all.
    package func resend(_ selection: Selection, limit: Int = defaultLimit) async throws -> Outcome {
        var outcome = Outcome()
        outcome.isCut = try await walk(limit: limit) { letter, delivery in
            guard selection.contains(letter) else { return .keep }
            guard let queue = letter.queue else {
                outcome.failed.append((letter, "the broker does not tell in which queue it was"))
                return .keep
            }
            let message = delivery.message.revived
            do {
                try await publisher.publish(message, to: "", routingKey: queue, mandatory: true)
            } catch let error as AMQPError where error.code == .unroutable || error.code == .refused {
                outcome.failed.append((letter, error.message))
                return .keep
            }
            try await betweenPublishAndAcknowledge()
            if await delivery.acknowledge() == .sent {
                outcome.done.append(letter)
            } else {
                outcome.doubled.append(letter)
            }
            return .settled(id: message.messageID ?? letter.id)
        }
        return outcome
    }

    /// Takes messages away for good.
    package func drop(_ selection: Selection, limit: Int = defaultLimit) async throws -> Outcome {
        var outcome = Outcome()
        outcome.isCut = try await walk(limit: limit) { letter, delivery in
            guard selection.contains(letter) else { return .keep }
            if await delivery.acknowledge() == .sent {
                outcome.done.append(letter)
            } else {
                outcome.failed.append((letter, "the connection was lost; it is still there"))
            }
            return .settled(id: "")
        }
        return outcome
    }

    // MARK: The walk

    private enum Verdict {
        case keep
        /// Done with; `id` is that of the message under which it may come back.
        case settled(id: String)
    }

    /// Takes one message after the other and gives back those to keep at the end, so that none is met twice.
    ///
    /// The queue's count is no guide to where to end: it may lag behind.
    ///
    /// - Returns: whether there are more than `limit`.
    private func walk(
        limit: Int,
        _ look: (DeadLetter, AMQPDelivery) async throws -> Verdict
    ) async throws -> Bool {
        // If this is interrupted, the broker gives back what was not as soon as the connection ends.
        var kept: [AMQPDelivery] = []
        var settled: Set<String> = []
        var isCut = false
        var seen = 0
        while !isCut, let delivery = try await publisher.get(from: names.deadLetters) {
            seen += 1
            isCut = seen > limit
            let letter = DeadLetter(delivery.message, routingKey: delivery.routingKey)
            // What was sent again and died again meanwhile is for the next call.
            guard !isCut, !settled.contains(letter.id) else {
                kept.append(delivery)
                continue
            }
            switch try await look(letter, delivery) {
            case .keep: kept.append(delivery)
            case .settled(let id): settled.insert(id)
            }
        }
        for delivery in kept { try await giveBack(delivery) }
        return isCut
    }

    private func giveBack(_ delivery: AMQPDelivery) async throws {
        guard (delivery.deliveryCount ?? 0) >= Self.deliveriesBeforeRenewal else {
            await delivery.reject(requeue: true)
            return
        }
        // A copy counts anew. It goes by the exchange of dead letters, since its routing key tells where it was.
        try await publisher.publish(
            delivery.message,
            to: names.dead,
            routingKey: delivery.routingKey,
            mandatory: true
        )
        await delivery.acknowledge()
    }
}
