/// One replay at work.
final class QuotaReplay {
    private struct End: Comparable {
        var at: Timestamp
        var id: RunID

        static func < (left: End, right: End) -> Bool { (left.at, left.id) < (right.at, right.id) }
    }

    /// What is added up for a team.
    private struct Account {
        var waits: [Double] = []
        var told = QuotaSimulationOutcome.Team()
        var used = ResourceAmounts.zero
        /// Since when it has not changed.
        var usedSince: Timestamp
        var runSeconds = 0.0
        var millicoreSeconds = 0.0
        var byteSeconds = 0.0
        var history: UsageHistory

        mutating func change(by request: ResourceAmounts, isStart: Bool, at now: Timestamp) {
            settle(at: now)
            if isStart { used += request } else { used -= request }
        }

        mutating func settle(at now: Timestamp) {
            let seconds = (now - usedSince) / .seconds(1)
            runSeconds += Double(used.runs) * seconds
            millicoreSeconds += Double(used.cpuMillicores) * seconds
            byteSeconds += Double(used.memoryBytes) * seconds
            usedSince = now
        }
    }

    private let simulation: QuotaSimulation
    private let demands: [RunID: QuotaSimulation.Demand]
    private let arrivals: [PendingRun]
    private let start: Timestamp
    private let end: Timestamp
    private let queue: AdmissionQueue
    private var next = 0
    private var ends = MinimumHeap<End>()
    private var accounts: [String: Account] = [:]
    private var historyUpdatedAt: Timestamp
    private var cycles = 0

    init(_ simulation: QuotaSimulation, demands: [QuotaSimulation.Demand], start: Timestamp, end: Timestamp) {
        self.simulation = simulation
        self.demands = Dictionary(demands.map { ($0.run.id, $0) }, uniquingKeysWith: { first, _ in first })
        self.start = start
        self.end = end
        historyUpdatedAt = start
        arrivals = self.demands.values.map(\.run).sorted { ($0.createdAt, $0.id) < ($1.createdAt, $1.id) }
        var world = simulation.world
        world.pending = []
        world.live = []
        queue = AdmissionQueue(world)
        for name in Set(world.teams.map(\.name) + demands.map(\.run.team)) {
            let history = UsageHistory(value: world.usage[name] ?? 0, updatedAt: start)
            accounts[name] = Account(usedSince: start, history: history)
        }
    }

    func run() {
        let step = max(simulation.cycle, .milliseconds(100))
        var now = start
        while now < end {
            updateHistory(at: now)
            takeEnds(until: now)
            takeArrivals(until: now)
            let plan = queue.plan(now: now, maximum: simulation.limits.admissionsPerCycle)
            cycles += 1
            carryOut(plan, at: now)
            // Nothing changes before the next event, so virtual time jumps to the cycle that sees it.
            let isBusy = plan.isCutShort || !plan.replacements.isEmpty
            let event = isBusy ? now : [arrivals(next), ends.least?.at, plan.nextLook].compactMap(\.self).min() ?? end
            now = now + step * max(1, ceiling((event - now) / step))
        }
    }

    private func ceiling(_ steps: Double) -> Int { Int(min(steps.rounded(.up), 1e9)) }

    private func arrivals(_ index: Int) -> Timestamp? { index < arrivals.count ? arrivals[index].createdAt : nil }

    private func takeArrivals(until now: Timestamp) {
        while next < arrivals.count, arrivals[next].createdAt <= now {
            queue.apply(.pending(arrivals[next]))
            next += 1
        }
    }

    private func takeEnds(until now: Timestamp) {
        while let least = ends.least, least.at <= now {
            _ = ends.removeLeast()
            finish(least.id, at: least.at)
        }
    }

    private func finish(_ id: RunID, at time: Timestamp) {
        guard let run = demands[id]?.run, queue.live[id] != nil else { return }
        queue.apply(.gone(id))
        accounts[run.team]?.change(by: run.request, isStart: false, at: time)
    }

