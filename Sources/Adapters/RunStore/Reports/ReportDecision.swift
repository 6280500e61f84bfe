internal import SlipwayCore

/// Turns the pure decision about a report into what the store writes.
enum ReportDecision {
    /// - Returns: `nil` if the report changes nothing.
    static func change(_ run: LockedRun, _ report: PlacementReport, maximumPlacements: Int) -> RunChange? {
        let current = ReportApplication.CurrentRun(
            id: run.id,
            state: run.state,
            stateSince: run.stateSince,
            leaseEpoch: run.leaseEpoch,
            placement: run.placement,
            reportRevision: run.reportRevision == 0 ? nil : run.reportRevision,
            // The worker has the job at hand and tells a run timeout as the outcome the job chose.
            userCodeMayHaveRun: run.runningAt != nil,
            onTimeout: .timeout,
            placementAttempts: run.placement
        )
        switch ReportApplication.decide(current: current, report: report, maximumPlacements: maximumPlacements) {
        case .stale, .unchanged:
            return nil
        case .advance(let entered, let waiting):
            var report = report
            report.waiting = waiting
            let state = entered.last ?? ObservedState(state: run.state, at: run.stateSince)
            return RunChange(run: run, next: .live(state.state, since: state.at), entered: entered, report: report)
        case .replace(let waiting, let entered):
            return RunChange(run: run, next: .replace(waiting), entered: entered, report: report)
        case .finish(let state, let end, let entered):
            return RunChange(run: run, next: .finished(state, at: end.at, end: end), entered: entered, report: report)
        }
    }
}
