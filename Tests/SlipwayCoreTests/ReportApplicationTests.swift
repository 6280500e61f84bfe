import Testing

@testable import SlipwayCore

@Suite struct ReportApplicationTests {
    typealias Current = ReportApplication.CurrentRun

    private static let run = RunID(high: 1, low: 2)

    static func at(_ seconds: Int64) -> Timestamp { Timestamp(microsecondsSince1970: seconds * 1_000_000) }

    private static func current(
        _ state: RunState,
        revision: Int64? = nil,
        attempts: Int = 1,
        onTimeout: JobSpec.TimeoutOutcome = .timeout
    ) -> Current {
        Current(
            id: run,
            state: state,
            stateSince: at(10),
            leaseEpoch: 3,
            placement: 1,
            reportRevision: revision,
            userCodeMayHaveRun: state == .running,
            onTimeout: onTimeout,
            placementAttempts: attempts
        )
    }

    private static func report(
        _ timeline: [ObservedState] = [],
        revision: Int64 = 1,
        waiting: WaitingReason? = nil,
        end: PlacementEnd? = nil
    ) -> PlacementReport {
        PlacementReport(
            runID: run,
            placement: 1,
            leaseEpoch: 3,
            revision: revision,
            timeline: timeline,
            waiting: waiting,
            end: end
        )
    }

    private static func end(
        _ outcome: PlacementEnd.Outcome,
        _ reason: ReasonCode,
        ran: Bool,
        at seconds: Int64 = 50
    ) -> PlacementEnd {
        PlacementEnd(outcome: outcome, at: at(seconds), hasUserCodeRun: ran, reason: reason)
    }

    private static func decide(_ current: Current, _ report: PlacementReport) -> ReportApplication.Decision {
        ReportApplication.decide(current: current, report: report, maximumPlacements: 3)
    }

    // MARK: What is dropped

    @Test func aReportOfAnotherLeaseIsStale() {
        var report = Self.report()
        report.leaseEpoch = 2
        #expect(Self.decide(Self.current(.running), report) == .stale(.otherLease))
    }

    @Test func aReportOfAnotherPlacementIsStale() {
        var report = Self.report()
        report.placement = 2
        #expect(Self.decide(Self.current(.running), report) == .stale(.otherPlacement))
    }

    @Test(arguments: RunState.terminal)
    func aTerminalRunNeverChanges(state: RunState) {
        let report = Self.report(end: Self.end(.failed, .taskFailed, ran: true))
        #expect(Self.decide(Self.current(state), report) == .stale(.runIsOver))
    }

    @Test(arguments: [RunState.pending, .paused, .ready])
    func aRunWithoutPlacementIgnoresReports(state: RunState) {
        #expect(Self.decide(Self.current(state), Self.report()) == .stale(.runIsNotPlaced))
    }

    @Test func theSameReportAgainChangesNothingAndAnOlderOneIsStale() {
        #expect(Self.decide(Self.current(.running, revision: 5), Self.report(revision: 5)) == .unchanged)
        #expect(Self.decide(Self.current(.running, revision: 5), Self.report(revision: 4)) == .stale(.olderRevision))
    }

    // MARK: Going on

    @Test func statesThatTheRunHasPassedAreIgnoredAndTimesNeverGoBack() {
        let timeline = [
            ObservedState(state: .starting, at: Self.at(1)), ObservedState(state: .creatingSail, at: Self.at(2)),
            ObservedState(state: .waitingForSail, at: Self.at(3)), ObservedState(state: .running, at: Self.at(20)),
        ]
        let expected = [
            ObservedState(state: .waitingForSail, at: Self.at(10)), ObservedState(state: .running, at: Self.at(20)),
        ]
        #expect(Self.decide(Self.current(.creatingSail), Self.report(timeline)) == .advance(expected, waiting: nil))
    }

    @Test func whyItWaitsIsHandedOn() {
        let waiting = WaitingReason(reason: .unschedulable, message: "0/3 nodes are available")
        #expect(Self.decide(Self.current(.starting), Self.report(waiting: waiting)) == .advance([], waiting: waiting))
    }

    @Test func aCancellingRunRecordsNoStatesOnItsWay() {
        let timeline = [ObservedState(state: .running, at: Self.at(20))]
        #expect(Self.decide(Self.current(.cancelling), Self.report(timeline)) == .advance([], waiting: nil))
    }