    /// Once in a hundredth of the half-life is often enough.
    private func updateHistory(at now: Timestamp) {
        guard now - historyUpdatedAt >= simulation.halfLife / 100 else { return }
        historyUpdatedAt = now
        for name in accounts.keys {
            accounts[name]?.history.advance(
                to: now,
                share: queue.share(ofTeam: name),
                halfLife: simulation.halfLife
            )
            queue.apply(.usage(team: name, accounts[name]?.history.value ?? 0))
        }
    }

    private func carryOut(_ plan: AdmissionPlan, at now: Timestamp) {
        for id in plan.admitted {
            guard let demand = demands[id] else { continue }
            let run = demand.run
            queue.apply(.live(LiveRun(run, admittedAt: now, phase: .running)))
            accounts[run.team]?.change(by: run.request, isStart: true, at: now)
            accounts[run.team]?.waits.append((now - run.waitingSince) / .seconds(1))
            let longest = Duration.seconds(simulation.limits.horizonSeconds)
            ends.insert(End(at: now + min(max(demand.duration, .seconds(1)), longest), id: id))
        }
        for skip in plan.skips {
            queue.apply(.gone(skip.run))
            if let team = demands[skip.run]?.run.team { accounts[team]?.told.skipped += 1 }
        }
        for pause in plan.pauses {
            queue.apply(.gone(pause.run))
            if let team = demands[pause.run]?.run.team { accounts[team]?.told.paused += 1 }
        }
        for replacement in plan.replacements { finish(replacement.cancelled, at: now) }
    }

    /// To be asked for once, after the run.
    var outcome: QuotaSimulationOutcome {
        for run in arrivals where queue.isPending(run.id) && run.waitingSince < end {
            accounts[run.team]?.told.unfinishedWaits += 1
            accounts[run.team]?.waits.append((end - run.waitingSince) / .seconds(1))
        }
        // What would have ended in the last step has.
        takeEnds(until: end)
        let seconds = (end - start) / .seconds(1)
        var teams: [String: QuotaSimulationOutcome.Team] = [:]
        for (name, var account) in accounts {
            account.settle(at: end)
            teams[name] = summary(account, of: queue.teams[name]?.settings, seconds: seconds)
        }
        return QuotaSimulationOutcome(teams: teams, cycles: cycles)
    }

    private func summary(
        _ account: Account,
        of settings: AdmissionTeam?,
        seconds: Double
    ) -> QuotaSimulationOutcome.Team {
        var team = account.told
        let waits = account.waits.sorted()
        team.runs = waits.count + team.skipped + team.paused
        team.averageWaitSeconds = waits.isEmpty ? 0 : waits.reduce(0, +) / Double(waits.count)
        team.medianWaitSeconds = quantile(0.5, of: waits)
        team.p95WaitSeconds = quantile(0.95, of: waits)
        team.longestWaitSeconds = waits.last ?? 0
        team.averageRuns = account.runSeconds / seconds
        team.averageCPUMillicores = account.millicoreSeconds / seconds
        team.averageMemoryBytes = account.byteSeconds / seconds
        func part(_ average: Double, of quota: ResourceQuota?) -> Double? {
            quota.flatMap { $0.nominal > 0 ? average / Double($0.nominal) : nil }
        }
        team.runsUtilisation = part(team.averageRuns, of: settings?.runs)
        team.cpuUtilisation = part(team.averageCPUMillicores, of: settings?.cpuMillicores)
        team.memoryUtilisation = part(team.averageMemoryBytes, of: settings?.memoryBytes)
        return team
    }

    /// The smallest value that so large a part does not exceed.
    private func quantile(_ part: Double, of sorted: [Double]) -> Double {
        guard !sorted.isEmpty else { return 0 }
        let rank = Int((part * Double(sorted.count)).rounded(.up))
        return sorted[min(max(rank, 1), sorted.count) - 1]
    }
}
