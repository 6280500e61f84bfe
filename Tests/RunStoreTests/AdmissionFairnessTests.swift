import PostgresClient
import RunStore
import SlipwayCore
import Testing

/// Limits under many schedulers and submitters, shares under overload, bursts.
@Suite struct AdmissionFairnessTests {
    @Test(.timeLimit(.minutes(3)), arguments: [2, 3])
    func noLimitIsEverExceededWhoeverDies(schedulers: Int) async throws {
        try await StoreFixture.with { fixture in
            let store = fixture.store
            try await fixture.apply { $0.concurrency = .init(policy: .queue, maximumRuns: 7) }
            try await fixture.setQuota(runs: 9)
            try await watchLimits(store, job: fixture.job.id)
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<100 {
                    group.addTask {
                        for _ in 0..<2 {
                            var run = fixture.newRun()
                            if Bool.random() { run.admission.limitKeys = [LimitKey(key: "pair", maximum: 2)] }
                            try await store.create([run])
                        }
                    }
                }
                for _ in 0..<schedulers { group.addTask { try await schedule(fixture) } }
                group.addTask {
                    // Ends what is ready, a few at a time, until all have ended.
                    while try await store.pool.query("SELECT FROM finished_runs").rowCount < 200 {
                        try await fixture.finishAll(Int.random(in: 1...3))
                    }
                }
                for _ in 0..<(100 + 1) { try await group.next() }
                group.cancelAll()
                while let result = await group.nextResult() {
                    if case .failure(let error) = result, !(error is CancellationError) { throw error }
                }
            }
            let violations = try await store.pool.query("SELECT what FROM violations").decode(String.self)
            #expect(violations == [])
            let terms = try await store.pool.query("SELECT term FROM terms").decode(Int64.self)
            #expect(terms[0] > 2)
        }
    }

    /// A scheduler that dies now and then, in the middle of whatever it does, and comes again as another.
    private func schedule(_ fixture: StoreFixture) async throws {
        while !Task.isCancelled {
            let holder = StoreFixture.identifier()
            let life = Task {
                while !Task.isCancelled {
                    let taken = try await fixture.store.takeTerm(
                        duty: SchedulingTerm.duty,
                        holder: holder,
                        timeToLive: .milliseconds(400)
                    )
                    guard let number = taken else {
                        try await Task.sleep(for: .milliseconds(10))
                        continue
                    }
                    let shell = AdmissionShell(fixture.store, under: .init(holder: holder, number: number))
                    // It does not renew: its term ends under it.
                    for _ in 0..<Int.random(in: 1...30) { _ = try await shell.cycle() }
                }
            }
            try await Task.sleep(for: .milliseconds(Int.random(in: 100...1500)))
            life.cancel()
            // why: it was killed, or lost its connection: both are what is tried here.
            _ = try? await life.value
        }
    }

    /// Each change of a run's state is followed by a look at every limit, in the same transaction.
    private func watchLimits(_ store: RunStore, job: JobID) async throws {
        try await store.pool.query("CREATE TABLE violations (what text)")
        try await store.pool.query(
            """
            CREATE FUNCTION watch_limits() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN
                INSERT INTO violations
                SELECT 'team ' || count(*) FROM live_runs WHERE state <> 'pending' HAVING count(*) > 9;
                INSERT INTO violations SELECT 'job ' || count(*) FROM live_runs WHERE state <> 'pending'
                    AND job_id = '\(unescaped: job.description)' HAVING count(*) > 7;
                INSERT INTO violations SELECT 'key ' || count(*) FROM live_runs WHERE state <> 'pending'
                    AND limit_keys <> '[]' HAVING count(*) > 2;
                RETURN NULL;
            END
            $$
            """
        )
        try await store.pool.query(
            """
            CREATE TRIGGER watch_limits AFTER UPDATE OF state ON live_runs
            FOR EACH STATEMENT EXECUTE FUNCTION watch_limits()
            """
        )
    }

    @Test func capacityIsUsedUpWhileSomethingWaits() async throws {
        try await StoreFixture.with { fixture in
            try await fixture.setQuota(runs: 9)
            let shell = try await fixture.shell()
            for round in 0..<20 {
                _ = try await fixture.created(30)
                _ = try await shell.cycle()
                #expect(shell.follower.queue.liveCount == 9, "round \(round)")
                try await fixture.finishAll(1 + round % 9)
            }
        }
    }

    @Test func sharesUnderOverloadAreAsTheWeights() async throws {
        try await StoreFixture.with { fixture in
            let store = fixture.store
            let weights = ["one": 1.0, "two": 2.0, "three": 3.0]
            for (team, weight) in weights { try await fixture.setQuota(team: team, runs: 1000, weight: weight) }
            try await store.pool.query("UPDATE clusters SET spec = '{\"capacity\": {\"cpu_millicores\": 24000}}'")
            var random = SystemRandomNumberGenerator()
            // Runs of different sizes and lengths, more than can go.
            var length: [RunID: Int] = [:]
            func submit(_ count: Int) async throws {
                var runs: [NewRun] = []
                for team in weights.keys.sorted() {
                    for _ in 0..<count {
                        var run = fixture.newRun()
                        run.team = team
                        run.admission.cpuMillicores = 500 * Int.random(in: 1...3, using: &random)
                        length[run.id] = Int.random(in: 1...5, using: &random)
                        runs.append(run)
                    }
                }
                try await store.create(runs)
            }
            try await submit(150)
            let shell = try await fixture.shell()
            var used: [String: Int] = [:]
            var ends: [RunID: Int] = [:]
            for round in 0..<150 {
                try await submit(6)
                for run in try await shell.cycle().admitted { ends[run.id] = round + (length[run.id] ?? 1) }
                let live = try await store.pool.query(
                    "SELECT team, sum(cpu_millicores) FROM live_runs WHERE state <> 'pending' GROUP BY team"
                ).decode(String.self, Int.self)
                #expect(live.reduce(0) { $0 + $1.1 } <= 24_000)
                if round >= 10 { for (team, cpu) in live { used[team] = (used[team] ?? 0) + cpu } }
                let over = ends.filter { $0.value == round + 1 }.map(\.key)
                _ = try await store.cancel(over, by: nil, why: nil)
            }
            let total = Double(used.values.reduce(0, +))
            for (team, weight) in weights {
                let share = Double(used[team] ?? 0) / total
                #expect(abs(share - weight / 6) < 0.05 * weight / 6, "\(team) had \(share) of \(weight / 6)")
            }
        }
    }

    /// A round stands for the time between two cycles; the bound is one round more than without the burst.
    @Test func aBurstOfOneTeamDoesNotMakeAnotherWait() async throws {
        try await StoreFixture.with { fixture in
            let store = fixture.store
            try await fixture.setQuota(team: "loud", runs: 10_000)
            try await fixture.setQuota(team: "quiet", runs: 10_000)
            try await store.pool.query("UPDATE clusters SET spec = '{\"capacity\": {\"runs\": 50}}'")
            let shell = try await fixture.shell()
            var submitted: [RunID: Int] = [:]
            var waits: [Int] = []
            var live: [RunID] = []
            for round in 0..<60 {
                var runs = (0..<2).map { _ in fixture.newRun() }
                for index in runs.indices { runs[index].team = "quiet" }
                for run in runs { submitted[run.id] = round }
                if round >= 10, round < 50 {
                    var burst = (0..<250).map { _ in fixture.newRun() }
                    for index in burst.indices { burst[index].team = "loud" }
                    runs += burst
                }
                try await store.create(runs)
                for run in try await shell.cycle().admitted {
                    live.append(run.id)
                    if let since = submitted[run.id] { waits.append(round - since) }
                }
                // A fifth of what is live ends in each round, the oldest.
                _ = try await store.cancel(Array(live.prefix(10)), by: nil, why: nil)
                live.removeFirst(min(10, live.count))
            }
            waits.sort()
            #expect(waits.count >= 118)
            #expect(waits[Int(0.99 * Double(waits.count))] <= 1, "p99 is \(waits[Int(0.99 * Double(waits.count))]) rounds")
            #expect(shell.follower.queue.pendingCount > 9000)
        }
    }
}
