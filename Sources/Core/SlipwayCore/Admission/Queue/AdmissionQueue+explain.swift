extension AdmissionQueue {
    /// Why a run waits, at this moment; `nil` if it does not wait.
    ///
    /// It costs as much as there are teams with waiting runs, and priorities in each. Ask after what came of a plan was
    /// told.
    package func explain(_ id: RunID, now: Timestamp) -> WaitExplanation? {
        guard let entry = pending[id] else { return nil }
        let lane = entry.lane
        let order = RunOrder(since: entry.since, id: id)
        let precedence = precedence(now: now.microsecondsSince1970)
        let level = precedence.level(priority: lane.shape.band.priority, since: entry.since)
        let gate = gate(lane, since: entry.since, now: precedence.now) ?? Gate(.behindOthers)
        let ahead = runsAhead(of: order, level: level, in: lane.line.band.team, precedence)
        return WaitExplanation(
            reason: gate.reason,
            sentence: sentence(gate, lane, runsAhead: ahead),
            blockers: blockers(gate.reason, lane, order, level, precedence),
            positionInTeam: ahead + 1,
            positionOverall: ahead + 1
                + othersAhead(of: order, level: level, team: lane.line.band.team, runsAhead: ahead, precedence),
            waitingSince: Timestamp(microsecondsSince1970: entry.since),
            effectivePriority: level,
            endsAt: gate.opensAt.map(Timestamp.init(microsecondsSince1970:))
        )
    }

    /// How many runs of a team wait for which reason. It costs as much as the team's waiting runs have shapes.
    package func holdCounts(team name: String, now: Timestamp) -> [HoldReason: Int] {
        guard let team = teams[name] else { return [:] }
        let now = now.microsecondsSince1970
        var counts: [HoldReason: Int] = [:]
        for lane in team.lanes.values {
            let eligible = lane.runs.count(waitingAt: now)
            if eligible > 0 { counts[gate(lane, now: now)?.reason ?? .behindOthers, default: 0] += eligible }
            if eligible < lane.runs.count { counts[.notYetEligible, default: 0] += lane.runs.count - eligible }
        }
        return counts
    }

    /// The teams that have waiting runs, in order.
    package var waitingTeams: [String] {
        teams.values.filter { $0.pendingCount > 0 }.map(\.name).sorted()
    }

    // MARK: Positions

    /// How many of a team's runs of one priority go before a run of this level.
    private struct Ahead {
        /// Of higher levels.
        var higher: Int
        /// Of higher levels, and older ones of the same.
        var older: Int
        /// Of this level and higher ones.
        var atLeast: Int
    }

    private func ahead(
        of order: RunOrder,
        level: Int,
        among runs: SortedRuns,
        priority: Int,
        _ precedence: Precedence
    ) -> Ahead {
        let eligible = runs.count(waitingAt: precedence.now)
        guard order.since <= precedence.now else {
            let count = max(eligible, runs.rank(of: order))
            return Ahead(higher: count, older: count, atLeast: count)
        }
        func count(reaching level: Int) -> Int {
            let latest = precedence.latestWait(priority: priority, reaching: level)
            return latest.map { min(eligible, runs.count(waitingAt: $0)) } ?? 0
        }
        let higher = count(reaching: level + 1)
        let atLeast = count(reaching: level)
        return Ahead(higher: higher, older: max(higher, min(atLeast, runs.rank(of: order))), atLeast: atLeast)
    }

    private func runsAhead(of order: RunOrder, level: Int, in team: TeamNode, _ precedence: Precedence) -> Int {
        team.waiting.reduce(0) { sum, waiting in
            sum + ahead(of: order, level: level, among: waiting.value, priority: waiting.key, precedence).older
        }
    }

    /// Runs of other teams that go before it: those of higher levels, and of its level as many as leave their team with
    /// a smaller share than its own team has when its turn comes. Runs are taken to be of their team's average size.
    private func othersAhead(
        of order: RunOrder,
        level: Int,
        team: TeamNode,
        runsAhead: Int,
        _ precedence: Precedence
    ) -> Int {
        let capacity = capacity
        func start(_ team: TeamNode) -> Double {
            // The half of an average run is not in the share of a team without live runs yet.
            weightedShare(team, of: capacity) + (team.used.runs > 0 ? 0 : 0.5 * shareOfOne(team, capacity))
        }
        let turn = start(team) + Double(runsAhead) * shareOfOne(team, capacity)
        var count = 0
        for other in teams.values where other !== team && other.pendingCount > 0 {
            var higher = 0
            var equal = 0
            for (priority, runs) in other.waiting {
                let ahead = ahead(of: order, level: level, among: runs, priority: priority, precedence)
                higher += ahead.higher
                equal += ahead.atLeast - ahead.higher
            }
            count += higher
            let one = shareOfOne(other, capacity)
            let distance = turn - start(other) - Double(higher) * one
            if distance <= 0 || equal == 0 { continue }
            count += one > 0 ? Int(min(Double(equal), (distance / one).rounded(.up))) : equal
        }
        return count
    }

    /// What an average waiting run adds to its team's share.
    private func shareOfOne(_ team: TeamNode, _ capacity: ResourceAmounts) -> Double {
        guard team.pendingCount > 0 else { return 0 }
        return team.pendingRequests.dominantShare(of: capacity) / Double(team.pendingCount)
            / team.settings.effectiveWeight
    }

    // MARK: Blockers

    private func blockers(
        _ reason: HoldReason,
        _ lane: Lane,
        _ order: RunOrder,
        _ level: Int,
        _ precedence: Precedence
    ) -> [RunID] {
        let team = lane.line.band.team
        return switch reason {
        case .jobConcurrency: oldest(lane.line.job.live)
        case .limitKey: oldest(lane.closedKey?.live ?? [])
        case .teamRunsLimit, .teamCPUQuota, .teamMemoryQuota: oldest(team.live)
        case .behindOthers: waitingAhead(of: order, level: level, in: team, precedence)
        default: []
        }
    }

    private func oldest(_ runs: Set<RunID>) -> [RunID] {
        var least: [LiveRun] = []
        for run in runs.compactMap({ live[$0]?.run }) {
            let place = least.firstIndex { (run.admittedAt, run.id) < ($0.admittedAt, $0.id) } ?? least.count
            guard place < limits.blockers else { continue }
            least.insert(run, at: place)
            if least.count > limits.blockers { least.removeLast() }
        }
        return least.map(\.id)
    }

    private func waitingAhead(
        of order: RunOrder,
        level: Int,
        in team: TeamNode,
        _ precedence: Precedence
    ) -> [RunID] {
        var ahead: [(level: Int, run: RunOrder)] = []
        for (priority, runs) in team.waiting {
            let count = self.ahead(of: order, level: level, among: runs, priority: priority, precedence).older
            for run in runs.slice(0..<min(count, limits.blockers)) {
                ahead.append((precedence.level(priority: priority, since: run.since), run))
            }
        }
        ahead.sort { $0.level != $1.level ? $0.level > $1.level : $0.run < $1.run }
        return ahead.prefix(limits.blockers).map(\.run.id)
    }
}
