import AMQPClient
import Foundation
import Synchronization
import Testing

/// What several readers have received.
private final class Received: Sendable {
    private let stored = Mutex<[String]>([])

    var texts: [String] { stored.withLock { $0 } }

    func append(_ text: String) { stored.withLock { $0.append(text) } }
}

extension BrokerTests {
    @Suite struct Consuming {
        let queue = freshName()

        private func publish(_ count: Int, _ publisher: AMQPPublisher) async throws {
            try await publisher.publish(
                batch: (0..<count).map { AMQPOutgoing(message("\($0)"), to: "", routingKey: queue, mandatory: true) }
            )
        }

        @Test func `No more than the prefetch is delivered unsettled`() async throws {
            let topology = queueTopology(AMQPQueue(name: queue))
            try await withPublisher(topology) { publisher, _ in
                try await publish(30, publisher)
                try await withConsumer(of: queue, topology: topology, prefetch: 10) { consumer, _ in
                    let first = await take(10, from: consumer)
                    #expect(first.map(text) == (0..<10).map(String.init))
                    let more = await consumer.nextBatch(maximum: 10, within: .milliseconds(300))
                    #expect(more?.isEmpty == true)
                    await first[0].acknowledge()
                    await first[1].acknowledge()
                    let next = await take(2, from: consumer)
                    #expect(next.map(text) == ["10", "11"])
                    let count = await consumer.acknowledge(Array(first.dropFirst(2)) + next)
                    #expect(count == AMQPSettlementCount(sent: 10, stale: 0))
                    let rest = await take(10, from: consumer)
                    #expect(rest.map(text) == (12..<22).map(String.init))
                }
                try await publisher.deleteQueue(queue)
            }
        }

        @Test func `Looking for a delivery ends in time, also when its time is over at once`() async throws {
            let topology = queueTopology(AMQPQueue(name: queue))
            try await withConsumer(of: queue, topology: topology) { consumer, _ in
                for limit: Duration in [.zero, .microseconds(1), .microseconds(20), .microseconds(100)] {
                    for _ in 0..<500 {
                        let batch = await consumer.nextBatch(maximum: 1, within: limit)
                        #expect(batch?.isEmpty == true)
                    }
                }
            }
            try await withPublisher(topology) { publisher, _ in _ = try await publisher.deleteQueue(queue) }
        }

        @Test func `Deliveries settled out of order leave nothing behind`() async throws {
            let topology = queueTopology(AMQPQueue(name: queue))
            try await withPublisher(topology) { publisher, _ in
                try await publish(100, publisher)
                try await withConsumer(of: queue, topology: topology) { consumer, _ in
                    let all = await take(100, from: consumer)
                    let odd = all.enumerated().filter { $0.offset % 2 == 1 }.map(\.element)
                    let even = all.enumerated().filter { $0.offset % 2 == 0 }.map(\.element)
                    let sent = await consumer.acknowledge(odd.shuffled()).sent
                    #expect(sent == 50)
                    let rejected = await consumer.reject(Array(even.prefix(10)), requeue: true).sent
                    #expect(rejected == 10)
                    let again = await take(10, from: consumer)
                    #expect(Set(again.map(text)) == Set(even.prefix(10).map(text)))
                    #expect(again.allSatisfy { $0.isRedelivered && $0.deliveryCount == 1 })
                    await consumer.acknowledge(again + even.dropFirst(10))
                    let repeated = await consumer.acknowledge(all)
                    #expect(repeated == AMQPSettlementCount(sent: 0, stale: 100))
                }
                let status = try await publisher.queueStatus(queue)
                #expect(status?.messages == 0)
                try await publisher.deleteQueue(queue)
            }
        }

        @Test func `One by one, and by several readers`() async throws {
            let topology = queueTopology(AMQPQueue(name: queue))
            try await withPublisher(topology) { publisher, _ in
                try await withConsumer(of: queue, topology: topology) { consumer, _ in
                    let received = Received()
                    try await withThrowingTaskGroup(of: Void.self) { group in
                        for _ in 0..<4 {
                            group.addTask {
                                for await delivery in consumer.deliveries {
                                    await delivery.acknowledge()
                                    received.append(text(delivery))
                                }
                            }
                        }
                        try await publish(200, publisher)
                        try await eventually("all are received") { received.texts.count == 200 }
                        await consumer.stop()
                        try await group.waitForAll()
                    }
                    #expect(received.texts.sorted() == (0..<200).map(String.init).sorted())
                }
                try await publisher.deleteQueue(queue)
            }
        }

