import AMQPClient
import Foundation
import Testing

/// What needs no broker: one that refuses, one that is silent.
@Suite struct UnreachableTests {
    private func configuration(port: Int, _ change: (inout AMQPConfiguration) -> Void = { _ in }) throws
        -> AMQPConfiguration
    {
        var configuration = try AMQPConfiguration(url: "amqp://guest:guest@127.0.0.1:\(port)")
        configuration.reconnectBackoff = AMQPBackoff(first: .milliseconds(10), limit: .milliseconds(50))
        change(&configuration)
        return configuration
    }

    @Test func `A silent peer is given up at the deadline, and cancelling does not wait for it`() async throws {
        let (descriptor, port) = try LoopbackSocket.listen()
        defer { close(descriptor) }
        let configuration = try configuration(port: port) { $0.connectTimeout = .milliseconds(500) }
        let publisher = AMQPPublisher(configuration: configuration, logger: quietLogger)
        let log = EventLog()
        let events = publisher.events
        try await withThrowingTaskGroup(of: Void.self) { outer in
            outer.addTask { await log.collect(events) }
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { try await publisher.run() }
                try await eventually("two attempts end", within: .seconds(5)) {
                    log.all.count { if case .connectFailed = $0 { true } else { false } } >= 2
                }
                let start = ContinuousClock.now
                group.cancelAll()
                try await group.waitForAll()
                #expect(.now - start < .milliseconds(400))
            }
            try await outer.waitForAll()
        }
        let failures = log.all.compactMap { if case .connectFailed(let error) = $0 { error } else { nil } }
        #expect(
            failures.allSatisfy {
                $0.code == .connectFailed && $0.message.hasSuffix("did not answer within 0.5 seconds")
            }
        )
        #expect(log.all.last == .closed)
    }

    @Test func `A publish waits for a connection until its deadline`() async throws {
        let configuration = try configuration(port: FreePort.take()) { $0.confirmTimeout = .milliseconds(300) }
        let publisher = AMQPPublisher(configuration: configuration, logger: quietLogger)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await publisher.run() }
            let error = await amqpError { () async throws(AMQPError) in
                try await publisher.publish(message("x"), to: "", routingKey: "q")
            }
            #expect(error?.code == .timedOut)
            #expect(error?.message.contains("no connection") == true)
            group.cancelAll()
            try await group.waitForAll()
        }
    }

    @Test func `A publish ends with its publisher`() async throws {
        let publisher = AMQPPublisher(configuration: try configuration(port: FreePort.take()), logger: quietLogger)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await publisher.run() }
            async let error = amqpError { () async throws(AMQPError) in
                try await publisher.publish(message("x"), to: "", routingKey: "q")
            }
            async let status = amqpError { () async throws(AMQPError) in
                _ = try await publisher.queueStatus("q")
            }
            group.cancelAll()
            try await group.waitForAll()
            #expect(await error?.code == .closed)
            #expect(await status?.code == .closed)
        }
        let second = await amqpError { () async throws(AMQPError) in try await publisher.run() }
        #expect(second?.code == .closed)
    }

    @Test func `A consumer that never connects stops and ends its sequences`() async throws {
        let consumer = AMQPConsumer(
            configuration: try configuration(port: FreePort.take()),
            queue: "q",
            prefetch: 1,
            logger: quietLogger
        )
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await consumer.run() }
            group.addTask { for await _ in consumer.deliveries { Issue.record("nothing can arrive") } }
            await consumer.stop()
            try await group.waitForAll()
        }
        #expect(!consumer.isReady)
    }
}
