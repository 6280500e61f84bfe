import Compression
import ControlAPI
import PostgresClient
import RunStore
import SlipwayCore
import Testing

/// Repeated requests, ETags, gzip's form, other sites' pages, and bounds of bodies.
@Suite struct ExchangeTests {
    @Test("a request with an Idempotency-Key takes effect once and is answered alike")
    func repeated() async throws {
        try await APIFixture.with { api in
            try await api.applyJob()
            let key = [("idempotency-key", "order-1")]
            let first = try await api.client.send("POST", "/runs", #"{"job": "report"}"#, headers: key)
            let second = try await api.client.send("POST", "/runs", #"{"job": "report"}"#, headers: key)
            #expect(first.status == 201 && second.status == 201 && first.text == second.text)
            #expect(first.headers["idempotent-replayed"] == nil && second.headers["idempotent-replayed"] == "true")
            #expect(second.headers["location"] == first.headers["location"])
            let other = try await api.client.send("POST", "/runs", #"{"job": "report", "why": "x"}"#, headers: key)
            #expect(other.status == 422 && other.code == "idempotency_key_reused")
            let elsewhere = try await api.client.send(
                "POST",
                "/runs:batch",
                #"{"runs": [{"job": "report"}, {"job": "report"}]}"#,
                headers: key
            )
            #expect(elsewhere.status == 201)
            #expect(try await api.store.liveCounts() == [.pending: 3])
            let wrong = try await api.client.send("POST", "/runs", "{}", headers: [("idempotency-key", "a b")])
            #expect(wrong.status == 400 && wrong.fields == ["Idempotency-Key"])
        }
    }

    @Test("of many at once with one key one takes effect")
    func concurrent() async throws {
        try await APIFixture.with { api in
            try await api.applyJob()
            let answers = try await withThrowingTaskGroup(of: Answer.self) { group in
                for _ in 0..<20 {
                    group.addTask {
                        try await api.client.send(
                            "POST",
                            "/runs",
                            #"{"job": "report"}"#,
                            headers: [("idempotency-key", "one")]
                        )
                    }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(answers.allSatisfy { $0.status == 201 || $0.code == "idempotency_key_in_use" })
            #expect(Set(answers.filter { $0.status == 201 }.map(\.text)).count == 1)
            #expect(try await api.store.liveCounts() == [.pending: 1])
        }
    }

    @Test("what failed may be tried again, and what a dead process left is taken over with the same ids")
    func takenOver() async throws {
        try await APIFixture.with { api in
            let key = [("idempotency-key", "late")]
            let early = try await api.client.send("POST", "/runs", #"{"job": "report"}"#, headers: key)
            #expect(early.status == 404)
            try await api.applyJob()
            let first = try await api.client.send("POST", "/runs", #"{"job": "report"}"#, headers: key)
            #expect(first.status == 201)
            // As if its process had died before it could keep the answer.
            try await api.store.pool.query(
                "UPDATE idempotency_keys SET status = NULL, headers = NULL, answer = NULL, taken_until = now() + interval '1 hour'"
            )
            let busy = try await api.client.send("POST", "/runs", #"{"job": "report"}"#, headers: key)
            #expect(busy.status == 409 && busy.code == "idempotency_key_in_use" && busy.headers["retry-after"] == "1")
            try await api.store.pool.query("UPDATE idempotency_keys SET taken_until = now() - interval '1 second'")
            let again = try await api.client.send("POST", "/runs", #"{"job": "report"}"#, headers: key)
            #expect(again.status == 201 && again.json["id"] == first.json["id"])
            #expect(try await api.store.liveCounts() == [.pending: 1])
        }
    }

    @Test("keys are forgotten after a day")
    func forgotten() async throws {
        try await APIFixture.with { api in
            try await api.applyJob()
            let key = [("idempotency-key", "old")]
            let first = try await api.client.send("POST", "/runs", #"{"job": "report"}"#, headers: key)
            try await api.store.pool.query("UPDATE idempotency_keys SET created_at = now() - interval '25 hours'")
            let second = try await api.client.send("POST", "/runs", #"{"job": "report"}"#, headers: key)
            #expect(second.status == 201 && second.json["id"] != first.json["id"])
        }
    }

    @Test("an answer that is known is not sent again")
    func tags() async throws {
        try await APIFixture.with { api in
            try await api.applyJob()
            for path in ["/jobs", "/runs", "/teams", "/jobs/default/report/versions"] {
                let first = try await api.client.get(path)
                let tag = try #require(first.headers["etag"], "\(path)")
                let known = try await api.client.get(path, headers: [("if-none-match", "\"other\", \(tag)")])
                #expect(known.status == 304 && known.text.isEmpty && known.headers["etag"] == tag, "\(path)")
            }
            let tag = try await api.client.get("/jobs").headers["etag"] ?? ""
            try await api.applyJob(APIFixture.jobFile + "\ndescription: better")
            #expect(try await api.client.get("/jobs", headers: [("if-none-match", tag)]).status == 200)
            // What becomes of a team changes without its revision.
            let team = try await api.client.get("/teams/default")
            let revision = try #require(team.headers["etag"])
            #expect(revision == "\"\(team.json.integer("revision") ?? 0)\"")
            #expect(try await api.client.get("/teams/default", headers: [("if-none-match", revision)]).status == 200)
        }
    }

    @Test("a long answer comes in gzip's form to who takes it")
    func gzip() async throws {
        try await APIFixture.with { api in
            try await api.applyJob()
            for _ in 0..<20 { _ = try await api.createRun() }
            let plain = try await api.client.get("/runs", headers: [("accept-encoding", "br, gzip;q=0")])
            #expect(plain.headers["content-encoding"] == nil && plain.headers["vary"] == "accept-encoding")
            let bytes = try await api.client.bytes("/runs", headers: [("accept-encoding", "br, gzip")])
            let unpacked = try Gzip.decompress(bytes, maximumBytes: 1 << 20)
            #expect(String(decoding: unpacked, as: UTF8.self) == plain.text && bytes.count < plain.text.utf8.count / 3)
            let short = try await api.client.get("/version", headers: [("accept-encoding", "gzip")])
            #expect(short.headers["content-encoding"] == nil)
        }
    }

    @Test("a page of another site may come if that is configured")
    func crossOrigin() async throws {
        let site = "https://slipway.example.org"
        try await APIFixture.with(crossOrigins: [site]) { api in
            let asked = try await api.client.exchange(
                "OPTIONS",
                "/runs",
                nil,
                contentType: "",
                headers: [
                    ("origin", site), ("access-control-request-method", "POST"),
                    ("access-control-request-headers", "authorization, idempotency-key"),
                ]
            )
            #expect(asked.status == 204 && asked.headers["access-control-allow-origin"] == site)
            #expect(asked.headers["access-control-allow-headers"] == "authorization, idempotency-key")
            let answer = try await api.client.get("/version", headers: [("origin", site)])
            #expect(answer.status == 200 && answer.headers["access-control-allow-origin"] == site)
            let other = try await api.client.get("/version", headers: [("origin", "https://evil.example.org")])
            #expect(other.status == 403 && other.headers["access-control-allow-origin"] == nil)
        }
        try await APIFixture.with { api in
            let answer = try await api.client.get("/version", headers: [("origin", site)])
            #expect(answer.status == 403)
        }
    }

    @Test("a body that nests too deep or comes too slowly is refused")
    func bodies() async throws {
        var limits = APIFixture.quick
        limits.bodyPatience = .milliseconds(100)
        try await APIFixture.with(limits: limits) { api in
            let deep = String(repeating: "[", count: 100_000)
            let answer = try await api.client.send("POST", "/runs", deep)
            #expect(answer.status == 400 && answer.code == "invalid_json")
            let slow = try await api.client.slowPost("/runs")
            #expect(slow.status == 408 && slow.code == "request_timeout")
        }
    }
}
