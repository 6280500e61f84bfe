import ControlAPI
import DevStack
import RunStore
import SlipwayCore
import TestSupport
import Testing

@Suite struct BoundaryTests {
    struct Wrong: Sendable, CustomTestStringConvertible {
        var method = "POST"
        var path: String
        var body: String?
        var contentType = "application/json"
        let status: Int
        let code: String
        var fields: [String] = []

        var testDescription: String { "\(method) \(path) \(body?.prefix(60) ?? "") → \(status) \(code)" }
    }

    static let wrong: [Wrong] = [
        Wrong(path: "/runs", body: "", status: 400, code: "invalid_json"),
        Wrong(path: "/runs", body: "{", status: 400, code: "invalid_json"),
        Wrong(path: "/runs", body: "{} {}", status: 400, code: "invalid_json"),
        Wrong(path: "/runs", body: "[]", status: 422, code: "invalid_request", fields: ["", "job"]),
        Wrong(path: "/runs", body: "{}", status: 422, code: "invalid_request", fields: ["job"]),
        Wrong(path: "/runs", body: #"{"job": 5}"#, status: 422, code: "invalid_request", fields: ["job"]),
        Wrong(
            path: "/runs",
            body: #"{"job": "report", "varables": {}}"#,
            status: 422,
            code: "invalid_request",
            fields: ["varables"]
        ),
        Wrong(
            path: "/runs",
            body: #"{"job": "report", "version": 0}"#,
            status: 422,
            code: "invalid_request",
            fields: ["version"]
        ),
        Wrong(
            path: "/runs",
            body: #"{"job": "report", "version": "1"}"#,
            status: 422,
            code: "invalid_request",
            fields: ["version"]
        ),
        Wrong(
            path: "/runs",
            body: #"{"job": "report", "variables": []}"#,
            status: 422,
            code: "invalid_request",
            fields: ["variables"]
        ),
        Wrong(
            path: "/runs",
            body: #"{"job": "report", "variables": {"days": "x", "contry": 1}}"#,
            status: 422,
            code: "invalid_variables",
            fields: ["variables.contry", "variables.days"]
        ),
        Wrong(
            path: "/runs",
            body: #"{"job": "report", "variables": {"country": "a\u0000b"}}"#,
            status: 422,
            code: "invalid_variables",
            fields: ["variables.country"]
        ),
        Wrong(path: "/runs", body: #"{"job": "none"}"#, status: 404, code: "job_not_found"),
        Wrong(path: "/runs", body: #"{"job": "report", "team": "none"}"#, status: 404, code: "job_not_found"),
        Wrong(path: "/runs", body: #"{"job": "a\u0000b"}"#, status: 422, code: "invalid_request", fields: ["job"]),
        Wrong(
            path: "/runs",
            body: "job=report",
            contentType: "application/x-www-form-urlencoded",
            status: 415,
            code: "unsupported_media_type"
        ),
        Wrong(path: "/runs:batch", body: #"{"runs": []}"#, status: 422, code: "invalid_request", fields: ["runs"]),
        Wrong(
            path: "/runs:batch",
            body: #"{"runs": [{"job": "report"}, {"jobb": "report"}]}"#,
            status: 422,
            code: "invalid_request",
            fields: ["runs[1].job", "runs[1].jobb"]
        ),
        Wrong(path: "/jobs", body: "", contentType: "application/yaml", status: 422, code: "invalid_job_file"),
        Wrong(
            path: "/jobs",
            body: "a: &x [*x]",
            contentType: "application/yaml",
            status: 422,
            code: "invalid_job_file"
        ),
        Wrong(path: "/jobs", body: "{}", contentType: "image/png", status: 415, code: "unsupported_media_type"),
        Wrong(path: "/jobs?tem=x", body: "{}", status: 400, code: "invalid_parameter", fields: ["tem"]),
        Wrong(
            path: "/runs",
            body: #"{"job": "report", "timeouts": {"run": "2 h", "stop": "1m", "on_timeout": "explode"}}"#,
            status: 422,
            code: "invalid_request",
            fields: ["timeouts.run", "timeouts.on_timeout", "timeouts.stop"]
        ),
        Wrong(
            path: "/runs",
            body: #"{"job": "report", "timeouts": {"run": "31d"}}"#,
            status: 422,
            code: "invalid_request",
            fields: ["timeouts.run"]
        ),
        Wrong(path: "/runs:cancel", body: "{}", status: 422, code: "invalid_request", fields: ["ids"]),
        Wrong(path: "/runs:cancel", body: #"{"ids": []}"#, status: 422, code: "invalid_request", fields: ["ids"]),
        Wrong(
            path: "/runs:cancel",
            body: #"{"ids": ["a"]}"#,
            status: 422,
            code: "invalid_request",
            fields: ["ids", "ids"]
        ),
        Wrong(
            path: "/runs:delete",
            body: #"{"filter": {"state": ["over"], "before": "monday", "jobb": "x"}, "dry_run": "yes"}"#,
            status: 422,
            code: "invalid_request",
            fields: ["dry_run", "filter.state", "filter.before", "filter.jobb"]
        ),
        Wrong(
            path: "/runs:release",
            body: #"{"ids": ["00000000-0000-7000-8000-000000000000"], "filter": {}, "limit": 1}"#,
            status: 422,
            code: "invalid_request",
            fields: ["filter", "limit"]
        ),
        Wrong(
            path: "/runs:promote",
            body: #"{"filter": {}, "limit": 100000, "why": ""}"#,
            status: 422,
            code: "invalid_request",
            fields: ["why", "limit"]
        ),
        Wrong(path: "/runs/00000000-0000-7000-8000-000000000000/release", status: 404, code: "run_not_found"),
        Wrong(path: "/runs/00000000-0000-7000-8000-000000000000/promote", status: 404, code: "run_not_found"),
        Wrong(
            method: "GET",
            path: "/runs?released=maybe",
            status: 400,
            code: "invalid_parameter",
            fields: ["released"]
        ),
        Wrong(method: "GET", path: "/runs?stat=failed", status: 400, code: "invalid_parameter", fields: ["stat"]),
        Wrong(method: "GET", path: "/runs?state=broken", status: 400, code: "invalid_parameter", fields: ["state"]),
        Wrong(method: "GET", path: "/runs?limit=0", status: 400, code: "invalid_parameter", fields: ["limit"]),
        Wrong(method: "GET", path: "/runs?limit=501", status: 400, code: "invalid_parameter", fields: ["limit"]),
        Wrong(method: "GET", path: "/runs?limit=1&limit=2", status: 400, code: "invalid_parameter", fields: ["limit"]),
        Wrong(method: "GET", path: "/runs?after=xyz", status: 400, code: "invalid_parameter", fields: ["after"]),
        Wrong(method: "GET", path: "/runs?job=%00", status: 400, code: "invalid_parameter", fields: ["job"]),
        Wrong(method: "GET", path: "/runs/abc", status: 400, code: "invalid_parameter", fields: ["id"]),
        Wrong(
            method: "GET",
            path: "/runs/00000000-0000-7000-8000-000000000000",
            status: 404,
            code: "run_not_found"
        ),
        Wrong(path: "/runs/00000000-0000-7000-8000-000000000000/cancel", status: 404, code: "run_not_found"),
        Wrong(path: "/runs/00000000-0000-7000-8000-000000000000/retry", status: 404, code: "run_not_found"),
        Wrong(
            method: "GET",
            path: "/runs/00000000-0000-7000-8000-000000000000/watch",
            status: 404,
            code: "run_not_found"
        ),
        Wrong(
            method: "GET",
            path: "/runs/00000000-0000-7000-8000-000000000000/logs?after=1",
            status: 400,
            code: "invalid_parameter",
            fields: ["after"]
        ),
        Wrong(method: "GET", path: "/jobs?after=x", status: 400, code: "invalid_parameter", fields: ["after"]),
        Wrong(method: "GET", path: "/nothing", status: 404, code: "route_not_found"),
        Wrong(method: "GET", path: "//favicon.ico", status: 404, code: "route_not_found"),
        Wrong(method: "DELETE", path: "/runs", status: 405, code: "method_not_allowed"),
        Wrong(
            method: "GET",
            path: "/runs/00000000-0000-7000-8000-000000000000/cancel",
            status: 405,
            code: "method_not_allowed"
        ),
        Wrong(method: "PUT", path: "/clusters", body: "{}", status: 405, code: "method_not_allowed"),
    ]

    @Test("each wrong request has its own problem")
    func problems() async throws {
        try await APIFixture.with { api in
            try await api.applyJob()
            for wrong in Self.wrong {
                let answer = try await api.client.send(
                    wrong.method,
                    wrong.path,
                    wrong.body,
                    contentType: wrong.contentType
                )
                #expect(
                    answer.status == wrong.status && answer.code == wrong.code,
                    "\(wrong.testDescription): \(answer.text)"
                )
                if !wrong.fields.isEmpty {
                    #expect(answer.fields == wrong.fields, "\(wrong.testDescription): \(answer.text)")
                }
                #expect(answer.headers["content-type"] == "application/problem+json")
                #expect(answer.json.integer("status") == wrong.status)
                #expect(answer.json["request_id"]?.string == answer.headers["x-request-id"])
                #expect(answer.json["type"]?.string == "urn:slipway:problem:\(wrong.code)")
            }
            #expect(try await api.store.liveCounts().isEmpty)
        }
    }

    @Test("a method that is not allowed is answered with those that are")
    func allow() async throws {
        try await APIFixture.with { api in
            let answer = try await api.client.send("DELETE", "/runs")
            let allowed = Set((answer.headers["allow"] ?? "").split(separator: ",").map { $0.filter { $0 != " " } })
            #expect(allowed == ["GET", "POST"])
        }
    }

    @Test("a body over the limit is refused, whether or not its length is told before")
    func bodyLimit() async throws {
        try await APIFixture.with { api in
            let body = "{\"job\": \"\(String(repeating: "x", count: 1 << 20))\"}"
            let answer = try await api.client.send("POST", "/runs", body)
            #expect(answer.status == 413 && answer.code == "body_too_large")
        }
    }

    @Test("a request's own id is kept if it is harmless")
    func requestID() async throws {
        try await APIFixture.with { api in
            let kept = try await api.client.get("/clusters", headers: [("x-request-id", "abc-1.2_3")])
            #expect(kept.headers["x-request-id"] == "abc-1.2_3")
            let replaced = try await api.client.get("/clusters", headers: [("x-request-id", "a b")])
            #expect(replaced.headers["x-request-id"] != "a b")
        }
    }

    @Test("with a token every path needs it")
    func token() async throws {
        try await APIFixture.with(token: "right-token") { api in
            #expect(try await api.client.get("/clusters").status == 200)
            for token in ["", "wrong-token", "right-tokem", "right-token1", "right-toke"] {
                let stranger = TestClient(base: api.client.base, token: token)
                for path in ["/clusters", "/runs", "/nothing", "/runs/x/watch"] {
                    let answer = try await stranger.get(path)
                    #expect(answer.status == 401 && answer.code == "unauthorized", "\(token) \(path)")
                    #expect(answer.headers["www-authenticate"] == "Bearer")
                }
            }
        }
    }

    @Test("an open API answers neither other sites nor other names")
    func origin() async throws {
        try await APIFixture.with { api in
            for headers in [
                [("origin", "https://elsewhere.example")], [("host", "elsewhere.example")],
                [("sec-fetch-site", "cross-site")],
            ] {
                let answer = try await api.client.get("/clusters", headers: headers)
                #expect(answer.status == 403 && answer.code == "forbidden_origin")
            }
            #expect(try await api.client.get("/clusters", headers: [("origin", api.client.base)]).status == 200)
        }
    }

    @Test(
        "an API without a token refuses to listen for everybody",
        arguments: ["0.0.0.0", "::", "10.0.0.1", "127.0.0.1.example"]
    )
    func openForAll(host: String) {
        #expect(throws: OpenAPINotAllowed.self) { try ControlAPIConfiguration(host: host, port: 80, token: "") }
        #expect(throws: Never.self) { try ControlAPIConfiguration(host: host, port: 80, token: "x") }
    }

    @Test("clusters, holders and the version are told")
    func fleet() async throws {
        try await APIFixture.with { api in
            let clusters = try await api.client.get("/clusters").json.elements("clusters")
            #expect(clusters.map { $0["name"]?.string } == ["default"] && clusters[0]["state"]?.string == "active")
            _ = try await TestFleet(api.store)
            let holders = try await api.client.get("/holders").json.elements("holders")
            #expect(holders.map { $0["kind"]?.string } == ["worker"] && holders[0]["alive"] == .bool(true))
            #expect(try await api.client.get("/version").json["version"]?.string == "test")
        }
    }

    @Test("while the database is away the API says so, and recovers")
    func databaseAway() async throws {
        let server = try await TestServers.privatePostgres()
        try await APIFixture.migrate(server.url)
        try await APIFixture.with(database: server.url, acquireTimeout: .seconds(2)) { api in
            try await api.applyJob()
            await server.stop()
            let away = try await api.client.get("/jobs")
            #expect(away.status == 503 && away.headers["retry-after"] != nil, "\(away.text)")
            let submit = try await api.client.send("POST", "/runs", #"{"job": "report"}"#)
            #expect(submit.status == 503 && ["database_unavailable", "overloaded"].contains(submit.code))
            try await server.start()
            try await eventually(within: .seconds(20), "the API answers again") {
                try await api.client.send("POST", "/runs", #"{"job": "report"}"#).status == 201
            }
        }
        await server.stop()
    }
}
