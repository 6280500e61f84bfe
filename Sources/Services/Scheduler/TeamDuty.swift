internal import Logging
internal import Observability
package import RunStore
package import SlipwayCore

/// Where credits and credentials are kept.
package struct TeamKeeping: Sendable {
    let ledger: any TeamLedger
    /// Of the runs that check credentials.
    let nextID: @Sendable () -> RunID

    package init(ledger: any TeamLedger, nextID: @escaping @Sendable () -> RunID) {
        self.ledger = ledger
        self.nextID = nextID
    }
}

/// What the scheduler that has the term does for teams: charges credits, has paused runs wait again, checks credentials.
struct TeamDuty: Sendable {
    let lease: HeldLease
    let teams: TeamKeeping
    let settings: SchedulerSettings
    let metrics: SchedulerMetrics
    let logger: Logger
    let time: TimeSource
    /// The scheduling term that this process has.
    let term: @Sendable () -> Int64?
    /// Has pending runs looked at.
    let admit: @Sendable () -> Void

    func run() async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                try await repeating(every: settings.chargeInterval, "Teams could not be charged") { term in
                    _ = try await teams.ledger.chargeCredits(holder: lease.id, term: term)
                }
            }
            group.addTask {
                try await repeating(every: settings.teamInterval, "Paused runs could not be looked at") { term in
                    try await returnRuns(term)
                }
            }
            group.addTask {
                try await repeating(every: settings.teamInterval, "Credentials could not be checked") { term in
                    try await settleChecks(term)
                    try await beginChecks(term)
                }
            }
            try await group.next()
            group.cancelAll()
        }
    }

    private func returnRuns(_ term: Int64) async throws {
        var isFirst = true
        while lease.isTrusted {
            let count = try await teams.ledger.returnRuns(holder: lease.id, term: term, isFirst: isFirst)
            returned(count)
            if count < teams.ledger.limits.batch { return }
            isFirst = false
        }
    }

    private func returned(_ count: Int) {
        guard count > 0 else { return }
        metrics.unpaused.increment(by: count)
        admit()
    }

    // MARK: Credentials

    private func settleChecks(_ term: Int64) async throws {
        for ended in try await teams.ledger.endedChecks() where lease.isTrusted {
            let verdict = ended.state.map { CredentialSpec.Verdict(state: $0, failureClass: ended.failureClass) }
            let resumed = try await teams.ledger.settle(ended, verdict ?? .unknown, holder: lease.id, term: term)
            guard let resumed, let verdict else { continue }
            metrics.credentialChecks.increment()
            logger.info(
                "A credential was checked",
                metadata: [
                    "team": "\(ended.key.team)", "credential": "\(ended.key.name)", "verdict": "\(verdict)",
                    "run.id": "\(ended.runID)",
                ]
            )
            returned(resumed)
        }
    }

    private func beginChecks(_ term: Int64) async throws {
        let all = try await teams.ledger.dueChecks()
        guard !all.isEmpty else { return }
        var clusters = try await teams.ledger.clusterChoice()
        for due in all where lease.isTrusted {
            switch Self.run(for: due, id: teams.nextID(), on: &clusters) {
            case .success(let run):
                if try await teams.ledger.beginCheck(due.key, run: run, holder: lease.id, term: term) { admit() }
            case .failure(let cause):
                let message = cause.description
                try await teams.ledger.putOffCheck(due, because: message, holder: lease.id, term: term)
            }
        }
    }

    /// The run that checks a credential. It does not need the credential itself: it would wait for its own result.
    static func run(
        for due: DueCheck,
        id: RunID,
        on clusters: inout ClusterChoice
    ) -> Result<NewRun, NoCheck> {
        guard let job = due.job, let spec = due.jobSpec else {
            return .failure(NoCheck("its check's job \"\(due.check.job)\" does not exist or is archived"))
        }
        let variables: RunVariables
        do throws(RunVariableErrors) {
            variables = try RunVariables.resolve(spec, run: [:])
        } catch {
            let told = error.errors.map(\.description).joined(separator: "; ")
            return .failure(NoCheck("its check's job \"\(due.check.job)\" has variables without a default: \(told)"))
        }
        let cluster: ChosenCluster
        do throws(ClusterRefusal) {
            cluster = try clusters.choose(for: spec, variables: variables)
        } catch {
            return .failure(NoCheck("its check's job \"\(due.check.job)\" cannot run: \(error)"))
        }
        var admission = AdmissionRequest(spec, variables: variables.values)
        admission.credentials.removeAll { $0 == due.key.name }
        return .success(
            NewRun(
                id: id,
                jobID: job.job,
                jobVersion: job.version,
                team: due.key.team,
                jobName: due.check.job,
                kind: spec.kind,
                cluster: cluster.name,
                variables: variables.values,
                variableOrigins: variables.origins,
                admission: admission,
                clusters: cluster.candidates,
                why: "checks the credential \(due.key.name)"
            )
        )
    }

    /// Why a check cannot be made.
    struct NoCheck: Error, CustomStringConvertible {
        let description: String
        init(_ description: String) { self.description = description }
    }

    // MARK: Repetition

    /// Does something while this process has the term; an error that another attempt may not meet is logged.
    private func repeating(
        every interval: Duration,
        _ message: Logger.Message,
        _ body: (_ term: Int64) async throws -> Void
    ) async throws {
        try await time.every(interval) {
            guard let term = term(), lease.isTrusted else { return }
            do {
                try await body(term)
            } catch is CancellationError {
                throw CancellationError()
            } catch {
                try Task.checkCancellation()
                logger.error(message, metadata: ["error": "\(error)"])
            }
        }
    }
}
