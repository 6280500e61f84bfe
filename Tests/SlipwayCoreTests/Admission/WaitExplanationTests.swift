import Testing

@testable import SlipwayCore

@Suite("Why a run waits")
struct WaitExplanationTests {
    private typealias Fixture = AdmissionFixture
    private let now = AdmissionFixture.now

    private func explain(_ snapshot: AdmissionSnapshot, _ number: Int = 1) -> WaitExplanation? {
        AdmissionQueue(snapshot).explain(Fixture.id(number), now: now)
    }

    @Test("every reason has a stable name, a scope, and a sentence with the facts")
    func sentences() throws {
        let quota = AdmissionTeam(
            name: "a",
            runs: ResourceQuota(nominal: 1),
            cpuMillicores: ResourceQuota(nominal: 150),
            memoryBytes: ResourceQuota(nominal: 1 << 20)
        )
        let live = [Fixture.live(9)]
        var team = AdmissionTeam(name: "a", cpuMillicores: ResourceQuota(nominal: 150))
        let cpu = try #require(explain(Fixture.snapshot([Fixture.run(1)], live: live, teams: [team])))
        #expect(cpu.reason == .teamCPUQuota && cpu.reason.scope == .own && cpu.blockers == [Fixture.id(9)])
        #expect(cpu.sentence == "Team a uses 100m of cpu and may use 150m; the run asks for 100m.")
        team.cpuMillicores = nil
        team.memoryBytes = quota.memoryBytes
        let memory = try #require(explain(Fixture.snapshot([Fixture.run(1)], live: live, teams: [team])))
        #expect(memory.sentence == "Team a uses 1Mi of memory and may use 1Mi; the run asks for 1Mi.")
        let runs = try #require(explain(Fixture.snapshot([Fixture.run(1)], live: live, teams: [quota])))
        #expect(runs.reason == .teamRunsLimit && runs.sentence == "Team a has 1 run live, and may have 1.")
        let job = AdmissionJob(id: Fixture.job(1), concurrency: .queue)
        let busy = try #require(explain(Fixture.snapshot([Fixture.run(1)], live: live, jobs: [job])))
        #expect(
            busy.sentence == "1 run of its job is live, and 1 may be at a time." && busy.blockers == [Fixture.id(9)]
        )
        let key = [LimitKey(key: "db:main", maximum: 1)]
        let keyed = try #require(
            explain(Fixture.snapshot([Fixture.run(1, keys: key)], live: [Fixture.live(9, keys: key)]))
        )
        #expect(keyed.sentence == "1 run with the key db:main is live, and 1 may be at a time.")
        #expect(keyed.reason == .limitKey && keyed.blockers == [Fixture.id(9)])
        let away = try #require(explain(Fixture.snapshot([Fixture.run(1, cluster: "x")])))
        #expect(away.sentence == "Cluster x is not registered." && away.reason.scope == .cluster)
        let full = try #require(
            explain(Fixture.snapshot([Fixture.run(1)], live: live, clusters: [AdmissionCluster(runs: 1)]))
        )
        #expect(full.reason == .clusterFull && full.reason.scope == .cluster && full.blockers == [])
        #expect(full.sentence == "Cluster default has no room for 100m of cpu and 1Mi of memory.")
    }

    @Test("what blocks is told with the oldest first, and not without end")
    func blockers() {
        let job = AdmissionJob(id: Fixture.job(1), maximumConcurrentRuns: 20)
        let live = (1...20).map { Fixture.live(100 + $0, since: $0) }
        let held = explain(Fixture.snapshot([Fixture.run(1)], live: live, jobs: [job]))
        #expect(held?.blockers == (0..<5).map { Fixture.id(120 - $0) })
    }

    @Test("positions count those who go before it in the team and, by the teams' shares, in all")
    func positions() {
        let own = (1...5).map { Fixture.run($0, priority: $0 == 5 ? 1 : 0, waited: 100 - $0) }
        let others = (11...20).map { Fixture.run($0, team: "b", waited: 500) }
        let queue = AdmissionQueue(Fixture.snapshot(own + others))
        let position = { (number: Int) in queue.explain(Fixture.id(number), now: now).map(\.positionInTeam) }
        #expect([5, 1, 2, 3, 4].map(position) == [1, 2, 3, 4, 5])
        #expect(queue.explain(Fixture.id(4), now: now)?.blockers == [5, 1, 2, 3].map(Fixture.id))
        #expect(queue.explain(Fixture.id(5), now: now)?.positionOverall == 1, "nobody else has its priority")
        let order = queue.plan(now: now, maximum: 100).admitted
        for (index, id) in order.enumerated() {
            let overall = queue.explain(id, now: now)?.positionOverall ?? 0
            #expect(abs(overall - index - 1) <= 1, "\(id)")
        }
    }

    @Test("the order in which runs of one size go is the order of their positions")
    func positionsAreTheOrder() {
        for seed in 0..<40 {
            var random = RandomAdmission(seed: UInt64(seed))
            let runs = (0..<60).map { number in
                Fixture.run(
                    number,
                    team: random.pick(["a", "b", "c"]),
                    priority: random.pick([0, 0, 3]),
                    waited: random.number(0...1000)
                )
            }
            var snapshot = Fixture.snapshot(runs, teams: [AdmissionTeam(name: "a", weight: 2)])
            snapshot.settings.ageingStep = .seconds(200)
            let queue = AdmissionQueue(snapshot)
            for (index, id) in queue.plan(now: now, maximum: 100).admitted.enumerated() {
                let overall = queue.explain(id, now: now)?.positionOverall ?? 0
                // Two other teams may be one run off.
                #expect(abs(overall - index - 1) <= 2, "seed \(seed), \(id)")
            }
        }
    }

    @Test("counts by reason add up to what waits, and agree with what each run says")
    func counts() {
        for seed in 0..<100 {
            var random = RandomAdmission(seed: UInt64(seed))
            let snapshot = random.snapshot()
            let queue = AdmissionQueue(snapshot)
            for team in ["a", "b", "c"] {
                let runs = snapshot.pending.filter { $0.team == team }
                let reasons = runs.compactMap { queue.explain($0.id, now: now)?.reason }
                let expected = Dictionary(grouping: reasons) { $0 }.mapValues(\.count)
                #expect(queue.holdCounts(team: team, now: now) == expected, "seed \(seed)")
                #expect(queue.waitingTeams.contains(team) == !runs.isEmpty)
            }
        }
    }

    @Test("who does not wait has no reason")
    func nobody() {
        #expect(explain(Fixture.snapshot([], live: [Fixture.live(1)])) == nil)
    }
}
