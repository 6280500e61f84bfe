extension AdmissionQueue {
    /// Decides what may go now.
    ///
    /// Nothing is changed by it: admitted runs wait on until `.live` is told of them, skipped and paused ones until
    /// `.gone` is.
    ///
    /// - Parameter maximum: of admitted, of skipped and of paused runs, each.
    package func plan(now: Timestamp, maximum: Int) -> AdmissionPlan {
        let now = now.microsecondsSince1970
        ring(until: now)
        let cycle = AdmissionCycle(
            queue: self,
            precedence: precedence(now: now),
            capacity: capacity,
            maximum: max(0, maximum)
        )
        cycle.run()
        return cycle.plan
    }

    func precedence(now: Int64) -> Precedence {
        Precedence(now: now, ceiling: priorities.keys.max() ?? 0, settings: settings)
    }

    /// A team's place among teams whose next runs are of one level: the smaller goes first.
    ///
    /// It is the share of its live runs and half an average one of them, with its past, for its weight. Without the
    /// half, teams of large runs would get more than their part, since the last run begins below it and ends above.
    func weightedShare(_ team: TeamNode, of capacity: ResourceAmounts) -> Double {
        var share = team.used.dominantShare(of: capacity)
        if team.used.runs > 0 { share *= 1 + 0.5 / Double(team.used.runs) }
        let past = settings.historyWeight.isFinite ? max(0, settings.historyWeight) * team.history : 0
        return (share + past) / team.settings.effectiveWeight
    }

    /// Lets lines take part again that were parked until now. When the clock went back, all of them.
    private func ring(until now: Int64) {
        if now < plannedUntil {
            for job in jobs.values { wakeLines(at: job.parking) }
        }
        plannedUntil = now
        while let alarm = alarms.least, alarm.at <= now {
            _ = alarms.removeLeast()
            guard let job = jobs[alarm.job], job.alarmAt == alarm.at else { continue }
            job.alarmAt = nil
            wakeLines(at: job.parking)
        }
    }

    func setAlarm(_ job: JobNode, at time: Int64) {
        if let set = job.alarmAt, set <= time { return }
        job.alarmAt = time
        alarms.insert(Alarm(at: time, job: job.id))
    }
}
