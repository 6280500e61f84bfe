import Testing

@testable import AMQPClient

@Suite struct ContentAssemblerTests {
    private let envelope = ContentAssembler.Envelope.delivery(
        exchange: "e",
        routingKey: "k",
        isRedelivered: true,
        tag: 7
    )

    private func body(of event: RabbitEvent?) -> [UInt8]? {
        if case .delivered(let delivery) = event { delivery.message.body } else { nil }
    }

    @Test func `A body comes in pieces`() throws {
        var assembler = ContentAssembler()
        try assembler.begin(envelope)
        #expect(try assembler.header(AMQPMessage(body: []), bodySize: 5) == nil)
        #expect(try assembler.body([1, 2]) == nil)
        #expect(!assembler.isIdle)
        #expect(body(of: try assembler.body([3, 4, 5])) == [1, 2, 3, 4, 5])
        #expect(assembler.isIdle)
    }

    @Test func `An empty body has no frame`() throws {
        var assembler = ContentAssembler()
        try assembler.begin(.returned(exchange: "e", routingKey: "k", replyText: "NO_ROUTE"))
        guard case .returned(_, "e", "k", "NO_ROUTE") = try assembler.header(AMQPMessage(body: []), bodySize: 0) else {
            Issue.record("the return is missing")
            return
        }
        #expect(assembler.isIdle)
    }

    @Test func `Frames out of order are refused`() throws {
        var idle = ContentAssembler()
        #expect(throws: ContentAssembler.Failure.self) { try idle.header(AMQPMessage(body: []), bodySize: 1) }
        #expect(throws: ContentAssembler.Failure.self) { try idle.body([1]) }
        var begun = ContentAssembler()
        try begun.begin(envelope)
        #expect(throws: ContentAssembler.Failure.self) { try begun.begin(envelope) }
        #expect(throws: ContentAssembler.Failure.self) { try begun.body([1]) }
        _ = try begun.header(AMQPMessage(body: []), bodySize: 2)
        #expect(throws: ContentAssembler.Failure.self) { try begun.body([1, 2, 3]) }
    }

    @Test func `An announced size is not believed without limit`() throws {
        var assembler = ContentAssembler()
        try assembler.begin(envelope)
        #expect(try assembler.header(AMQPMessage(body: []), bodySize: .max) == nil)
        #expect(try assembler.body([1]) == nil)
    }
}

@Suite struct TopologyTests {
    @Test func `A queue's settings become arguments`() {
        let queue = AMQPQueue(
            name: "q",
            deliveryLimit: 5,
            deadLetterExchange: "",
            deadLetterRoutingKey: "dead",
            deadLetterStrategy: .atLeastOnce,
            messageTTL: .seconds(2),
            expires: .seconds(60),
            maximumLength: 10,
            maximumLengthBytes: 1000,
            overflow: .rejectPublish,
            singleActiveConsumer: true,
            furtherArguments: ["x-further": 1, "x-queue-type": "stream"]
        )
        #expect(
            queue.arguments == [
                "x-queue-type": "quorum", "x-delivery-limit": 5, "x-dead-letter-exchange": "",
                "x-dead-letter-routing-key": "dead", "x-dead-letter-strategy": "at-least-once", "x-message-ttl": 2000,
                "x-expires": 60_000, "x-max-length": 10, "x-max-length-bytes": 1000, "x-overflow": "reject-publish",
                "x-single-active-consumer": true, "x-further": 1,
            ]
        )
        #expect(AMQPQueue(name: "q", kind: .exclusive).arguments == ["x-queue-type": "classic"])
    }

    @Test func `Merging adds what is new and replaces by name`() {
        var topology = AMQPTopology(
            exchanges: [AMQPExchange(name: "e")],
            queues: [AMQPQueue(name: "a"), AMQPQueue(name: "b")],
            bindings: [AMQPBinding(exchange: "e", queue: "a")]
        )
        topology.merge(
            AMQPTopology(
                queues: [AMQPQueue(name: "a", deliveryLimit: 1)],
                bindings: [AMQPBinding(exchange: "e", queue: "a"), AMQPBinding(exchange: "e", queue: "b")]
            )
        )
        #expect(topology.queues == [AMQPQueue(name: "b"), AMQPQueue(name: "a", deliveryLimit: 1)])
        #expect(topology.bindings.count == 2)
        topology.remove(queue: "a")
        #expect(topology.bindings == [AMQPBinding(exchange: "e", queue: "b")])
        topology.remove(exchange: "e")
        #expect(topology == AMQPTopology(queues: [AMQPQueue(name: "b")]))
    }

    @Test func `Durations are counted in whole milliseconds, within bounds`() {
        #expect(Duration.microseconds(1999).wholeMilliseconds == 1)
        #expect(Duration.seconds(Int64.max).wholeMilliseconds == .max)
    }
}

@Suite struct AMQPErrorTests {
    @Test(arguments: [
        (AMQPError(.refused, ""), true), (AMQPError(.connectionLost, ""), true), (AMQPError(.timedOut, ""), true),
        (AMQPError(.blocked, ""), true), (AMQPError(.unroutable, ""), false), (AMQPError(.closed, ""), false),
        (AMQPError(.brokerRefused, "", replyCode: 405), true), (AMQPError(.brokerRefused, "", replyCode: 406), false),
    ])
    func `It says whether a repetition may help`(error: AMQPError, isRetriable: Bool) {
        #expect(error.isRetriable == isRetriable)
    }
}
