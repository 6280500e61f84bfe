import Testing

@testable import SlipwayCore

@Suite("Who is admitted, and in which order")
struct AdmissionQueueTests {
    private typealias Fixture = AdmissionFixture
    private let now = AdmissionFixture.now

    private func admitted(_ snapshot: AdmissionSnapshot, maximum: Int = 100) -> [RunID] {
        snapshot.plan(now: now, maximum: maximum).plan.admitted
    }

    private func ids(_ numbers: Int...) -> [RunID] { numbers.map(AdmissionFixture.id) }

    @Test("without limits everything goes, the oldest first")
    func age() {
        let runs = [Fixture.run(1, waited: 10), Fixture.run(2, waited: 30), Fixture.run(3, waited: 20)]
        #expect(admitted(Fixture.snapshot(runs)) == ids(2, 3, 1))
        #expect(admitted(Fixture.snapshot(runs), maximum: 2) == ids(2, 3))
        #expect(admitted(Fixture.snapshot([])) == [])
    }

    @Test("a higher priority goes first, and a step of waiting makes up for one level of it")
    func priority() {
        let runs = [
            Fixture.run(1, priority: 0, waited: 500), Fixture.run(2, priority: 2, waited: 10),
            Fixture.run(3, priority: 1, waited: 20),
        ]
        #expect(admitted(Fixture.snapshot(runs)) == ids(2, 3, 1))
        var aged = Fixture.snapshot(runs)
        aged.settings.ageingStep = .seconds(100)
        #expect(admitted(aged) == ids(1, 2, 3), "it has gained five levels, of which two count")
        aged.settings.maximumAgeing = 1
        #expect(admitted(aged) == ids(2, 1, 3))
    }

    @Test("age lifts nobody above the highest priority that was given")
    func ceiling() {
        // Both teams ask with the same priority: the flood of one, though older, does not go before the other's run.
        let flood = (1...5).map { Fixture.run($0, team: "flood", waited: 100_000) }
        let runs = flood + [Fixture.run(9, team: "calm", waited: 1)]
        #expect(admitted(Fixture.snapshot(runs), maximum: 2) == ids(1, 9))
    }

    @Test("of teams with runs of one level the one with the smaller share for its weight goes first")
    func shares() {
        let runs = (1...4).map { Fixture.run($0, team: "a") } + (5...12).map { Fixture.run($0, team: "b") }
        let teams = [AdmissionTeam(name: "a"), AdmissionTeam(name: "b", weight: 3)]
        let order = admitted(Fixture.snapshot(runs, teams: teams), maximum: 8)
        #expect(order.filter { $0 < Fixture.id(5) }.count == 2)
        var past = Fixture.snapshot(runs, teams: teams)
        past.usage = ["b": 1]
        #expect(admitted(past, maximum: 4).filter { $0 < Fixture.id(5) }.count == 4, "what b used lately counts")
    }

    @Test("the dominant resource decides a team's share")
    func dominance() {
        let cluster = AdmissionCluster(cpuMillicores: 10_000, memoryBytes: 10 << 30)
        let live = [
            Fixture.live(20, team: "a", cpu: 1000, memory: 6 << 30),
            Fixture.live(21, team: "b", cpu: 5000, memory: 1 << 30),
        ]
        let runs = [Fixture.run(1, team: "a", waited: 50), Fixture.run(2, team: "b", waited: 10)]
        #expect(admitted(Fixture.snapshot(runs, live: live, clusters: [cluster])) == ids(2, 1))
    }

