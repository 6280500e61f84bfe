import Testing

@testable import SlipwayCore

/// What holds for every state of the queue, tried on random ones.
@Suite struct AdmissionPropertyTests {
    /// The seed of a run of the suite; a failure prints it.
    private static let seed = UInt64.random(in: .min ... .max)

    /// A plan without the hint when to look again, which may be earlier than it must.
    private func decisions(_ plan: AdmissionPlan) -> AdmissionPlan {
        var decisions = plan
        decisions.nextLook = nil
        decisions.isCutShort = false
        return decisions
    }

    @Test("it decides what the rules say, and gives the reasons they say")
    func reference() {
        for world in 0..<600 {
            let seed = Self.seed &+ UInt64(world)
            var random = RandomAdmission(seed: seed)
            let snapshot = random.snapshot()
            let maximum = random.pick([1, 3, 10, 100])
            let expected = ReferencePlanner(snapshot, now: random.now, maximum: maximum)
            let (plan, held) = snapshot.plan(now: random.now, maximum: maximum)
            var admissions = decisions(plan)
            admissions.preemptions = []
            #expect(admissions == expected.plan, "seed \(seed)")
            let ended = Set(plan.admitted + plan.skips.map(\.run) + plan.pauses.map(\.run))
            let left = snapshot.pending.filter { !ended.contains($0.id) }
            let ceiling = left.map(\.priority).max() ?? 0
            for run in left {
                #expect(held[run.id]?.reason == expected.reason(run) ?? .behindOthers, "seed \(seed), run \(run.id)")
                #expect(
                    held[run.id]?.effectivePriority == expected.level(run, ceiling: ceiling),
                    "seed \(seed), run \(run.id)"
                )
            }
            #expect(Set(held.keys) == Set(snapshot.pending.map(\.id)).subtracting(ended), "seed \(seed)")
        }
    }

    @Test("nothing that could go is held while there is room")
    func workConserving() {
        for world in 0..<200 {
            let seed = Self.seed &+ UInt64(world)
            var random = RandomAdmission(seed: seed)
            let (plan, held) = random.snapshot(pending: 0...60).plan(now: random.now, maximum: 1000)
            #expect(!plan.isCutShort, "seed \(seed)")
            #expect(!held.values.contains { $0.reason == .behindOthers }, "seed \(seed)")
        }
    }

    @Test("before the moment that it names nothing more can go by time alone")
    func nextLook() {
        for world in 0..<200 {
            let seed = Self.seed &+ UInt64(world)
            var random = RandomAdmission(seed: seed)
            let snapshot = random.snapshot()
            let queue = AdmissionQueue(snapshot)
            let first = queue.plan(now: random.now, maximum: 1000)
            for run in snapshot.pending where first.admitted.contains(run.id) {
                queue.apply(.live(LiveRun(run, admittedAt: random.now)))
            }
            for id in first.skips.map(\.run) + first.pauses.map(\.run) { queue.apply(.gone(id)) }
            let next = queue.plan(now: random.now, maximum: 1000).nextLook
            for second in 1...120 {
                let time = random.now + .seconds(second)
                if let next, time >= next { break }
                #expect(queue.plan(now: time, maximum: 1000).admitted == [], "seed \(seed), after \(second) s")
            }
        }
    }

    @Test("the same state gives the same plan, whatever led to it")
    func determinism() {
        for world in 0..<200 {
            let seed = Self.seed &+ UInt64(world)
            var random = RandomAdmission(seed: seed)
            let snapshot = random.snapshot(pending: 0...40)
            let straight = AdmissionQueue(snapshot).plan(now: random.now, maximum: 10)
            let queue = wander(to: snapshot, using: &random)
            let plan = queue.plan(now: random.now, maximum: 10)
            #expect(decisions(plan) == decisions(straight), "seed \(seed)")
            #expect(decisions(queue.plan(now: random.now, maximum: 10)) == decisions(plan), "seed \(seed)")
        }
    }

    /// A queue that has seen other runs, other settings and other times before it comes to a state.
    private func wander(to snapshot: AdmissionSnapshot, using random: inout RandomAdmission) -> AdmissionQueue {
        let earlier = random.snapshot(pending: 0...30)
        let queue = AdmissionQueue(earlier)
        var events: [AdmissionEvent] = earlier.pending.map { .gone($0.id) } + earlier.live.map { .gone($0.id) }
        for team in earlier.teams { events.append(.teamRemoved(team.name)) }
        for job in earlier.jobs { events.append(.jobRemoved(job.id)) }
        for cluster in earlier.clusters { events.append(.clusterRemoved(cluster.name)) }
        for team in ["a", "b", "c"] {
            events += [.usage(team: team, 0), .invalidCredentials(team: team, [])]
        }
        // Some of the runs to come are there already, in another role.
        for run in snapshot.pending where random.chance(30) {
            events.append(.live(LiveRun(run, admittedAt: random.now)))
        }
        events.shuffle(using: &random.generator)
        for (index, event) in events.enumerated() {
            queue.apply(event)
            if index % 7 == 0 { _ = queue.plan(now: random.now + .seconds(random.number(-100...100)), maximum: 5) }
        }
        var last: [AdmissionEvent] = snapshot.pending.map { .pending($0) } + snapshot.live.map { .live($0) }
        last += snapshot.teams.map { .team($0) } + snapshot.clusters.map { .cluster($0) }
        last += snapshot.usage.map { .usage(team: $0.key, $0.value) }
        last += snapshot.invalidCredentials.map { .invalidCredentials(team: $0.key, $0.value) }
        last += [.settings(snapshot.settings)] + snapshot.jobs.map { .job($0) }
        last.shuffle(using: &random.generator)
        for event in last {
            queue.apply(event)
            if random.chance(10) { _ = queue.plan(now: random.now + .seconds(random.number(-100...100)), maximum: 5) }
        }
        for job in snapshot.jobs { queue.apply(.job(job)) }
        return queue
    }

    @Test("no limit is ever exceeded by what it admits, while runs come and go at any time")
    func neverOver() {
        for world in 0..<60 {
            let seed = Self.seed &+ UInt64(world)
            var random = RandomAdmission(seed: seed)
            var world = random.snapshot(pending: 10...30)
            let queue = AdmissionQueue(world)
            for step in 0..<40 {
                let now = random.now + .seconds(step * 7)
                let plan = queue.plan(now: now, maximum: random.pick([1, 5, 50]))
                // What happens between the plan and its being carried out.
                for run in world.live where random.chance(25) {
                    world.live.removeAll { $0.id == run.id }
                    queue.apply(.gone(run.id))
                }
                var after = world
                for id in plan.admitted where random.chance(90) {
                    guard let run = world.pending.first(where: { $0.id == id }) else { continue }
                    after.pending.removeAll { $0.id == id }
                    let phase: LiveRun.Phase = random.chance(50) ? .admitted : .running
                    after.live.append(LiveRun(run, admittedAt: now, phase: phase))
                    queue.apply(.live(LiveRun(run, admittedAt: now, phase: phase)))
                }
                #expect(Self.excess(before: world, after: after) == [], "seed \(seed), step \(step)")
                world = after
                for id in plan.skips.map(\.run) + plan.pauses.map(\.run) {
                    world.pending.removeAll { $0.id == id }
                    queue.apply(.gone(id))
                }
                for _ in 0..<random.number(0...6) {
                    let run = random.pendingRun()
                    world.pending.append(run)
                    queue.apply(.pending(run))
                }
                if random.chance(20) {
                    world.teams = random.teams()
                    for name in ["a", "b", "c"] { queue.apply(.teamRemoved(name)) }
                    for team in world.teams { queue.apply(.team(team)) }
                }
                #expect(queue.pendingCount == world.pending.count && queue.liveCount == world.live.count)
            }
        }
    }

    /// The limits that are exceeded after a change, and were not as much before.
    private static func excess(before: AdmissionSnapshot, after: AdmissionSnapshot) -> [String] {
        var excess: [String] = []
        func check(_ name: String, _ limit: Int?, _ amount: (AdmissionSnapshot) -> Int) {
            guard let limit, amount(after) > max(limit, amount(before)) else { return }
            excess.append("\(name): \(amount(after)) of \(limit)")
        }
        for dimension in ResourceDimension.allCases {
            func used(_ world: AdmissionSnapshot, where isCounted: (LiveRun) -> Bool) -> Int {
                world.live.filter(isCounted).reduce(0) { $0 + $1.request[dimension] }
            }
            func taken(_ world: AdmissionSnapshot, _ team: AdmissionTeam) -> Int {
                guard let quota = team.quota(dimension) else { return 0 }
                let guaranteed = quota.nominal - min(quota.nominal, quota.lendingLimit ?? .max)
                return max(0, used(world) { $0.team == team.name } - guaranteed)
            }
            let members = after.teams.filter { $0.cohort != nil }
            for team in after.teams {
                guard let quota = team.quota(dimension) else { continue }
                let limit = team.cohort == nil ? quota.nominal : quota.borrowingLimit.map { quota.nominal + $0 }
                check("\(team.name) \(dimension)", limit) { used($0) { $0.team == team.name } }
            }
            let pool = members.compactMap { $0.quota(dimension) }
                .reduce(0) { $0 + min($1.nominal, $1.lendingLimit ?? .max) }
            check("pool \(dimension)", pool) { world in members.reduce(0) { $0 + taken(world, $1) } }
            for cluster in after.clusters {
                check("\(cluster.name) \(dimension)", cluster.capacity(dimension)) {
                    used($0) { $0.cluster == cluster.name }
                }
            }
        }
        for job in after.jobs {
            check("job \(job.id)", job.maximumLive) { $0.live.filter { $0.job == job.id }.count }
        }
        for cluster in after.clusters {
            check("window \(cluster.name)", cluster.placementWindow) {
                $0.live.filter { $0.cluster == cluster.name && $0.phase == .admitted }.count
            }
        }
        return excess
    }
}