        @Test func `A message rejected too often becomes a dead letter that can be inspected`() async throws {
            let (exchange, dead) = (freshName("dead"), freshName("dead-letters"))
            let topology = AMQPTopology(
                exchanges: [AMQPExchange(name: exchange, kind: .fanout)],
                queues: [
                    AMQPQueue(name: queue, deliveryLimit: 2, deadLetterExchange: exchange), AMQPQueue(name: dead),
                ],
                bindings: [AMQPBinding(exchange: exchange, queue: dead)]
            )
            try await withPublisher(topology) { publisher, _ in
                try await publish(2, publisher)
                try await withConsumer(of: queue, topology: topology) { consumer, _ in
                    var counts: [Int] = []
                    for await delivery in consumer.deliveries {
                        if text(delivery) == "1" {
                            await delivery.acknowledge()
                        } else {
                            counts.append(delivery.deliveryCount ?? 0)
                            await delivery.reject(requeue: true)
                        }
                        if counts.count == 3 { break }
                    }
                    #expect(counts == [0, 1, 2])
                    try await eventually("the dead letter arrives") {
                        try await publisher.queueStatus(dead)?.messages == 1
                    }
                }
                let letter = try #require(try await publisher.get(from: dead))
                #expect(text(letter) == "0")
                guard case .array(let deaths) = letter.message.headers["x-death"], case .table(let death) = deaths.first
                else {
                    Issue.record("there is no x-death header")
                    return
                }
                #expect(death["reason"] == "delivery_limit")
                #expect(death["queue"]?.stringValue == queue)
                await letter.acknowledge()
                let nothing = try await publisher.get(from: dead)
                #expect(nothing == nil)
                for name in [queue, dead] { try await publisher.deleteQueue(name) }
                try await publisher.deleteExchange(exchange)
            }
        }

        @Test func `Stopping gives back what was not handed out`() async throws {
            let topology = queueTopology(AMQPQueue(name: queue))
            try await withPublisher(topology) { publisher, _ in
                try await publish(50, publisher)
                let consumer = AMQPConsumer(
                    configuration: try brokerConfiguration(),
                    topology: topology,
                    queue: queue,
                    prefetch: 40,
                    logger: quietLogger
                )
                try await withThrowingTaskGroup(of: Void.self) { group in
                    group.addTask { try await consumer.run() }
                    let handedOut = await take(5, from: consumer)
                    await consumer.stop()
                    let after = await consumer.nextBatch(maximum: 1, within: .seconds(5))
                    #expect(after == nil)
                    // Only those handed out and unsettled are missing from the queue.
                    try await eventually("the others are back") {
                        try await publisher.queueStatus(queue)?.messages == 45
                    }
                    let count = await consumer.acknowledge(handedOut)
                    #expect(count == AMQPSettlementCount(sent: 5, stale: 0))
                    // With the last one settled the run ends by itself.
                    try await group.waitForAll()
                }
                try await eventually("the consumer is gone and nothing came back with it") {
                    try await publisher.queueStatus(queue) == AMQPQueueStatus(messages: 45, consumers: 0)
                }
                try await publisher.deleteQueue(queue)
            }
        }

        @Test func `A deleted queue is declared again and consumed`() async throws {
            let topology = queueTopology(AMQPQueue(name: queue))
            try await withPublisher { publisher, _ in
                try await withConsumer(of: queue, topology: topology) { consumer, log in
                    try await publish(1, publisher)
                    let held = try #require(await take(1, from: consumer).first)
                    try await publisher.deleteQueue(queue)
                    try await eventually("it is subscribed again") { log.count(.subscribed(queue: queue)) == 2 }
                    #expect(log.count(.consumerCancelled(queue: queue)) == 1)
                    await held.acknowledge()
                    try await publish(2, publisher)
                    let deliveries = await take(2, from: consumer)
                    #expect(deliveries.map(text) == ["0", "1"])
                    await consumer.acknowledge(deliveries)
                }
                try await publisher.deleteQueue(queue)
            }
        }

        @Test func `A cancelled reader leaves the others alone`() async throws {
            let topology = queueTopology(AMQPQueue(name: queue))
            try await withPublisher(topology) { publisher, _ in
                try await withConsumer(of: queue, topology: topology) { consumer, _ in
                    // why: it is cancelled before it can receive, which a group's child could not be alone.
                    let reader = Task { await consumer.batches(maximum: 5).first { _ in true } }
                    reader.cancel()
                    let nothing = await reader.value
                    #expect(nothing == nil)
                    try await publish(1, publisher)
                    let deliveries = await take(1, from: consumer)
                    await consumer.acknowledge(deliveries)
                }
                try await publisher.deleteQueue(queue)
            }
        }

        @Test func `An exclusive queue comes back with its consumer's connection`() async throws {
            let exchange = freshName("fan")
            let topology = AMQPTopology(
                exchanges: [AMQPExchange(name: exchange, kind: .fanout)],
                queues: [AMQPQueue(name: queue, kind: .exclusive)],
                bindings: [AMQPBinding(exchange: exchange, queue: queue)]
            )
            try await withPublisher { publisher, _ in
                try await withConsumer(of: queue, topology: topology) { consumer, log in
                    try await RabbitMQServer.shared.get().control("close_all_connections", "test")
                    try await eventually("both are back") {
                        log.count(.subscribed(queue: queue)) == 2 && publisher.isReady
                    }
                    try await publisher.publish(message("x"), to: exchange, routingKey: "", mandatory: true)
                    let deliveries = await take(1, from: consumer)
                    #expect(deliveries.first?.deliveryCount == nil)
                    await consumer.acknowledge(deliveries)
                }
                try await eventually("the queue went with its connection") {
                    try await publisher.queueStatus(queue) == nil
                }
                try await publisher.deleteExchange(exchange)
            }
        }
    }
}
