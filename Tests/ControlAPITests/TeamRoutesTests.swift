import PostgresClient
import RunStore
import SlipwayCore
import Testing

@Suite struct TeamRoutesTests {
    @Test("a team is applied, described with its revision, listed, suspended and deleted")
    func life() async throws {
        try await APIFixture.with { api in
            let file = "name: finance\nquotas: {cpu: 8}\n"
            let created = try await api.applyTeam(file)
            #expect(created.status == 201 && created.json["change"]?.string == "created")
            #expect(created.headers["etag"] == "\"1\"" && created.headers["location"] == "/api/v1/teams/finance")
            #expect(try await api.applyTeam(file).json["change"]?.string == "unchanged")
            let stale = try await api.applyTeam(file + "weight: 2", headers: [("if-match", "\"7\"")])
            #expect(stale.status == 412 && stale.code == "other_revision")
            let changed = try await api.applyTeam(file + "weight: 2", headers: [("if-match", "\"1\"")])
            #expect(changed.status == 200 && changed.json.integer("revision") == 2)
            let wrong = try await api.applyTeam("name: finance\nquotas: {cpu: lots}")
            #expect(wrong.status == 422 && wrong.code == "invalid_team_file" && wrong.fields == ["quotas.cpu"])
            #expect(try await api.applyTeam("name: finance\nnamespaces: {west: a}").fields == ["namespaces"])
            let taken = try await api.applyTeam("name: sales\nnamespace: finance")
            #expect(taken.status == 422 && taken.fields == ["namespace"] && taken.text.contains("team \\\"finance\\\""))
            let suspended = try await api.client.send("POST", "/teams/finance/suspend", #"{"why": "too dear"}"#)
            #expect(suspended.json["suspended"] == .bool(true) && suspended.headers["etag"] == "\"3\"")
            let again = try await api.client.send("POST", "/teams/finance/suspend")
            #expect(again.json["change"]?.string == "unchanged")
            #expect(try await api.client.send("POST", "/teams/finance/resume").json["suspended"] == .bool(false))
            let list = try await api.client.get("/teams?limit=1").json
            #expect(list.elements("teams").map { $0["name"]?.string } == ["default"])
            #expect(list["next"]?.string != nil)
            let team = try await api.client.get("/teams/finance")
            #expect(team.json["spec"]?["quotas"]?["cpu_millicores"]?.integer("nominal") == 8000)
            #expect(try await api.client.send("DELETE", "/teams/finance").status == 200)
            #expect(try await api.client.get("/teams/finance").code == "team_not_found")
            try await api.applyJob()
            #expect(try await api.client.send("DELETE", "/teams/default").code == "team_has_jobs")
        }
    }

    @Test("credits are set, added to and lifted, one at a time")
    func credits() async throws {
        try await APIFixture.with { api in
            func change(_ body: String) async throws -> Answer {
                try await api.client.send("POST", "/teams/default/credits", body)
            }
            #expect(try await change(#"{"add": 5}"#).code == "team_needs_no_credits")
            #expect(try await change(#"{"set": 100}"#).json["credits"] == .integer(100))
            #expect(try await change(#"{"add": -30, "why": "a loan"}"#).json["credits"] == .integer(70))
            #expect(try await change(#"{"lift": true}"#).json["credits"] == nil)
            for body in ["{}", #"{"set": 1, "add": 1}"#, #"{"set": "many"}"#, #"{"lift": false}"#] {
                let wrong = try await change(body)
                #expect(wrong.status == 422 && wrong.fields == ["set"], "\(wrong.text)")
            }
        }
    }

    @Test("members have a role each")
    func members() async throws {
        try await APIFixture.with { api in
            let path = "/teams/default/members"
            let set = try await api.client.send("PUT", path + "/ann%40example.org", #"{"role": "operator"}"#)
            #expect(set.status == 201 && set.json["subject"]?.string == "ann@example.org")
            let wrong = try await api.client.send("PUT", path + "/bob", #"{"role": "king"}"#)
            #expect(wrong.status == 422 && wrong.fields == ["role"])
            #expect(try await api.client.send("PUT", path + "/bob", "{}").fields == ["role"])
            #expect(try await api.client.send("PUT", "/teams/none/members/bob", #"{"role": "viewer"}"#).status == 404)
            #expect(try await api.client.get(path).json.elements("members").map { $0["role"]?.string } == ["operator"])
            #expect(try await api.client.send("DELETE", path + "/ann%40example.org").status == 200)
            #expect(try await api.client.send("DELETE", path + "/ann%40example.org").code == "member_not_found")
        }
    }

    @Test("a job is stored with its team's defaults, and only with what the team allows")
    func policy() async throws {
        try await APIFixture.with { api in
            _ = try await api.applyTeam(
                """
                name: default
                images: ["team/*"]
                service_accounts: [reader]
                node_selector: {pool: batch}
                defaults: {image: team/runner:1, env: {REGION: eu}, timeouts: {run: 10m}, tags: [ours]}
                """
            )
            try await api.applyJob()
            let job = try await api.client.get("/jobs/default/report").json
            #expect(job["spec"]?["image"]?.string == "team/runner:1" && job["spec"]?["env"]?["REGION"]?.string == "eu")
            #expect(job["spec"]?["timeouts"]?.integer("run_seconds") == 600)
            let refused = try await api.client.send(
                "POST",
                "/jobs",
                APIFixture.jobFile
                    + "\nimage: other/x:1\nservice_account: admin\nnode_selector: {pool: fast}",
                contentType: "application/yaml"
            )
            #expect(refused.status == 422 && refused.code == "not_allowed_by_team")
            #expect(refused.fields == ["image", "service_account", "node_selector.pool"])
            #expect(refused.json.elements("errors").first?.elements("allowed") == [.string("team/*")])
        }
    }

    @Test("a team with a rate is told when it may submit again; a batch goes as a whole or not at all")
    func submissionRate() async throws {
        try await APIFixture.with { api in
            try await api.applyJob()
            _ = try await api.applyTeam("name: default\nsubmission_rate: {runs: 3, per: 1h}")
            let two = #"{"runs": [{"job": "report"}, {"job": "report"}]}"#
            #expect(try await api.client.send("POST", "/runs:batch", two).status == 201)
            let refused = try await api.client.send("POST", "/runs:batch", two)
            #expect(refused.status == 429 && refused.code == "submission_rate_exceeded")
            let wait = try #require(refused.headers["retry-after"].flatMap { Int($0) })
            #expect((1100...1200).contains(wait))
            #expect(refused.json["detail"]?.string?.contains("team \"default\" may submit 3 runs in 1h") == true)
            _ = try await api.createRun()
            #expect(try await api.client.send("POST", "/runs", #"{"job": "report"}"#).status == 429)
            let four = #"{"runs": [\#(Array(repeating: #"{"job": "report"}"#, count: 4).joined(separator: ","))]}"#
            let never = try await api.client.send("POST", "/runs:batch", four)
            #expect(never.status == 422 && never.fields == ["runs"])
            #expect(try await api.store.liveCounts()[.pending] == 3)
        }
    }
}

@Suite struct CredentialRoutesTests {
    private static let path = "/credentials/default/lake"

    @Test("a credential is applied, updated under its revision, listed, checked and deleted")
    func life() async throws {
        try await APIFixture.with { api in
            try await api.applyJob()
            let body = #"{"kind": "s3", "secret": {"name": "lake", "keys": ["user", "password"]}}"#
            let created = try await api.client.send("PUT", Self.path, body)
            #expect(created.status == 201 && created.json["valid"] == .bool(true), "\(created.text)")
            #expect(try await api.client.send("PUT", Self.path, body).json["change"]?.string == "unchanged")
            #expect(try await api.client.send("POST", Self.path + "/check").code == "credential_has_no_check")
            for (body, fields) in [
                ("{}", ["kind"]), (#"{"kind": "a b"}"#, ["kind"]), (#"{"kind": "s3", "secret": {}}"#, ["secret.name"]),
                (#"{"kind": "s3", "check": {"job": "report"}}"#, ["check.every"]),
                (#"{"kind": "s3", "check": {"job": "report", "every": "1s"}}"#, ["check.every"]),
                (#"{"kind": "s3", "value": "hunter2"}"#, ["value"]),
            ] {
                let wrong = try await api.client.send("PUT", Self.path, body)
                #expect(wrong.status == 422 && wrong.fields == fields, "\(wrong.text)")
            }
            #expect(try await api.client.send("PUT", "/credentials/default/Lake", body).fields == ["name"])
            let checked = #"{"kind": "s3", "check": {"job": "report", "every": "1h"}}"#
            let changed = try await api.client.send("PUT", Self.path, checked, headers: [("if-match", "\"1\"")])
            #expect(changed.json["check"]?["due_at"] != nil && changed.headers["etag"] == "\"2\"")
            #expect(try await api.client.send("POST", Self.path + "/check").status == 202)
            let update = #"{"valid": false, "message": "expired"}"#
            let stale = try await api.client.send("PATCH", Self.path, update, headers: [("if-match", "\"1\"")])
            #expect(stale.status == 412)
            let invalid = try await api.client.send("PATCH", Self.path, update)
            #expect(invalid.json["valid"] == .bool(false) && invalid.json["message"]?.string == "expired")
            let list = try await api.client.get("/credentials?valid=false").json
            #expect(list.elements("credentials").map { $0["name"]?.string } == ["lake"])
            #expect(try await api.client.send("DELETE", Self.path).status == 200)
            #expect(try await api.client.get(Self.path).code == "credential_not_found")
        }
    }

    @Test("paused runs wait again with their credential in bulk, or by their own action")
    func resuming() async throws {
        try await APIFixture.with { api in
            try await api.applyJob()
            _ = try await api.client.send("PUT", Self.path, #"{"kind": "s3"}"#)
            _ = try await api.client.send("PATCH", Self.path, #"{"valid": false}"#)
            let (first, second) = (try await api.createRun(), try await api.createRun())
            func pause(_ id: RunID) async throws {
                try await api.store.pool.query(
                    """
                    UPDATE live_runs SET state = 'paused', reason = 'credential_invalid', credentials = '{lake}'
                    WHERE id = \(id)
                    """
                )
            }
            for id in [first, second] { try await pause(id) }
            let unpaused = try await api.client.send("POST", "/runs/\(first)/unpause", #"{"why": "try it"}"#)
            #expect(unpaused.status == 200 && unpaused.json["change"]?.string == "unpaused")
            #expect(unpaused.json["state"]?.string == "pending")
            #expect(
                try await api.client.send("POST", "/runs/\(first)/unpause").json["change"]?.string == "already_unpaused"
            )
            try await pause(first)
            let foretold = try await api.client.send("POST", "/runs:unpause", #"{"filter": {}, "dry_run": true}"#)
            #expect(foretold.json.elements("runs").count == 2)
            let one = try await api.client.send("POST", "/runs:unpause", #"{"ids": ["\#(second)"]}"#)
            #expect(one.json.elements("runs").map { $0["change"]?.string } == ["unpaused"])
            let wrong = try await api.client.send("POST", "/credentials:update", #"{"valid": true}"#)
            #expect(wrong.status == 422 && wrong.fields == ["names"])
            let unknown = try await api.client.send("POST", "/credentials:update", #"{"names": ["x"], "valid": true}"#)
            #expect(unknown.status == 404)
            let all = try await api.client.send(
                "POST",
                "/credentials:update",
                #"{"all_invalid": true, "valid": true, "resume_paused_runs": true}"#
            )
            #expect(all.json.integer("resumed_runs") == 1 && all.json.elements("credentials").count == 1)
            #expect(try await api.store.liveCounts() == [.pending: 2])
        }
    }
}

extension APIFixture {
    fileprivate func applyTeam(_ file: String, headers: [(String, String)] = []) async throws -> Answer {
        try await client.send("POST", "/teams", file, contentType: "application/yaml", headers: headers)
    }
}
