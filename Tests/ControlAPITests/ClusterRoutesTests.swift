import PostgresClient
import RunStore
import SlipwayCore
import Testing

@Suite struct ClusterRoutesTests {
    private static let file = "name: west\nlabels: {region: eu}\ncapacity: {runs: 2, memory: 1Gi}\n"

    private func apply(_ api: APIFixture, _ text: String = file, _ headers: [(String, String)] = []) async throws
        -> Answer
    {
        try await api.client.send("POST", "/clusters", text, contentType: "application/yaml", headers: headers)
    }

    private func set(_ state: String, _ api: APIFixture) async throws {
        try await api.store.pool.query("UPDATE clusters SET state = \(state) WHERE name = 'west'")
    }

    @Test("a cluster is registered, described with its revision, and changed only by who has seen that revision")
    func revisions() async throws {
        try await APIFixture.with { api in
            let created = try await apply(api)
            #expect(created.status == 201 && created.json["change"]?.string == "created")
            #expect(created.headers["etag"] == "\"1\"" && created.headers["location"] == "/api/v1/clusters/west")
            #expect(try await apply(api).json["change"]?.string == "unchanged")
            let described = try await api.client.get("/clusters/west")
            #expect(described.headers["etag"] == "\"1\"" && described.json["state"]?.string == "provisioning")
            #expect(described.json["capacity"]?.integer("memory_bytes") == 1 << 30)
            let changed = Self.file + "description: new\n"
            let late = try await apply(api, changed, [("if-match", "\"9\"")])
            #expect(late.status == 412 && late.code == "other_revision" && late.headers["etag"] == "\"1\"")
            #expect(try await apply(api, changed, [("if-match", "\"1\"")]).json.integer("revision") == 2)
            #expect(try await apply(api, changed, [("if-match", "1")]).code == "invalid_parameter")
            let wrong = try await apply(api, "name: west\nlabel: {}\ncapacity: {runs: x}\n")
            #expect(wrong.status == 422 && Set(wrong.fields) == ["label", "capacity.runs"])
            #expect(try await apply(api, Self.file + "teams: [nobody]\n").fields == ["teams"])
            let pages = try await api.client.get("/clusters?limit=1").json
            #expect(pages.elements("clusters").map { $0["name"]?.string } == ["default"])
            let rest = try await api.client.get("/clusters?after=\(pages["next"]?.string ?? "")").json
            #expect(rest.elements("clusters").map { $0["name"]?.string } == ["west"] && rest["next"] == nil)
        }
    }

    @Test("a cluster is drained, wanted again and removed; what does not exist is said")
    func wanting() async throws {
        try await APIFixture.with { api in
            _ = try await apply(api)
            let drained = try await api.client.send("POST", "/clusters/west/drain", #"{"why": "rack"}"#)
            #expect(drained.status == 200 && drained.json["change"]?.string == "updated")
            #expect(try await api.client.get("/clusters/west").json["state"]?.string == "draining")
            #expect(try await api.client.send("POST", "/clusters/west/undrain").status == 200)
            #expect(try await api.client.send("DELETE", "/clusters/west").status == 200)
            let undone = try await api.client.send("POST", "/clusters/west/undrain")
            #expect(undone.status == 409 && undone.code == "cluster_leaving")
            #expect(try await api.client.send("POST", "/clusters/east/drain").code == "cluster_not_found")
            #expect(try await api.client.get("/clusters/east").code == "cluster_not_found")
            let wrong = try await api.client.send("POST", "/clusters/west/drain", #"{"reason": "x"}"#)
            #expect(wrong.status == 422 && wrong.fields == ["reason"])
        }
    }

    @Test("a run of a job with a selector goes to a cluster with these labels, and knows where else it might go")
    func choice() async throws {
        try await APIFixture.with { api in
            let job = APIFixture.jobFile + "\ncluster_selector: {region: eu}"
            try await api.applyJob(job)
            #expect(
                try await api.client.get("/jobs").json.elements("jobs")[0]["cluster_selector"]?["region"]?.string
                    == "eu"
            )
            let none = try await api.client.send("POST", "/runs", #"{"job": "report"}"#)
            #expect(none.status == 422 && none.code == "no_cluster")
            _ = try await apply(api)
            _ = try await apply(api, "name: east\nlabels: {region: eu}\n")
            try await set("active", api)
            var runs: [RunID] = []
            for _ in 0..<3 { runs.append(try await api.createRun()) }
            let placed = try await api.store.pool.query("SELECT cluster, clusters FROM live_runs ORDER BY id")
                .decode(String.self, [String].self)
            #expect(placed.allSatisfy { $0.1 == ["east", "west"] })
            #expect(placed.map(\.0).allSatisfy { $0 == "west" }, "the other is not active yet")
            let plan = try await api.client.send("POST", "/jobs:plan", job, contentType: "application/yaml").json
            #expect(plan["placement"]?["cluster"]?.string == "west" && plan["placement"]?["verdict"]?.string == "now")
        }
    }

    @Test("a cluster that is not for a team takes neither its jobs nor its runs")
    func teams() async throws {
        try await APIFixture.with { api in
            try await api.store.pool.query("INSERT INTO teams (name, namespace) VALUES ('ops', 'ops')")
            _ = try await apply(api, Self.file + "teams: [ops]\n")
            let job = APIFixture.jobFile + "\ncluster: west"
            let refused = try await api.client.send("POST", "/jobs", job, contentType: "application/yaml")
            #expect(refused.status == 422 && refused.code == "no_cluster")
            let allowed = try await api.client.send("POST", "/jobs?team=ops", job, contentType: "application/yaml")
            #expect(allowed.status == 201)
        }
    }
}