    @Test("a run that a limit holds does not hold those behind it")
    func noHeadOfLineBlocking() {
        let team = AdmissionTeam(name: "a", cpuMillicores: ResourceQuota(nominal: 1000))
        let jobs = [AdmissionJob(id: Fixture.job(2), maximumConcurrentRuns: 1)]
        let runs = [
            Fixture.run(1, waited: 90, cpu: 5000), Fixture.run(2, job: 2, waited: 80),
            Fixture.run(3, waited: 70, keys: [LimitKey(key: "k", maximum: 1)]),
            Fixture.run(4, cluster: "away", waited: 60), Fixture.run(5, waited: 50, cpu: 200),
        ]
        let live = [
            Fixture.live(20, team: "b", job: 2), Fixture.live(21, cpu: 0, keys: [LimitKey(key: "k", maximum: 9)]),
        ]
        let (plan, held) = Fixture.snapshot(runs, live: live, teams: [team], jobs: jobs).plan(now: now, maximum: 10)
        #expect(plan.admitted == ids(5))
        #expect(held[Fixture.id(1)]?.reason == .teamCPUQuota)
        #expect(held[Fixture.id(2)]?.reason == .jobConcurrency)
        #expect(held[Fixture.id(3)]?.reason == .limitKey)
        #expect(held[Fixture.id(4)]?.reason == .clusterUnavailable)
    }

    @Test("runs of a team that its cluster is not for wait and say so, and do not hold up others")
    func forbiddenCluster() {
        let clusters = [AdmissionCluster(teams: ["b"]), AdmissionCluster(name: "other", teams: ["a"])]
        let runs = [
            Fixture.run(1, team: "a", waited: 90), Fixture.run(2, team: "b", waited: 80),
            Fixture.run(3, team: "a", cluster: "other", waited: 70),
        ]
        let (plan, held) = Fixture.snapshot(runs, clusters: clusters).plan(now: now, maximum: 10)
        #expect(Set(plan.admitted) == Set(ids(2, 3)))
        #expect(held[Fixture.id(1)]?.reason == .clusterForbidden)
        #expect(held[Fixture.id(1)]?.sentence == "Cluster default is not for team a.")
    }

    // MARK: Quotas

