/// One cycle of admission at work. It takes what it admits out of the queue and counts it, so that each choice sees
/// those before it, and puts everything back in the end.
final class AdmissionCycle {
    let queue: AdmissionQueue
    let precedence: Precedence
    let capacity: ResourceAmounts
    let maximum: Int
    var plan = AdmissionPlan()
    /// Runs that end by this plan.
    var ended: Set<RunID> = []
    /// Jobs of which more runs are to end than this plan may tell.
    var closedJobs: Set<JobID> = []
    /// Bands for which quotas or clusters have no room, with the lane of the run that was first.
    var blocked: [(entry: BandEntry, lane: Lane)] = []
    private var taken: [(lane: Lane, run: RunOrder, holding: Holding?)] = []
    private var nextLook = Int64.max

    var now: Int64 { precedence.now }

    init(queue: AdmissionQueue, precedence: Precedence, capacity: ResourceAmounts, maximum: Int) {
        self.queue = queue
        self.precedence = precedence
        self.capacity = capacity
        self.maximum = maximum
    }

    func run() {
        choosePauses()
        chooseSurplus()
        admit()
        preempt()
        if let alarm = queue.alarms.least { nextLook = min(nextLook, alarm.at) }
        if nextLook != .max { plan.nextLook = Timestamp(microsecondsSince1970: nextLook) }
        putBack()
    }

    private func admit() {
        var contenders = MinimumHeap(contenders())
        while plan.admitted.count < maximum {
            guard let contender = contenders.removeLeast()?.contender else { return }
            if let entry = contender.bands.removeLeast(), tryFirst(of: entry), let next = bandEntry(entry.band) {
                contender.bands.insert(next)
            }
            if let entry = teamEntry(contender) { contenders.insert(entry) }
        }
        if contenders.count > 0 { plan.isCutShort = true }
    }

    // MARK: Who takes part

    private func contenders() -> [TeamEntry] {
        // Where not even a run that asks for nothing has room, nobody needs to be asked: unless others could make room.
        let least = ResourceAmounts(runs: 1, cpuMillicores: 0, memoryBytes: 0)
        let isFinal = queue.settings.preemption == .never
        for cluster in queue.clusters.values {
            let isFull = isFinal && queue.roomGate(cluster, for: least) != nil
            cluster.takesPart = !isFull && queue.clusterGate(cluster) == nil
        }
        return queue.teams.values.compactMap { team in
            guard team.pendingCount > 0, queue.teamGate(team) == nil else { return nil }
            if isFinal, queue.roomGate(team, for: least) != nil { return nil }
            return teamEntry(Contender(team: team, bands: team.bandList.compactMap(bandEntry)))
        }
    }

    /// `nil` if no run of the band can go now as far as is known.
    private func bandEntry(_ band: Band) -> BandEntry? {
        guard let head = band.head, band.cluster.takesPart, queue.allows(band) else { return nil }
        guard head.since <= now else {
            nextLook = min(nextLook, head.since)
            return nil
        }
        let level = precedence.level(priority: band.shape.priority, since: head.since)
        return BandEntry(level: level, head: head, band: band)
    }

    private func teamEntry(_ contender: Contender) -> TeamEntry? {
        guard let first = contender.bands.least else { return nil }
        let contention = Contention(
            level: first.level,
            borrows: contender.team.borrows,
            share: queue.weightedShare(contender.team, of: capacity),
            head: first.head
        )
        return TeamEntry(contention: contention, contender: contender)
    }

    // MARK: Trying

    /// Admits the first run of a band, or parks what holds it.
    ///
    /// - Returns: whether the band may have another one.
    private func tryFirst(of entry: BandEntry) -> Bool {
        let band = entry.band
        guard let line = band.active.top, let lane = line.active.top else { return false }
        let job = line.job
        if ended.contains(lane.head.id) {
            take(lane, holding: nil)
            return true
        }
        if let credential = line.credentials.first(where: \.isInvalid) {
            queue.park(line, at: credential.parking)
            return true
        }
        if closedJobs.contains(job.id) {
            queue.park(line, at: job.parking)
            return true
        }
        if let gate = queue.windowGate(job, now: now) ?? queue.rateGate(job, now: now) ?? queue.concurrencyGate(job) {
            queue.park(line, at: job.parking)
            if let opensAt = gate.opensAt { queue.setAlarm(job, at: opensAt) }
            return true
        }
        if let key = lane.closedKey {
            queue.park(lane, at: key)
            return true
        }
        if queue.roomGate(band) != nil {
            blocked.append((entry, lane))
            return false
        }
        plan.admitted.append(lane.head.id)
        take(lane, holding: holding(of: lane))
        return true
    }

    func holding(of lane: Lane) -> Holding {
        let band = lane.line.band
        return Holding(
            team: band.team,
            job: lane.line.job,
            cluster: band.cluster,
            keys: lane.keys,
            request: band.shape.request,
            isPlacing: true
        )
    }

    private func take(_ lane: Lane, holding: Holding?) {
        let run = lane.head
        taken.append((lane, run, holding))
        if let holding {
            queue.reserve(holding)
            holding.job.recordAdmission(at: now, maximum: .max)
        }
        lane.runs.remove(run)
        queue.laneChanged(lane)
    }

    private func putBack() {
        for (lane, run, holding) in taken.reversed() {
            lane.runs.insert(run)
            if let holding {
                queue.release(holding)
                holding.job.forgetAdmission(at: now)
            }
            queue.laneChanged(lane)
        }
        for id in closedJobs {
            if let job = queue.jobs[id] { queue.wakeLines(at: job.parking) }
        }
    }
}
