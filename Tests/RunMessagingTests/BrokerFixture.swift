import AMQPClient
import Logging
import Observability
import SlipwayCore
import TestSupport
import Testing

@testable import RunMessaging

/// A prefix of its own on the shared broker.
struct BrokerFixture: Sendable {
    let configuration: AMQPConfiguration
    let names: MessageNames
    let messaging: RunMessaging

    static let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

    /// Runs `body` beside a connected process, and removes the queues afterwards.
    static func with(_ body: (BrokerFixture) async throws -> Void) async throws {
        var configuration = try AMQPConfiguration(url: try await TestServers.shared.amqpURL())
        configuration.connectionName = "test"
        let names = MessageNames(prefix: freshAMQPPrefix())
        let messaging = RunMessaging(
            configuration: configuration,
            names: names,
            clusters: ["default"],
            metrics: MetricsRegistry(),
            logger: logger
        )
        let fixture = BrokerFixture(configuration: configuration, names: names, messaging: messaging)
        let publisher = messaging.publisher.publisher
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await publisher.run() }
            try await eventually("the publisher is connected") { publisher.isReady }
            let result: Result<Void, any Error>
            do { result = .success(try await body(fixture)) } catch { result = .failure(error) }
            for queue in [names.dispatch("default"), names.supervise("default"), names.reports, names.deadLetters] {
                try await publisher.deleteQueue(queue)
            }
            for exchange in [names.work, names.control, names.dead] { try await publisher.deleteExchange(exchange) }
            group.cancelAll()
            try await group.waitForAll()
            try result.get()
        }
    }

    /// Puts a message into a queue as a process of another version might.
    func publish(_ text: String, id: String? = nil, to queue: String) async throws {
        let message = AMQPMessage(body: Array(text.utf8), messageID: id, type: "supervise")
        try await messaging.publisher.publisher.publish(message, to: names.work, routingKey: queue, mandatory: true)
    }

    /// Consumes hints until a run was heard of; unreadable ones become dead letters meanwhile.
    func hear(_ run: RunID) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                try await messaging.consumeSupervise(cluster: "default", batch: 10) { leases in
                    if leases.contains(where: { $0.run == run }) { throw Heard() }
                }
            }
            do { try await group.waitForAll() } catch is Heard {}
        }
    }

    private struct Heard: Error {}

    /// How many messages wait in a queue.
    func depth(_ queue: String) async throws -> Int {
        try await messaging.publisher.publisher.queueStatus(queue)?.messages ?? -1
    }

    /// Runs `body` as the command line does, on a connection of its own.
    func deadLetters<Value: Sendable>(_ body: (DeadLetters) async throws -> Value) async throws -> Value {
        try await DeadLetters.with(configuration, names: names, logger: Self.logger, body)
    }

    /// Makes dead letters of texts, with ids.
    func kill(_ letters: [(id: String?, text: String)]) async throws {
        let queue = names.supervise("default")
        for letter in letters { try await publish(letter.text, id: letter.id, to: queue) }
        let run = RunID(high: 0x7000, low: 1 << 63)
        try await messaging.supervise(cluster: "default", [SuperviseHint.Lease(run: run, epoch: 1)])
        try await hear(run)
        try await eventually("the messages are dead") { try await depth(names.deadLetters) == letters.count }
        // The hint that was heard of was not acknowledged.
        try await eventually("the hint is back") { try await depth(queue) == 1 }
        try await messaging.publisher.publisher.purgeQueue(queue)
    }
}
