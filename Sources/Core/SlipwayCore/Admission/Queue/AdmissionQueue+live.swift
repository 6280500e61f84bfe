extension AdmissionQueue {
    /// Counts a run as live, or as further than it was.
    func add(_ run: LiveRun) {
        removePending(run.id)
        var isKnownAdmission = false
        if let entry = live[run.id] {
            if entry.run == run { return }
            isKnownAdmission = entry.run.job == run.job && entry.run.admittedAt == run.admittedAt
            removeLive(run.id)
        }
        let team = team(run.team)
        let job = job(run.job)
        let holding = Holding(
            team: team,
            job: job,
            cluster: cluster(run.cluster),
            keys: Set(run.limitKeys.map(\.key)).sorted().map { key($0, of: team) },
            request: run.request,
            isPlacing: run.phase == .admitted || run.phase == .placing
        )
        live[run.id] = LiveEntry(run: run, holding: holding)
        team.live.insert(run.id)
        job.live.insert(run.id)
        for key in holding.keys { key.live.insert(run.id) }
        if !isKnownAdmission {
            job.recordAdmission(at: run.admittedAt.microsecondsSince1970, maximum: limits.rateLimitCount)
        }
        reserve(holding)
    }

    func removeLive(_ id: RunID) {
        guard let holding = live.removeValue(forKey: id)?.holding else { return }
        release(holding)
        holding.team.live.remove(id)
        holding.job.live.remove(id)
        for key in holding.keys {
            key.live.remove(id)
            dropIfUnused(key, of: holding.team)
        }
        dropIfUnused(holding.job)
        dropIfUnused(holding.team)
    }

    /// Counts what a run holds everywhere.
    func reserve(_ holding: Holding) {
        holding.team.use(holding.request)
        holding.job.count += 1
        for key in holding.keys { key.count += 1 }
        holding.cluster.used += holding.request
        if holding.isPlacing { holding.cluster.placing += 1 }
    }

    /// The opposite. Who may have waited for it takes part again.
    func release(_ holding: Holding) {
        holding.team.free(holding.request)
        holding.job.count -= 1
        for key in holding.keys { key.count -= 1 }
        holding.cluster.used -= holding.request
        if holding.isPlacing { holding.cluster.placing -= 1 }
        wakeLines(at: holding.job.parking)
        for key in holding.keys { wakeLanes(at: key) }
    }
}
