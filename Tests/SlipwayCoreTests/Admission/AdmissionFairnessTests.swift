import Testing

@testable import SlipwayCore

/// What holds over time, played in virtual time.
@Suite struct AdmissionFairnessTests {
    private typealias Fixture = AdmissionFixture
    private let start = AdmissionFixture.now

    private func demand(
        _ number: Int,
        team: String,
        after seconds: Int = 0,
        priority: Int = 0,
        cpu: Int,
        duration: Int
    ) -> QuotaSimulation.Demand {
        var run = Fixture.run(number, team: team, job: number % 5, priority: priority, waited: 0, cpu: cpu)
        run.createdAt = start + .seconds(seconds)
        return QuotaSimulation.Demand(run: run, duration: .seconds(duration))
    }

    @Test(
        "under overload teams get cpu as their weights, with their past counted whatever the sizes of their runs",
        arguments: [(historyWeight: 0.0, isMixed: false), (1, false), (1, true), (3, true)]
    )
    func weights(historyWeight: Double, isMixed: Bool) throws {
        var random = RandomAdmission(seed: 1234)
        var demands: [QuotaSimulation.Demand] = []
        for number in 0..<4500 {
            let team = ["a", "b", "c"][number % 3]
            let cpu = !isMixed ? 200 : team == "a" ? 500 : random.pick([100, 200, 400])
            let duration = team == "b" ? 40 : random.number(10...70)
            demands.append(demand(number, team: team, after: number / 75, cpu: cpu, duration: duration))
        }
        var world = Fixture.snapshot(
            [],
            teams: [("a", 1.0), ("b", 2), ("c", 3)].map { AdmissionTeam(name: $0.0, weight: $0.1) },
            clusters: [AdmissionCluster(cpuMillicores: 20_000)]
        )
        world.settings.historyWeight = historyWeight
        let simulation = QuotaSimulation(world: world, halfLife: .seconds(300))
        let outcome = try simulation.replay(demands, until: start + .seconds(900))
        let used = try ["a", "b", "c"].map { try #require(outcome.teams[$0]?.averageCPUMillicores) }
        let total = used.reduce(0, +)
        #expect(total > 19_000, "the cluster is kept busy")
        for (used, weight) in zip(used, [1.0, 2, 3]) {
            #expect(abs(used / total * 6 / weight - 1) < 0.05, "\(used) of \(total)")
        }
        #expect(outcome.teams.values.allSatisfy { $0.unfinishedWaits > 0 }, "it was an overload")
    }

    @Test("ten thousand runs of one team make another wait no longer than until the next run ends")
    func flood() throws {
        let flood = (0..<10_000).map { demand($0, team: "flood", after: $0 / 1000, cpu: 100, duration: 30) }
        let calm = (0..<50).map { demand(20_000 + $0, team: "calm", after: 20 + $0 * 12, cpu: 100, duration: 20) }
        let world = Fixture.snapshot([], clusters: [AdmissionCluster(runs: 50)])
        let outcome = try QuotaSimulation(world: world).replay(flood + calm, until: start + .seconds(700))
        let waits = try #require(outcome.teams["calm"])
        #expect(waits.runs == 50 && waits.unfinishedWaits == 0)
        #expect(waits.longestWaitSeconds <= 31, "a run of the flood takes 30 s")
    }

    @Test("nobody starves: a run of low priority catches up with a stream of urgent ones", arguments: [true, false])
    func starvation(isOfTheSameTeam: Bool) throws {
        let urgent = (0..<4000).map { demand($0, team: "a", after: $0 / 3, priority: 10, cpu: 100, duration: 5) }
        let team = isOfTheSameTeam ? "a" : "b"
        let patient = (0..<3).map { demand(9000 + $0, team: team, after: 10, priority: 0, cpu: 100, duration: 5) }
        var world = Fixture.snapshot([], clusters: [AdmissionCluster(runs: 5)])
        world.settings.ageingStep = .seconds(30)
        let queue = AdmissionQueue(world)
        var admitted: [RunID: Int] = [:]
        var live: [(end: Int, id: RunID)] = []
        var next = 0
        let demands = (urgent + patient).sorted { ($0.run.createdAt, $0.run.id) < ($1.run.createdAt, $1.run.id) }
        for second in 0..<1300 {
            let now = start + .seconds(second)
            for ended in live where ended.end <= second { queue.apply(.gone(ended.id)) }
            live.removeAll { $0.end <= second }
            while next < demands.count, demands[next].run.createdAt <= now {
                queue.apply(.pending(demands[next].run))
                next += 1
            }
            for id in queue.plan(now: now, maximum: 100).admitted {
                guard let run = demands.first(where: { $0.run.id == id })?.run else { continue }
                queue.apply(.live(LiveRun(run, admittedAt: now)))
                admitted[id] = second
                live.append((second + 5, id))
            }
        }
        for number in 9000...9002 {
            let admittedAt = try #require(admitted[Fixture.id(number)])
            // Ten levels of 30 s, and then its turn among its equals.
            #expect((250...340).contains(admittedAt - 10), "admitted after \(admittedAt - 10) s")
        }
    }
}
