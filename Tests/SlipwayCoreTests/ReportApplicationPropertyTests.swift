import Testing

@testable import SlipwayCore

/// One true life of a placement is told by snapshots that arrive in any order, any number of times.
@Suite struct ReportApplicationPropertyTests {
    /// The seed of a run of the suite; a failure prints it.
    private static let seed = UInt64.random(in: .min ... .max)

    @Test func anyOrderAndRepetitionOfSnapshotsGivesTheSameEnd() {
        var generator = SeededGenerator(seed: Self.seed)
        for life in 0..<400 {
            let snapshots = Self.snapshotsOfOneLife(using: &generator)
            let onTimeout = JobSpec.TimeoutOutcome.allCases.randomElement(using: &generator) ?? .timeout
            let isCancelling = Bool.random(using: &generator)
            let straight = Self.play(snapshots, onTimeout: onTimeout, isCancelling: isCancelling)
            for _ in 0..<10 {
                let disturbed = Self.disturb(snapshots, using: &generator)
                let result = Self.play(disturbed, onTimeout: onTimeout, isCancelling: isCancelling)
                let comment: Comment = "seed \(Self.seed), life \(life)"
                #expect(result.state == straight.state, comment)
                #expect(result.reason == straight.reason, comment)
                #expect(result.illegal == [], comment)
                #expect(result.timesGoBack == false, comment)
                #expect(result.changesAfterTheEnd == 0, comment)
            }
        }
    }

    // MARK: Telling

    private static func snapshotsOfOneLife(using generator: inout SeededGenerator) -> [PlacementReport] {
        var time: Int64 = 100
        var timeline: [ObservedState] = []
        var reports: [PlacementReport] = []
        func report(end: PlacementEnd? = nil) -> PlacementReport {
            PlacementReport(
                runID: RunID(high: 7, low: 7),
                placement: 1,
                leaseEpoch: 1,
                revision: Int64(reports.count + 1),
                timeline: timeline,
                end: end
            )
        }
        let reached = Int.random(in: 1...RunState.placed.count, using: &generator)
        for state in RunState.placed.prefix(reached)
        where state == .starting || Int.random(in: 0..<4, using: &generator) > 0 {
            // Clocks of different nodes may disagree.
            time += Int64.random(in: -2...10, using: &generator)
            timeline.append(ObservedState(state: state, at: ReportApplicationTests.at(time)))
            if Bool.random(using: &generator) { reports.append(report()) }
        }
        let hasRun = timeline.last?.state == .running
        let outcomes: [PlacementEnd.Outcome] = hasRun ? [.succeeded, .failed, .lost, .timeout] : [.failed, .lost]
        let outcome = outcomes.randomElement(using: &generator) ?? .failed
        let reason: ReasonCode =
            switch outcome {
            case .succeeded: .completed
            case .lost: .podLost
            case .timeout: .runTimeout
            case .failed, .cancelled: .taskFailed
            }
        let end = PlacementEnd(
            outcome: outcome,
            at: ReportApplicationTests.at(time + 1),
            hasUserCodeRun: hasRun,
            reason: reason
        )
        reports.append(report(end: end))
        return reports
    }

    /// Duplicates and reorders; the last snapshot is always there somewhere, since a worker repeats it until it counts.
    private static func disturb(_ reports: [PlacementReport], using generator: inout SeededGenerator)
        -> [PlacementReport]
    {
        var disturbed = reports.filter { $0.end != nil || Int.random(in: 0..<4, using: &generator) > 0 }
        for report in reports where Bool.random(using: &generator) { disturbed.append(report) }
        disturbed.shuffle(using: &generator)
        return disturbed
    }

    // MARK: Applying

    private struct Played {
        var state: RunState
        var reason: ReasonCode?
        var illegal: [RunTransition.Pair] = []
        var timesGoBack = false
        var changesAfterTheEnd = 0
    }

    private static func play(
        _ reports: [PlacementReport],
        onTimeout: JobSpec.TimeoutOutcome,
        isCancelling: Bool
    ) -> Played {
        var run = ReportApplication.CurrentRun(
            id: RunID(high: 7, low: 7),
            state: isCancelling ? .cancelling : .starting,
            stateSince: ReportApplicationTests.at(99),
            leaseEpoch: 1,
            placement: 1,
            userCodeMayHaveRun: false,
            onTimeout: onTimeout,
            placementAttempts: 1
        )
        var played = Played(state: run.state)
        func enter(_ state: RunState, at time: Timestamp) {
            let pair = RunTransition.Pair(from: run.state, to: state)
            if !RunTransition.legalPairs.contains(pair) { played.illegal.append(pair) }
            if time < run.stateSince { played.timesGoBack = true }
            if run.state.isTerminal { played.changesAfterTheEnd += 1 }
            run.state = state
            run.stateSince = time
            if state == .running { run.userCodeMayHaveRun = true }
        }
        for report in reports {
            switch ReportApplication.decide(current: run, report: report, maximumPlacements: 3) {
            case .stale, .unchanged: continue
            case .advance(let states, _):
                for state in states { enter(state.state, at: state.at) }
            case .replace(let why, let states):
                for state in states { enter(state.state, at: state.at) }
                enter(.ready, at: run.stateSince)
                played.reason = why.reason
            case .finish(let state, let end, let states):
                for observed in states { enter(observed.state, at: observed.at) }
                enter(state, at: end.at)
                played.reason = end.reason
            }
            run.reportRevision = report.revision
        }
        played.state = run.state
        return played
    }
}
