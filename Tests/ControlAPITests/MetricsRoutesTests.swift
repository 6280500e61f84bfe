import RunStore
import SlipwayCore
import Testing

@Suite struct MetricsRoutesTests {
    @Test("a run's metrics tell its times, what its containers used, and what that costs")
    func metrics() async throws {
        let prices = try #require(ResourcePrices(cpuHour: 3600, memoryGiBHour: 0, currency: "EUR"))
        try await APIFixture.with(prices: prices) { api in
            try await api.applyJob()
            let fleet = try await TestFleet(api.store)
            let id = try await api.createRun()
            let claimed = try #require(try await fleet.place()[id])
            let began = Timestamp.now
            let task = TaskRow(
                name: "extract",
                position: 0,
                state: .succeeded,
                startedAt: began,
                endedAt: began + .seconds(2)
            )
            try await fleet.start(claimed)
            try await fleet.use(claimed, seconds: 30, millicores: 500)
            try await fleet.write(claimed, [], tasks: [task])
            try await fleet.end(claimed, TestFleet.success())

            let metrics = try await api.client.get("/runs/\(id)/metrics").json
            #expect(metrics["run"]?.string == id.description && metrics["state"]?.string == "succeeded")
            #expect(metrics.elements("states").last?["state"]?.string == "succeeded")
            #expect(metrics.elements("tasks").first?["seconds"] == .integer(2))
            let runner = try #require(metrics.elements("containers").first)
            #expect(metrics.elements("containers").count == 1 && runner["name"]?.string == "runner")
            #expect(runner["requested"]?.integer("cpu_millicores") == 100)
            let used = try #require(runner["used"])
            #expect(used["cpu_seconds"] == .integer(15) && used.integer("samples") == 3)
            #expect(used.integer("peak_memory_bytes") == 3 << 20 && used.integer("average_cpu_millicores") == 500)
            #expect(runner["series"]?.elements("cpu_millicores") == [.integer(500), .integer(500), .integer(500)])
            #expect(metrics["cost"]?["used"] == .integer(15) && metrics["cost"]?["currency"]?.string == "EUR")
            let few = try await api.client.get("/runs/\(id)/metrics?points=1").json.elements("containers").first
            #expect(few?["series"]?.elements("memory_bytes") == [.integer(3 << 20)])
            let none = try await api.client.get("/runs/\(id)/metrics?points=0").json.elements("containers").first
            #expect(none?["series"] == nil && none?["used"] != nil)

            let shown = try await api.client.get("/runs/\(id)").json
            #expect(shown["usage"]?["runner"]?["cpu_seconds"] == .integer(15))
            #expect(shown["cost"]?["used"] == .integer(15))
            #expect(shown["links"]?["metrics"]?.string == "/api/v1/runs/\(id)/metrics")
            #expect(try await api.client.get("/runs/\(id)/metrics?points=721").status == 400)
        }
    }

    @Test("without samples and prices there is neither use nor cost")
    func nothing() async throws {
        try await APIFixture.with { api in
            try await api.applyJob()
            let id = try await api.createRun()
            let metrics = try await api.client.get("/runs/\(id)/metrics").json
            #expect(metrics["cost"] == nil && metrics.elements("tasks").isEmpty)
            #expect(metrics.elements("containers").first?["used"] == nil)
            let shown = try await api.client.get("/runs/\(id)").json
            #expect(shown["usage"] == nil && shown["cost"] == nil)
            #expect(try await api.client.get("/runs/0192b1c4-7a2e-7c3d-9f00-5d1e2a3b4c5d/metrics").status == 404)
        }
    }

    @Test("a job's statistics tell how its latest runs went")
    func statistics() async throws {
        try await APIFixture.with { api in
            try await api.applyJob()
            let empty = try await api.client.get("/jobs/default/report/statistics").json
            #expect(empty.integer("runs") == 0 && empty["success_rate"] == nil)
            let fleet = try await TestFleet(api.store)
            for end in [TestFleet.success(), TestFleet.success(), TestFleet.failure()] {
                let id = try await api.createRun()
                let claimed = try #require(try await fleet.place()[id])
                try await fleet.start(claimed)
                var end = end
                end.at = .now + .seconds(3)
                try await fleet.end(claimed, end)
            }
            let all = try await api.client.get("/jobs/default/report/statistics?days=1").json
            #expect(all.integer("runs") == 3 && all.integer("succeeded") == 2 && all.integer("failed") == 1)
            #expect(all["success_rate"] == .number(0.6667))
            #expect(all["running_seconds"]?["p50"] != nil && all["total_seconds"]?["p95"] != nil)
            let last = try await api.client.get("/jobs/default/report/statistics?runs=1").json
            #expect(last.integer("failed") == 1 && last.integer("succeeded") == 0 && last["running_seconds"] == nil)
            #expect(try await api.client.get("/jobs/default/report/statistics?runs=1001").status == 400)
            #expect(try await api.client.get("/jobs/default/other/statistics").code == "job_not_found")
        }
    }
}
