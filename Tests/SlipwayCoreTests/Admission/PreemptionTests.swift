import Testing

@testable import SlipwayCore

@Suite("Which admitted runs make room for more urgent ones")
struct PreemptionTests {
    private typealias Fixture = AdmissionFixture
    private let now = AdmissionFixture.now

    /// A cluster with room for two runs, both taken.
    private func plan(
        _ live: [LiveRun],
        _ preemption: AdmissionSettings.Preemption,
        pending: [PendingRun] = [AdmissionFixture.run(1, priority: 5)],
        teams: [AdmissionTeam] = []
    ) -> AdmissionPlan {
        var snapshot = Fixture.snapshot(
            pending,
            live: live,
            teams: teams,
            clusters: [AdmissionCluster(runs: 2)]
        )
        snapshot.settings.preemption = preemption
        return snapshot.plan(now: now, maximum: 10).plan
    }

    @Test("the least urgent, latest admitted run that has not begun goes back")
    func victim() {
        let live = [
            Fixture.live(11, priority: 1, since: 10, phase: .admitted),
            Fixture.live(12, priority: 0, since: 50, phase: .admitted),
            Fixture.live(13, priority: 0, since: 20, phase: .admitted), Fixture.live(14, phase: .running),
        ]
        var snapshot = Fixture.snapshot(
            [Fixture.run(1, priority: 5)],
            live: live,
            clusters: [AdmissionCluster(runs: 4)]
        )
        #expect(snapshot.plan(now: now, maximum: 10).plan.isEmpty, "unless allowed, nothing goes back")
        snapshot.settings.preemption = .withinTeam
        let plan = snapshot.plan(now: now, maximum: 10).plan
        let expected = [AdmissionPlan.Preemption(victim: Fixture.id(13), beneficiary: Fixture.id(1))]
        #expect(plan.preemptions == expected && plan.admitted == [])
    }

    @Test("nobody goes back for a run of the same priority, nor who has begun")
    func protected() {
        let same = [Fixture.live(11, priority: 5, phase: .admitted), Fixture.live(12, priority: 5, phase: .admitted)]
        #expect(plan(same, .acrossTeams).isEmpty)
        #expect(plan([Fixture.live(11), Fixture.live(12)], .acrossTeams).isEmpty)
    }

    @Test("who has waited so long that it would go first again is not sent back")
    func aged() {
        // Ten minutes give one level: these two are at level 5 as well, and those are at level 4.
        let old = (11...12).map { Fixture.live($0, waited: 3100, phase: .admitted) }
        #expect(plan(old, .acrossTeams).isEmpty)
        let younger = (11...12).map { Fixture.live($0, waited: 2900, phase: .admitted) }
        #expect(plan(younger, .acrossTeams).preemptions.map(\.victim) == [Fixture.id(12)])
        let mixed = [younger[0], old[1]]
        #expect(plan(mixed, .acrossTeams).preemptions.map(\.victim) == [Fixture.id(11)])
    }

    @Test("what is sent back does not take its room again before the run in whose favour it went")
    func settles() {
        for seed in 0..<200 {
            var random = RandomAdmission(seed: UInt64(seed))
            var snapshot = random.snapshot()
            snapshot.settings.preemption = .withinTeam
            let first = snapshot.plan(now: random.now, maximum: 1000).plan
            let victims = Set(first.preemptions.map(\.victim))
            for run in snapshot.live where victims.contains(run.id) {
                snapshot.pending.append(Fixture.waiting(again: run))
            }
            snapshot.live.removeAll { victims.contains($0.id) }
            let queue = AdmissionQueue(snapshot)
            let precedence = queue.precedence(now: random.now.microsecondsSince1970)
            func level(_ id: RunID) -> Int? {
                queue.waitingRun(id).map {
                    precedence.level(priority: $0.priority, since: $0.createdAt.microsecondsSince1970)
                }
            }
            for preemption in first.preemptions {
                guard let victim = level(preemption.victim), let winner = level(preemption.beneficiary) else {
                    continue
                }
                #expect(victim < winner, "seed \(seed)")
            }
        }
    }

    @Test("runs of other teams go back only where that is allowed")
    func teams() {
        let others = [Fixture.live(11, team: "b", phase: .admitted), Fixture.live(12, team: "b", phase: .admitted)]
        #expect(plan(others, .withinTeam).isEmpty)
        #expect(plan(others, .acrossTeams).preemptions.map(\.victim) == [Fixture.id(12)])
        let quota = AdmissionTeam(name: "a", runs: ResourceQuota(nominal: 0))
        #expect(plan(others, .acrossTeams, teams: [quota]).isEmpty, "others cannot help a team over its own quota")
    }

    @Test("while somebody is ending nobody goes back for the same room")
    func ending() {
        let live = [Fixture.live(11, phase: .admitted), Fixture.live(12, phase: .ending)]
        #expect(plan(live, .withinTeam).isEmpty)
        let two = [Fixture.run(1, priority: 5, waited: 20), Fixture.run(2, priority: 5, waited: 10, cpu: 200)]
        #expect(plan(live, .withinTeam, pending: two).preemptions.map(\.beneficiary) == [Fixture.id(2)])
    }

    @Test("only those go back that are needed, and none if they are not enough")
    func fewest() {
        func plan(cpu: Int) -> AdmissionPlan {
            let live = [
                Fixture.live(11, priority: 0, cpu: 100, phase: .admitted),
                Fixture.live(12, priority: 1, cpu: 900, phase: .admitted),
            ]
            let run = Fixture.run(1, priority: 5, cpu: cpu)
            var snapshot = Fixture.snapshot([run], live: live, clusters: [AdmissionCluster(cpuMillicores: 1000)])
            snapshot.settings.preemption = .withinTeam
            return snapshot.plan(now: now, maximum: 10).plan
        }
        #expect(plan(cpu: 900).preemptions.map(\.victim) == [Fixture.id(12)])
        #expect(plan(cpu: 1000).preemptions.map(\.victim) == [Fixture.id(11), Fixture.id(12)])
        #expect(plan(cpu: 1001).isEmpty)
    }

    @Test("after a plan the queue counts what it counted before")
    func nothingChanges() {
        for seed in 0..<200 {
            var random = RandomAdmission(seed: UInt64(seed))
            var snapshot = random.snapshot()
            snapshot.settings.preemption = .acrossTeams
            let queue = AdmissionQueue(snapshot)
            let first = queue.plan(now: random.now, maximum: 5)
            #expect(queue.plan(now: random.now, maximum: 5) == first, "seed \(seed)")
            let begun = Set(snapshot.live.filter { $0.phase != .admitted }.map(\.id))
            #expect(begun.isDisjoint(with: first.preemptions.map(\.victim)), "seed \(seed)")
            #expect(Set(first.preemptions.map(\.victim)).count == first.preemptions.count, "seed \(seed)")
        }
    }
}
