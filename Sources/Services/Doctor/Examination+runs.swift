internal import RunStore
internal import SlipwayCore

// What the database alone tells.

extension Examination {
    func versions(_ store: StoreInspection, _ own: String) -> Finding {
        let subjects = store.holders.filter { $0.holder.version != own }.map { facts in
            let holder = facts.holder
            return Finding.Subject(
                "\(holder.id)",
                .warning,
                "\(holder.kind.rawValue) \(holder.name) is \(holder.version), this program \(own)"
            )
        }
        return Finding(.versions, ok: "all \(store.holders.count) processes are \(own)", subjects)
    }

    func processes(_ store: StoreInspection) -> Finding {
        let alive = store.holders.filter { $0.expiresAt > store.now }.map(\.holder)
        var subjects: [Finding.Subject] = []
        if !alive.contains(where: { $0.kind == .scheduler }) {
            subjects.append(.init("scheduler", .violation, "no scheduler lives"))
        }
        for cluster in store.clusters {
            for kind in [Holder.Kind.dispatcher, .worker]
            where !alive.contains(where: { $0.kind == kind && $0.clusters.contains(cluster) }) {
                let name = kind.rawValue
                subjects.append(.init("\(name) \(cluster)", .violation, "no \(name) of cluster \(cluster) lives"))
            }
        }
        let counts = Holder.Kind.allCases.map { kind in
            let count = alive.count { $0.kind == kind }
            return "\(count) \(kind.rawValue)\(count == 1 ? "" : "s")"
        }
        return Finding(.processes, ok: counts.joined(separator: ", "), subjects)
    }

    func term(_ store: StoreInspection) -> Finding {
        let holder = store.term?.holder.flatMap { id in store.holders.first { $0.holder.id == id } }
        guard let term = store.term, let holder else {
            return Finding(.term, ok: "", [.init("free", .violation, "nobody has the scheduling term")])
        }
        guard term.expiresAt > store.now, holder.expiresAt > store.now else {
            let text = "the term of \(holder.holder.name) ended and nobody took it"
            return Finding(.term, ok: "", [.init("ended", .violation, text)])
        }
        return Finding(.term, .ok, "\(holder.holder.name) has it")
    }

    func sweep(_ store: StoreInspection) -> Finding {
        guard let sweptAt = store.sweptAt else {
            return Finding(.sweep, ok: "", [.init("never", .violation, "there is no record of a lease sweep")])
        }
        let age = store.now - sweptAt
        let text = "the last lease sweep was \(Self.age(age)) ago"
        if age > limits.sweepViolation { return Finding(.sweep, ok: "", [.init("old", .violation, text)]) }
        if age > limits.sweepWarning { return Finding(.sweep, ok: "", [.init("old", .warning, text)]) }
        return Finding(.sweep, .ok, text)
    }

    func heldRuns(_ store: StoreInspection) -> Finding {
        let holders = Set(store.holders.map(\.holder.id))
        var held = 0
        var subjects: [Finding.Subject] = []
        for run in store.activeRuns {
            guard let holder = run.holder else { continue }
            held += 1
            if !run.state.isActive {
                subjects.append(.init("\(run.id)", .violation, "run \(run.id) is \(run.state.rawValue) and held"))
            } else if !holders.contains(holder) {
                let text = "run \(run.id) is held by \(holder), which no process is"
                subjects.append(.init("\(run.id)", .violation, text))
            }
        }
        let cut = store.isCut ? "; not all were read" : ""
        return Finding(.heldRuns, ok: "\(held) held runs, each by a process that exists\(cut)", subjects)
    }

    func leases(_ store: StoreInspection) -> Finding {
        let holders = Dictionary(store.holders.map { ($0.holder.id, $0) }) { first, _ in first }
        let subjects = store.activeRuns.filter(\.state.isActive).compactMap { run in
            run.releaseDeadline.map { released(run, $0, store) } ?? lease(run, holders, store)
        }
        let count = store.activeRuns.count
        return Finding(.leases, ok: "\(count) active \(count == 1 ? "run" : "runs")", subjects)
    }

    private func lease(
        _ run: StoreInspection.ActiveRun,
        _ holders: [HolderID: StoreInspection.HolderFacts],
        _ store: StoreInspection
    ) -> Finding.Subject? {
        let state = run.state.rawValue
        guard let id = run.holder else {
            let silence = store.now - run.hintedAt
            if silence > limits.hintSilence {
                let text = "run \(run.id) (\(state)) has no lease, and nobody was told for \(Self.age(silence))"
                return .init("\(run.id)", .violation, text)
            }
            return .init("\(run.id)", .warning, "run \(run.id) (\(state)) waits for a worker to adopt it")
        }
        // A holder that does not exist is the finding of another check.
        guard let holder = holders[id], holder.expiresAt <= store.now else { return nil }
        let age = Self.age(store.now - holder.expiresAt)
        let text = "run \(run.id) (\(state)) is held by \(holder.holder.name), silent \(age) beyond its lease"
        return .init("\(run.id)", .violation, text)
    }

    private func released(
        _ run: StoreInspection.ActiveRun,
        _ deadline: Timestamp,
        _ store: StoreInspection
    ) -> Finding.Subject? {
        let late = store.now - deadline
        guard late > limits.podAbsence else { return nil }
        return .init("\(run.id)", .violation, "released run \(run.id) is \(Self.age(late)) beyond its deadline")
    }

    func waitingRuns(_ store: StoreInspection) -> Finding {
        let subjects = store.silentRuns.compactMap { run -> Finding.Subject? in
            let age = store.now - run.stateSince
            guard age > limits.waiting else { return nil }
            let text = "run \(run.id) is \(run.state.rawValue) for \(Self.age(age)) and does not say why"
            // A ready run may wait for a place in the window, of which only the dispatchers know.
            return .init("\(run.id)", run.state == .ready ? .warning : .violation, text)
        }
        return Finding(.waitingRuns, ok: "every waiting run has a reason or has just come", subjects)
    }

    func cleanups(_ store: StoreInspection) -> Finding {
        let subjects = store.cleanups.compactMap { cleanup -> Finding.Subject? in
            let age = store.now - cleanup.since
            guard age > limits.cleanupWarning else { return nil }
            return .init(
                "\(cleanup.run)-\(cleanup.placement)",
                age > limits.cleanupViolation ? .violation : .warning,
                "the pod of run \(cleanup.run) is to go for \(Self.age(age))"
            )
        }
        let count = store.cleanups.count
        return Finding(.cleanups, ok: count == 0 ? "no pod is to go" : "\(count) pods are on their way", subjects)
    }
}
