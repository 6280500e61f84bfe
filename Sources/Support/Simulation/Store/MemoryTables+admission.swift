package import RunStore
package import SlipwayCore

extension MemoryTables {
    // MARK: Following

    package func admissionLook(since cursor: AdmissionCursor?) -> AdmissionLook {
        var look = AdmissionLook(cursor: AdmissionCursor(String(changes)), now: now)
        look.hasRuns = cursor == nil || cursor != look.cursor
        look.hasEnds = cursor != nil && look.hasRuns
        look.teams = teams
        look.settings = settings
        guard cursor == nil else { return look }
        look.clusters = [AdmissionCluster(name: Self.cluster)]
        look.usage = usage
        look.jobs = jobs.sorted { ($0.key.job, $0.key.version) < ($1.key.job, $1.key.version) }.map { key, spec in
            AdmissionLook.Job(
                id: key.job,
                concurrency: spec.concurrency,
                rateLimit: spec.rateLimit,
                windows: spec.windows
            )
        }
        return look
    }

    package func admissionRuns(
        since cursor: AdmissionCursor?,
        after last: AdmissionRun.Position?,
        limit: Int
    ) -> [AdmissionRun] {
        let since = cursor.flatMap { Int64($0.text) } ?? -1
        let isForgetful = cursor == nil && flaws.contains(.forgottenRuns)
        let order = live.values.filter { run in
            run.change > max(since, last?.change ?? -1) && !(isForgetful && run.state != .pending)
        }.sorted { $0.change < $1.change }
        return order.prefix(limit).map { run in
            AdmissionRun(
                position: AdmissionRun.Position(change: run.change, id: run.id),
                state: run.state,
                isPromoted: run.isPromoted,
                stateSince: run.stateSince,
                admittedAt: run.admittedAt,
                request: PendingRun(
                    id: run.id,
                    team: run.team,
                    job: run.job.job,
                    cluster: run.cluster,
                    priority: run.priority,
                    createdAt: run.createdAt,
                    eligibleAt: run.eligibleAt,
                    cpuMillicores: run.admission.cpuMillicores,
                    memoryBytes: run.admission.memoryBytes,
                    limitKeys: run.admission.limitKeys,
                    credentials: run.admission.credentials
                )
            )
        }
    }

    package func pastAdmissions(of job: JobID, within span: Duration) -> [PastAdmission] {
        finished.values.filter { $0.job.job == job }.sorted { $0.id < $1.id }.compactMap { run in
            guard let admittedAt = run.admittedAt, now - admittedAt < span else { return nil }
            return PastAdmission(id: run.id, admittedAt: admittedAt)
        }
    }

    package func admissionEnds(
        since cursor: AdmissionCursor,
        after last: AdmissionRun.Position?,
        limit: Int
    ) -> [AdmissionRun.Position] {
        let since = max(Int64(cursor.text) ?? -1, last?.change ?? -1)
        return finished.values.filter { $0.change > since }.sorted { $0.change < $1.change }.prefix(limit).map {
            AdmissionRun.Position(change: $0.change, id: $0.id)
        }
    }

    // MARK: Deciding

    private func holds(_ term: SchedulingTerm) -> Bool {
        guard let row = terms[SchedulingTerm.duty] else { return false }
        return row.holder == term.holder && row.term == term.number && row.expiresAt > now
    }

    /// A run that is in a state, if the term still is the caller's.
    private func run(_ id: RunID, in state: RunState, under term: SchedulingTerm) -> MemoryRun? {
        guard holds(term), let run = live[id], run.state == state, !run.isPromoted else { return nil }
        return run
    }

    package mutating func renewTerm(_ term: SchedulingTerm) -> Int64? {
        guard let row = terms[SchedulingTerm.duty], row.holder == term.holder, row.term == term.number,
            row.expiresAt > now
        else { return nil }
        terms[SchedulingTerm.duty]?.term = row.term + 1
        return row.term + 1
    }

    package mutating func admit(_ runs: [AdmissionChoice], under term: SchedulingTerm) -> [AdmittedRun] {
        let now = now
        var admitted: [AdmittedRun] = []
        for choice in runs where run(choice.id, in: .pending, under: term)?.cluster == choice.cluster {
            update(choice.id) {
                $0.state = .ready
                $0.stateSince = max(now, $0.stateSince)
                $0.admittedAt = now
                $0.reason = nil
                $0.message = nil
            }
            tell(choice.id, "state")
            admitted.append(AdmittedRun(id: choice.id, cluster: choice.cluster, admittedAt: now))
        }
        if let problem = limitProblem { findings.append(problem) }
        return admitted
    }

