import PostgresClient
import RunStore
import SlipwayCore
import Testing

@Suite struct UsageTests {
    private static let begin = Timestamp(microsecondsSince1970: 1_772_359_200_000_000)

    private func sample(
        _ run: ClaimedRun,
        second: Int,
        millicores: Int = 500,
        memory: Int = 1 << 20,
        container: String = "runner",
        epoch: Int64? = nil
    ) -> UsageSample {
        UsageSample(
            run: run.id,
            leaseEpoch: epoch ?? run.leaseEpoch,
            placement: run.placement,
            container: container,
            at: Self.begin + .seconds(second),
            windowSeconds: 10,
            millicores: millicores,
            memoryBytes: memory
        )
    }

    @Test("samples become sums, peaks and a course; repeated and older ones are left out")
    func sums() async throws {
        try await StoreFixture.with { fixture in
            let store = fixture.store
            let run = try #require(try await fixture.claimed().first)
            let first = [
                sample(run, second: 0, millicores: 1000, memory: 100),
                sample(run, second: 0, millicores: 10, memory: 7000, container: "sail"),
            ]
            #expect(try await store.storeUsage(first) == 2)
            #expect(try await store.storeUsage(first) == 0)
            #expect(try await store.storeUsage([sample(run, second: 20, millicores: 500, memory: 300)]) == 1)
            #expect(try await store.storeUsage([sample(run, second: 19)]) == 0)
            let usage = try await store.usage(run.id)
            #expect(usage.map(\.container) == ["runner", "sail"])
            let runner = try #require(usage.first)
            #expect(runner.samples == 2 && runner.coveredSeconds == 30)
            // The first speaks for its window of 10 s, the second for the 20 s since.
            #expect(runner.cpuSeconds == 20 && runner.averageMillicores == 667 && runner.peakMillicores == 1000)
            #expect(runner.peakMemoryBytes == 300 && runner.averageMemoryBytes == (1000 + 6000) / 30)
            #expect(runner.firstAt == Self.begin && runner.lastAt == Self.begin + .seconds(20))
            let course = try await store.usageSeries(run.id)
            #expect(course["runner"]?.map(\.millicores) == [1000, 500])
            #expect(course["sail"]?.map(\.memoryBytes) == [7000])
        }
    }

    @Test("another lease's samples are refused; who adopts the run goes on with the same series, also after a gap")
    func leases() async throws {
        try await StoreFixture.with { fixture in
            let store = fixture.store
            let run = try #require(try await fixture.claimed().first)
            #expect(try await store.storeUsage([sample(run, second: 0)]) == 1)
            let adopted = try #require(
                try await store.adopt([(run.id, run.leaseEpoch)], holder: fixture.holder.id).first
            )
            #expect(try await store.storeUsage([sample(run, second: 15)]) == 0)
            #expect(try await store.storeUsage([sample(run, second: 60, epoch: adopted.leaseEpoch)]) == 1)
            #expect(try await store.usage(run.id).first?.coveredSeconds == 70)
            // Of a longer silence only the window is known.
            #expect(try await store.storeUsage([sample(run, second: 1000, epoch: adopted.leaseEpoch)]) == 1)
            #expect(try await store.usage(run.id).first?.coveredSeconds == 80)
            #expect(try await store.usageSeries(run.id)["runner"]?.count == 3)
        }
    }

    @Test("a long run keeps a bounded number of points and rows, and exact sums")
    func thinning() async throws {
        try await StoreFixture.with { fixture in
            var limits = StoreLimits()
            limits.usagePoints = 40
            limits.usageChunkPoints = 4
            let store = RunStore(pool: fixture.store.pool, limits: limits)
            let run = try #require(try await fixture.claimed().first)
            var most = 0
            for index in 0..<200 {
                let memory = index == 17 ? 1 << 30 : 1 << 20
                let stored = try await store.storeUsage([
                    sample(run, second: index * 10, millicores: index == 18 ? 900 : 500, memory: memory)
                ])
                #expect(stored == 1)
                most = max(most, try await store.usageSeries(run.id)["runner"]?.count ?? 0)
            }
            #expect((20...40).contains(most))
            let course = try #require(try await store.usageSeries(run.id)["runner"])
            #expect(course.map(\.at) == course.map(\.at).sorted() && course.map(\.memoryBytes).max() == 1 << 30)
            #expect(course.last?.at == Self.begin + .seconds(1990))
            let usage = try #require(try await store.usage(run.id).first)
            #expect(usage.samples == 200 && usage.coveredSeconds == 2000)
            #expect(abs(usage.cpuSeconds - 1004) < 1e-6)
            #expect(usage.peakMillicores == 900 && usage.peakMemoryBytes == 1 << 30)
            #expect(try await fixture.count("run_usage_chunks", of: run.id) <= 11)
        }
    }

    @Test("what a run used stays when it is over, and goes with it when it is deleted")
    func end() async throws {
        try await StoreFixture.with { fixture in
            let store = fixture.store
            let run = try #require(try await fixture.claimed().first)
            #expect(try await store.storeUsage([sample(run, second: 0)]) == 1)
            _ = try await store.apply([fixture.report(run, end: StoreFixture.success())])
            #expect(try await store.storeUsage([sample(run, second: 15)]) == 0)
            #expect(try await store.usage(run.id).first?.samples == 1)
            _ = try await store.delete([run.id], by: "ann", why: nil)
            #expect(try await fixture.count("run_usage_chunks", of: run.id) == 0)
        }
    }

    @Test("one statement stores the samples of many runs")
    func manyRuns() async throws {
        try await StoreFixture.with { fixture in
            let runs = try await fixture.claimed(100)
            let samples = runs.flatMap { [sample($0, second: 0), sample($0, second: 0, container: "sail")] }
            #expect(try await fixture.store.storeUsage(samples) == 200)
            #expect(try await fixture.store.storeUsage([]) == 0)
        }
    }

    @Test("a job's statistics count ends and measure those that succeeded, over the latest runs")
    func statistics() async throws {
        try await StoreFixture.with { fixture in
            let store = fixture.store
            let none = try await store.statistics(fixture.job.id, runs: 1000)
            #expect(none.runs == 0 && none.successRate == nil && none.running == nil)
            let runs = try await fixture.claimed(12)
            for (index, run) in runs.enumerated() {
                var report = fixture.report(run, end: index < 10 ? StoreFixture.success() : StoreFixture.failure())
                let start = Timestamp.now
                report.timeline = [.init(state: .starting, at: start), .init(state: .running, at: start)]
                report.end?.at = start + .seconds(index + 1)
                _ = try await store.apply([report])
            }
            _ = try await fixture.run(in: .cancelled)
            let all = try await store.statistics(fixture.job.id, runs: 1000)
            #expect(all.runs == 13 && all.succeeded == 10 && all.failed == 2 && all.cancelled == 1)
            #expect(abs(try #require(all.successRate) - 10.0 / 12) < 1e-9)
            let running = try #require(all.running)
            #expect(abs(running.average - 5.5) < 0.01 && abs(running.median - 5.5) < 0.01)
            #expect(abs(running.p95 - 9.55) < 0.01)
            #expect(try #require(all.total).average >= running.average)
            #expect(try await store.statistics(fixture.job.id, runs: 1).runs == 1)
            let tomorrow = Timestamp.now + .seconds(86_400)
            #expect(try await store.statistics(fixture.job.id, runs: 1000, since: tomorrow).runs == 0)
        }
    }
}
