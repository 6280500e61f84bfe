import AMQPClient
import Foundation
import Testing

extension BrokerTests {
    @Suite struct Recovering {
        let queue = freshName()

        /// Recovery is quick, and silence is noticed soon.
        private func configuration(_ change: (inout AMQPConfiguration) -> Void = { _ in }) throws -> AMQPConfiguration {
            try brokerConfiguration {
                $0.reconnectBackoff = AMQPBackoff(first: .milliseconds(20), limit: .milliseconds(200))
                $0.connectTimeout = .seconds(5)
                change(&$0)
            }
        }

        @Test func `After a connection is killed deliveries come again and old ones are stale`() async throws {
            let topology = queueTopology(AMQPQueue(name: queue))
            let configuration = try configuration()
            try await withPublisher(topology, configuration: configuration) { publisher, log in
                try await publisher.publish(message("x"), to: "", routingKey: queue, mandatory: true)
                try await withConsumer(of: queue, topology: topology, configuration: configuration) {
                    consumer,
                    consumerLog in
                    let old = try #require(await take(1, from: consumer).first)
                    try await RabbitMQServer.shared.get().control("close_all_connections", "test")
                    let new = try #require(await take(1, from: consumer).first)
                    #expect(new.isRedelivered)
                    let settlement = await old.acknowledge()
                    #expect(settlement == .stale)
                    let rejected = await old.reject(requeue: true)
                    #expect(rejected == .stale)
                    let acknowledged = await new.acknowledge()
                    #expect(acknowledged == .sent)
                    #expect(consumerLog.hasLostConnection)
                    try await eventually { log.hasLostConnection && publisher.isReady }
                    try await publisher.publish(message("y"), to: "", routingKey: queue, mandatory: true)
                    let last = await take(1, from: consumer)
                    #expect(last.map(text) == ["y"])
                    await consumer.acknowledge(last)
                }
                try await publisher.deleteQueue(queue)
            }
        }

        @Test func `A restart of the broker loses nothing, whatever was under way`() async throws {
            let topology = queueTopology(AMQPQueue(name: queue))
            let configuration = try configuration { $0.confirmTimeout = .seconds(60) }
            let server = try RabbitMQServer.shared.get()
            try await withPublisher(topology, configuration: configuration) { publisher, _ in
                try await withConsumer(of: queue, topology: topology, prefetch: 20, configuration: configuration) {
                    consumer,
                    log in
                    try await publisher.publish(
                        batch: (0..<10).map { AMQPOutgoing(message("before \($0)"), to: "", routingKey: queue) }
                    )
                    let held = await take(10, from: consumer)
                    try await withThrowingTaskGroup(of: Void.self) { group in
                        group.addTask { try await server.restart() }
                        try await eventually("the loss is noticed") { log.hasLostConnection }
                        // Published into the outage: each call waits and is confirmed after it.
                        for index in 0..<20 {
                            group.addTask { [queue] in
                                try await publisher.publish(message("during \(index)"), to: "", routingKey: queue)
                            }
                        }
                        try await group.waitForAll()
                    }
                    let wanted = Set((0..<10).map { "before \($0)" } + (0..<20).map { "during \($0)" })
                    var seen: Set<String> = []
                    while seen != wanted, let batch = await consumer.nextBatch(maximum: 50, within: .seconds(20)),
                        !batch.isEmpty
                    {
                        seen.formUnion(batch.map(text))
                        await consumer.acknowledge(batch)
                    }
                    #expect(seen == wanted)
                    let stale = await consumer.acknowledge(held)
                    #expect(stale == AMQPSettlementCount(sent: 0, stale: 10))
                }
                try await publisher.deleteQueue(queue)
            }
        }

        @Test func `A resource alarm makes publishers wait`() async throws {
            let server = try RabbitMQServer.shared.get()
            let configuration = try configuration { $0.confirmTimeout = .seconds(20) }
            try await withPublisher(queueTopology(AMQPQueue(name: queue)), configuration: configuration) {
                publisher,
                log in
                try await server.control("set_vm_memory_high_watermark", "0.000001")
                let hasPublished = try await withThrowingTaskGroup(of: Bool.self) { group in
                    // The broker tells a connection when it publishes.
                    group.addTask { [queue] in
                        try await publisher.publish(message("first"), to: "", routingKey: queue)
                        return true
                    }
                    try await eventually("the alarm is told") {
                        log.contains { if case .blocked = $0 { true } else { false } }
                    }
                    #expect(!publisher.isReady)
                    let impatient = await withThrowingTaskGroup(of: AMQPError?.self) { inner in
                        inner.addTask { [queue] in
                            await amqpError { () async throws(AMQPError) in
                                try await publisher.publish(message("cancelled"), to: "", routingKey: queue)
                            }
                        }
                        inner.cancelAll()
                        return (try? await inner.next()) ?? nil  // why: the task does not throw
                    }
                    #expect(impatient?.code == .cancelled)
                    try await server.control("set_vm_memory_high_watermark", "absolute", "512MB")
                    return try await group.next() ?? false
                }
                #expect(hasPublished)
                #expect(log.count(.unblocked) >= 1)
                try await eventually { publisher.isReady }
                #expect(!log.hasLostConnection)
                let count = try await publisher.deleteQueue(queue)
                #expect(count == 1)
            }
        }

