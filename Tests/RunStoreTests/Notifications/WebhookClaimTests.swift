import PostgresClient
import RunStore
import Scheduler
import SlipwayCore
import Testing

@Suite struct WebhookClaimTests {
    @Test("an alert after a week of silence is tried again, however its first attempt ends")
    func lone() async throws {
        try await StoreFixture.with { fixture in
            try await WebhookReceiver.with({ _ in .init(status: 503) }) { receiver in
                let (key, _) = try await fixture.webhook("pager", receiver.url, events: [.run(.failed)])
                try await fixture.store.pool.query(
                    "UPDATE webhook_endpoints SET failing_since = now() - interval '7 days'"
                )
                _ = try await fixture.run(in: .failed)
                let clock = MovedClock()
                let holder = StoreFixture.identifier()
                let delivery = fixture.delivery(clock, holder: holder)
                for _ in 0..<4 {
                    #expect(try await fixture.deliverDue(clock, delivery, holder: holder) == 1)
                    clock.advance(.seconds(200))
                }
                #expect(try await fixture.store.webhook(key)?.spec.isEnabled == true)
                clock.advance(.seconds(24 * 3600))
                #expect(try await fixture.deliverDue(clock, delivery, holder: holder) == 1)
                #expect(try await fixture.store.webhook(key)?.disabledReason == .failing)
            }
        }
    }

    @Test(
        "what an old address answered says nothing about the new one, nor what failed before about what was turned on again"
    )
    func changed() async throws {
        try await StoreFixture.with { fixture in
            let (key, _) = try await fixture.webhook("pager", "http://127.0.0.1:1", events: [.run(.failed)])
            func claim(failing: Bool) async throws -> ClaimedDelivery {
                let claimed = try await fixture.claimDue(failing: failing)
                return try #require(claimed.first)
            }
            func settle(_ delivery: ClaimedDelivery, _ outcome: WebhookPolicy.Outcome) async throws -> SettledDelivery {
                let decision = WebhookPolicy.standard.decide(
                    outcome,
                    attempt: 9,
                    ageSeconds: 90_000,
                    failingForSeconds: 180_000,
                    random: 0
                )
                #expect(decision.next == .givenUp && decision.disables != nil)
                return try await fixture.store.settle(
                    delivery,
                    DeliveryAttempt(at: .now, status: 410, seconds: 1, error: nil),
                    decision,
                    holder: fixture.holder.id,
                    now: .now
                )
            }
            _ = try await fixture.run(in: .failed)
            let first = try await claim(failing: false)
            _ = try await fixture.store.updateWebhook(key, by: "ann") { spec in
                var spec = spec
                spec.url = "http://127.0.0.1:2"
                return spec
            }
            #expect(try await settle(first, .gone) == .done)
            #expect(try await fixture.store.webhook(key)?.failingSince == nil)

            _ = try await fixture.run(in: .failed)
            try await fixture.store.pool.query(
                "UPDATE webhook_endpoints SET failing_since = now() - interval '2 days'"
            )
            let second = try await claim(failing: true)
            for isEnabled in [false, true] { try await fixture.turn(key, isEnabled: isEnabled) }
            #expect(try await settle(second, .failed) == .done)
            #expect(try await fixture.store.webhook(key)?.spec.isEnabled == true)
        }
    }

    @Test("what an endpoint missed while it was off is not told to it when it is on again")
    func missed() async throws {
        try await StoreFixture.with { fixture in
            try await WebhookReceiver.with { receiver in
                let (key, _) = try await fixture.webhook("pager", receiver.url, events: [.run(.failed)])
                _ = try await fixture.run(in: .failed)
                for isEnabled in [false, true] { try await fixture.turn(key, isEnabled: isEnabled) }
                let clock = MovedClock()
                let holder = StoreFixture.identifier()
                let delivery = fixture.delivery(clock, holder: holder)
                #expect(try await fixture.deliverDue(clock, delivery, holder: holder) == 0)
                _ = try await fixture.run(in: .failed)
                #expect(try await fixture.deliverDue(clock, delivery, holder: holder) == 1)
                #expect(try await fixture.store.giveUpDeliveries() == 1)
                let record = try #require(try await fixture.store.webhook(key))
                let states = try await fixture.store.deliveries(of: record.id, limit: 5).map(\.state)
                #expect(states == [.delivered, .failed])
            }
        }
    }

