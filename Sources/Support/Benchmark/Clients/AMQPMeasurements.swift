internal import AMQPClient
internal import Logging

/// Compares AMQPClient with a plain loop over librabbitmq, on a quorum queue with persistent messages.
struct AMQPMeasurements: Sendable {
    let url: String
    let seconds: Int

    private static let windows = [1, 16, 256]
    private static let consumedMessages = 30_000
    private static let prefetch = 500
    private static let acknowledgedAtOnce = 50
    private static let body = [UInt8](repeating: UInt8(ascii: "x"), count: 512)
    private var duration: Duration { .seconds(seconds) }

    func run(_ report: @Sendable (String) -> Void) async throws -> [Comparison] {
        let queue = ScratchName.fresh("-")
        let topology = AMQPTopology(queues: [AMQPQueue(name: queue, deliveryLimit: 100)])
        return try await withPublisher(window: Self.windows[0], topology) { declaring in
            do {
                let comparisons = try await measure(queue, topology, declaring, report)
                _ = try await declaring.deleteQueue(queue)
                return comparisons
            } catch {
                _ = try await declaring.deleteQueue(queue)
                throw error
            }
        }
    }

    private func measure(
        _ queue: String,
        _ topology: AMQPTopology,
        _ declaring: AMQPPublisher,
        _ report: @Sendable (String) -> Void
    ) async throws -> [Comparison] {
        let reference = try RabbitReference(url: url, queue: queue, body: Self.body)
        var comparisons: [Comparison] = []
        for window in Self.windows {
            report("AMQPClient: publishing with a window of \(window)")
            let ours = try await withPublisher(window: window, topology) { try await publish($0, queue, window) }
            let emptied = try await declaring.purgeQueue(queue)
            let limit = try await BlockingWork.run { try reference.publishRate(window: window, seconds: seconds) }
            comparisons.append(comparison("publish and confirm, window \(window)", ours, limit))
            _ = try await declaring.purgeQueue(queue)
            guard emptied > 0 else { throw BenchmarkError("the published messages did not reach the queue \(queue)") }
        }
        report("AMQPClient: consuming")
        try await fill(queue, topology)
        let ours = try await consume(queue, topology)
        try await fill(queue, topology)
        let limit = try await BlockingWork.run {
            try reference.consumeRate(
                messages: Self.consumedMessages,
                prefetch: UInt16(Self.prefetch),
                acknowledgedAtOnce: Self.acknowledgedAtOnce
            )
        }
        comparisons.append(comparison("consume and acknowledge, prefetch \(Self.prefetch)", ours, limit))
        return comparisons
    }

    private func publish(_ publisher: AMQPPublisher, _ queue: String, _ window: Int) async throws -> Double {
        let batch = Self.batch(to: queue, count: max(64, window * 4))
        // Two batches at a time keep the window filled while one ends.
        return try await ClosedLoop.rate(tasks: window == 1 ? 1 : 2, for: duration) { _ in
            try await publisher.publish(batch: batch)
            return batch.count
        }
    }

    private func fill(_ queue: String, _ topology: AMQPTopology) async throws {
        try await withPublisher(window: 256, topology) { publisher in
            var left = Self.consumedMessages
            while left > 0 {
                let count = min(left, 5000)
                try await publisher.publish(batch: Self.batch(to: queue, count: count))
                left -= count
            }
        }
    }

    private static func batch(to queue: String, count: Int) -> [AMQPOutgoing] {
        Array(repeating: AMQPOutgoing(AMQPMessage(body: body), to: "", routingKey: queue), count: count)
    }

    /// The clock starts with the first batch, which does not count.
    private func consume(_ queue: String, _ topology: AMQPTopology) async throws -> Double {
        let consumer = AMQPConsumer(
            configuration: try configuration(),
            topology: topology,
            queue: queue,
            prefetch: Self.prefetch,
            logger: Quiet.logger
        )
        return try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await consumer.run() }
            defer { group.cancelAll() }
            var start: ContinuousClock.Instant?
            var counted = 0
            var left = Self.consumedMessages
            for await batch in consumer.batches(maximum: Self.acknowledgedAtOnce) {
                await consumer.acknowledge(batch)
                left -= batch.count
                if start == nil { start = .now } else { counted += batch.count }
                if left <= 0 { break }
            }
            guard let start, left <= 0 else { throw BenchmarkError("the consumer ended before all messages had come") }
            let seconds = (ContinuousClock.now - start).inSeconds
            await consumer.stop()
            try await group.waitForAll()
            return Double(counted) / seconds
        }
    }

    private func withPublisher<Value: Sendable>(
        window: Int,
        _ topology: AMQPTopology,
        _ body: (AMQPPublisher) async throws -> Value
    ) async throws -> Value {
        var configuration = try configuration()
        configuration.confirmWindow = window
        let publisher = AMQPPublisher(configuration: configuration, topology: topology, logger: Quiet.logger)
        return try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await publisher.run() }
            defer { group.cancelAll() }
            let value = try await body(publisher)
            group.cancelAll()
            try await group.waitForAll()
            return value
        }
    }

    private func configuration() throws -> AMQPConfiguration {
        var configuration = try AMQPConfiguration(url: url)
        configuration.connectionName = "slipway-bench"
        return configuration
    }

    private func comparison(_ what: String, _ ours: Double, _ limit: Double) -> Comparison {
        Comparison(
            client: "AMQPClient",
            what: what,
            unit: "messages",
            perSecond: ours,
            limitName: "librabbitmq loop",
            limitPerSecond: limit
        )
    }
}
