import AMQPClient
import Foundation
import Testing

extension BrokerTests {
    @Suite struct Publishing {
        let queue = freshName()

        @Test func `A publish returns once the message is in the queue`() async throws {
            try await withPublisher(queueTopology(AMQPQueue(name: queue))) { publisher, _ in
                try await publisher.publish(message("one"), to: "", routingKey: queue, mandatory: true)
                let status = try await publisher.queueStatus(queue)
                #expect(status == AMQPQueueStatus(messages: 1, consumers: 0))
                let dropped = try await publisher.deleteQueue(queue)
                #expect(dropped == 1)
                let gone = try await publisher.queueStatus(queue)
                #expect(gone == nil)
            }
        }

        @Test func `Everything said about a message arrives`() async throws {
            let topology = queueTopology(AMQPQueue(name: queue))
            var sent = AMQPMessage(
                body: [0, 255, 1],
                contentType: "application/json",
                messageID: "m-1",
                correlationID: "c-1",
                type: "t",
                headers: [
                    "text": "grüße", "int": -5, "bool": true, "double": 1.5, "bytes": .bytes([0, 1]), "null": nil,
                    "time": .timestamp(1_700_000_000), "list": [1, "two", false], "table": ["inner": ["deep": 1]],
                ]
            )
            sent.expiration = .seconds(600)
            let message = sent
            try await withPublisher(topology) { publisher, _ in
                try await publisher.publish(message, to: "", routingKey: queue, mandatory: true)
                let delivery = try #require(try await publisher.get(from: queue))
                #expect(delivery.message == message)
                #expect(delivery.routingKey == queue)
                #expect(delivery.exchange.isEmpty)
                #expect(!delivery.isRedelivered)
                let settlement = await delivery.acknowledge()
                #expect(settlement == .sent)
                let again = await delivery.acknowledge()
                #expect(again == .stale)
                try await publisher.deleteQueue(queue)
            }
        }

        @Test func `Ten thousand messages arrive in order`() async throws {
            let topology = queueTopology(AMQPQueue(name: queue))
            let configuration = try brokerConfiguration { $0.confirmWindow = 256 }
            let batch = (0..<10_000).map { AMQPOutgoing(message("\($0)"), to: "", routingKey: queue, mandatory: true) }
            try await withPublisher(topology, configuration: configuration) { publisher, _ in
                try await publisher.publish(batch: batch)
                let received = try await withConsumer(of: queue, topology: topology, prefetch: 500) { consumer, _ in
                    var received: [Int?] = []
                    for await batch in consumer.batches(maximum: 200) {
                        #expect((1...200).contains(batch.count))
                        received += batch.map { Int(text($0)) }
                        let count = await consumer.acknowledge(batch)
                        #expect(count == AMQPSettlementCount(sent: batch.count, stale: 0))
                        if received.count == 10_000 { break }
                    }
                    return received
                }
                #expect(received == Array(0..<10_000))
                let status = try await publisher.queueStatus(queue)
                #expect(status?.messages == 0)
                try await publisher.deleteQueue(queue)
            }
        }

        @Test func `Many publishers at once share the window`() async throws {
            let configuration = try brokerConfiguration { $0.confirmWindow = 16 }
            try await withPublisher(queueTopology(AMQPQueue(name: queue)), configuration: configuration) {
                publisher,
                _ in
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for index in 0..<500 {
                        group.addTask { [queue] in
                            try await publisher.publish(message("\(index)"), to: "", routingKey: queue)
                        }
                    }
                    try await group.waitForAll()
                }
                let dropped = try await publisher.purgeQueue(queue)
                #expect(dropped == 500)
                try await publisher.deleteQueue(queue)
            }
        }

