internal import RunMessaging
internal import RunStore
internal import SlipwayCore

/// Acts on runs, or tells what acting would do.
struct RunActions: Sendable {
    /// Runs whose tasks are looked at together.
    private static let partialBatch = 25

    let store: RunStore
    let factory: RunFactory
    let submissions: SubmissionGate
    let signals: ControlSignals

    /// The runs that a filter means, newest first.
    ///
    /// - Returns: at most `limit`, and from where to go on if there are more.
    func select(_ filter: RunFilter, after: RunID?, limit: Int) async throws -> (ids: [RunID], next: RunID?) {
        var ids: [RunID] = []
        while ids.count <= limit {
            let wanted = min(store.limits.page, limit + 1 - ids.count)
            let page = try await store.runs(filter, before: ids.last ?? after, limit: wanted)
            ids += page.map(\.id)
            if page.count < wanted { break }
        }
        return ids.count > limit ? (Array(ids.prefix(limit)), ids[limit - 1]) : (ids, nil)
    }

    /// - Parameters:
    ///   - ids: no id twice.
    ///   - isDryRun: changes nothing; the answers are what would be.
    func perform(
        _ action: RunAction,
        _ request: ActionRequest,
        on ids: [RunID],
        isDryRun: Bool = false
    ) async throws -> [ActionAnswer] {
        var answers: [ActionAnswer] = []
        // What goes on with a run looks at each of its tasks.
        let size = action == .resume || request.fromTask != nil ? Self.partialBatch : store.limits.batch
        for start in stride(from: 0, to: ids.count, by: size) {
            let part = Array(ids[start..<min(start + size, ids.count)])
            answers += try await performPart(action, request, part, isDryRun)
        }
        return answers
    }

