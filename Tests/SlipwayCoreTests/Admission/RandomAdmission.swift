@testable import SlipwayCore

/// Small random worlds in which limits collide often.
struct RandomAdmission {
    var generator: SeededGenerator
    private(set) var nextNumber = 1
    let now = AdmissionFixture.now

    init(seed: UInt64) { generator = SeededGenerator(seed: seed) }

    mutating func number(_ range: ClosedRange<Int>) -> Int { Int.random(in: range, using: &generator) }
    mutating func chance(_ percent: Int) -> Bool { number(1...100) <= percent }
    mutating func pick<Element>(_ elements: [Element]) -> Element { elements[number(0...(elements.count - 1))] }

    mutating func snapshot(pending: ClosedRange<Int> = 0...25, live: ClosedRange<Int> = 0...10) -> AdmissionSnapshot {
        var snapshot = AdmissionSnapshot()
        snapshot.teams = teams()
        snapshot.jobs = jobs()
        snapshot.clusters = clusters()
        snapshot.live = (0..<number(live)).map { _ in liveRun() }
        snapshot.pending = (0..<number(pending)).map { _ in pendingRun() }
        for team in ["a", "b", "c"] {
            if chance(50) { snapshot.usage[team] = Double(number(0...10)) / 10 }
            if chance(20) { snapshot.invalidCredentials[team] = [pick(["x", "y"])] }
        }
        snapshot.settings.ageingStep = .seconds(pick([10, 60, 100_000]))
        snapshot.settings.maximumAgeing = pick([0, 1, 1000])
        snapshot.settings.preemption = pick([.never, .withinTeam, .acrossTeams])
        return snapshot
    }

    mutating func teams() -> [AdmissionTeam] {
        ["a", "b", "c"].filter { _ in number(1...10) > 1 }.map { name in
            AdmissionTeam(
                name: name,
                weight: Double(number(1...3)),
                cohort: chance(60) ? "pool" : nil,
                runs: quota(scale: 1),
                cpuMillicores: quota(scale: 100),
                memoryBytes: quota(scale: 1 << 20),
                credits: chance(10) ? 0 : nil,
                isSuspended: chance(5)
            )
        }
    }

    private mutating func quota(scale: Int) -> ResourceQuota? {
        guard chance(60) else { return nil }
        return ResourceQuota(
            nominal: number(0...6) * scale,
            borrowingLimit: chance(50) ? number(0...4) * scale : nil,
            lendingLimit: chance(50) ? number(0...4) * scale : nil
        )
    }

    mutating func jobs() -> [AdmissionJob] {
        (1...4).filter { _ in number(1...10) > 2 }.map { number in
            let hasRate = chance(20)
            return AdmissionJob(
                id: AdmissionFixture.job(number),
                concurrency: pick([.allow, .allow, .queue, .skip, .replace]),
                maximumConcurrentRuns: chance(50) ? self.number(1...3) : nil,
                rateLimit: hasRate ? AdmissionJob.RateLimit(count: self.number(1...3), seconds: 60) : nil,
                windows: chance(20) ? [window()] : nil,
                recentAdmissions: hasRate ? [now + .seconds(-self.number(1...100))] : nil
            )
        }
    }

    private mutating func window() -> AdmissionJob.Window {
        let opens = number(-100...50)
        return AdmissionJob.Window(opens: now + .seconds(opens), closes: now + .seconds(opens + 60))
    }

    mutating func clusters() -> [AdmissionCluster] {
        ["default", "other"].filter { _ in number(1...20) > 1 }.map { name in
            AdmissionCluster(
                name: name,
                state: chance(90) ? .active : pick(AdmissionCluster.State.allCases),
                runs: chance(40) ? number(0...10) : nil,
                cpuMillicores: chance(40) ? number(0...10) * 100 : nil,
                memoryBytes: chance(40) ? number(0...10) << 20 : nil,
                placementWindow: chance(30) ? number(0...5) : nil,
                teams: chance(10) ? [pick(["a", "b", "c"])] : nil
            )
        }
    }

    mutating func pendingRun() -> PendingRun {
        var run = AdmissionFixture.run(
            nextNumber,
            team: pick(["a", "b", "c"]),
            job: number(1...4),
            cluster: pick(["default", "default", "other"]),
            priority: pick([0, 0, 0, 1, 5]),
            waited: number(0...8) * 25,
            cpu: number(0...3) * 100,
            memory: number(0...2) << 20,
            keys: keys(),
            credentials: chance(20) ? [pick(["x", "y"])] : []
        )
        if chance(15) { run.eligibleAt = now + .seconds(number(-50...50)) }
        nextNumber += 1
        return run
    }

    mutating func liveRun() -> LiveRun {
        let phase = pick(LiveRun.Phase.allCases)
        let run = pendingRun()
        return LiveRun(run, admittedAt: now + .seconds(-number(0...100)), phase: phase)
    }

    private mutating func keys() -> [LimitKey] {
        (0..<pick([0, 0, 1, 2])).map { _ in LimitKey(key: pick(["k", "l"]), maximum: number(1...2)) }
    }
}