    package mutating func pause(_ runs: [PausedRun], under term: SchedulingTerm) -> [RunID] {
        let now = now
        let held = runs.filter { run($0.id, in: .pending, under: term) != nil }
        for pause in held {
            update(pause.id) {
                $0.state = .paused
                $0.stateSince = max(now, $0.stateSince)
                $0.reason = pause.reason
                $0.message = pause.message
            }
            tell(pause.id, "state")
        }
        return held.map(\.id)
    }

    package mutating func skip(_ skips: [AdmissionPlan.Skip], under term: SchedulingTerm) -> [RunID] {
        var gone: [RunID] = []
        for skip in skips {
            guard var over = run(skip.run, in: .pending, under: term) else { continue }
            over.state = .cancelled
            over.failureClass = .cancelled
            over.reason = skip.cause.reason
            finish(over)
            tell(skip.run, "state")
            gone.append(skip.run)
        }
        return gone
    }

    package mutating func sendBack(_ runs: [AdmissionPlan.Preemption], under term: SchedulingTerm) -> [RunID] {
        let now = now
        let back = runs.map(\.victim).filter { run($0, in: .ready, under: term) != nil }
        for id in back {
            update(id) {
                $0.state = .pending
                $0.stateSince = max(now, $0.stateSince)
                $0.admittedAt = nil
                $0.reason = .preempted
            }
            tell(id, "state")
        }
        return back
    }

    package mutating func supersede(
        _ replacements: [AdmissionPlan.Replacement],
        under term: SchedulingTerm
    ) -> [ActionResult] {
        replacements.map(\.cancelled).map { id in
            guard let run = live[id] else {
                let state = finished[id]?.state
                return ActionResult(id: id, change: state == nil ? .notFound : .alreadySo, state: state)
            }
            var result = ActionResult(id: id, change: .impossible, state: run.state, cluster: run.cluster)
            (result.holder, result.leaseEpoch) = (run.holderID, run.leaseEpoch)
            if run.state == .cancelling {
                result.change = .alreadySo
                return result
            }
            guard holds(term), run.state != .pending, run.state != .paused else { return result }
            result.change = .changed
            result.state = cancel(id) == .ended ? .cancelled : .cancelling
            return result
        }
    }

    package mutating func keepUsage(_ usage: [String: UsageHistory], under term: SchedulingTerm) -> Bool {
        guard holds(term) else { return false }
        self.usage.merge(usage) { _, new in new }
        return true
    }

    package mutating func keepAdmissionSettings(_ settings: AdmissionSettings, under term: SchedulingTerm) {
        if holds(term) { self.settings = settings }
    }

    // MARK: Limits

    /// P5: the first limit that more live runs exceed than may be.
    var limitProblem: String? {
        let counted = live.values.filter { $0.state != .pending && $0.state != .paused && !$0.isPromoted }
        for team in teams {
            let own = counted.filter { $0.team == team.name }
            if let runs = team.runs, own.count > runs.nominal {
                return "P5: team \(team.name) has \(own.count) live runs of \(runs.nominal)"
            }
            let cpu = own.reduce(0) { $0 + $1.admission.cpuMillicores }
            if let quota = team.cpuMillicores, cpu > quota.nominal {
                return "P5: team \(team.name) uses \(cpu)m of cpu of \(quota.nominal)m"
            }
        }
        for (job, runs) in Dictionary(grouping: counted, by: \.job).sorted(by: { $0.key.job < $1.key.job }) {
            let concurrency = jobs[job]?.concurrency
            let maximum = AdmissionJob(
                id: job.job,
                concurrency: concurrency?.policy ?? .allow,
                maximumConcurrentRuns: concurrency?.maximumRuns
            ).maximumLive
            if runs.count > maximum { return "P5: job \(runs[0].jobName) has \(runs.count) live runs of \(maximum)" }
        }
        let keys = counted.flatMap { run in run.admission.limitKeys.map { (key: "\(run.team)/\($0.key)", $0.maximum) } }
        for (key, uses) in Dictionary(grouping: keys, by: \.key).sorted(by: { $0.key < $1.key }) {
            let most = uses.map(\.1).max() ?? 0
            if uses.count > most { return "P5: key \(key) is had by \(uses.count) live runs of \(most)" }
        }
        return nil
    }
}
