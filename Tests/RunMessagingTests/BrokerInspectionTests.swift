import AMQPClient
import TestSupport
import Testing

@testable import RunMessaging

@Suite(
    "An inspection of the broker sees what is missing and what is different, and changes nothing",
    .timeLimit(.minutes(2))
)
struct BrokerInspectionTests {
    private func read(_ fixture: BrokerFixture) async throws -> BrokerInspection {
        try await BrokerInspection.read(
            fixture.configuration,
            names: fixture.names,
            clusters: ["default"],
            logger: BrokerFixture.logger
        )
    }

    @Test("queues that are as they should be are told with their consumers and messages")
    func healthy() async throws {
        try await BrokerFixture.with { fixture in
            let inspection = try await read(fixture)
            #expect(inspection.queues.count == 4 && inspection.queues.count { $0.isWork } == 3)
            #expect(inspection.queues.allSatisfy { $0.status != nil && $0.difference == nil })
            #expect(inspection.deadLetters == 0)
        }
    }

    @Test("a queue that is missing stays missing, one with another limit is different")
    func broken() async throws {
        try await BrokerFixture.with { fixture in
            let publisher = fixture.messaging.publisher.publisher
            let (reports, dispatch) = (fixture.names.reports, fixture.names.dispatch("default"))
            try await publisher.deleteQueue(reports)
            try await publisher.deleteQueue(dispatch)
            let other = AMQPQueue(
                name: dispatch,
                deliveryLimit: 3,
                deadLetterExchange: fixture.names.dead,
                deadLetterRoutingKey: dispatch
            )
            try await publisher.declare(AMQPTopology(queues: [other]))
            for _ in 1...2 {
                let queues = try await read(fixture).queues
                #expect(queues.first { $0.name == reports }?.status == nil)
                #expect(queues.first { $0.name == dispatch }?.difference?.contains("x-delivery-limit") == true)
                #expect(queues.count { $0.status != nil && $0.difference == nil } == 2)
            }
        }
    }
}
