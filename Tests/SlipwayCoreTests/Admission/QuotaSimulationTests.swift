import Testing

@testable import SlipwayCore

@Suite("What demand would meet under other quotas")
struct QuotaSimulationTests {
    private typealias Fixture = AdmissionFixture
    private let start = AdmissionFixture.now

    private func demand(_ number: Int, team: String = "a", after seconds: Int = 0, lasts: Int = 10)
        -> QuotaSimulation.Demand
    {
        var run = Fixture.run(number, team: team, cpu: 500)
        run.createdAt = start + .seconds(seconds)
        return QuotaSimulation.Demand(run: run, duration: .seconds(lasts))
    }

    private func world(runs: Int) -> AdmissionSnapshot {
        Fixture.snapshot([], teams: [AdmissionTeam(name: "a", runs: ResourceQuota(nominal: runs))])
    }

    @Test("waits and use follow from the quota")
    func quotas() throws {
        let demands = (0..<4).map { demand($0) }
        func team(runs: Int) throws -> QuotaSimulationOutcome.Team {
            let outcome = try QuotaSimulation(world: world(runs: runs)).replay(demands, until: start + .seconds(40))
            return try #require(outcome.teams["a"])
        }
        let before = try team(runs: 1)
        #expect(before.runs == 4 && before.unfinishedWaits == 0)
        #expect(before.averageWaitSeconds == 15 && before.medianWaitSeconds == 10)
        #expect(before.p95WaitSeconds == 30 && before.longestWaitSeconds == 30)
        #expect(before.averageRuns == 1 && before.averageCPUMillicores == 500 && before.runsUtilisation == 1)
        #expect(before.cpuUtilisation == nil)
        let after = try team(runs: 2)
        #expect(after.averageWaitSeconds == 5 && after.runsUtilisation == 0.5)
    }

    @Test("runs that wait at the end count with what they have waited")
    func unfinished() throws {
        let simulation = QuotaSimulation(world: world(runs: 1))
        let outcome = try simulation.replay([demand(1, lasts: 900), demand(2)], until: start + .seconds(100))
        let team = try #require(outcome.teams["a"])
        #expect(team.unfinishedWaits == 1 && team.longestWaitSeconds == 100 && team.averageRuns == 1)
    }

    @Test("virtual time jumps over spans in which nothing happens")
    func jumps() throws {
        let demands = [demand(1), demand(2, after: 80_000)]
        let outcome = try QuotaSimulation(world: world(runs: 1)).replay(demands, until: start + .seconds(86_400))
        #expect(outcome.cycles <= 8 && outcome.teams["a"]?.longestWaitSeconds == 0)
    }

    @Test("what policies and credits end counts apart from what waited")
    func ends() throws {
        var world = Fixture.snapshot([], jobs: [AdmissionJob(id: Fixture.job(1), concurrency: .skip)])
        world.teams = [AdmissionTeam(name: "b", credits: 0)]
        let demands = [demand(1), demand(2, after: 5), demand(3, after: 50), demand(4, team: "b", after: 20)]
        let outcome = try QuotaSimulation(world: world).replay(demands, until: start + .seconds(100))
        #expect(outcome.teams["a"]?.skipped == 1 && outcome.teams["a"]?.runs == 3)
        #expect(outcome.teams["b"]?.paused == 1)
    }

    @Test("with the policy replace the newest run goes on")
    func replacing() throws {
        let world = Fixture.snapshot([], jobs: [AdmissionJob(id: Fixture.job(1), concurrency: .replace)])
        let demands = [demand(1, lasts: 90), demand(2, after: 30, lasts: 20)]
        let outcome = try QuotaSimulation(world: world).replay(demands, until: start + .seconds(100))
        let team = try #require(outcome.teams["a"])
        #expect(team.longestWaitSeconds <= 1 && abs(team.averageRuns - 0.5) < 0.02)
    }

    @Test("what is too much is refused, and nothing gives nothing")
    func bounds() throws {
        var limits = QuotaSimulation.Limits()
        limits.demands = 1
        limits.horizonSeconds = 100
        let simulation = QuotaSimulation(world: world(runs: 1), limits: limits)
        #expect(throws: QuotaSimulation.Refusal.tooManyDemands(count: 2, maximum: 1)) {
            try simulation.replay([demand(1), demand(2)], until: start + .seconds(10))
        }
        #expect(throws: QuotaSimulation.Refusal.horizonTooLong(seconds: 101, maximum: 100)) {
            try simulation.replay([demand(1)], until: start + .seconds(101))
        }
        #expect(try simulation.replay([], until: start).teams.isEmpty)
    }

    @Test("the past fades by half with each half-life")
    func history() {
        var history = UsageHistory(value: 1, updatedAt: start)
        history.advance(to: start + .seconds(100), share: 0, halfLife: .seconds(100))
        #expect(abs(history.value - 0.5) < 1e-9)
        history.advance(to: start + .seconds(250), share: 0, halfLife: .seconds(100))
        #expect(abs(history.value - 0.176_776_695) < 1e-8)
        history.advance(to: start, share: 9, halfLife: .seconds(100))
        #expect(abs(history.value - 0.176_776_695) < 1e-8, "a time before changes nothing")
        // However the time is cut, the same comes of it.
        var whole = UsageHistory(updatedAt: start)
        var parts = whole
        whole.advance(to: start + .seconds(1000), share: 0.4, halfLife: .seconds(300))
        for second in 1...1000 { parts.advance(to: start + .seconds(second), share: 0.4, halfLife: .seconds(300)) }
        #expect(abs(whole.value - parts.value) < 1e-6)
        whole.advance(to: start + .seconds(1_000_000_000), share: 0.25, halfLife: .seconds(1))
        #expect(whole.value == 0.25)
    }
}
