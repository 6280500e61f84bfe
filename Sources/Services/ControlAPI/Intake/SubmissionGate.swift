internal import RunStore
internal import SlipwayCore

/// Keeps teams to the rates at which their people may submit runs. Rates are remembered for a moment, so that teams without
/// one cost nothing; the budgets themselves are in the database, where all API processes share them.
actor SubmissionGate {
    private struct Entry {
        var rate: JobSpec.RateLimit?
        var readAt: ContinuousClock.Instant
    }

    private let store: RunStore
    private let limits: ControlAPILimits
    private var entries: [String: Entry] = [:]

    init(store: RunStore, limits: ControlAPILimits) {
        self.store = store
        self.limits = limits
    }

    /// Takes the runs from their teams' budgets.
    ///
    /// - Throws: ``Problem`` if a team has submitted as many as it may, or never may submit so many at once.
    func enter(_ runs: [NewRun]) async throws {
        var counts: [String: Int] = [:]
        for run in runs { counts[run.team, default: 0] += 1 }
        var submissions: [Submission] = []
        for (team, count) in counts {
            guard let rate = try await rate(of: team) else { continue }
            submissions.append(try Self.submission(of: count, team: team, rate))
        }
        if let refusal = try await store.takeSubmissions(submissions) { throw Problem.submissionRateExceeded(refusal) }
    }

    /// What is to be taken from a team's budget.
    ///
    /// - Throws: ``Problem`` if the team never may submit so many at once.
    static func submission(
        of runs: Int,
        team: String,
        _ rate: JobSpec.RateLimit
    ) throws(Problem) -> Submission {
        guard runs <= rate.runs else {
            throw Problem.invalid([
                FieldError(
                    field: "runs",
                    value: String(runs),
                    message: "is more than team \"\(team)\" may submit at once",
                    allowed: ["1 to \(rate.runs)"]
                )
            ])
        }
        return Submission(team: team, runs: runs, rate: rate)
    }

    /// At which the team's people may submit runs; `nil`: at any.
    func rate(of team: String) async throws -> JobSpec.RateLimit? {
        if let entry = entries[team], ContinuousClock.now - entry.readAt < limits.jobMemory { return entry.rate }
        let readAt = ContinuousClock.now
        let rate = try await store.team(team)?.spec.submissionRate
        if entries.count >= limits.rememberedJobs { entries.removeAll() }
        entries[team] = Entry(rate: rate, readAt: readAt)
        return rate
    }
}
