package import RunStore
package import SlipwayCore

extension MemoryTables {
    private struct Change {
        var run: MemoryRun
        var report: PlacementReport
        var decision: ReportApplication.Decision
    }

    package mutating func apply(_ reports: [PlacementReport]) -> AppliedReports {
        var applied = AppliedReports()
        var changes: [Change] = []
        var late: [PlacementReport] = []
        for report in Self.newestPerLease(reports) {
            guard let run = live[report.runID], mayWrite(report, run) else {
                applied.stale += 1
                if report.end != nil { late.append(report) }
                continue
            }
            let decision = ReportApplication.decide(
                current: current(run, report),
                report: report,
                maximumPlacements: limits.placements
            )
            switch decision {
            case .stale, .unchanged: continue
            case .advance, .replace, .finish:
                changes.append(Change(run: run, report: report, decision: decision))
                note(run, report, decision, in: &applied)
            }
        }
        for report in late where keepLateEnd(report) { applied.lateEnds += 1 }
        for change in changes { write(change) }
        applied.retried = retry(after: changes)
        committed.formUnion(reports.map { ReportKey($0) })
        return applied
    }

    private func mayWrite(_ report: PlacementReport, _ run: MemoryRun) -> Bool {
        run.leaseEpoch == report.leaseEpoch || flaws.contains(.withoutFencing)
    }

    private func current(_ run: MemoryRun, _ report: PlacementReport) -> ReportApplication.CurrentRun {
        ReportApplication.CurrentRun(
            id: run.id,
            state: run.state,
            stateSince: run.stateSince,
            leaseEpoch: flaws.contains(.withoutFencing) ? report.leaseEpoch : run.leaseEpoch,
            placement: run.placement,
            reportRevision: run.reportRevision == 0 || run.leaseEpoch != report.leaseEpoch ? nil : run.reportRevision,
            userCodeMayHaveRun: run.runningAt != nil,
            onTimeout: .timeout,
            placementAttempts: run.placement
        )
    }

    private static func newestPerLease(_ reports: [PlacementReport]) -> [PlacementReport] {
        var newest: [PlacementReport] = []
        for report in reports {
            let index = newest.firstIndex { $0.runID == report.runID && $0.leaseEpoch == report.leaseEpoch }
            guard let index else {
                newest.append(report)
                continue
            }
            if newest[index].revision < report.revision { newest[index] = report }
        }
        return newest.sorted { ($0.runID, $0.leaseEpoch) < ($1.runID, $1.leaseEpoch) }
    }

    private func note(
        _ run: MemoryRun,
        _ report: PlacementReport,
        _ decision: ReportApplication.Decision,
        in applied: inout AppliedReports
    ) {
        switch decision {
        case .replace:
            applied.replaced.insert(run.cluster)
            applied.replacedRuns += 1
        case .finish(let state, _, _): applied.finished.append((run.id, state))
        case .advance, .stale, .unchanged: return
        }
        if let holder = run.holderID, report.podUID != nil {
            applied.settled[holder, default: []].append(Self.locked(run))
        }
    }

    private static func locked(_ run: MemoryRun) -> LockedRun {
        LockedRun(
            id: run.id,
            state: run.state,
            stateSince: run.stateSince,
            leaseEpoch: run.leaseEpoch,
            placement: run.placement,
            reportRevision: run.reportRevision,
            runningAt: run.runningAt,
            cluster: run.cluster,
            jobID: run.job.job,
            jobVersion: run.job.version,
            holderID: run.holderID,
            overrides: "",
            retriesUsed: ""
        )
    }

    // MARK: Writing

