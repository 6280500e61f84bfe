import PostgresClient
import RunStore
import SlipwayCore
import Testing

extension StoreFixture {
    /// A run that has gone the ordinary way to this state.
    func run(in state: RunState) async throws -> RunID {
        switch state {
        case .pending: return try await created()[0]
        case .paused:
            let id = try await created()[0]
            try await store.pool.query("UPDATE live_runs SET state = 'paused' WHERE id = \(id)")
            return id
        case .ready:
            let id = try await created()[0]
            try await admitAll()
            return id
        case .starting, .creatingSail, .waitingForSail, .creatingRunner, .running: return try await placed(state).id
        case .cancelling:
            let id = try await placed(.running).id
            _ = try await store.cancel(id, by: nil)
            return id
        case .succeeded: return try await ended(Self.success())
        case .failed: return try await ended(Self.failure())
        case .timeout:
            return try await ended(
                PlacementEnd(outcome: .timeout, at: .now, hasUserCodeRun: true, reason: .runTimeout)
            )
        case .cancelled:
            let id = try await created()[0]
            _ = try await store.cancel(id, by: nil)
            return id
        }
    }

    /// A run placed by itself, seen in this state.
    func placed(_ state: RunState) async throws -> ClaimedRun {
        let run = try await claimOne()
        guard state != .starting else { return run }
        var report = report(run, running: false)
        report.timeline.append(ObservedState(state: state, at: .now))
        _ = try await store.apply([report])
        return run
    }

    func ended(_ end: PlacementEnd) async throws -> RunID {
        let run = try await claimOne()
        try await tell(
            run,
            [TaskRow(name: "only", position: 0, state: end.outcome == .succeeded ? .succeeded : .failed)]
        )
        _ = try await store.apply([report(run, end: end)])
        return run.id
    }

    static func failure() -> PlacementEnd {
        PlacementEnd(outcome: .failed, at: .now, hasUserCodeRun: true, reason: .taskFailed, message: "it broke")
    }

    private func claimOne() async throws -> ClaimedRun {
        let id = try await created()[0]
        try await admitAll()
        let claim = try await store.claim(cluster: "default", holder: holder.id, limit: 500, window: 10_000)
        return try #require(claim.runs.first { $0.id == id })
    }

    func admitAll() async throws {
        let term = try #require(
            try await store.takeTerm(duty: "scheduling", holder: holder.id, timeToLive: .seconds(60))
        )
        _ = try await store.admit(holder: holder.id, term: term)
    }

    /// A run that would follow another.
    func follower(of origin: RunID, _ kind: NewRun.OriginKind, overrides: RunOverrides = RunOverrides()) -> NewRun {
        var run = newRun()
        run.originID = origin
        run.originKind = kind
        run.overrides = overrides
        return run
    }

    func perform(_ action: RunAction, on ids: [RunID], why: String? = "a test") async throws -> [ActionResult] {
        switch action {
        case .cancel: try await store.cancel(ids, by: "ann", why: why)
        case .release:
            try await store.release(
                ids.map { Release(id: $0, runTimeout: .seconds(3600)) },
                by: "ann",
                why: why
            )
        case .promote: try await store.promote(ids, by: "ann", why: why)
        case .unpause: try await store.unpause(ids, by: "ann", why: why)
        case .delete: try await store.delete(ids, by: "ann", why: why)
        case .retry: try await store.follow(ids.map { follower(of: $0, .retry) }, by: "ann", why: why)
        case .rerun: try await store.follow(ids.map { follower(of: $0, .rerun) }, by: "ann", why: why)
        case .resume: try await store.follow(ids.map { follower(of: $0, .resume) }, by: "ann", why: why)
        }
    }

    /// How many rows a table has for a run.
    func count(_ table: String, _ column: String = "run_id", of id: RunID) async throws -> Int {
        try await store.pool.query(
            "SELECT count(*) FROM \(unescaped: table) WHERE \(unescaped: column)::text = \(id.description)"
        ).decode(Int.self)[0]
    }
}
