package import RunStore
package import SlipwayCore

extension MemoryTables {
    package mutating func register(_ holder: Holder, timeToLive: Duration) {
        let known = holders[holder.id]?.holder ?? holder
        holders[holder.id] = HolderRow(holder: known, expiresAt: now + timeToLive)
    }

    package mutating func renew(_ holder: HolderID, timeToLive: Duration) -> Bool {
        guard holders[holder] != nil else { return false }
        holders[holder]?.expiresAt = now + timeToLive
        return true
    }

    package mutating func retire(_ holder: HolderID) -> [Unsupervised] {
        holders[holder] = nil
        for (key, row) in cleanups where row.holder == holder { cleanups[key]?.holder = nil }
        for (duty, row) in terms where row.holder == holder {
            terms[duty]?.holder = nil
            terms[duty]?.expiresAt = now
        }
        return liveRuns { $0.holderID == holder }.map { free($0) }
    }

    package mutating func takeTerm(duty: String, holder: HolderID, timeToLive: Duration) -> Int64? {
        guard let row = terms[duty] else {
            terms[duty] = TermRow(holder: holder, term: 1, expiresAt: now + timeToLive)
            return 1
        }
        guard row.holder == holder || row.holder == nil || row.expiresAt < now else { return nil }
        let term = row.holder == holder ? row.term : row.term + 1
        terms[duty] = TermRow(holder: holder, term: term, expiresAt: now + timeToLive)
        return term
    }

    package mutating func sweepLeases(
        timeToLive: Duration,
        expected: Duration,
        isThorough: Bool
    ) -> [Unsupervised] {
        let before = sweptAt
        sweptAt = max(now, before)
        if sweptAt - before > expected, !holders.isEmpty {
            for id in holders.keys {
                let expiresAt = holders[id]?.expiresAt ?? now
                holders[id]?.expiresAt = max(expiresAt, now + timeToLive)
            }
            return []
        }
        let isAnySilent = holders.values.contains { $0.expiresAt < now }
        guard isThorough || isAnySilent else { return [] }
        holders = holders.filter { $0.value.expiresAt >= now }
        for (key, row) in cleanups {
            if let holder = row.holder, holders[holder] == nil { cleanups[key]?.holder = nil }
        }
        let held = liveRuns { run in run.holderID.map { holders[$0] == nil } ?? false }
        return held.map { run in
            tell(run.id, "lease_expired")
            return free(run)
        }
    }

    package mutating func overdueForSupervision(age: Duration) -> [Unsupervised] {
        if flaws.contains(.withoutSweeps) { return [] }
        let placing = age * 6
        let now = now
        let late = liveRuns { run in
            guard let holder = run.holderID else {
                return run.releasedAt == nil && !Self.unplaced.contains(run.state) && run.hintedAt + age < now
            }
            return holders[holder]?.holder.kind == .dispatcher && [.starting, .cancelling].contains(run.state)
                && run.stateSince + placing < now && run.hintedAt + placing < now
        }
        return late.prefix(limits.batch).map { run in
            update(run.id) { $0.hintedAt = now }
            return Unsupervised(id: run.id, cluster: run.cluster, leaseEpoch: run.leaseEpoch)
        }
    }

    package func overdueForDispatch(age: Duration) -> [String] {
        if flaws.contains(.withoutSweeps) { return [] }
        let waiting = liveRuns { run in
            (run.state == .ready || (run.state == .pending && run.isPromoted)) && run.stateSince + age < now
        }
        return waiting.isEmpty ? [] : [Self.cluster]
    }
}
