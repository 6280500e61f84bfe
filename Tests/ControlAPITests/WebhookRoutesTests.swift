import PostgresClient
import RunStore
import SlipwayCore
import Testing

@Suite struct WebhookRoutesTests {
    private static let body = #"{"name": "pager", "url": "https://pager.example.org/in"}"#

    @Test("a webhook is created with a secret that is shown once, changed under its revision, turned off and forgotten")
    func life() async throws {
        try await APIFixture.with { api in
            let created = try await api.client.send("POST", "/webhooks", Self.body)
            #expect(created.status == 201 && created.headers["etag"] == "\"1\"", "\(created.text)")
            #expect(created.headers["location"] == "/api/v1/webhooks/default/pager")
            #expect(created.json["secret"]?.string?.hasPrefix("whsec_") == true)
            #expect(created.json.elements("events").count == NotificationType.standard.count)
            #expect(try await api.client.send("POST", "/webhooks", Self.body).code == "webhook_exists")
            let path = "/webhooks/default/pager"
            let shown = try await api.client.get(path)
            #expect(shown.json["secret"] == nil && shown.json["enabled"] == .bool(true))
            let stale = try await api.client.send(
                "PATCH",
                path,
                #"{"enabled": false}"#,
                headers: [("if-match", "\"4\"")]
            )
            #expect(stale.status == 412)
            let off = try await api.client.send("PATCH", path, #"{"enabled": false, "events": ["run.failed"]}"#)
            #expect(off.json["disabled_reason"]?.string == "by_person" && off.json.integer("revision") == 2)
            #expect(try await api.client.send("POST", path + "/test").code == "webhook_is_off")
            #expect(try await api.client.send("PATCH", path, #"{"enabled": true}"#).json["disabled_reason"] == nil)
            let rotated = try await api.client.send("POST", path + "/rotate-secret", #"{"keep_previous": "1h"}"#)
            #expect(rotated.json["secret"]?.string != created.json["secret"]?.string)
            #expect(rotated.json["previous_secret_until"] != nil)
            #expect(try await api.client.get("/webhooks?team=default").json.elements("webhooks").count == 1)
            #expect(try await api.client.send("DELETE", path).status == 200)
            #expect(try await api.client.get(path).code == "webhook_not_found")
            let audited = try await api.store.pool.query(
                "SELECT action FROM audit_log WHERE subject_kind = 'webhook' ORDER BY id"
            ).decode(String.self)
            #expect(audited == ["create", "update", "update", "rotate_secret", "delete"])
        }
    }

    @Test("what is wrong is named, all of it at once")
    func mistakes() async throws {
        try await APIFixture.with { api in
            let wrong = try await api.client.send(
                "POST",
                "/webhooks",
                #"{"name": "P", "url": "http://x.example", "events": ["run.exploded"], "form": "fax", "colour": 1}"#
            )
            #expect(
                wrong.status == 422 && Set(wrong.fields) == ["name", "url", "events", "form", "colour"],
                "\(wrong.text)"
            )
            #expect(try await api.client.send("POST", "/webhooks", "{}").fields == ["name", "url"])
            for url in [
                "ftp://x.example", "https://", "https://ann:secret@x.example/", "https://x.example/#a",
                "https://x example",
            ] {
                let answer = try await api.client.send("POST", "/webhooks", #"{"name": "a", "url": "\#(url)"}"#)
                #expect(answer.fields == ["url"], "\(url): \(answer.text)")
            }
            let lineage =
                #"{"name": "a", "url": "https://x.example/", "form": "openlineage", "events": ["schedule.paused"]}"#
            #expect(try await api.client.send("POST", "/webhooks", lineage).fields == ["events"])
            let test = #"{"name": "a", "url": "https://x.example/", "events": ["webhook.test"]}"#
            #expect(try await api.client.send("POST", "/webhooks", test).fields == ["events"])
            let nobody = #"{"team": "none", "name": "a", "url": "https://x.example/"}"#
            #expect(try await api.client.send("POST", "/webhooks", nobody).code == "team_not_found")
        }
    }

    @Test("the address of a chat's receiver is not shown")
    func hidden() async throws {
        try await APIFixture.with { api in
            let body = #"{"name": "chat", "form": "slack", "url": "https://hooks.example.org/T0/B0?key=1"}"#
            let created = try await api.client.send("POST", "/webhooks", body)
            #expect(created.json["url"]?.string == "https://hooks.example.org/…")
        }
    }

    @Test("the address of any receiver is shown whole to admins alone, and each change of it is in the audit log")
    func addresses() async throws {
        try await APIFixture.with(token: "the-installation") { api in
            let teams = try await TwoTeams.make(api)
            let (admin, viewer) = (try #require(teams.roles[.admin]), try #require(teams.roles[.viewer]))
            let path = "/webhooks/\(TwoTeams.own)/pager"
            let url = "https://pager.example.org/in?token=1"
            let changed = try await admin.send("PATCH", path, #"{"url": "\#(url)", "namespace": "lake"}"#)
            #expect(changed.json["url"]?.string == url)
            #expect(try await admin.get(path).json["url"]?.string == url)
            #expect(try await viewer.get(path).json["url"]?.string == "https://pager.example.org/…")
            for client in [viewer, teams.viewerOfAll] {
                let list = try await client.get("/webhooks")
                #expect(list.status == 200 && !list.text.contains("token=1"))
            }
            _ = try await admin.send("PATCH", path, #"{"form": "slack"}"#)
            _ = try await admin.send("PATCH", path, #"{"url": "https://pager.example.org/other"}"#)
            let entries = try await api.store.pool.query(
                """
                SELECT before->>'url', after->>'url', before->>'url_sha256' = after->>'url_sha256', after->>'namespace'
                FROM audit_log WHERE action = 'update' AND subject_kind = 'webhook' ORDER BY id
                """
            ).decode(String.self, String.self, Bool.self, String.self)
            let masked = "https://pager.example.org/…"
            #expect(entries.map(\.0) == ["https://pager.example.org/", url, masked])
            #expect(entries.map(\.1) == [url, masked, masked])
            #expect(entries.map(\.2) == [false, true, false] && entries.allSatisfy { $0.3 == "lake" })
        }
    }

    @Test("a team's admin shortens what is kept of the team, and neither lengthens it nor touches what others rely on")
    func ownRetention() async throws {
        try await APIFixture.with(token: "the-installation") { api in
            let teams = try await TwoTeams.make(api)
            let admin = try #require(teams.roles[.admin])
            func set(_ client: TestClient, _ keep: String) async throws -> Answer {
                try await client.send("PATCH", "/retention", #"{"team": "alpha", "keep": {\#(keep)}}"#)
            }
            for keep in [
                #""audit": "1d""#, #""audit": "standard""#, #""deliveries": "1d""#, #""runs": "forever""#,
                #""logs": "20d", "events": "181d""#, #""ticks": "36500d""#,
            ] {
                let answer = try await set(admin, keep)
                #expect(answer.status == 403 && answer.code == "forbidden", "\(keep): \(answer.text)")
            }
            #expect(try await api.store.retentionPolicy() == RetentionPolicy())
            #expect(try await set(admin, #""runs": "90d", "logs": "30d""#).status == 200)
            #expect(try await set(api.client, #""runs": "forever", "audit": "500d""#).status == 200)
            #expect(try await set(admin, #""runs": "standard""#).status == 200)
            #expect(try await api.store.retentionPolicy().teams == ["alpha": [.logs: 30, .audit: 500]])
        }
    }

    @Test("what was delivered is listed and asked for again")
    func deliveries() async throws {
        try await APIFixture.with { api in
            _ = try await api.client.send("POST", "/webhooks", Self.body)
            let path = "/webhooks/default/pager"
            let test = try await api.client.send("POST", path + "/test")
            #expect(test.status == 202 && test.json["type"]?.string == "webhook.test")
            let id = try #require(test.json["id"]?.string)
            let again = try await api.client.send("POST", "\(path)/deliveries/\(id)/resend")
            #expect(again.status == 202 && again.json["notification"] == test.json["notification"])
            let list = try await api.client.get(path + "/deliveries?state=waiting&limit=1").json
            #expect(list.elements("deliveries").map { $0["id"] } == [again.json["id"]])
            let after = "after=\(list["next"]?.string ?? "")"
            let rest = try await api.client.get("\(path)/deliveries?state=waiting&limit=1&\(after)").json
            #expect(rest.elements("deliveries").map { $0["id"]?.string } == [id])
            #expect(try await api.client.get("\(path)/deliveries?\(after)").fields == ["after"])
            #expect(try await api.client.send("POST", path + "/deliveries/x/resend").fields == ["id"])
            let unknown = path + "/deliveries/0192b1c4-7a2e-7c3d-9f00-5d1e2a3b4c5d/resend"
            #expect(try await api.client.send("POST", unknown).code == "delivery_not_found")
            #expect(try await api.client.get(path + "/deliveries?state=lost").fields == ["state"])
        }
    }

    @Test("times of keeping are said by kind and team, and taken back; a run is pinned and let go")
    func retention() async throws {
        try await APIFixture.with { api in
            func kept(_ answer: Answer, _ kind: String) -> String? {
                answer.json.elements("kinds").first { $0["kind"]?.string == kind }?["keep"]?.string
            }
            #expect(kept(try await api.client.get("/retention"), "runs") == "180d")
            let set = try await api.client.send(
                "PATCH",
                "/retention",
                #"{"keep": {"runs": "20d", "audit": "forever"}}"#
            )
            #expect(set.status == 200 && kept(set, "events") == "20d" && kept(set, "audit") == "forever", "\(set.text)")
            let team = try await api.client.send(
                "PATCH",
                "/retention",
                #"{"team": "default", "keep": {"runs": "90d"}}"#
            )
            #expect(kept(team, "runs") == "90d")
            let back = try await api.client.send(
                "PATCH",
                "/retention",
                #"{"team": "default", "keep": {"runs": "standard"}}"#
            )
            #expect(kept(back, "runs") == "20d")
            let wrong = try await api.client.send("PATCH", "/retention", #"{"keep": {"runs": "0d", "cats": "1d"}}"#)
            #expect(wrong.status == 422 && Set(wrong.fields) == ["keep.runs", "keep.cats"], "\(wrong.text)")
            #expect(try await api.client.send("PATCH", "/retention", #"{"keep": {}}"#).fields == ["keep"])
            #expect(try await api.client.get("/retention?team=none").code == "team_not_found")
            #expect(try await api.client.get("/retention/forecast").json.elements("partitions").isEmpty)

            try await api.applyJob()
            let run = try await api.createRun()
            let pinned = try await api.client.send("POST", "/runs/\(run)/pin", #"{"why": "auditors"}"#)
            #expect(pinned.json["pinned"] == .bool(true) && pinned.json["change"]?.string == "updated")
            #expect(
                try await api.client.get("/pinned-runs").json.elements("runs").map { $0["why"]?.string } == ["auditors"]
            )
            #expect(try await api.client.send("POST", "/runs/\(run)/unpin").json["pinned"] == .bool(false))
            #expect(try await api.client.send("POST", "/runs/\(run)/unpin").json["change"]?.string == "unchanged")
            let unknown = "/runs/0192b1c4-7a2e-7c3d-9f00-5d1e2a3b4c5d/pin"
            #expect(try await api.client.send("POST", unknown).code == "run_not_found")
        }
    }
}