    private func performPart(
        _ action: RunAction,
        _ request: ActionRequest,
        _ ids: [RunID],
        _ isDryRun: Bool
    ) async throws -> [ActionAnswer] {
        let records = try await visibleRuns(ids, to: request.grants)
        var made: [RunID: NewRun] = [:]
        var refusals: [RunID: Problem] = [:]
        for (id, record) in records {
            guard let held = request.grants.role(in: record.team), held < action.neededRole else { continue }
            refusals[id] = Problem.forbidden(action.neededRole, in: record.team, held: held)
        }
        if let wanted = request.onlyStates {
            // Runs that are over stay as they are: the others are looked at while they are changed.
            for (id, record) in records where record.state.isTerminal && refusals[id] == nil {
                guard !wanted.contains(record.state) else { continue }
                refusals[id] = Problem.otherState(id, record.state, wanted)
            }
        }
        if action.makesRun {
            let isPartial = action == .resume || request.fromTask != nil
            let states = isPartial ? try await store.taskStates(Array(records.keys)) : [:]
            for (id, record) in records where record.state.isTerminal && refusals[id] == nil {
                do {
                    var run = try await factory.following(record, action, request)
                    if isPartial {
                        run.plan = try await factory.plan(after: record, states[id] ?? [:], from: request.fromTask)
                    }
                    made[id] = run
                } catch let problem as Problem {
                    refusals[id] = problem
                }
            }
            if !isDryRun { refusals.merge(try await submit(made)) { first, _ in first } }
        }
        // What is not found is never acted upon: it may be made meanwhile, in a team of others.
        let acted = ids.filter { refusals[$0] == nil && records[$0] != nil }
        var results =
            isDryRun
            ? try await predict(action, request, acted, records, made)
            : try await act(action, request, acted, records, made)
        results += try await missing(ids.filter { records[$0] == nil }, action, request)
        let byID = Dictionary(results.map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first })
        return ids.map { id in
            let result = byID[id] ?? ActionResult(id: id, change: .impossible, state: records[id]?.state)
            var answer = ActionAnswer(action: action, id: id, change: result.change, state: result.state)
            answer.before = records[id]
            answer.follower = result.follower
            answer.created = result.change == .changed && !isDryRun ? made[id] : nil
            answer.releaseDeadline = result.releaseDeadline
            answer.refusal = refusals[id]
            return answer
        }
    }

    /// Those that whoever asks may know of.
    private func visibleRuns(_ ids: [RunID], to grants: Grants) async throws -> [RunID: RunRecord] {
        let visible = try await store.runs(ids).filter { grants.role(in: $0.team) != nil }
        return Dictionary(visible.map { ($0.id, $0) }, uniquingKeysWith: { $1 })
    }

    /// Runs that are not there, or not to be known of.
    private func missing(_ ids: [RunID], _ action: RunAction, _ request: ActionRequest) async throws -> [ActionResult] {
        let teams = request.grants.selection(.viewer).narrowed(to: nil)
        let deleted = action == .delete ? try await store.deletedBefore(ids, teams: teams) : []
        return ids.map { ActionResult(id: $0, change: deleted.contains($0) ? .alreadySo : .notFound) }
    }

    /// Takes new runs from their teams' budgets; those that are there already take nothing.
    ///
    /// - Returns: why which runs are not followed: their team may not submit so many now.
    private func submit(_ made: [RunID: NewRun]) async throws -> [RunID: Problem] {
        let existing = try await store.followers(insteadOf: Array(made.values))
        let new = made.filter { existing[$0.key] == nil }
        var refusals: [RunID: Problem] = [:]
        for (_, runs) in Dictionary(grouping: new, by: \.value.team).sorted(by: { $0.key < $1.key }) {
            do {
                try await submissions.enter(runs.map(\.value))
            } catch let problem as Problem {
                for (id, _) in runs { refusals[id] = problem }
            }
        }
        return refusals
    }

    // MARK: Telling

    private func predict(
        _ action: RunAction,
        _ request: ActionRequest,
        _ ids: [RunID],
        _ records: [RunID: RunRecord],
        _ made: [RunID: NewRun]
    ) async throws -> [ActionResult] {
        let followers = try await store.followers(insteadOf: Array(made.values))
        return ids.map { id in
            guard let run = records[id] else {
                return ActionResult(id: id, change: .notFound)
            }
            let isReleased = run.releasedAt != nil && !run.state.isTerminal
            switch action.effect(on: run.state, isPromoted: run.isPromoted, isReleased: isReleased) {
            case .impossible: return ActionResult(id: id, change: .impossible, state: run.state)
            case .alreadySo:
                return ActionResult(
                    id: id,
                    change: .alreadySo,
                    state: run.state,
                    releaseDeadline: run.releaseDeadline
                )
            case .changes where !(request.onlyStates?.contains(run.state) ?? true):
                return ActionResult(id: id, change: .impossible, state: run.state)
            case .changes(let state):
                let follower = followers[id]
                return ActionResult(
                    id: id,
                    change: follower == nil ? .changed : .alreadySo,
                    state: state,
                    follower: follower
                )
            }
        }
    }

    // MARK: Doing

    private func act(
        _ action: RunAction,
        _ request: ActionRequest,
        _ ids: [RunID],
        _ records: [RunID: RunRecord],
        _ made: [RunID: NewRun]
    ) async throws -> [ActionResult] {
        let (actor, why) = (request.actor, request.why)
        let results: [ActionResult]
        switch action {
        case .cancel: results = try await store.cancel(ids, by: actor, why: why, in: request.onlyStates)
        case .promote: results = try await store.promote(ids, by: actor, why: why, in: request.onlyStates)
        case .unpause: results = try await store.unpause(ids, by: actor, why: why, in: request.onlyStates)
        case .delete: results = try await store.delete(ids, by: actor, why: why)
        case .release:
            var releases: [Release] = []
            for id in ids {
                let timeout = try await runTimeout(of: records[id])
                releases.append(Release(id: id, runTimeout: timeout))
            }
            results = try await store.release(releases, by: actor, why: why, in: request.onlyStates)
        case .retry, .rerun, .resume:
            let followed = try await store.follow(ids.compactMap { made[$0] }, by: actor, why: why)
            let known = Set(followed.map(\.id))
            results =
                followed
                + ids.filter { !known.contains($0) }.map { id in
                    let state = records[id]?.state
                    return ActionResult(id: id, change: state == nil ? .notFound : .impossible, state: state)
                }
        }
        tell(action, results.filter { $0.change == .changed })
        return results
    }

    /// How long the run's own code may run.
    private func runTimeout(of run: RunRecord?) async throws -> Duration {
        guard let run, let spec = try await factory.directory.spec(run.jobID, version: run.jobVersion) else {
            return RunStore.releasePatience
        }
        return .seconds(spec.applying(run.overrides).timeouts.runSeconds)
    }

    /// Hints, so that what was changed is acted upon at once.
    private func tell(_ action: RunAction, _ changed: [ActionResult]) {
        guard !changed.isEmpty else { return }
        switch action {
        case .cancel:
            var unheld: [Unsupervised] = []
            for run in changed where run.state == .cancelling {
                signals.cancelRequested(run: run.id, holder: run.holder)
                guard run.holder == nil, let cluster = run.cluster, let epoch = run.leaseEpoch else { continue }
                unheld.append(Unsupervised(id: run.id, cluster: cluster, leaseEpoch: epoch))
            }
            signals.unsupervised(unheld)
        case .release:
            for run in changed {
                // The holder knows the lease by the epoch that it had.
                signals.released(run: run.id, epoch: (run.leaseEpoch ?? 0) - 1, holder: run.holder)
            }
        case .promote:
            for (cluster, runs) in Dictionary(grouping: changed, by: \.cluster) {
                if let cluster { signals.runsPromoted(cluster: cluster, runs: runs.count) }
            }
        case .retry, .rerun, .resume, .unpause: signals.runsSubmitted()
        case .delete: break
        }
    }
}

