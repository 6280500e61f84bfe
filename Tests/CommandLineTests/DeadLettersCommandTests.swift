import AMQPClient
import Logging
import TestSupport
import Testing

@Suite("Dead letters on the command line", .timeLimit(.minutes(2)))
struct DeadLettersCommandTests {
    @Test("they are listed, shown, sent again and dropped")
    func life() async throws {
        let url = try await TestServers.shared.amqpURL()
        let prefix = freshAMQPPrefix()
        let command = CommandLine(environment: ["SLIPWAY_AMQP_URL": url, "SLIPWAY_AMQP_PREFIX": prefix])
        try await Self.withMessages(url, prefix, ids: ["first-0001", "second-002", "third-0003"]) { publisher in
            let list = try await command.run("admin", "dead-letters", "list")
            #expect(list.status == 0, "\(list.errors)")
            #expect(list.lines.count == 4 && list.lines.allSatisfy { $0.count <= 80 })
            #expect(list.lines[1].contains("first-00") && list.lines[1].contains("what fi"))
            let shown = try await command.run("admin", "dead-letters", "show", "2")
            #expect(shown.output.contains("second-002") && shown.output.contains("\(prefix).reports"))
            let beyond = try await command.run("admin", "dead-letters", "show", "9")
            #expect(beyond.status == 66)

            let resent = try await command.run("admin", "dead-letters", "resend", "--id", "second", "-o", "name")
            #expect(resent.lines == ["second-002"], "\(resent.errors)")
            let delivery = try #require(try await publisher.get(from: "\(prefix).reports"))
            #expect(delivery.message.messageID == "second-002")
            let unasked = try await command.run("admin", "dead-letters", "drop", "--all")
            #expect(unasked.status == 64 && unasked.errors.contains("--yes"))
            let tried = try await command.run("admin", "dead-letters", "drop", "--all", "--dry-run", "-o", "name")
            #expect(tried.lines.count == 2, "\(tried)")
            let dropped = try await command.run("admin", "dead-letters", "drop", "--all", "--yes")
            #expect(dropped.output == "dropped: 2 messages.\n")
            #expect(try await command.run("admin", "dead-letters", "list", "-o", "name").output.isEmpty)
        }
    }

    /// Runs `body` with messages among the dead letters that were once in the queue of reports.
    private static func withMessages(
        _ url: String,
        _ prefix: String,
        ids: [String],
        _ body: (AMQPPublisher) async throws -> Void
    ) async throws {
        let topology = AMQPTopology(
            exchanges: [AMQPExchange(name: "\(prefix).dead", kind: .fanout)],
            queues: [AMQPQueue(name: "\(prefix).dead-letters"), AMQPQueue(name: "\(prefix).reports")],
            bindings: [AMQPBinding(exchange: "\(prefix).dead", queue: "\(prefix).dead-letters")]
        )
        let publisher = AMQPPublisher(
            configuration: try AMQPConfiguration(url: url),
            topology: topology,
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        )
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await publisher.run() }
            defer { group.cancelAll() }
            for id in ids {
                let message = AMQPMessage(body: Array("what \(id) says".utf8), messageID: id)
                try await publisher.publish(message, to: "\(prefix).dead", routingKey: "\(prefix).reports")
            }
            try await body(publisher)
            for queue in topology.queues { try await publisher.deleteQueue(queue.name) }
            try await publisher.deleteExchange("\(prefix).dead")
        }
    }

    @Test("a broker that is away, a queue that is not there and half a question are told apart")
    func failures() async throws {
        let away = try await CommandLine(environment: ["SLIPWAY_AMQP_URL": "amqp://127.0.0.1:1"])
            .run("admin", "dead-letters", "list")
        #expect(away.status == 69)
        #expect(away.errors.contains("the broker cannot be reached"))

        let url = try await TestServers.shared.amqpURL()
        let command = CommandLine(environment: ["SLIPWAY_AMQP_URL": url, "SLIPWAY_AMQP_PREFIX": freshAMQPPrefix()])
        let missing = try await command.run("admin", "dead-letters", "list")
        #expect(missing.status == 66)
        #expect(missing.errors.contains(".dead-letters"))
        #expect(try await command.run("admin", "dead-letters", "resend").status == 64)
        #expect(try await command.run("admin", "dead-letters", "show").status == 64)
        #expect(try await command.run("admin", "dead-letters", "list", "--state", "/nowhere").status == 66)
    }
}
