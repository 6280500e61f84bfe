internal import RunStore
internal import SlipwayCore

/// What must hold of the store and the cluster together. Each function returns the first thing that does not.
enum Invariants {
    // MARK: At any time

    /// P3, P5 and the budgets of retries.
    static func always(_ tables: MemoryTables, accepted: [RunID]) -> String? {
        for id in accepted where tables.live[id] == nil && tables.finished[id] == nil {
            return "P3: the accepted run \(id.short) is lost"
        }
        for run in tables.live.values.sorted(by: { $0.id < $1.id }) {
            if let problem = budget(run, tables) { return problem }
        }
        return tables.limitProblem
    }

    private static func budget(_ run: MemoryRun, _ tables: MemoryTables) -> String? {
        let used = run.retriesUsed
        let policy = tables.jobs[run.job]?.retries ?? RetryPolicy()
        let isWithin =
            used.infrastructure <= policy.infrastructure && used.timeout <= policy.timeout && used.user <= policy.user
            && used.free <= RetryDecision.maximumFree && run.attempt == used.total + 1
        return isWithin ? nil : "run \(run.id.short) of \(run.jobName) is attempt \(run.attempt) with \(used)"
    }

    // MARK: At rest

    /// Whether nothing is left to do.
    static func isAtRest(_ tables: MemoryTables, _ cluster: SimulatedCluster.State) -> Bool {
        tables.live.isEmpty && tables.cleanups.isEmpty && cluster.pods.values.allSatisfy { $0.owner == nil }
    }

    /// P6 and P7: what is left although there was time to end it.
    static func leftovers(_ tables: MemoryTables, _ cluster: SimulatedCluster.State) -> String {
        let runs = tables.live.values.sorted { $0.id < $1.id }.map { run in
            "P7: run \(run.id.short) of \(run.jobName) is \(run.state), placement \(run.placement), lease \(run.leaseEpoch)"
                + (run.holderID == nil ? ", held by nobody" : ", held")
        }
        let cleanups = tables.cleanups.keys.sorted().map { "P6: a cleanup of \($0.run.short)/\($0.placement) is left" }
        let pods = cluster.pods.values.filter { $0.owner != nil }.map(\.text).sorted().map { "P6: pod \($0) is left" }
        return (runs + cleanups + pods).joined(separator: "; ")
    }

    /// What the ends and the logs say, compared with what happened.
    static func atRest(_ tables: MemoryTables, _ cluster: SimulatedCluster.State, cancelled: Set<RunID>) -> String? {
        for run in tables.finished.values.sorted(by: { $0.id < $1.id }) {
            if let problem = budget(run, tables) { return problem }
            guard run.state == .succeeded else { continue }
            let placement = PlacementKey(run: run.id, placement: run.placement)
            guard cluster.succeeded.contains(placement) else {
                return "run \(run.id.short) succeeded although its code never ended well"
            }
            guard !cluster.truncated.contains(placement), !cancelled.contains(run.id) else { continue }
            let stored = tables.lines[.init(placement: placement, stream: "task/only")] ?? []
            if stored != cluster.written[placement] {
                return "run \(run.id.short) succeeded with the lines \(stored) of \(cluster.written[placement] ?? [])"
            }
        }
        for (key, stored) in tables.lines where key.stream == "task/only" {
            let written = cluster.written[key.placement] ?? []
            if stored != Array(written.prefix(stored.count)) {
                return "of the lines \(written) of \(key.placement.run.short) were stored \(stored)"
            }
        }
        return nil
    }
}
