import Testing

@testable import SlipwayCore

@Suite struct RunTransitionTests {
    private static let start = Timestamp(microsecondsSince1970: 0)

    @Test func everyStateMayGoExactlyWhereItsCommentSays() {
        let later: [RunState: [RunState]] = [
            .pending: [.paused, .ready, .starting, .cancelled],
            .paused: [.pending, .cancelled],
            .ready: [.starting, .cancelled, .failed, .pending],
            .starting: [
                .ready, .creatingSail, .waitingForSail, .creatingRunner, .running, .cancelling, .succeeded, .failed,
                .cancelled, .timeout,
            ],
            .creatingSail: [
                .ready, .waitingForSail, .creatingRunner, .running, .cancelling, .succeeded, .failed, .cancelled,
                .timeout,
            ],
            .waitingForSail: [
                .ready, .creatingRunner, .running, .cancelling, .succeeded, .failed, .cancelled, .timeout,
            ],
            .creatingRunner: [.ready, .running, .cancelling, .succeeded, .failed, .cancelled, .timeout],
            .running: [.cancelling, .succeeded, .failed, .cancelled, .timeout],
            .cancelling: [.succeeded, .cancelled],
        ]
        for state in RunState.allCases {
            let allowed = RunTransition.legalPairs.filter { $0.from == state }.map(\.to)
            #expect(Set(allowed) == Set(later[state] ?? []), "from \(state)")
        }
    }

    @Test func aTerminalStateIsNeverLeft() {
        #expect(!RunTransition.legalPairs.contains { $0.from.isTerminal })
    }

    @Test func onlyStatesBeforeUserCodeLeadBackToReady() {
        let back = RunTransition.legalPairs.filter { $0.to == .ready && $0.from != .pending }.map(\.from)
        #expect(Set(back) == Set(RunState.replaceable))
    }

    @Test func askingToCancelTwiceIsSafe() throws {
        let first = try RunTransition.cancelRequested.target(from: .running).get()
        #expect(first == .cancelling)
        #expect(try RunTransition.cancelRequested.target(from: first).get() == .cancelling)
    }

    @Test(arguments: [RunState.pending, .paused, .ready])
    func aRunWithoutAPodIsCancelledAtOnce(state: RunState) throws {
        #expect(try RunTransition.cancelRequested.target(from: state).get() == .cancelled)
    }

    @Test(arguments: zip(JobSpec.TimeoutOutcome.allCases, [RunState.timeout, .failed, .cancelled]))
    func theJobChoosesWhatATimeoutBecomes(outcome: JobSpec.TimeoutOutcome, state: RunState) throws {
        let end = PlacementEnd(outcome: .timeout, at: Self.start, hasUserCodeRun: true, reason: .runTimeout)
        #expect(try RunTransition.end(end, onTimeout: outcome).target(from: .running).get() == state)
    }

    @Test func anIllegalTransitionIsAValueThatNamesBoth() {
        let result = RunTransition.admit.target(from: .succeeded)
        #expect(result == .failure(IllegalTransition(from: .succeeded, transition: .admit)))
        guard case .failure(let error) = result else { return }
        #expect(error.description == "a run that is succeeded cannot be admitted")
    }

    @Test func pairsSortInTheOrderOfTheStates() {
        let sorted = RunTransition.legalPairs.sorted()
        #expect(sorted.first == RunTransition.Pair(from: .pending, to: .paused))
        #expect(sorted.last == RunTransition.Pair(from: .cancelling, to: .cancelled))
    }
}
