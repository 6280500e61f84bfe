import ControlAPI
import PostgresClient
import RunStore
import SlipwayCore
import Testing

@Suite struct TokenRoutesTests {
    @Test("a token is told once, asks with its grants, is listed without its secret, and ends when it is revoked")
    func life() async throws {
        try await APIFixture.with(token: "the-installation") { api in
            let created = try await api.client.send("POST", "/tokens", #"{"name": "ci", "everywhere": "operator"}"#)
            #expect(created.status == 201, "\(created.text)")
            let text = try #require(created.json["token"]?.string)
            let id = try #require(created.json["id"]?.string)
            #expect(text.hasPrefix("slw_") && text.count == 85)
            let client = TestClient(base: api.client.base, token: text)
            let caller = try await client.get("/caller").json
            #expect(caller["name"]?.string == "ci" && caller["grants"]?["everywhere"]?.string == "operator")
            #expect(caller["token_id"]?.string == id && caller["kind"]?.string == "token")
            let described = try await api.client.get("/tokens/\(id)")
            #expect(described.status == 200 && !described.text.contains(text.suffix(48)))
            let rows = try await api.store.pool.query("SELECT t::text FROM api_tokens t").decode(String.self)
            #expect(!rows.joined().contains(text.suffix(48)))
            let start = String(text.dropLast())
            let wrong = [start + "0", start + "1", text + "0", start, text.replacing("slw_", with: "slv_")]
            for other in wrong where other != text {
                let answer = try await TestClient(base: api.client.base, token: other).get("/runs")
                #expect(answer.status == 401, "\(answer.text)")
            }
            #expect(try await client.send("DELETE", "/teams/default").status == 403)
            let revoked = try await api.client.send("DELETE", "/tokens/\(id)", #"{"why": "lost"}"#)
            #expect(revoked.json["revoked_by"] != nil && revoked.json["revoked_at"] != nil, "\(revoked.text)")
            #expect(try await client.get("/runs").status == 401)
            #expect(try await api.client.get("/tokens").json.elements("tokens").count == 0)
            #expect(try await api.client.get("/tokens?revoked=true").json.elements("tokens").count == 1)
            let audit = try await api.client.get("/audit-events?kind=token").json.elements("audit_events")
            #expect(audit.map { $0["action"]?.string } == ["revoke", "create"])
            #expect(audit.first?["origin"]?["address"]?.string == "127.0.0.1")
            #expect(audit.first?["origin"]?["request"] != nil && audit.first?["why"]?.string == "lost")
        }
    }

    @Test("a token that has expired is refused, and one cannot grant more than its maker has")
    func bounds() async throws {
        try await APIFixture.with(token: "the-installation") { api in
            let teams = try await TwoTeams.make(api)
            let admin = try #require(teams.roles[.admin])
            for body in [
                #"{"name": "x", "everywhere": "viewer"}"#,
                #"{"name": "x", "service_account": "alpha/viewer", "everywhere": "viewer"}"#,
                #"{"name": "x", "service_account": "alpha/viewer", "teams": {"alpha": "operator"}}"#,
                #"{"name": "x", "service_account": "alpha/viewer", "teams": {"beta": "viewer"}}"#,
            ] {
                let answer = try await admin.send("POST", "/tokens", body)
                #expect(answer.status == 403, "\(body): \(answer.text)")
            }
            let foreign = #"{"name": "x", "service_account": "beta/viewer"}"#
            #expect(try await admin.send("POST", "/tokens", foreign).code == "service_account_not_found")
            for (body, field) in [
                ("{}", "name"), (#"{"name": "x", "expires_in": "1s"}"#, "expires_in"),
                (#"{"name": "x", "everywhere": "king"}"#, "everywhere"),
                (#"{"name": "x", "teams": {"a": 1}}"#, "teams.a"),
                (#"{"name": "x", "service_account": "a"}"#, "service_account"),
            ] {
                let answer = try await admin.send("POST", "/tokens", body)
                #expect(answer.status == 422 && answer.fields == [field], "\(answer.text)")
            }
            let own = #"{"name": "x", "service_account": "alpha/operator", "expires_in": "1h"}"#
            let made = try await admin.send("POST", "/tokens", own)
            #expect(made.status == 201 && made.json["expires_at"] != nil, "\(made.text)")
            let client = TestClient(base: api.client.base, token: try #require(made.json["token"]?.string))
            #expect(try await client.get("/caller").json["grants"]?["teams"] == .object(["alpha": .string("operator")]))
            // Its account may do less by now.
            _ = try await admin.send("PUT", "/service-accounts/alpha/operator", #"{"role": "viewer"}"#)
            #expect(try await client.get("/caller").json["grants"]?["teams"] == .object(["alpha": .string("viewer")]))
            try await api.store.pool.query("UPDATE api_tokens SET expires_at = now() - interval '1 s' WHERE name = 'x'")
            _ = try await admin.send("PUT", "/service-accounts/alpha/operator", #"{"role": "operator"}"#)
            #expect(try await client.get("/caller").status == 401)
            #expect(try await admin.send("DELETE", "/service-accounts/alpha/operator").status == 200)
            #expect(
                try await api.client.get("/service-accounts?team=alpha").json.elements("service_accounts").count == 3
            )
        }
    }

    @Test("callers beyond their rate are told when to come again, and others are not held up")
    func rates() async throws {
        let rate = RequestRate(perSecond: 0.01, burst: 3)
        try await APIFixture.with(token: "the-installation", callerRate: rate) { api in
            var clients: [TestClient] = []
            for name in ["one", "two"] {
                let body = #"{"name": "\#(name)", "everywhere": "viewer"}"#
                let token = try await api.client.send("POST", "/tokens", body).json["token"]?.string
                clients.append(TestClient(base: api.client.base, token: try #require(token)))
            }
            for left in [2, 1, 0] {
                let answer = try await clients[0].get("/runs")
                #expect(answer.status == 200 && answer.headers["ratelimit"]?.contains(";r=\(left);") == true)
                #expect(answer.headers["ratelimit-policy"] == "\"caller\";q=3;w=300")
            }
            let refused = try await clients[0].get("/runs")
            #expect(refused.status == 429 && refused.code == "too_many_requests")
            #expect(refused.headers["retry-after"].flatMap { Int($0) }.map { (90...100).contains($0) } == true)
            #expect(try await clients[1].get("/runs").status == 200)
            #expect(try await api.client.get("/runs").headers["ratelimit"] == nil)
        }
    }

    @Test("changes are noted with what was before and after")
    func audit() async throws {
        try await APIFixture.with(token: "the-installation") { api in
            let teams = try await TwoTeams.make(api)
            let admin = try #require(teams.roles[.admin])
            _ = try await admin.send("PUT", "/teams/alpha/members/ann", #"{"role": "viewer"}"#)
            _ = try await admin.send("PUT", "/teams/alpha/members/ann", #"{"role": "operator"}"#)
            let events = try await admin.get("/audit-events?action=set_member&actor=alpha/admin").json
            let newest = try #require(events.elements("audit_events").first)
            #expect(newest["before"]?.string == "viewer" && newest["after"]?.string == "operator")
            #expect(newest["origin"]?["kind"]?.string == "service_account" && newest["origin"]?["token"] != nil)
            #expect(events.elements("audit_events").last?["before"] == nil)
            let page = try await admin.get("/audit-events?limit=1").json
            let following = try await admin.get("/audit-events?limit=1&after=\(page["next"]?.string ?? "")").json
            let ids = (page.elements("audit_events") + following.elements("audit_events")).map { $0.integer("id") ?? 0 }
            #expect(ids.count == 2 && ids[0] > ids[1], "\(ids)")
            let made = try await admin.get("/audit-events?kind=run&action=create").json.elements("audit_events")
            #expect(made.map { $0["team"]?.string } == ["alpha"])
            let applied = try await admin.get("/audit-events?kind=job&action=apply").json.elements("audit_events")
            #expect(applied.first?["after"] == .object(["version": .integer(1)]))
            #expect(try await #require(teams.roles[.operator]).get("/audit-events").status == 403)
        }
    }
}
