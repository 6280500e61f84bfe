import PostgresClient
import RunStore
import SlipwayCore
import Testing
import WebhookClient

@testable import ControlAPI

/// Where requests come from, and how often addresses may come without valid credentials.
@Suite struct GuessGateTests {
    @Test(
        "the nearest address that is no trusted proxy's is the client's",
        arguments: [
            (["203.0.113.9"], "203.0.113.9"), (["6.6.6.6, 203.0.113.9"], "203.0.113.9"),
            (["6.6.6.6", "203.0.113.9"], "203.0.113.9"), (["6.6.6.6, 203.0.113.9, 10.0.0.7"], "203.0.113.9"),
            (["203.0.113.9:4711"], "203.0.113.9"), (["[2001:db8::1]:443"], "2001:db8::1"),
            (["2001:db8::1"], "2001:db8::1"),
            (["10.0.0.7, 10.0.0.8"], "10.0.0.7"), ([], "10.0.0.1"), ([""], "10.0.0.1"), (["unknown"], "10.0.0.1"),
            (["203.0.113.9, unknown"], "10.0.0.1"), (["203.0.113.9, <script>, 10.0.0.7"], "10.0.0.7"),
            (["203.0.113.9,"], "10.0.0.1"), ([" 203.0.113.9 "], "203.0.113.9"),
            (["::ffff:10.0.0.7"], "::ffff:10.0.0.7"),
            (["203.0.113.9, ::ffff:10.0.0.7"], "203.0.113.9"),
        ]
    )
    func forwarded(values: [String], expected: String) throws {
        let proxies = TrustedProxies([try #require(NetworkRange("10.0.0.0/8"))])
        #expect(proxies.client(connection: "10.0.0.1", forwarded: values) == expected)
        #expect(proxies.client(connection: "192.0.2.1", forwarded: values) == "192.0.2.1", "it is no proxy of ours")
        #expect(TrustedProxies([]).client(connection: "10.0.0.1", forwarded: values) == "10.0.0.1")
        #expect(proxies.client(connection: nil, forwarded: values) == nil)
    }

    @Test("so many hops are nobody's")
    func hops() throws {
        let proxies = TrustedProxies([try #require(NetworkRange("10.0.0.0/8"))])
        let values = [String](repeating: "10.0.0.2,10.0.0.3", count: 10_000)
        #expect(proxies.client(connection: "10.0.0.1", forwarded: ["203.0.113.9"] + values) == "10.0.0.2")
    }

    @Test("an address has a burst, then a rate, and others have their own")
    func rate() throws {
        let gate = GuessGate(rate: RequestRate(perSecond: 0.5, burst: 3))
        let now = ContinuousClock.now
        for _ in 0..<3 { #expect(gate.enter("203.0.113.9", at: now) == nil) }
        #expect(gate.enter("203.0.113.9", at: now) == 2)
        #expect(gate.enter("::ffff:203.0.113.9", at: now) == 2, "the same written otherwise")
        #expect(gate.enter("203.0.113.10", at: now) == nil)
        #expect(gate.enter("203.0.113.9", at: now + .seconds(2)) == nil)
        #expect(gate.enter("203.0.113.9", at: now + .seconds(2)) == 2)
        gate.giveBack("203.0.113.9", at: now + .seconds(2))
        #expect(gate.enter("203.0.113.9", at: now + .seconds(2)) == nil)
        for number in 0..<3 { #expect(gate.enter("2001:db8::\(number)", at: now) == nil) }
        #expect(gate.enter("2001:db8::ffff", at: now) != nil, "one customer")
        #expect(gate.enter("2001:db8:0:1::1", at: now) == nil)
    }

    @Test("what is remembered has a bound, and nobody is let off by many others coming")
    func bound() throws {
        let gate = GuessGate(rate: RequestRate(perSecond: 0.5, burst: 2), capacity: 10)
        let now = ContinuousClock.now
        for number in 0..<10 { _ = gate.enter("192.0.2.\(number)", at: now) }
        #expect(gate.enter("192.0.2.3", at: now) == nil)
        #expect(gate.enter("192.0.2.3", at: now) != nil)
        // Those that there is no room for share what one has.
        #expect(gate.enter("198.51.100.1", at: now) == nil && gate.enter("198.51.100.2", at: now) == nil)
        #expect(gate.enter("198.51.100.3", at: now) != nil)
        // Later those before are forgotten, and there is room.
        #expect(gate.enter("198.51.100.3", at: now + .seconds(10)) == nil)
        for number in 0..<100 { gate.accepted([UInt8(number)], at: now) }
        #expect(gate.isKnown([99], at: now) && !gate.isKnown([0], at: now))
        #expect(!gate.isKnown([99], at: now + .seconds(600)))
    }

    @Test("guesses are answered 429 after a while, but for what was accepted before")
    func guesses() async throws {
        let rate = RequestRate(perSecond: 0.01, burst: 4)
        try await APIFixture.with(
            token: "the-installation",
            refusalRate: rate,
            trustedProxies: ["127.0.0.0/8"]
        ) { api in
            func ask(_ token: String, from address: String) async throws -> Answer {
                let client = TestClient(base: api.client.base, token: token)
                return try await client.get("/runs", headers: [("x-forwarded-for", "9.9.9.9, \(address)")])
            }
            let made = try await api.client.send("POST", "/tokens", #"{"name": "a", "everywhere": "viewer"}"#).json
            let token = try #require(made["token"]?.string)
            for _ in 0..<20 { #expect(try await ask(token, from: "203.0.113.1").status == 200) }
            // Wrong, cut, made up, none at all.
            for guess in ["guess", String(token.dropLast()), String(token.dropLast(4)) + "0000", ""] {
                #expect(try await ask(guess, from: "203.0.113.1").status == 401)
            }
            let refused = try await ask("guess", from: "203.0.113.1")
            #expect(refused.status == 429 && refused.code == "too_many_requests")
            #expect(refused.headers["retry-after"].flatMap { Int($0) }.map { (90...100).contains($0) } == true)
            #expect(try await ask(token, from: "203.0.113.1").status == 200, "accepted before")
            #expect(try await ask("guess", from: "203.0.113.2").status == 401, "another address")
            // Whether it is right is not told, not even of the right one.
            let other = try await api.client.send("POST", "/tokens", #"{"name": "b", "everywhere": "viewer"}"#).json
            let unknown = try #require(other["token"]?.string)
            #expect(try await ask(unknown, from: "203.0.113.1").status == 429)
            #expect(try await ask(unknown, from: "203.0.113.2").status == 200)
            #expect(try await ask(unknown, from: "203.0.113.1").status == 200)
            // What is for everyone stays so.
            let open = try await TestClient(base: api.client.base)
                .get("/identity-providers", headers: [("x-forwarded-for", "203.0.113.1")])
            #expect(open.status == 200)
            // What was accepted and is revoked counts as a guess again.
            let id = try #require(made["id"]?.string)
            #expect(try await api.client.send("DELETE", "/tokens/\(id)").status == 200)
            #expect(try await ask(token, from: "203.0.113.1").status == 401)
            #expect(try await ask(token, from: "203.0.113.1").status == 429)
        }
    }

    @Test("the audit log has the client's address by trusted proxies only", arguments: [[], ["127.0.0.1"]])
    func origin(proxies: [String]) async throws {
        try await APIFixture.with(token: "the-installation", trustedProxies: proxies) { api in
            _ = try await api.client.send(
                "POST",
                "/tokens",
                #"{"name": "a", "everywhere": "viewer"}"#,
                headers: [("x-forwarded-for", "9.9.9.9, 203.0.113.7")]
            )
            let events = try await api.client.get("/audit-events?action=create&kind=token").json
            let origin = try #require(events.elements("audit_events").first?["origin"])
            #expect(origin["address"]?.string == (proxies.isEmpty ? "127.0.0.1" : "203.0.113.7"), "\(origin)")
        }
    }
}
