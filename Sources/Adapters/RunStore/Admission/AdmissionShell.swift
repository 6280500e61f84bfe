package import SlipwayCore

/// Decides about admission and carries it out, over and over, under one term. For one task at a time.
///
/// What it knows of live runs is never less than what there is: only the holder of the term lets runs go, and it takes in
/// what it did before it decides again. When it cannot know what came of a statement, its term must be ended: see
/// ``AdmissionShell/Failure``.
package final class AdmissionShell {
    /// What one cycle did.
    package struct Outcome: Sendable {
        package var admitted: [AdmittedRun] = []
        package var paused: [RunID] = []
        package var skipped: [RunID] = []
        package var superseded: [ActionResult] = []
        package var sentBack: [RunID] = []
        /// Another cycle at once would decide more.
        package var isCutShort = false
        /// When time alone may let something go; `nil`: only events can.
        package var nextLook: Timestamp?

        package var hasEffect: Bool {
            !admitted.isEmpty || !paused.isEmpty || !skipped.isEmpty || !superseded.isEmpty || !sentBack.isEmpty
        }
    }

    /// A statement failed, and it may have had an effect, or have it later: the term must not be used any more.
    package struct Failure: Error, CustomStringConvertible {
        package var cause: any Error
        package var description: String { "what came of a decision is not known: \(cause)" }
    }

    package let term: SchedulingTerm
    package let follower: AdmissionFollower
    private let ledger: any RunLedger
    private let halfLife: Duration
    private var usage: [String: UsageHistory]?

    /// - Parameters:
    ///   - zones: the rules of a time zone by its name.
    ///   - halfLife: how fast past usage fades.
    package init(
        _ ledger: any RunLedger,
        under term: SchedulingTerm,
        zones: @escaping @Sendable (String) -> ZoneRules? = { _ in nil },
        halfLife: Duration = .seconds(86_400)
    ) {
        self.ledger = ledger
        self.term = term
        self.halfLife = halfLife
        follower = AdmissionFollower(ledger, zones: zones)
    }

    private var queue: AdmissionQueue { follower.queue }

    /// Takes in what has changed, decides, and carries it out. The first time it reads everything.
    ///
    /// - Throws: ``Failure`` if the term must not be used any more; any other error if nothing was done.
    package func cycle() async throws -> Outcome {
        try await follower.follow()
        let plan = queue.plan(now: follower.now, maximum: ledger.limits.batch)
        var outcome = Outcome()
        outcome.nextLook = plan.nextLook
        // After one of these more may go, or others: the next cycle sees it.
        outcome.isCutShort = plan.isCutShort || !plan.preemptions.isEmpty
        guard !plan.isEmpty else { return outcome }
        do {
            try await carryOut(plan, &outcome)
        } catch is CancellationError {
            throw CancellationError()
        } catch {
            throw Failure(cause: error)
        }
        return outcome
    }

    private func carryOut(_ plan: AdmissionPlan, _ outcome: inout Outcome) async throws {
        outcome.skipped = try await ledger.skip(plan.skips, under: term)
        for id in outcome.skipped { queue.apply(.gone(id)) }
        outcome.paused = try await ledger.pause(plan.pauses.compactMap(paused), under: term)
        for id in outcome.paused { queue.apply(.gone(id)) }
        outcome.superseded = try await ledger.supersede(plan.replacements, under: term)
        let waiting = plan.admitted.compactMap(queue.waitingRun)
        let choices = waiting.map { AdmissionChoice(id: $0.id, cluster: $0.cluster) }
        outcome.admitted = try await ledger.admit(choices, under: term)
        let times = Dictionary(outcome.admitted.map { ($0.id, $0.admittedAt) }) { first, _ in first }
        for run in waiting {
            guard let time = times[run.id] else { continue }
            queue.apply(.live(LiveRun(run, admittedAt: time)))
        }
        outcome.sentBack = try await ledger.sendBack(plan.preemptions, under: term)
    }

    private func paused(_ pause: AdmissionPlan.Pause) -> PausedRun? {
        let sentence = queue.holdSentence(pause.run, now: follower.now)
        switch pause.reason {
        case .creditsExhausted: return PausedRun(id: pause.run, reason: .creditsExhausted, message: sentence ?? "")
        case .credentialInvalid: return PausedRun(id: pause.run, reason: .credentialInvalid, message: sentence ?? "")
        default: return nil
        }
    }

    /// Takes what teams use now into what they have used, and keeps it. What deleted teams have used is forgotten.
    package func keepUsage() async throws {
        guard follower.now.microsecondsSince1970 > 0 else { return }
        let known = usage ?? follower.usage
        var histories = known.filter { queue.knowsTeam($0.key) }
        for team in queue.teamsWithLiveRuns where histories[team] == nil && queue.knowsTeam(team) {
            histories[team] = UsageHistory(updatedAt: follower.now)
        }
        for team in histories.keys {
            histories[team]?.advance(to: follower.now, share: queue.share(ofTeam: team), halfLife: halfLife)
        }
        guard try await ledger.keepUsage(histories, under: term) else { return }
        usage = histories
        for team in known.keys where histories[team] == nil { queue.apply(.usage(team: team, 0)) }
        for (team, history) in histories { queue.apply(.usage(team: team, history.value)) }
    }
}
