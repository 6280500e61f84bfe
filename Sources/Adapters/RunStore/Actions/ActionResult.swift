internal import PostgresClient
package import SlipwayCore

/// What an action did to one run.
package struct ActionResult: Sendable, Hashable {
    package enum Change: Sendable, Hashable {
        case changed
        /// It was done before, or is not needed any more.
        case alreadySo
        /// The run's state does not allow it.
        case impossible
        case notFound
    }

    package var id: RunID
    package var change: Change
    /// The state it has now, or had when it was deleted; `nil` if it is not there.
    package var state: RunState?
    package var cluster: String?
    /// Who holds the run, or held it until it was released: the process to be told.
    package var holder: HolderID?
    /// The lease as it is now.
    package var leaseEpoch: Int64?
    /// When a released run is ended.
    package var releaseDeadline: Timestamp?
    /// The run made of this one, now or before.
    package var follower: RunID?

    package init(
        id: RunID,
        change: Change,
        state: RunState? = nil,
        cluster: String? = nil,
        holder: HolderID? = nil,
        leaseEpoch: Int64? = nil,
        releaseDeadline: Timestamp? = nil,
        follower: RunID? = nil
    ) {
        self.id = id
        self.change = change
        self.state = state
        self.cluster = cluster
        self.holder = holder
        self.leaseEpoch = leaseEpoch
        self.releaseDeadline = releaseDeadline
        self.follower = follower
    }

    /// Of a row `id, state, is_changed, is_already_so, cluster, holder_id, lease_epoch, release_deadline`.
    init(live row: PostgresRow) throws {
        let isChanged: Bool = try row.value("is_changed")
        let isAlreadySo: Bool = try row.value("is_already_so")
        self.init(
            id: try row.value("id"),
            change: isChanged ? .changed : isAlreadySo ? .alreadySo : .impossible,
            state: try row.value("state"),
            cluster: try row.value("cluster"),
            holder: try row.value("holder_id"),
            leaseEpoch: try row.value("lease_epoch"),
            releaseDeadline: try row.value("release_deadline")
        )
    }
}

extension RunStore {
    /// The results in the order of the ids, with those of runs that are over or do not exist.
    ///
    /// - Parameters:
    ///   - live: what the action's statement said about the runs it found.
    ///   - finished: what the action means for a run that is over.
    func results(
        _ live: PostgresResult,
        of ids: [RunID],
        finished: ActionResult.Change
    ) async throws -> [ActionResult] {
        var known: [RunID: ActionResult] = [:]
        for row in live.rows {
            let result = try ActionResult(live: row)
            known[result.id] = result
        }
        // A run that ended while the statement waited for its lock is found by this later look.
        let missing = ids.filter { known[$0] == nil }
        if !missing.isEmpty {
            let over = try await pool.query("SELECT id, state FROM finished_runs WHERE id = ANY(\(missing))")
                .decode(RunID.self, RunState.self)
            for (id, state) in over { known[id] = ActionResult(id: id, change: finished, state: state) }
        }
        return ids.map { known[$0] ?? ActionResult(id: $0, change: .notFound) }
    }
}