    private mutating func write(_ change: Change) {
        let run = change.run
        let report = change.report
        if live[run.id]?.leaseEpoch != report.leaseEpoch {
            findings.append(
                "P8: a report of lease \(report.leaseEpoch) of run \(run.id) was applied under another lease"
            )
        }
        switch change.decision {
        case .stale, .unchanged: return
        case .advance(let entered, let waiting): advance(run, report, entered, waiting)
        case .replace(let waiting, let entered):
            let now = now
            tellStates(run.id, entered)
            if let end = report.end { keepPlacement(run, end) }
            giveUp(run, hasSeenPod: run.podUID != nil)
            tell(run.id, "placement_lost")
            update(run.id) {
                $0.state = .ready
                $0.stateSince = max(now, $0.stateSince)
                $0.holderID = nil
                $0.leaseEpoch += 1
                $0.reason = waiting.reason
                $0.message = waiting.message
                $0.node = nil
                $0.podUID = nil
            }
        case .finish(let state, let end, let entered):
            tellStates(run.id, entered)
            tell(run.id, "state")
            if state != .succeeded { keepPlacement(run, end) }
            guard var over = live[run.id] else { return }
            giveUp(run, hasSeenPod: report.podUID != nil)
            over.runningAt = run.runningAt ?? entered.first { $0.state == .running }?.at
            over.state = state
            over.endedAt = end.at
            over.reason = end.reason
            over.failureClass = end.failureClass
            over.message = end.message
            over.node = report.node ?? over.node
            over.podUID = report.podUID ?? over.podUID
            over.warnings = max(over.warnings, report.warnings)
            finish(over)
        }
    }

    private mutating func advance(
        _ run: MemoryRun,
        _ report: PlacementReport,
        _ entered: [ObservedState],
        _ waiting: WaitingReason?
    ) {
        tellStates(run.id, entered)
        let latest = entered.last ?? ObservedState(state: run.state, at: run.stateSince)
        update(run.id) {
            $0.state = latest.state
            $0.stateSince = latest.at
            $0.runningAt = run.runningAt ?? entered.first { $0.state == .running }?.at
            $0.node = report.node
            $0.podUID = report.podUID
            $0.reason = waiting?.reason
            $0.message = waiting?.message
            $0.reportRevision = report.revision
        }
    }

    private mutating func tellStates(_ run: RunID, _ entered: [ObservedState]) {
        for _ in entered { tell(run, "state") }
    }

    private mutating func giveUp(_ run: MemoryRun, hasSeenPod: Bool) {
        let key = PlacementKey(run: run.id, placement: run.placement)
        guard cleanups[key] == nil else { return }
        cleanups[key] = CleanupRow(cluster: run.cluster, team: run.team, holder: hasSeenPod ? run.holderID : nil)
    }

    private mutating func keepPlacement(_ run: MemoryRun, _ end: PlacementEnd) {
        let key = PlacementKey(run: run.id, placement: run.placement)
        placements[key, default: PlacementRow()].outcome = end.outcome
        placements[key]?.reason = end.reason
    }

    /// - Returns: whether it was kept.
    private mutating func keepLateEnd(_ report: PlacementReport) -> Bool {
        guard let run = live[report.runID] ?? finished[report.runID] else { return false }
        let isOverOtherwise =
            run.endedAt != nil && run.leaseEpoch > report.leaseEpoch && report.end?.outcome == .succeeded
            && run.state != .succeeded
        guard run.placement > report.placement || isOverOtherwise else { return false }
        let key = PlacementKey(run: run.id, placement: report.placement)
        guard placements[key]?.hasLateEnd != true else { return false }
        placements[key, default: PlacementRow()].hasLateEnd = true
        tell(run.id, "late_end")
        return true
    }

    // MARK: Retries

    /// - Returns: how many runs were to follow.
    private mutating func retry(after changes: [Change]) -> Int {
        var count = 0
        for change in changes {
            guard case .finish(let state, let end, _) = change.decision, state == .failed || state == .timeout,
                let spec = jobs[change.run.job], let origin = finished[change.run.id]
            else { continue }
            let plan = RetryDecision.decide(
                spec: spec,
                overrides: change.run.overrides,
                used: change.run.retriesUsed,
                state: state,
                end: end,
                random: retrySource.random()
            )
            guard let plan else { continue }
            count += 1
            follow(origin, id: retrySource.nextID(), plan)
        }
        return count
    }

    private mutating func follow(_ origin: MemoryRun, id: RunID, _ plan: RetryPlan) {
        var next = MemoryRun(
            id: id,
            job: origin.job,
            team: origin.team,
            jobName: origin.jobName,
            cluster: origin.cluster,
            variables: origin.variables,
            originID: origin.id,
            originKind: .automatic,
            rootID: origin.rootID ?? origin.id,
            attempt: origin.attempt + 1,
            overrides: plan.overrides,
            stateSince: now,
            hintedAt: now,
            admission: origin.admission,
            createdAt: now
        )
        next.retriesUsed = plan.used
        next.eligibleAt = now + plan.delay
        next.reason = .retryBackoff
        guard insert(newRun: next) else { return }
        tell(origin.id, "retried")
        tell(id, "created")
    }
}
