// Making room for runs of higher priority by sending back admitted ones that have not begun.
extension AdmissionCycle {
    /// For the first run of each band that has no room, in order, finds the fewest and least runs to send back.
    ///
    /// Runs that are ending count as gone, since their room will be free without anybody's doing. What is sent back is
    /// not given away in this plan: the run in whose favour it is goes when its room is really there.
    func preempt() {
        guard queue.settings.preemption != .never, !blocked.isEmpty else { return }
        let current = queue.live.values
        let ending = current.filter { $0.run.phase == .ending }.map(\.holding)
        for holding in ending { queue.release(holding) }
        var candidates = current.filter { $0.run.phase == .admitted }.sorted(by: Self.isLess)
        var kept: [Holding] = []
        var sentBack: [Holding] = []
        for (entry, lane) in blocked.sorted(by: { $0.entry < $1.entry }).prefix(queue.limits.preemptions) {
            if queue.gate(lane, now: now) != nil {
                guard let victims = victims(for: lane, at: entry.level, among: candidates) else { continue }
                let ids = Set(victims.map(\.run.id))
                candidates.removeAll { ids.contains($0.run.id) }
                sentBack += victims.map(\.holding)
                for victim in victims {
                    plan.preemptions.append(
                        AdmissionPlan.Preemption(victim: victim.run.id, beneficiary: entry.head.id)
                    )
                }
            }
            let holding = holding(of: lane)
            queue.reserve(holding)
            kept.append(holding)
        }
        for holding in kept { queue.release(holding) }
        for holding in sentBack + ending { queue.reserve(holding) }
    }

    /// Lowest priority first, then the latest admitted.
    private static func isLess(_ left: LiveEntry, _ right: LiveEntry) -> Bool {
        if left.run.priority != right.run.priority { return left.run.priority < right.run.priority }
        return (left.run.admittedAt, left.run.id) > (right.run.admittedAt, right.run.id)
    }

    /// Those whose room, given up, lets the first run of a lane go; their holdings are released. `nil`: there are none.
    ///
    /// Who would go before that run again, by the age it has, is not sent back: it would take the room itself.
    ///
    /// - Parameter level: of that run, with what age has added.
    private func victims(for lane: Lane, at level: Int, among candidates: [LiveEntry]) -> [LiveEntry]? {
        let (highest, overflow) = lane.shape.band.priority.subtractingReportingOverflow(
            max(0, queue.settings.preemptionMargin)
        )
        var victims: [LiveEntry] = []
        var isEnough = false
        for candidate in candidates {
            guard !overflow, candidate.run.priority <= highest, victims.count < queue.limits.victims,
                let reason = queue.gate(lane, now: now)?.reason
            else { break }
            guard self.level(of: candidate.run) < level, gives(candidate, room: reason, to: lane) else { continue }
            queue.release(candidate.holding)
            victims.append(candidate)
            isEnough = queue.gate(lane, now: now) == nil
        }
        // Who turned out not to be needed stays.
        for (index, victim) in victims.enumerated().reversed() {
            queue.reserve(victim.holding)
            if !isEnough || queue.gate(lane, now: now) == nil {
                victims.remove(at: index)
            } else {
                queue.release(victim.holding)
            }
        }
        return isEnough ? victims : nil
    }

    /// The level that a live run would have if it waited again.
    private func level(of run: LiveRun) -> Int {
        precedence.level(priority: run.priority, since: run.waitingSince.microsecondsSince1970)
    }

    private func gives(_ candidate: LiveEntry, room reason: HoldReason, to lane: Lane) -> Bool {
        let band = lane.line.band
        let isOfTeam = candidate.holding.team === band.team
        guard isOfTeam || queue.settings.preemption == .acrossTeams else { return false }
        return switch reason {
        case .teamRunsLimit, .teamCPUQuota, .teamMemoryQuota: isOfTeam
        case .cohortExhausted:
            isOfTeam || (band.team.cohort != nil && candidate.holding.team.cohort === band.team.cohort)
        case .clusterFull, .clusterWindow: candidate.holding.cluster === band.cluster
        default: false
        }
    }
}
