import AMQPClient
import SlipwayCore
import TestSupport
import Testing

@testable import RunMessaging

@Suite("Dead letters are visible, can be sent again, and are not lost", .timeLimit(.minutes(2)))
struct DeadLettersTests {
    @Test("an unreadable message dies once and is shown with where it was; those behind it flow on")
    func poison() async throws {
        try await BrokerFixture.with { fixture in
            let queue = fixture.names.supervise("default")
            try await fixture.kill([("poison-1", "no hint \u{1B}[31m")])
            let page = try await fixture.deadLetters { try await $0.list() }
            let letter = try #require(page.letters.first)
            #expect(page.letters.count == 1 && !page.isCut)
            #expect(letter.id == "poison-1" && letter.queue == queue && letter.reason == "rejected")
            #expect(letter.count == 1 && letter.type == "supervise" && letter.text == "no hint \u{1B}[31m")
            #expect(letter.at != nil)
            // It is given back without a word.
            try await eventually("the count is told") { try await fixture.messaging.deadLetterCount() == 1 }
        }
    }

    @Test("every message a process publishes has an id of its own")
    func identifiers() async throws {
        try await BrokerFixture.with { fixture in
            let lease = SuperviseHint.Lease(run: RunID(high: 0x7000, low: 1 << 63), epoch: 1)
            for _ in 1...2 { try await fixture.messaging.supervise(cluster: "default", [lease]) }
            var ids: Set<String> = []
            let publisher = fixture.messaging.publisher.publisher
            while let delivery = try await publisher.get(from: fixture.names.supervise("default")) {
                ids.insert(try #require(delivery.message.messageID))
                await delivery.acknowledge()
            }
            #expect(ids.count == 2)
        }
    }

    @Test("looking changes nothing, however often; not even beyond what a broker delivers before it gives up")
    func looking() async throws {
        try await BrokerFixture.with { fixture in
            try await fixture.kill([("a", "1"), ("b", "2"), (nil, "3")])
            let first = try await fixture.deadLetters { try await $0.list() }.letters
            for _ in 1...30 {
                let again = try await fixture.deadLetters { try await $0.list() }.letters
                #expect(again == first)
            }
            #expect(first.map(\.text).sorted() == ["1", "2", "3"])
            #expect(first.contains { $0.id.hasPrefix("content-") })
            let publisher = fixture.messaging.publisher.publisher
            for _ in 1...3 {
                let delivery = try #require(try await publisher.get(from: fixture.names.deadLetters))
                #expect((1..<15).contains(delivery.deliveryCount ?? 0), "a broker gives up after 20 deliveries")
            }
        }
    }

    @Test("more than the limit are not looked at, and that is told")
    func limit() async throws {
        try await BrokerFixture.with { fixture in
            try await fixture.kill([("a", "1"), ("b", "2"), ("c", "3")])
            let page = try await fixture.deadLetters { try await $0.list(limit: 2) }
            #expect(page.letters.count == 2 && page.isCut)
        }
    }

    @Test("a message sent again is delivered again, as it was, and is no dead letter any more")
    func resend() async throws {
        try await BrokerFixture.with { fixture in
            let queue = fixture.names.supervise("default")
            try await fixture.kill([("a", "1"), ("b", "2")])
            let outcome = try await fixture.deadLetters { try await $0.resend(.ids(["b", "unknown"])) }
            #expect(outcome.done.map(\.id) == ["b"] && outcome.failed.isEmpty && outcome.doubled.isEmpty)
            let publisher = fixture.messaging.publisher.publisher
            let delivery = try #require(try await publisher.get(from: queue))
            #expect(delivery.message.messageID == "b" && delivery.message.body == Array("2".utf8))
            #expect(delivery.message.headers["x-death"] == nil && delivery.message.isPersistent)
            await delivery.acknowledge()
            let left = try await fixture.deadLetters { try await $0.list() }.letters
            #expect(left.map(\.id) == ["a"])
        }
    }

    @Test("what died in another queue is left alone")
    func byQueue() async throws {
        try await BrokerFixture.with { fixture in
            try await fixture.kill([("a", "1")])
            let other = try await fixture.deadLetters { try await $0.resend(.all(queue: "other")) }
            #expect(other.done.isEmpty)
            let own = try await fixture.deadLetters {
                try await $0.resend(.all(queue: fixture.names.supervise("default")))
            }
            #expect(own.done.map(\.id) == ["a"])
        }
    }

    @Test("a message whose queue is gone stays, and the others are sent")
    func unroutable() async throws {
        try await BrokerFixture.with { fixture in
            try await fixture.kill([("a", "1"), ("b", "2")])
            try await fixture.messaging.publisher.publisher.deleteQueue(fixture.names.supervise("default"))
            let outcome = try await fixture.deadLetters { try await $0.resend(.all(queue: nil)) }
            #expect(outcome.done.isEmpty && outcome.failed.map(\.letter.id).sorted() == ["a", "b"])
            try await eventually("both are back") { try await fixture.depth(fixture.names.deadLetters) == 2 }
        }
    }

    @Test("interrupted between sending and taking away, a message is in both places, and in none is it lost")
    func interrupted() async throws {
        struct Killed: Error {}
        try await BrokerFixture.with { fixture in
            try await fixture.kill([("a", "1")])
            await #expect(throws: Killed.self) {
                try await fixture.deadLetters { letters in
                    var letters = letters
                    letters.betweenPublishAndAcknowledge = { throw Killed() }
                    _ = try await letters.resend(.all(queue: nil))
                }
            }
            try await eventually("it is among the dead letters again") {
                try await fixture.depth(fixture.names.deadLetters) == 1
            }
            try await eventually("it is in its queue too") {
                try await fixture.depth(fixture.names.supervise("default")) == 1
            }
        }
    }

    @Test("what dies again while it is sent again is not sent for ever")
    func again() async throws {
        try await BrokerFixture.with { fixture in
            try await fixture.kill([("a", "1"), (nil, "2")])
            let queue = fixture.names.supervise("default")
            let publisher = fixture.messaging.publisher.publisher
            let outcome = try await fixture.deadLetters { letters in
                var letters = letters
                // A consumer that cannot read it either.
                letters.betweenPublishAndAcknowledge = {
                    let delivery = try #require(try await publisher.get(from: queue))
                    await delivery.reject(requeue: false)
                    try await eventually("it is dead again") {
                        try await fixture.depth(fixture.names.deadLetters) > 0
                    }
                }
                return try await letters.resend(.all(queue: nil))
            }
            #expect(outcome.done.count == 2)
            try await eventually("both are dead again") { try await fixture.depth(fixture.names.deadLetters) == 2 }
        }
    }

    @Test("what is dropped is gone, and nothing else")
    func drop() async throws {
        try await BrokerFixture.with { fixture in
            try await fixture.kill([("a", "1"), ("b", "2")])
            let outcome = try await fixture.deadLetters { try await $0.drop(.ids(["a"])) }
            #expect(outcome.done.map(\.id) == ["a"])
            let left = try await fixture.deadLetters { try await $0.list() }.letters
            #expect(left.map(\.id) == ["b"])
            #expect(try await fixture.depth(fixture.names.supervise("default")) == 0)
        }
    }

    @Test("the queue that was never declared is told as such")
    func missing() async throws {
        try await BrokerFixture.with { fixture in
            try await fixture.messaging.publisher.publisher.deleteQueue(fixture.names.deadLetters)
            let error = await #expect(throws: AMQPError.self) {
                try await fixture.deadLetters { _ = try await $0.list() }
            }
            #expect(error?.replyCode == 404)
        }
    }
}
