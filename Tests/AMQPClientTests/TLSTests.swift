import AMQPClient
import Foundation
import Testing

extension BrokerTests {
    @Suite struct TLS {
        private func configuration(
            host: String = "localhost",
            _ change: (inout AMQPTLSSettings) -> Void = { _ in }
        ) throws -> AMQPConfiguration {
            let server = try RabbitMQServer.shared.get()
            var configuration = try AMQPConfiguration(url: server.tlsURL(host: host))
            configuration.tls.authorityFile = server.folder + "/ca.pem"
            change(&configuration.tls)
            return configuration
        }

        /// The first attempt's error.
        private func failure(_ configuration: AMQPConfiguration) async throws -> AMQPError {
            let publisher = AMQPPublisher(configuration: configuration, logger: quietLogger)
            let log = EventLog()
            let events = publisher.events
            return try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { await log.collect(events) }
                group.addTask { try await publisher.run() }
                defer { group.cancelAll() }
                try await eventually { log.all.contains { if case .connectFailed = $0 { true } else { false } } }
                return try #require(
                    log.all.lazy.compactMap { if case .connectFailed(let error) = $0 { error } else { nil } }.first
                )
            }
        }

        @Test(arguments: [false, true])
        func `Messages pass over TLS, with a client's certificate or without`(hasCertificate: Bool) async throws {
            let folder = try RabbitMQServer.shared.get().folder
            let configuration = try configuration {
                if hasCertificate {
                    ($0.certificateFile, $0.keyFile) = (folder + "/client.pem", folder + "/client.key")
                }
            }
            let queue = freshName()
            let topology = queueTopology(AMQPQueue(name: queue))
            let batch = (0..<1000).map { AMQPOutgoing(message("\($0)"), to: "", routingKey: queue, mandatory: true) }
            let large = AMQPMessage(body: [UInt8](repeating: 7, count: 1 << 20))
            try await withPublisher(topology, configuration: configuration) { publisher, _ in
                try await publisher.publish(batch: batch)
                try await publisher.publish(large, to: "", routingKey: queue)
                try await withConsumer(of: queue, topology: topology, configuration: configuration) { consumer, _ in
                    var received: [AMQPDelivery] = []
                    while received.count < 1001 {
                        let batch =
                            await take(1, from: consumer) + (consumer.nextBatch(maximum: 50, within: .zero) ?? [])
                        if batch.isEmpty { break }
                        received += batch
                        await consumer.acknowledge(batch)
                    }
                    #expect(received.prefix(1000).map(text) == (0..<1000).map(String.init))
                    #expect(received.last?.message.body == large.body)
                }
                try await publisher.deleteQueue(queue)
            }
        }

        @Test func `A certificate for another host is refused`() async throws {
            let error = try await failure(configuration(host: "127.0.0.1"))
            #expect(error.code == .tlsFailed)
            #expect(error.message.contains("does not name that host"))
        }

        @Test func `A certificate of an unknown authority is refused`() async throws {
            let folder = try RabbitMQServer.shared.get().folder
            let error = try await failure(configuration { $0.authorityFile = folder + "/other-ca.pem" })
            #expect(error.code == .tlsFailed)
        }

        @Test func `A file that is none is named`() async throws {
            let error = try await failure(configuration { $0.authorityFile = "/no/such/file.pem" })
            #expect(error.code == .tlsFailed)
            #expect(error.message.contains("authorityFile /no/such/file.pem"))
        }
    }
}