    // MARK: Ends

    @Test func aSuccessIsCompletedWithoutAClass() {
        let decision = Self.decide(
            Self.current(.running),
            Self.report(end: Self.end(.succeeded, .completed, ran: true))
        )
        guard case .finish(.succeeded, let end, []) = decision else { return #expect(Bool(false), "\(decision)") }
        #expect(end.reason == .completed && end.failureClass == nil && end.at == Self.at(50))
    }

    @Test func theStatesBeforeAnEndAreRecordedFirst() {
        let timeline = [
            ObservedState(state: .creatingRunner, at: Self.at(20)), ObservedState(state: .running, at: Self.at(21)),
        ]
        let end = Self.end(.succeeded, .completed, ran: true, at: 5)
        let decision = Self.decide(Self.current(.starting), Self.report(timeline, end: end))
        guard case .finish(.succeeded, let told, timeline) = decision else {
            return #expect(Bool(false), "\(decision)")
        }
        #expect(told.at == Self.at(21), "an end is never before what came before it")
    }

    @Test func aCancelThatRacesWithCompletionEndsAsWhatHappenedFirst() {
        let success = Self.report(end: Self.end(.succeeded, .completed, ran: true))
        guard case .finish(.succeeded, _, _) = Self.decide(Self.current(.cancelling), success) else {
            return #expect(Bool(false))
        }
    }

    @Test(arguments: [PlacementEnd.Outcome.failed, .lost, .timeout, .cancelled])
    func aCancellingRunThatEndsOtherwiseIsCancelled(outcome: PlacementEnd.Outcome) {
        let decision = Self.decide(
            Self.current(.cancelling),
            Self.report(end: Self.end(outcome, .podLost, ran: false))
        )
        guard case .finish(.cancelled, let end, _) = decision else { return #expect(Bool(false), "\(decision)") }
        #expect(end.reason == .cancelRequested && end.failureClass == .cancelled)
    }

    @Test(arguments: RunState.replaceable)
    func aPlacementLostBeforeUserCodeIsMadeAnew(state: RunState) {
        let decision = Self.decide(Self.current(state), Self.report(end: Self.end(.lost, .evicted, ran: false)))
        guard case .replace(let why, advance: []) = decision else { return #expect(Bool(false), "\(decision)") }
        #expect(why.reason == .evicted)
    }

    @Test func theLastPlacementIsNotReplaced() {
        let decision = Self.decide(
            Self.current(.starting, attempts: 3),
            Self.report(end: Self.end(.lost, .nodeLost, ran: false))
        )
        guard case .finish(.failed, let end, _) = decision else { return #expect(Bool(false), "\(decision)") }
        #expect(end.reason == .placementAttemptsExhausted && end.failureClass == .infrastructure)
        #expect(end.message?.contains("node_lost") == true)
    }

    @Test func aPlacementLostAfterUserCodeFails() {
        let decision = Self.decide(Self.current(.running), Self.report(end: Self.end(.lost, .podLost, ran: false)))
        guard case .finish(.failed, let end, _) = decision else { return #expect(Bool(false), "\(decision)") }
        #expect(end.reason == .podLost && end.failureClass == .infrastructure && end.hasUserCodeRun)
    }

    @Test func aTimelineThatReachedRunningForbidsAReplacement() {
        let timeline = [ObservedState(state: .running, at: Self.at(20))]
        let decision = Self.decide(
            Self.current(.starting),
            Self.report(timeline, end: Self.end(.lost, .podLost, ran: false))
        )
        guard case .finish(.failed, _, timeline) = decision else { return #expect(Bool(false), "\(decision)") }
    }

    @Test(arguments: zip(JobSpec.TimeoutOutcome.allCases, [RunState.timeout, .failed, .cancelled]))
    func aPassedDeadlineBecomesWhatTheJobSays(onTimeout: JobSpec.TimeoutOutcome, state: RunState) {
        let decision = Self.decide(
            Self.current(.running, onTimeout: onTimeout),
            Self.report(end: Self.end(.timeout, .runTimeout, ran: true))
        )
        guard case .finish(state, let end, _) = decision else { return #expect(Bool(false), "\(decision)") }
        #expect(end.reason == .runTimeout && end.failureClass == .timeout)
    }
}