    @Test("what cannot be told any more blocks nothing, and is given up")
    func untold() async throws {
        try await StoreFixture.with { fixture in
            try await fixture.webhook("pager", "http://127.0.0.1:1", events: [.run(.failed)])
            _ = try await fixture.run(in: .failed)
            try await fixture.store.pool.query("DELETE FROM notifications")
            _ = try await fixture.run(in: .failed)
            #expect(try await fixture.claimDue(failing: false, perEndpoint: 1).count == 1)
            #expect(try await fixture.store.giveUpDeliveries() == 1)
            #expect(try await fixture.store.giveUpDeliveries() == 0)
        }
    }

    @Test("teams take turns: one with many deliveries under way waits for one with few")
    func turns() async throws {
        try await StoreFixture.with { fixture in
            let pool = fixture.store.pool
            try await pool.query("INSERT INTO teams (name, namespace) VALUES ('finance', 'finance')")
            for number in 1...10 {
                try await fixture.webhook("many-\(number)", "http://127.0.0.1:1", events: [.run(.failed)])
            }
            func tell(_ team: String) async throws {
                try await pool.query("SELECT tell_team(\(team), 'run.failed', clock_timestamp(), '{}')")
            }
            for _ in 0..<4 { try await tell("default") }
            #expect(
                try await fixture.claimDue(failing: false, limit: 8).map(\.key.team)
                    == Array(repeating: "default", count: 8)
            )
            let key = WebhookKey(team: "finance", name: "one")
            _ = try await fixture.store.createWebhook(
                WebhookSpec(url: "http://127.0.0.1:1", events: [.run(.failed)]),
                key: key,
                id: StoreFixture.identifier(),
                secret: "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
                by: nil
            )
            for _ in 0..<3 { try await tell("finance") }
            #expect(try await fixture.claimDue(failing: false, limit: 1).map(\.key) == [key])
            #expect(try await fixture.claimDue(failing: false, limit: 2).map(\.key) == [key, key])
            #expect(try await fixture.claimDue(failing: false, limit: 100).count == 32)
        }
    }

    @Test("times follow the database's clock, whatever that of a scheduler says")
    func clocks() async throws {
        try await StoreFixture.with { fixture in
            try await WebhookReceiver.with({ _ in .init(status: 503) }) { receiver in
                let (key, _) = try await fixture.webhook("pager", receiver.url, events: [.run(.failed)])
                _ = try await fixture.run(in: .failed)
                let ahead = MovedClock()
                ahead.advance(.seconds(40_000))
                let claimed = try #require(try await fixture.claimDue(failing: false).first)
                await fixture.delivery(ahead, holder: fixture.holder.id).attempt(claimed)
                let record = try #require(try await fixture.store.webhook(key))
                let next = try #require(try await fixture.store.deliveries(of: record.id, limit: 1).first).nextAt
                #expect(next < claimed.claimedAt + .seconds(60))
                #expect(try #require(record.failingSince) < claimed.claimedAt + .seconds(60))
            }
        }
    }
}

extension StoreFixture {
    /// Claims what is due, as the fixture's own process.
    func claimDue(failing: Bool, perEndpoint: Int = 4, limit: Int = 100) async throws -> [ClaimedDelivery] {
        try await store.claimDeliveries(
            holder: holder.id,
            claim: .seconds(60),
            failing: failing,
            perEndpoint: perEndpoint,
            limit: limit
        )
    }

    func turn(_ key: WebhookKey, isEnabled: Bool) async throws {
        let stored = try await store.updateWebhook(key, by: "ann") { spec in
            var spec = spec
            spec.isEnabled = isEnabled
            return spec
        }
        guard case .done = stored else {
            Issue.record("\(stored)")
            return
        }
    }
}