        @Test(arguments: [0, 1, 131_072, 1_048_576, 5_000_000])
        func `A body of any size arrives whole`(size: Int) async throws {
            let body = (0..<size).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ $0 >> 8) }
            try await withPublisher(queueTopology(AMQPQueue(name: queue))) { publisher, _ in
                try await publisher.publish(AMQPMessage(body: body), to: "", routingKey: queue)
                let inspected = try #require(try await publisher.get(from: queue))
                #expect(inspected.message.body == body)
                await inspected.reject(requeue: true)
                try await withConsumer(of: queue, topology: AMQPTopology()) { consumer, _ in
                    let delivery = try #require(await take(1, from: consumer).first)
                    #expect(delivery.message.body == body)
                    #expect(delivery.isRedelivered)
                    await delivery.acknowledge()
                }
                try await publisher.deleteQueue(queue)
            }
        }

        @Test func `A full queue refuses`() async throws {
            let full = AMQPQueue(name: queue, maximumLength: 3, overflow: .rejectPublish)
            try await withPublisher(queueTopology(full)) { publisher, _ in
                var refusal: AMQPError?
                for _ in 0..<100 where refusal == nil {
                    refusal = await amqpError { () async throws(AMQPError) in
                        try await publisher.publish(message("x"), to: "", routingKey: queue)
                    }
                }
                #expect(refusal?.code == .refused)
                #expect(refusal?.isRetriable == true)
                try await publisher.deleteQueue(queue)
            }
        }

        @Test func `Only those mandatory messages that reach no queue are unroutable`() async throws {
            try await withPublisher(queueTopology(AMQPQueue(name: queue))) { publisher, _ in
                let codes = await withTaskGroup(of: (Int, AMQPError.Code?).self) { group in
                    for index in 0..<200 {
                        group.addTask { [queue] in
                            let key = index.isMultiple(of: 3) ? "no-such-queue" : queue
                            let error = await amqpError { () async throws(AMQPError) in
                                try await publisher.publish(
                                    message("x"),
                                    to: "",
                                    routingKey: key,
                                    mandatory: index % 2 == 0
                                )
                            }
                            return (index, error?.code)
                        }
                    }
                    return await group.reduce(into: [:]) { $0[$1.0] = .some($1.1) }
                }
                for (index, code) in codes {
                    #expect(code == (index.isMultiple(of: 6) ? .unroutable : nil))
                }
                try await publisher.deleteQueue(queue)
            }
        }

        @Test func `A missing exchange fails the guilty message only`() async throws {
            try await withPublisher(queueTopology(AMQPQueue(name: queue))) { publisher, log in
                let errors = await withTaskGroup(of: (Int, AMQPError?).self) { group in
                    for index in 0..<100 {
                        group.addTask { [queue] in
                            let exchange = index == 50 ? "no-such-exchange" : ""
                            let error = await amqpError { () async throws(AMQPError) in
                                try await publisher.publish(message("\(index)"), to: exchange, routingKey: queue)
                            }
                            return (index, error)
                        }
                    }
                    return await group.reduce(into: [:]) { $0[$1.0] = $1.1 }
                }
                #expect(errors.keys.sorted() == [50])
                #expect(errors[50]?.code == .brokerRefused)
                #expect(errors[50]?.replyCode == 404)
                #expect(!log.hasLostConnection)
                // Those under way with it were sent again, so some may be there twice.
                let count = try await publisher.queueStatus(queue)?.messages ?? 0
                #expect(count >= 99)
                try await publisher.deleteQueue(queue)
            }
        }

        @Test func `A refused declaration leaves the connection alone`() async throws {
            try await withPublisher(queueTopology(AMQPQueue(name: queue, deliveryLimit: 3))) { publisher, log in
                let conflict = await amqpError { () async throws(AMQPError) in
                    try await publisher.declare(queueTopology(AMQPQueue(name: queue, deliveryLimit: 4)))
                }
                #expect(conflict?.replyCode == 406)
                #expect(conflict?.isRetriable == false)
                try await publisher.publish(message("x"), to: "", routingKey: queue, mandatory: true)
                try await publisher.declare(queueTopology(AMQPQueue(name: queue, deliveryLimit: 3)))
                #expect(!log.hasLostConnection)
                try await publisher.deleteQueue(queue)
            }
        }

        @Test func `Exchanges route by their bindings`() async throws {
            let (first, second) = (freshName("first"), freshName("second"))
            let (fan, topic) = (freshName("fan"), freshName("topic"))
            let topology = AMQPTopology(
                exchanges: [AMQPExchange(name: fan, kind: .fanout), AMQPExchange(name: topic, kind: .topic)],
                queues: [AMQPQueue(name: first), AMQPQueue(name: second)],
                bindings: [
                    AMQPBinding(exchange: fan, to: .exchange(topic)),
                    AMQPBinding(exchange: topic, queue: first, routingKey: "a.*"),
                    AMQPBinding(exchange: topic, queue: second, routingKey: "#"),
                ]
            )
            try await withPublisher(topology) { publisher, _ in
                try await publisher.publish(message("x"), to: fan, routingKey: "a.b", mandatory: true)
                try await publisher.publish(message("y"), to: topic, routingKey: "c", mandatory: true)
                let counts = (
                    try await publisher.queueStatus(first)?.messages, try await publisher.queueStatus(second)?.messages
                )
                #expect(counts == (1, 2))
                for name in [first, second] { try await publisher.deleteQueue(name) }
                for name in [fan, topic] { try await publisher.deleteExchange(name) }
            }
        }

        @Test func `A cancelled publish ends, and what follows goes on`() async throws {
            let configuration = try brokerConfiguration { $0.confirmWindow = 1 }
            try await withPublisher(queueTopology(AMQPQueue(name: queue)), configuration: configuration) {
                publisher,
                _ in
                let errors = await withTaskGroup(of: AMQPError?.self) { group in
                    for index in 0..<50 {
                        group.addTask { [queue] in
                            await amqpError { () async throws(AMQPError) in
                                try await publisher.publish(message("\(index)"), to: "", routingKey: queue)
                            }
                        }
                    }
                    group.cancelAll()
                    return await group.reduce(into: []) { $0.append($1) }
                }
                #expect(errors.count == 50)
                #expect(errors.allSatisfy { $0 == nil || $0?.code == .cancelled })
                #expect(errors.contains { $0?.code == .cancelled })
                try await publisher.publish(message("last"), to: "", routingKey: queue, mandatory: true)
                try await publisher.deleteQueue(queue)
            }
        }

        @Test func `Headers larger than a frame fail their message only`() async throws {
            try await withPublisher(queueTopology(AMQPQueue(name: queue))) { publisher, _ in
                var large = message("large")
                large.headers["x"] = .string(String(repeating: "x", count: 200_000))
                let batch = (0..<20).map { AMQPOutgoing(message("\($0)"), to: "", routingKey: queue, mandatory: true) }
                async let neighbours: Void = publisher.publish(batch: batch)
                let (tooLarge, key) = (large, queue)
                let error = await amqpError { () async throws(AMQPError) in
                    try await publisher.publish(tooLarge, to: "", routingKey: key)
                }
                #expect(error?.code == .invalidArgument)
                try await neighbours
                try await publisher.publish(message("after"), to: "", routingKey: queue, mandatory: true)
                try await publisher.deleteQueue(queue)
            }
        }

        @Test func `Names beyond the protocol's limits are refused before anything is sent`() async throws {
            try await withPublisher { publisher, _ in
                let error = await amqpError { () async throws(AMQPError) in
                    try await publisher.publish(message("x"), to: "", routingKey: String(repeating: "k", count: 256))
                }
                #expect(error?.code == .invalidArgument)
                #expect(error?.message == "routingKey has 256 bytes; at most 255 are allowed")
            }
        }
    }
}
