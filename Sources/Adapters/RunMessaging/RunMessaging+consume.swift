internal import AMQPClient
internal import Logging
package import SlipwayCore

extension RunMessaging {
    /// Hears that runs of a cluster are ready. Hints that wait together become one call.
    package func consumeDispatch(cluster: String, _ handle: () async throws -> Void) async throws {
        let topology = RunTopology.shared(names, clusters: [cluster])
        try await consume(names.dispatch(cluster), topology: topology, batch: 64, as: DispatchHint.self) { _ in
            try await handle()
        }
    }

    /// Hears which runs of a cluster want a supervisor.
    ///
    /// - Parameter batch: hints handled at once; each names several runs.
    package func consumeSupervise(
        cluster: String,
        batch: Int,
        _ handle: ([SuperviseHint.Lease]) async throws -> Void
    ) async throws {
        let topology = RunTopology.shared(names, clusters: [cluster])
        let queue = names.supervise(cluster)
        try await consume(queue, topology: topology, batch: batch, as: SuperviseHint.self) { hints in
            try await handle(hints.flatMap(\.leases))
        }
    }

    /// Hears what workers observed.
    ///
    /// - Parameter batch: messages handled at once; each holds several reports.
    package func consumeReports(batch: Int, _ handle: ([PlacementReport]) async throws -> Void) async throws {
        try await consume(names.reports, batch: batch, as: ReportMessage.self) { messages in
            try await handle(messages.flatMap(\.reports))
        }
    }

    /// Hears what is meant for this process, and for every scheduler if it is one.
    package func consumeControl(
        holder: HolderID,
        isScheduler: Bool,
        _ handle: (ControlMessage) async throws -> Void
    ) async throws {
        let queue = names.controlQueue(holder)
        let keys = [names.holderKey(holder)] + (isScheduler ? [MessageNames.schedulersKey] : [])
        let topology = RunTopology.control(names, queue: queue, keys: keys)
        try await consume(queue, topology: topology, batch: 64, as: ControlMessage.self) { messages in
            for message in messages { try await handle(message) }
        }
    }

    /// Reads a queue until cancelled, a batch at a time.
    private func consume<Message: Decodable>(
        _ queue: String,
        topology: AMQPTopology? = nil,
        batch: Int,
        as type: Message.Type,
        _ handle: ([Message]) async throws -> Void
    ) async throws {
        let consumer = AMQPConsumer(
            configuration: configuration,
            topology: topology ?? self.topology,
            queue: queue,
            prefetch: min(2 * batch, 65_535),
            logger: logger
        )
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await consumer.run() }
            for await deliveries in consumer.batches(maximum: batch) {
                let (messages, readable) = await decode(deliveries, as: type, from: consumer)
                guard !messages.isEmpty else { continue }
                do {
                    try await handle(messages)
                } catch {
                    // The messages are not acknowledged: the broker gives them to another when this connection ends.
                    group.cancelAll()
                    throw error
                }
                await consumer.acknowledge(readable)
            }
            group.cancelAll()
            try await group.waitForAll()
        }
        try Task.checkCancellation()
    }

    private func decode<Message: Decodable>(
        _ deliveries: [AMQPDelivery],
        as type: Message.Type,
        from consumer: AMQPConsumer
    ) async -> (messages: [Message], readable: [AMQPDelivery]) {
        var messages: [Message] = []
        var readable: [AMQPDelivery] = []
        for delivery in deliveries {
            do {
                messages.append(try MessageCoding.decode(delivery.message, as: type))
                readable.append(delivery)
            } catch {
                logger.error(
                    "An unreadable message was put with the dead letters",
                    metadata: ["queue": "\(consumer.queue)", "error": "\(error)"]
                )
                await delivery.reject(requeue: false)
            }
        }
        return (messages, readable)
    }
}