    @Test("a team borrows what its cohort does not use, up to what it may borrow and others may lend")
    func borrowing() {
        func admittedRuns(borrowing: Int?, lending: Int?, lenderLive: Int = 0) -> Int {
            let teams = [
                AdmissionTeam(name: "a", cohort: "c", runs: ResourceQuota(nominal: 2, borrowingLimit: borrowing)),
                AdmissionTeam(name: "b", cohort: "c", runs: ResourceQuota(nominal: 4, lendingLimit: lending)),
            ]
            let live = (0..<lenderLive).map { Fixture.live(50 + $0, team: "b") }
            return admitted(Fixture.snapshot((1...20).map { Fixture.run($0) }, live: live, teams: teams)).count
        }
        #expect(admittedRuns(borrowing: nil, lending: nil) == 6)
        #expect(admittedRuns(borrowing: 1, lending: nil) == 3)
        #expect(admittedRuns(borrowing: 0, lending: nil) == 2)
        #expect(admittedRuns(borrowing: nil, lending: 1) == 3)
        #expect(admittedRuns(borrowing: nil, lending: 0) == 2)
        #expect(admittedRuns(borrowing: nil, lending: nil, lenderLive: 3) == 3)
        #expect(
            admittedRuns(borrowing: nil, lending: 2, lenderLive: 1) == 4,
            "the lender uses its guaranteed part first"
        )
    }

    @Test("what was lent comes back as the borrowers' runs end")
    func reclaiming() {
        let quota = ResourceQuota(nominal: 2)
        let teams = ["a", "b"].map { AdmissionTeam(name: $0, cohort: "c", runs: quota) }
        let queue = AdmissionQueue(Fixture.snapshot((1...8).map { Fixture.run($0) }, teams: teams))
        for id in queue.plan(now: now, maximum: 10).admitted {
            let number = Int(id.low)
            queue.apply(.live(Fixture.live(number)))
        }
        #expect(queue.liveCount == 4)
        // The owner asks now: with the lowest priority, and yet before those who would borrow again.
        for number in 11...14 { queue.apply(.pending(Fixture.run(number, team: "b", waited: 1))) }
        #expect(queue.plan(now: now, maximum: 10).admitted == [])
        #expect(queue.explain(Fixture.id(11), now: now)?.reason == .cohortExhausted)
        queue.apply(.gone(Fixture.id(1)))
        queue.apply(.gone(Fixture.id(2)))
        #expect(queue.plan(now: now, maximum: 10).admitted == ids(11, 12))
    }

    @Test("a request for nothing of a dimension is not held by it")
    func nothing() {
        let team = AdmissionTeam(name: "a", cpuMillicores: ResourceQuota(nominal: 0))
        let runs = [Fixture.run(1, cpu: 0), Fixture.run(2, cpu: 1)]
        #expect(admitted(Fixture.snapshot(runs, teams: [team])) == ids(1))
    }

    @Test("amounts and priorities beyond all measure trap nothing")
    func absurd() {
        let team = AdmissionTeam(
            name: "a",
            weight: .nan,
            cohort: "c",
            memoryBytes: ResourceQuota(nominal: .max, borrowingLimit: .max, lendingLimit: .min)
        )
        var runs = (1...20).map { Fixture.run($0, priority: .max, cpu: .max, memory: .max) }
        runs[0].eligibleAt = Timestamp(microsecondsSince1970: .max)
        runs[1].priority = .min
        runs[2].createdAt = Timestamp(microsecondsSince1970: .min / 2)
        var snapshot = Fixture.snapshot(runs, teams: [team])
        snapshot.settings.ageingStep = .zero
        snapshot.settings.maximumAgeing = .max
        snapshot.settings.historyWeight = .infinity
        snapshot.usage = ["a": .nan]
        let (plan, held) = snapshot.plan(now: now, maximum: 30)
        #expect(plan.admitted.count + held.count == 20)
    }

    // MARK: Jobs

    @Test("a job's runs wait for each other", arguments: [AdmissionJob.ConcurrencyPolicy.allow, .queue])
    func concurrency(policy: AdmissionJob.ConcurrencyPolicy) {
        func admittedRuns(maximum: Int?) -> Int {
            let job = AdmissionJob(id: Fixture.job(1), concurrency: policy, maximumConcurrentRuns: maximum)
            return admitted(Fixture.snapshot((1...5).map { Fixture.run($0) }, jobs: [job])).count
        }
        #expect(admittedRuns(maximum: 2) == 2)
        #expect(admittedRuns(maximum: nil) == (policy == .queue ? 1 : 5))
    }

    @Test("with the policy skip a run that finds its job busy ends")
    func skip() {
        let job = AdmissionJob(id: Fixture.job(1), concurrency: .skip)
        let runs = [Fixture.run(1, waited: 30), Fixture.run(2, waited: 20), Fixture.run(3, waited: 10)]
        let free = Fixture.snapshot(runs, jobs: [job]).plan(now: now, maximum: 10).plan
        #expect(free.admitted == ids(1))
        #expect(free.skips.map(\.run) == ids(3, 2) && free.skips.allSatisfy { $0.cause == .jobBusy })
        let busy = Fixture.snapshot(runs, live: [Fixture.live(9)], jobs: [job]).plan(now: now, maximum: 10).plan
        #expect(busy.admitted == [] && busy.skips.map(\.run) == ids(3, 2, 1))
        let bounded = Fixture.snapshot(runs, jobs: [job]).plan(now: now, maximum: 1).plan
        #expect(bounded.skips.map(\.run) == ids(3) && bounded.admitted == [] && bounded.isCutShort)
    }

    @Test("jobs that end surplus runs are looked at while they have waiting runs", arguments: [1, 2])
    func surplusJobs(jobs: Int) {
        let queue = AdmissionQueue()
        for number in 1...9 { queue.apply(.job(AdmissionJob(id: Fixture.job(number), concurrency: .skip))) }
        #expect(queue.surplusJobs.isEmpty)
        let runs = (1...jobs).map { Fixture.run($0, job: $0) }
        for run in runs { queue.apply(.pending(run)) }
        #expect(queue.surplusJobs == Set(runs.map(\.job)))
        queue.apply(.job(AdmissionJob(id: Fixture.job(1), concurrency: .queue)))
        #expect(!queue.surplusJobs.contains(Fixture.job(1)))
        queue.apply(.job(AdmissionJob(id: Fixture.job(1), concurrency: .replace)))
        #expect(queue.surplusJobs == Set(runs.map(\.job)))
        for run in runs { queue.apply(.live(LiveRun(run, admittedAt: now))) }
        #expect(queue.surplusJobs.isEmpty)
    }

    @Test("without credits the oldest runs are paused first, whatever their priority and limit keys")
    func pausesOfManyShapes() {
        let runs = (1...200).map { number in
            Fixture.run(
                number,
                priority: number % 3,
                waited: 1000 - number,
                keys: [LimitKey(key: "k\(number)", maximum: 1)]
            )
        }
        let team = AdmissionTeam(name: "a", credits: 0)
        let plan = Fixture.snapshot(runs, teams: [team]).plan(now: now, maximum: 70).plan
        #expect(plan.pauses.map(\.run) == (1...70).map(Fixture.id) && plan.isCutShort)
        #expect(plan.pauses.allSatisfy { $0.reason == .creditsExhausted })
    }

    @Test("with the policy replace the newest run takes the place of those before it")
    func replace() {
        let job = AdmissionJob(id: Fixture.job(1), concurrency: .replace)
        let runs = [Fixture.run(1, waited: 30), Fixture.run(2, waited: 20)]
        let plan = Fixture.snapshot(runs, live: [Fixture.live(9)], jobs: [job]).plan(now: now, maximum: 10).plan
        #expect(plan.skips == [AdmissionPlan.Skip(run: Fixture.id(1), cause: .superseded)])
        #expect(plan.replacements == [AdmissionPlan.Replacement(cancelled: Fixture.id(9), successor: Fixture.id(2))])
        #expect(plan.admitted == [])
        let ending = Fixture.snapshot([runs[1]], live: [Fixture.live(9, phase: .ending)], jobs: [job])
        #expect(ending.plan(now: now, maximum: 10).plan.isEmpty, "it is on its way out already")
        var held = Fixture.snapshot([runs[1]], live: [Fixture.live(9)], jobs: [job])
        held.clusters[0].state = .draining
        #expect(held.plan(now: now, maximum: 10).plan.isEmpty, "nothing is cancelled for a run that cannot go")
        #expect(admitted(Fixture.snapshot([runs[1]], jobs: [job])) == ids(2))
    }

    @Test("a rate limit lets so many go in any span of its length")
    func rate() {
        let job = AdmissionJob(id: Fixture.job(1), rateLimit: AdmissionJob.RateLimit(count: 2, seconds: 60))
        let queue = AdmissionQueue(Fixture.snapshot((1...9).map { Fixture.run($0) }, jobs: [job]))
        var starts: [Int] = []
        for second in 0..<200 {
            let time = now + .seconds(second)
            let plan = queue.plan(now: time, maximum: 10)
            for id in plan.admitted {
                queue.apply(.live(LiveRun(Fixture.run(Int(id.low)), admittedAt: time)))
                // A run that is over counts on.
                queue.apply(.gone(id))
                starts.append(second)
            }
            if second == 1 {
                #expect(plan.nextLook == now + .seconds(60))
                #expect(queue.explain(Fixture.id(5), now: time)?.endsAt == now + .seconds(60))
            }
        }
        #expect(starts == [0, 0, 60, 60, 120, 120, 180, 180])
    }

    @Test("outside its windows a job's runs wait, and they go when the next one opens")
    func windows() {
        let opens = now + .seconds(100)
        let window = AdmissionJob.Window(opens: opens, closes: opens + .seconds(10))
        let queue = AdmissionQueue(
            Fixture.snapshot([Fixture.run(1)], jobs: [AdmissionJob(id: Fixture.job(1), windows: [window])])
        )
        let plan = queue.plan(now: now, maximum: 10)
        #expect(plan.isEmpty && plan.nextLook == opens)
        #expect(queue.explain(Fixture.id(1), now: now)?.endsAt == opens)
        #expect(queue.plan(now: opens, maximum: 10).admitted == ids(1))
        #expect(queue.plan(now: opens + .seconds(10), maximum: 10).isEmpty)
        #expect(queue.plan(now: opens + .seconds(5), maximum: 10).admitted == ids(1), "also when the clock goes back")
    }

    @Test("a run is not admitted before it is eligible")
    func eligibility() {
        var run = Fixture.run(1)
        run.eligibleAt = now + .seconds(30)
        let queue = AdmissionQueue(Fixture.snapshot([run]))
        #expect(queue.plan(now: now, maximum: 1).nextLook == run.eligibleAt)
        #expect(queue.plan(now: now + .seconds(30), maximum: 1).admitted == ids(1))
    }

    // MARK: Pausing

    @Test("runs whose credential is invalid or whose team has no credits are to be paused")
    func pauses() {
        let runs = [
            Fixture.run(1, waited: 30, credentials: ["db"]), Fixture.run(2, waited: 20),
            Fixture.run(3, team: "b", waited: 10), Fixture.run(4, team: "c", credentials: ["db"]),
        ]
        var snapshot = Fixture.snapshot(runs, teams: [AdmissionTeam(name: "b", credits: 0)])
        snapshot.invalidCredentials = ["a": ["db"]]
        let queue = AdmissionQueue(snapshot)
        let plan = queue.plan(now: now, maximum: 10)
        #expect(plan.admitted == ids(4, 2))
        #expect(plan.pauses.map(\.run) == ids(1, 3))
        #expect(plan.pauses.map(\.reason) == [.credentialInvalid, .creditsExhausted])
        queue.apply(.invalidCredentials(team: "a", []))
        queue.apply(.team(AdmissionTeam(name: "b", credits: 1)))
        #expect(queue.plan(now: now, maximum: 10).admitted.count == 4)
    }

    // MARK: Changes

    @Test("telling a thing twice, or a run in another role, leaves one of it")
    func repetition() {
        let queue = AdmissionQueue(Fixture.snapshot([Fixture.run(1), Fixture.run(1), Fixture.run(2, priority: 3)]))
        #expect(queue.pendingCount == 2)
        queue.apply(.live(Fixture.live(1)))
        queue.apply(.live(Fixture.live(1, phase: .ending)))
        #expect(queue.pendingCount == 1 && queue.liveCount == 1)
        queue.apply(.pending(Fixture.run(1, waited: 5)))
        #expect(queue.pendingCount == 2 && queue.liveCount == 0)
        queue.apply(.gone(Fixture.id(1)))
        queue.apply(.gone(Fixture.id(1)))
        queue.apply(.gone(Fixture.id(77)))
        #expect(queue.pendingCount == 1)
    }

    @Test("what nobody refers to any more is forgotten")
    func forgetting() {
        let queue = AdmissionQueue()
        for number in 1...500 {
            let keys = [LimitKey(key: "k\(number)", maximum: 1)]
            let run = Fixture.run(number, team: "t\(number % 7)", job: number, keys: keys, credentials: ["c\(number)"])
            queue.apply(.pending(run))
            if number % 2 == 0 { queue.apply(.live(LiveRun(run, admittedAt: now))) }
        }
        for number in 1...500 { queue.apply(.gone(Fixture.id(number))) }
        #expect(queue.teams.isEmpty && queue.jobs.isEmpty && queue.priorities.isEmpty)
        #expect(queue.clusters["default"]?.used == .zero && queue.clusters["default"]?.placing == 0)
    }

    @Test("beyond its bound the queue takes no waiting run in, until others are gone")
    func bound() {
        var limits = AdmissionLimits()
        limits.pendingRuns = 2
        let queue = AdmissionQueue(limits: limits)
        #expect(queue.apply(.pending(Fixture.run(1))) && queue.apply(.pending(Fixture.run(2))))
        #expect(!queue.apply(.pending(Fixture.run(3))))
        queue.apply(.gone(Fixture.id(1)))
        #expect(queue.apply(.pending(Fixture.run(3))))
    }
}