extension RunFactory {
    /// The run that follows one which is over.
    ///
    /// - Throws: ``Problem`` if the job is archived, or the version of a rerun does not exist, the variables do not fit it, or no
    ///   cluster takes it.
    func following(_ origin: RunRecord, _ action: RunAction, _ request: ActionRequest) async throws -> NewRun {
        let job = try await directory.job(team: origin.team, name: origin.jobName)
        guard job?.archivedAt == nil else { throw Problem.jobArchived(team: origin.team, name: origin.jobName) }
        let variables = origin.resolvedVariables
        var run = NewRun(
            id: request.identifier(after: origin.id) ?? identifiers.next(),
            jobID: origin.jobID,
            jobVersion: origin.jobVersion,
            team: origin.team,
            jobName: origin.jobName,
            kind: origin.kind,
            cluster: origin.cluster,
            variables: variables.values,
            variableOrigins: variables.origins,
            originID: origin.id,
            originKind: Self.kind(action, request),
            rootID: origin.rootID ?? origin.id,
            attempt: origin.attempt + 1,
            overrides: origin.overrides,
            submittedBy: request.actor,
            why: request.why
        )
        guard action == .rerun else {
            if let spec = try await directory.spec(origin.jobID, version: origin.jobVersion) {
                try await fit(&run, to: spec)
            }
            return run
        }
        guard let job else { throw Problem.jobNotFound(team: origin.team, name: origin.jobName) }
        run.jobVersion = request.version ?? job.currentVersion
        // Memory that grew belongs to the version it grew in.
        if run.jobVersion != origin.jobVersion {
            (run.overrides.runnerMemoryBytes, run.overrides.sailMemoryBytes) = (nil, nil)
        }
        let spec = try await spec(of: job, version: run.jobVersion)
        run.kind = spec.kind
        let changed = try Self.variables { () throws(RunVariableErrors) in
            try variables.changed(by: request.variables, for: spec)
        }
        (run.variables, run.variableOrigins) = (changed.values, changed.origins)
        try await fit(&run, to: spec)
        return run
    }

    /// Completes a run with what its version says of admission and clusters.
    private func fit(_ run: inout NewRun, to spec: JobSpec) async throws {
        run.admission = AdmissionRequest(spec.applying(run.overrides), variables: run.variables)
        let chosen = try await clusters.choose(for: spec, demand: run.admission.demand)
        (run.cluster, run.clusters) = (chosen.name, chosen.candidates)
    }
}