        @Test func `A publish into a lasting alarm ends at its deadline`() async throws {
            let server = try RabbitMQServer.shared.get()
            let configuration = try configuration {
                $0.confirmTimeout = .seconds(2)
                $0.callTimeout = .milliseconds(500)
                $0.closeTimeout = .milliseconds(200)
            }
            try await server.control("set_vm_memory_high_watermark", "0.000001")
            do {
                try await withPublisher(configuration: configuration) { publisher, log in
                    async let first = amqpError { () async throws(AMQPError) in
                        try await publisher.publish(message("sent"), to: "", routingKey: "nowhere")
                    }
                    try await eventually { log.contains { if case .blocked = $0 { true } else { false } } }
                    let second = await amqpError { () async throws(AMQPError) in
                        try await publisher.publish(message("kept"), to: "", routingKey: "nowhere")
                    }
                    #expect(await first?.code == .timedOut)
                    #expect(second?.code == .blocked)
                    let status = await amqpError { () async throws(AMQPError) in
                        _ = try await publisher.queueStatus("nothing")
                    }
                    #expect(status?.code == .blocked)
                }
            } catch {
                try await server.control("set_vm_memory_high_watermark", "absolute", "512MB")
                throw error
            }
            try await server.control("set_vm_memory_high_watermark", "absolute", "512MB")
        }

        @Test func `Heartbeats keep an idle connection`() async throws {
            let configuration = try configuration { $0.heartbeat = .seconds(1) }
            let topology = queueTopology(AMQPQueue(name: queue))
            try await withPublisher(topology, configuration: configuration) { publisher, log in
                try await withConsumer(of: queue, topology: topology, configuration: configuration) {
                    consumer,
                    consumerLog in
                    let nothing = await consumer.nextBatch(maximum: 1, within: .seconds(4))
                    #expect(nothing?.isEmpty == true)
                    try await publisher.publish(message("x"), to: "", routingKey: queue)
                    let deliveries = await take(1, from: consumer)
                    await consumer.acknowledge(deliveries)
                    #expect(!log.hasLostConnection && !consumerLog.hasLostConnection)
                }
                try await publisher.deleteQueue(queue)
            }
        }

        @Test func `A frozen broker is noticed, and its thaw too`() async throws {
            let server = try RabbitMQServer.shared.get()
            let configuration = try configuration {
                $0.heartbeat = .seconds(1)
                $0.callTimeout = .seconds(1)
                $0.connectTimeout = .seconds(1)
                $0.confirmTimeout = .seconds(30)
            }
            let topology = queueTopology(AMQPQueue(name: queue))
            try await withPublisher(topology, configuration: configuration) { publisher, log in
                server.signalNode(SIGSTOP)
                defer { server.signalNode(SIGCONT) }
                async let published = amqpError { () async throws(AMQPError) in
                    try await publisher.publish(message("x"), to: "", routingKey: queue)
                }
                try await eventually("the silence is noticed", within: .seconds(6)) { log.hasLostConnection }
                try await eventually("connecting fails by its deadline", within: .seconds(6)) {
                    log.contains { if case .connectFailed = $0 { true } else { false } }
                }
                server.signalNode(SIGCONT)
                #expect(await published == nil)
                try await eventually("one copy or two") { try await publisher.queueStatus(queue)?.messages ?? 0 > 0 }
                try await publisher.deleteQueue(queue)
            }
        }

        @Test func `A call on a frozen broker ends at its deadline`() async throws {
            let server = try RabbitMQServer.shared.get()
            let configuration = try configuration { $0.callTimeout = .milliseconds(500) }
            try await withPublisher(configuration: configuration) { publisher, log in
                server.signalNode(SIGSTOP)
                defer { server.signalNode(SIGCONT) }
                let start = ContinuousClock.now
                let error = await amqpError { () async throws(AMQPError) in
                    _ = try await publisher.queueStatus("nothing")
                }
                #expect(error?.code == .timedOut)
                #expect(.now - start < .seconds(3))
                #expect(log.hasLostConnection)
            }
        }

        @Test func `A send to a frozen broker ends at its deadline`() async throws {
            let server = try RabbitMQServer.shared.get()
            let configuration = try configuration {
                $0.callTimeout = .milliseconds(500)
                $0.confirmTimeout = .seconds(3)
            }
            try await withPublisher(configuration: configuration) { publisher, log in
                server.signalNode(SIGSTOP)
                defer { server.signalNode(SIGCONT) }
                // More than the buffers of both kernels take.
                let large = AMQPMessage(body: [UInt8](repeating: 1, count: 64 << 20))
                let error = await amqpError { () async throws(AMQPError) in
                    try await publisher.publish(large, to: "", routingKey: "nowhere")
                }
                #expect(error?.code == .timedOut)
                #expect(log.hasLostConnection)
            }
        }

        @Test func `A wrong password ends the run at once, and no text shows it`() async throws {
            let url = try RabbitMQServer.shared.get().url.replacing("se%20cret%2F1", with: "another%20secret")
            let configuration = try AMQPConfiguration(url: url)
            let publisher = AMQPPublisher(configuration: configuration, logger: quietLogger)
            let error = await amqpError { () async throws(AMQPError) in try await publisher.run() }
            #expect(error?.code == .accessRefused)
            #expect(error?.replyCode == 403)
            #expect(
                !"\(String(describing: error)) \(configuration) \(String(reflecting: configuration))".contains("secret")
            )
            let late = await amqpError { () async throws(AMQPError) in
                try await publisher.publish(message("x"), to: "", routingKey: "nowhere")
            }
            #expect(late?.code == .closed)
        }
    }
}
