/// What one report means for the run it is about: a pure decision that the scheduler carries out in one transaction.
///
/// Reports are snapshots, so any repetition and any order of the snapshots of one placement lead to the same end.
package enum ReportApplication {
    /// The facts about a run that the decision needs, read under its row lock.
    package struct CurrentRun: Sendable, Hashable {
        package var id: RunID
        package var state: RunState
        /// When it entered `state`; what is recorded next is never earlier.
        package var stateSince: Timestamp
        package var leaseEpoch: Int64
        package var placement: Int
        /// Of the newest report applied under the present lease; `nil` if there is none.
        package var reportRevision: Int64?
        /// Whether an earlier report of this placement told that the runner ran.
        package var userCodeMayHaveRun: Bool
        package var onTimeout: JobSpec.TimeoutOutcome
        /// How many placements the run has had, the present one included.
        package var placementAttempts: Int

        package init(
            id: RunID,
            state: RunState,
            stateSince: Timestamp,
            leaseEpoch: Int64,
            placement: Int,
            reportRevision: Int64? = nil,
            userCodeMayHaveRun: Bool,
            onTimeout: JobSpec.TimeoutOutcome,
            placementAttempts: Int
        ) {
            self.id = id
            self.state = state
            self.stateSince = stateSince
            self.leaseEpoch = leaseEpoch
            self.placement = placement
            self.reportRevision = reportRevision
            self.userCodeMayHaveRun = userCodeMayHaveRun
            self.onTimeout = onTimeout
            self.placementAttempts = placementAttempts
        }
    }

    /// What to do.
    package enum Decision: Sendable, Hashable {
        /// Nothing: the report is not about the run as it is now.
        case stale(StaleReport)
        /// Nothing: the very same report has been applied.
        case unchanged
        /// Record these states, in order and possibly none, and why it is not further.
        case advance([ObservedState], waiting: WaitingReason?)
        /// Back to `ready`: the placement was lost before user code ran. The states entered before are recorded first.
        case replace(WaitingReason, advance: [ObservedState])
        /// The run is over in `state`. `end` carries the final reason, class, message and evidence, and its `at` is
        /// not before anything recorded. The states entered before are recorded first.
        case finish(state: RunState, end: PlacementEnd, advance: [ObservedState])
    }

    /// Why a report is dropped.
    package enum StaleReport: String, Sendable, Hashable, CaseIterable {
        case otherRun = "other_run"
        case runIsOver = "run_is_over"
        case runIsNotPlaced = "run_is_not_placed"
        case otherLease = "other_lease"
        case otherPlacement = "other_placement"
        case olderRevision = "older_revision"
    }

    /// Decides about one report.
    ///
    /// - Parameter maximumPlacements: a run whose placement is lost after this many ends as failed.
    package static func decide(
        current: CurrentRun,
        report: PlacementReport,
        maximumPlacements: Int
    ) -> Decision {
        if let stale = staleness(of: report, for: current) { return .stale(stale) }
        if report.revision == current.reportRevision { return .unchanged }
        let advance = newStates(in: report.timeline, for: current)
        guard let end = report.end else {
            return .advance(advance, waiting: current.state == .cancelling ? nil : report.waiting)
        }
        let latest = advance.last ?? ObservedState(state: current.state, at: current.stateSince)
        var settled = end
        settled.at = max(end.at, latest.at)
        settled.hasUserCodeRun = end.hasUserCodeRun || current.userCodeMayHaveRun || latest.state.hasUserCodeRun
        if end.outcome == .lost, !settled.hasUserCodeRun, current.state != .cancelling {
            return replacement(of: current, settled, from: latest.state, advance, maximumPlacements)
        }
        return finish(settled, from: latest.state, current.onTimeout, advance)
    }

    private static func staleness(of report: PlacementReport, for current: CurrentRun) -> StaleReport? {
        if report.runID != current.id { return .otherRun }
        if current.state.isTerminal { return .runIsOver }
        if !current.state.isActive { return .runIsNotPlaced }
        if report.leaseEpoch != current.leaseEpoch { return .otherLease }
        if report.placement != current.placement { return .otherPlacement }
        if let applied = current.reportRevision, report.revision < applied { return .olderRevision }
        return nil
    }

    /// The states of a timeline that come after where the run is, at times that never go back.
    private static func newStates(in timeline: [ObservedState], for current: CurrentRun) -> [ObservedState] {
        var state = current.state
        var time = current.stateSince
        var entered: [ObservedState] = []
        for observed in timeline {
            guard case .success(let next) = RunTransition.observe(observed).target(from: state) else { continue }
            state = next
            time = max(time, observed.at)
            entered.append(ObservedState(state: next, at: time))
        }
        return entered
    }

    private static func replacement(
        of current: CurrentRun,
        _ end: PlacementEnd,
        from state: RunState,
        _ advance: [ObservedState],
        _ maximumPlacements: Int
    ) -> Decision {
        let isLegal = RunTransition.placementLost(end.reason).target(from: state) == .success(.ready)
        if isLegal, current.placementAttempts < maximumPlacements {
            let message = end.message ?? "The pod was lost before the job's code ran."
            return .replace(WaitingReason(reason: end.reason, message: message), advance: advance)
        }
        var exhausted = end
        exhausted.reason = .placementAttemptsExhausted
        exhausted.failureClass = ReasonCode.placementAttemptsExhausted.failureClass
        let cause = end.message.map { " The last one: \($0)" } ?? ""
        exhausted.message =
            "All \(current.placementAttempts) placements were lost before the job's code ran (\(end.reason.rawValue)).\(cause)"
        return finish(exhausted, from: state, current.onTimeout, advance)
    }

    private static func finish(
        _ end: PlacementEnd,
        from state: RunState,
        _ onTimeout: JobSpec.TimeoutOutcome,
        _ advance: [ObservedState]
    ) -> Decision {
        switch RunTransition.end(end, onTimeout: onTimeout).target(from: state) {
        case .failure: .stale(.runIsOver)
        case .success(let terminal):
            .finish(state: terminal, end: told(end, as: terminal, from: state), advance: advance)
        }
    }

    /// The end in the words of the state it led to: a success has no class, a cancelled run was cancelled.
    private static func told(_ end: PlacementEnd, as terminal: RunState, from state: RunState) -> PlacementEnd {
        var told = end
        if terminal == .succeeded {
            told.reason = .completed
            told.failureClass = nil
        } else if state == .cancelling {
            told.outcome = .cancelled
            told.reason = .cancelRequested
            told.failureClass = .cancelled
            told.message = "Cancelled on request."
        } else {
            told.failureClass = end.failureClass ?? end.reason.failureClass ?? .infrastructure
        }
        return told
    }
}
