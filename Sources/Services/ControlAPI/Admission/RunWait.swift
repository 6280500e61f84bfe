internal import RunStore
internal import SlipwayCore

/// Why a run is not further, and for how long.
struct RunWait: Sendable {
    struct Position: Sendable, Hashable {
        /// 1 is the team's next run.
        var team: Int
        var overall: Int
    }

    let run: RunRecord
    /// Whether something has to happen before its code runs.
    var isWaiting = true
    /// A ``HoldReason`` of a run that waits for admission, else a ``ReasonCode``; `nil`: there is nothing to tell.
    var reason: String?
    var scope: HoldReason.Scope?
    var sentence: String
    /// Runs that hold what it lacks, or go before it.
    var blocking: [RunID] = []
    var position: Position?
    var dispatch: DispatchPosition?
    var effectivePriority: Int?
    var since: Timestamp
    /// When the reason ends by itself.
    var endsAt: Timestamp?
    /// `nil`: unknown, or nothing but a person's doing lets it go.
    var estimatedStart: Timestamp?

    private init(_ run: RunRecord) {
        self.run = run
        since = run.stateSince
        sentence = ""
        reason = run.reason?.rawValue
    }

    init(of run: RunRecord, store: RunStore, view: AdmissionView, now: Timestamp) async throws {
        self.init(run)
        switch run.state {
        case .pending where !run.isPromoted: try await explainPending(store, view, now)
        case .pending, .ready: try await explainReady(store)
        case .paused: explainPaused()
        case .starting, .creatingSail, .waitingForSail, .creatingRunner:
            scope = .cluster
            sentence = run.message ?? Self.placing(run.state)
        case .running, .cancelling, .succeeded, .failed, .cancelled, .timeout:
            isWaiting = false
            sentence = "It does not wait: it is \(run.state.rawValue)."
        }
    }

    /// Why a run waits that is not placed, for a description: without what takes long to find out.
    ///
    /// - Returns: `nil` if it is further, or why it waits is not at hand.
    static func inShort(of run: RunRecord, store: RunStore, view: AdmissionView) async throws -> RunWait? {
        var wait = RunWait(run)
        switch run.state {
        case .pending where !run.isPromoted:
            let id = run.id
            guard let found = try await view.answerIfAtHand({ $0.queue.explain(id, now: $0.now) }) else { return nil }
            wait.take(found)
        case .pending, .ready: try await wait.explainReady(store)
        case .paused: wait.explainPaused()
        default: return nil
        }
        return wait
    }

    private mutating func explainPaused() {
        scope = .own
        sentence = run.message ?? "It is held."
    }

    private mutating func explainPending(_ store: RunStore, _ view: AdmissionView, _ now: Timestamp) async throws {
        let id = run.id
        let ask: @Sendable (AdmissionFollower) -> WaitExplanation? = { $0.queue.explain(id, now: $0.now) }
        var found = try await view.answer(ask)
        // It may have been made after the last look.
        if found == nil { found = try await view.answer(isFresh: true, ask) }
        guard let found else {
            sentence = "It has just left the queue, or the queue is full: ask again in a moment."
            return
        }
        take(found)
        estimatedStart = found.endsAt
        if found.endsAt == nil, found.reason.passes, let rate = try await store.admissionRate(ofTeam: run.team) {
            let seconds = min(Double(found.positionInTeam) / rate, 365 * 86_400)
            estimatedStart = now + .milliseconds(Int64(seconds * 1000))
        }
    }

    private mutating func take(_ found: WaitExplanation) {
        reason = found.reason.rawValue
        scope = found.reason.scope
        sentence = found.sentence
        blocking = found.blockers
        position = Position(team: found.positionInTeam, overall: found.positionOverall)
        effectivePriority = found.effectivePriority
        since = found.waitingSince
        endsAt = found.endsAt
    }

    private mutating func explainReady(_ store: RunStore) async throws {
        scope = .cluster
        let dispatch = try await store.dispatchPosition(of: run)
        self.dispatch = dispatch
        let others = dispatch.ahead == 1 ? "1 run goes" : "\(dispatch.ahead) runs go"
        sentence =
            "It is admitted and waits for a dispatcher of cluster \(run.cluster): \(others) before it, and "
            + "\(dispatch.starting) are being placed."
        if let message = run.message { sentence += " Before, \(message)." }
    }

    private static func placing(_ state: RunState) -> String {
        switch state {
        case .starting: "Its pod is being created, or waits for a node."
        case .creatingSail: "The container of its engine is being made."
        case .waitingForSail: "Its engine starts and does not accept connections yet."
        default: "The container of its runner is being made."
        }
    }
}
