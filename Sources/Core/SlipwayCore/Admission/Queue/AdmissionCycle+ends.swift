// Runs that a plan takes out of the queue without admitting them.
extension AdmissionCycle {
    /// Pauses eligible runs whose credential is invalid or whose team has no credits, the oldest first.
    func choosePauses() {
        var cursors = MinimumHeap<RunCursor>()
        for team in queue.teams.values where team.pendingCount > 0 {
            if !team.settings.hasCredits {
                // All of its runs, by priority: lanes may be as many as runs.
                for runs in team.waiting.values { addCursor(runs, .creditsExhausted, to: &cursors) }
                continue
            }
            var lanes: [ObjectIdentifier: Lane] = [:]
            for credential in team.credentials.values where credential.isInvalid {
                for line in credential.lines.values { lanes.merge(line.object.lanes) { lane, _ in lane } }
            }
            for lane in lanes.values { addCursor(lane.runs, .credentialInvalid, to: &cursors) }
        }
        while var cursor = cursors.removeLeast() {
            guard plan.pauses.count < maximum else {
                plan.isCutShort = true
                return
            }
            plan.pauses.append(AdmissionPlan.Pause(run: cursor.head.id, reason: cursor.reason))
            if cursor.advance() { cursors.insert(cursor) }
        }
    }

    private func addCursor(_ runs: SortedRuns, _ reason: HoldReason, to cursors: inout MinimumHeap<RunCursor>) {
        if let cursor = RunCursor(runs, reason: reason, now: now) { cursors.insert(cursor) }
    }

    /// Ends runs beyond the maximum of jobs with the policies `skip` and `replace`, and cancels live runs for
    /// `replace`.
    func chooseSurplus() {
        for id in queue.surplusJobs.sorted() {
            guard let job = queue.jobs[id], !job.lines.isEmpty else { continue }
            switch job.settings.concurrency {
            case .skip: skipSurplus(of: job)
            case .replace: replace(in: job)
            case .allow, .queue: break
            }
        }
    }

    /// As many runs as have room keep waiting, the oldest; those that came later end.
    private func skipSurplus(of job: JobNode) {
        let eligible = eligibleCount(of: job)
        let surplus = eligible - max(0, job.settings.maximumLive - job.count)
        guard surplus > 0 else { return }
        let room = min(surplus, maximum - plan.skips.count)
        end(newest(room, of: job).reversed(), cause: .jobBusy)
        close(job, if: room < surplus)
    }

    /// The newest runs, as many as may be live, keep waiting; those before them end, and live runs make room.
    private func replace(in job: JobNode) {
        let eligible = eligibleCount(of: job)
        let maximumLive = job.settings.maximumLive
        let surplus = eligible - maximumLive
        if surplus > 0 {
            let room = min(surplus, maximum - plan.skips.count)
            end(oldest(room, of: job), cause: .superseded)
            close(job, if: room < surplus)
            guard room == surplus else { return }
        }
        let kept = min(eligible, maximumLive)
        guard kept > 0, job.count > maximumLive - kept else { return }
        let staying = job.live.compactMap { queue.live[$0]?.run }.filter { $0.phase != .ending }
            .sorted { ($0.admittedAt, $0.id) < ($1.admittedAt, $1.id) }
        let needed = min(staying.count - (maximumLive - kept), kept, maximum - plan.replacements.count)
        guard needed > 0 else { return }
        let successors = newest(needed, of: job).filter(wouldGoIfThereWereRoom)
        for (cancelled, successor) in zip(staying, successors) {
            plan.replacements.append(AdmissionPlan.Replacement(cancelled: cancelled.id, successor: successor.id))
        }
    }

    /// Whether only what live runs hold can keep it from going.
    private func wouldGoIfThereWereRoom(_ run: RunOrder) -> Bool {
        guard let lane = queue.pending[run.id]?.lane else { return false }
        let line = lane.line
        return queue.teamGate(line.band.team) == nil && queue.clusterGate(line.band) == nil
            && !line.credentials.contains(where: \.isInvalid) && queue.windowGate(line.job, now: now) == nil
            && queue.rateGate(line.job, now: now) == nil
    }

    private func end(_ runs: [RunOrder], cause: AdmissionPlan.Skip.Cause) {
        for run in runs {
            plan.skips.append(AdmissionPlan.Skip(run: run.id, cause: cause))
            ended.insert(run.id)
        }
    }

    private func close(_ job: JobNode, if isCut: Bool) {
        guard isCut else { return }
        closedJobs.insert(job.id)
        plan.isCutShort = true
    }

    private func lanes(of job: JobNode) -> [Lane] {
        job.lines.values.flatMap { Array($0.object.lanes.values) }
    }

    private func eligibleCount(of job: JobNode) -> Int {
        lanes(of: job).reduce(0) { $0 + $1.runs.count(waitingAt: now) }
    }

    /// In order, at most `count`, among the eligible.
    private func oldest(_ count: Int, of job: JobNode) -> [RunOrder] {
        let runs = lanes(of: job).flatMap { $0.runs.slice(0..<min(count, $0.runs.count(waitingAt: now))) }
        return Array(runs.sorted().prefix(count))
    }

    private func newest(_ count: Int, of job: JobNode) -> [RunOrder] {
        let runs = lanes(of: job).flatMap { lane in
            let eligible = lane.runs.count(waitingAt: now)
            return lane.runs.slice(max(0, eligible - count)..<eligible)
        }
        return runs.sorted().suffix(count)
    }
}

/// The eligible ones of runs in order, read a few at a time.
private struct RunCursor: Comparable {
    private static let portion = 32

    let reason: HoldReason
    private let runs: SortedRuns
    private let eligible: Int
    private var buffer: [RunOrder]
    private var start = 0
    private var offset = 0

    /// `nil` if none is eligible.
    init?(_ runs: SortedRuns, reason: HoldReason, now: Int64) {
        eligible = runs.count(waitingAt: now)
        guard eligible > 0 else { return nil }
        self.runs = runs
        self.reason = reason
        buffer = runs.slice(0..<min(Self.portion, eligible))
    }

    var head: RunOrder { buffer[offset] }

    /// - Returns: whether there is another.
    mutating func advance() -> Bool {
        offset += 1
        guard offset == buffer.count else { return true }
        start += offset
        offset = 0
        guard start < eligible else { return false }
        buffer = runs.slice(start..<min(start + Self.portion, eligible))
        return true
    }

    static func < (left: RunCursor, right: RunCursor) -> Bool { left.head < right.head }
    static func == (left: RunCursor, right: RunCursor) -> Bool { left.head == right.head }
}
