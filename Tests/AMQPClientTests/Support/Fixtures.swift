import AMQPClient
import Foundation
import Logging
import Synchronization
import Testing

/// Tests that use the broker come one after the other: some of them stop, block or freeze it.
@Suite(.serialized) enum BrokerTests {}

let quietLogger: Logger = {
    var logger = Logger(label: "test")
    logger.logLevel = .critical
    return logger
}()

/// A name no other test uses.
func freshName(_ prefix: String = "test") -> String {
    "\(prefix)-\(UUID().uuidString.prefix(12).lowercased())"
}

func brokerConfiguration(_ change: (inout AMQPConfiguration) -> Void = { _ in }) throws -> AMQPConfiguration {
    var configuration = try AMQPConfiguration(url: RabbitMQServer.shared.get().url)
    configuration.connectionName = "test"
    change(&configuration)
    return configuration
}

/// What a publisher or consumer has told so far.
final class EventLog: Sendable {
    private let seen = Mutex<[AMQPEvent]>([])

    var all: [AMQPEvent] { seen.withLock { $0 } }

    func contains(_ matches: (AMQPEvent) -> Bool) -> Bool { all.contains(where: matches) }
    func count(_ event: AMQPEvent) -> Int { all.count { $0 == event } }
    var hasLostConnection: Bool {
        contains { if case .connectionLost = $0 { true } else { false } }
    }

    func collect(_ events: AsyncStream<AMQPEvent>) async {
        for await event in events { seen.withLock { $0.append(event) } }
    }
}

/// A publisher that is connected while `body` runs.
func withPublisher<R: Sendable>(
    _ topology: AMQPTopology = AMQPTopology(),
    configuration: AMQPConfiguration? = nil,
    _ body: (AMQPPublisher, EventLog) async throws -> R
) async throws -> R {
    let publisher = AMQPPublisher(
        configuration: try configuration ?? brokerConfiguration(),
        topology: topology,
        logger: quietLogger
    )
    let log = EventLog()
    let events = publisher.events
    return try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask { await log.collect(events) }
        group.addTask { try await publisher.run() }
        defer { group.cancelAll() }
        try await eventually("the publisher connects") { publisher.isReady }
        let result = try await body(publisher, log)
        group.cancelAll()
        try await group.waitForAll()
        return result
    }
}

/// A consumer that is subscribed while `body` runs.
func withConsumer<R: Sendable>(
    of queue: String,
    topology: AMQPTopology,
    prefetch: Int = 100,
    configuration: AMQPConfiguration? = nil,
    _ body: (AMQPConsumer, EventLog) async throws -> R
) async throws -> R {
    let consumer = AMQPConsumer(
        configuration: try configuration ?? brokerConfiguration(),
        topology: topology,
        queue: queue,
        prefetch: prefetch,
        logger: quietLogger
    )
    let log = EventLog()
    let events = consumer.events
    return try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask { await log.collect(events) }
        group.addTask { try await consumer.run() }
        defer { group.cancelAll() }
        try await eventually("the consumer subscribes") { consumer.isReady }
        let result = try await body(consumer, log)
        group.cancelAll()
        try await group.waitForAll()
        return result
    }
}

/// Takes `count` deliveries in batches, settling nothing; fails the test if they do not come in time.
func take(
    _ count: Int,
    from consumer: AMQPConsumer,
    within limit: Duration = .seconds(20),
    sourceLocation: SourceLocation = #_sourceLocation
) async -> [AMQPDelivery] {
    let deadline = ContinuousClock.now + limit
    var taken: [AMQPDelivery] = []
    while taken.count < count, ContinuousClock.now < deadline {
        let left = deadline - .now
        guard let batch = await consumer.nextBatch(maximum: count - taken.count, within: left) else { break }
        taken += batch
    }
    #expect(taken.count == count, sourceLocation: sourceLocation)
    return taken
}

/// Waits until `condition` holds, looking every few milliseconds; fails the test if it does not within the time.
func eventually(
    _ comment: Comment? = nil,
    within limit: Duration = .seconds(20),
    sourceLocation: SourceLocation = #_sourceLocation,
    _ condition: () async throws -> Bool
) async throws {
    let deadline = ContinuousClock.now + limit
    while ContinuousClock.now < deadline {
        if try await condition() { return }
        try await Task.sleep(for: .milliseconds(5))
    }
    Issue.record(comment ?? "the condition did not come true within \(limit)", sourceLocation: sourceLocation)
}

/// The error that `body` throws, or `nil`.
func amqpError(_ body: () async throws(AMQPError) -> Void) async -> AMQPError? {
    do throws(AMQPError) {
        try await body()
        return nil
    } catch {
        return error
    }
}

func text(_ delivery: AMQPDelivery) -> String { String(decoding: delivery.message.body, as: UTF8.self) }

func message(_ text: String) -> AMQPMessage { AMQPMessage(body: Array(text.utf8)) }

/// A quorum queue alone.
func queueTopology(_ queues: AMQPQueue...) -> AMQPTopology { AMQPTopology(queues: queues) }
