internal import SlipwayCore

/// What ``AdmissionBenchmark`` is asked to do.
package struct AdmissionBenchmarkPlan: Sendable, Equatable {
    package enum Limits {
        package static let pending = 100...2_000_000
        package static let teams = 1...10_000
        package static let cycles = 10...100_000
        package static let changes = 0...500
    }

    /// How many runs wait; each number is measured by itself.
    package var pending = [1000, 100_000, 1_000_000]
    package var teams = 500
    /// Of admission, for each number.
    package var cycles = 300
    /// Runs that end and runs that come between two cycles, each.
    package var changes = 100
    /// The bar: no cycle may take longer; `nil`: none.
    package var cycleSeconds: Double?

    package init() {}
}

/// A deterministic world in which every team has more runs than it may run: the same for the same numbers.
struct AdmissionWorld {
    static let now = Timestamp(microsecondsSince1970: 1_700_000_000_000_000)
    static let jobsPerTeam = 4

    let teams: Int

    func queue() -> AdmissionQueue {
        var snapshot = AdmissionSnapshot()
        snapshot.clusters = [AdmissionCluster(runs: 10 * teams, placementWindow: 5 * teams)]
        snapshot.teams = (0..<teams).map { number in
            AdmissionTeam(
                name: team(number),
                weight: Double(1 + number % 3),
                cohort: number % 5 == 0 ? nil : "cohort-\(number % 10)",
                runs: ResourceQuota(nominal: 20, borrowingLimit: 10),
                cpuMillicores: ResourceQuota(nominal: 60_000)
            )
        }
        snapshot.jobs = (0..<teams * Self.jobsPerTeam).map { number in
            AdmissionJob(
                id: job(number),
                concurrency: number % 4 == 3 ? .queue : .allow,
                maximumConcurrentRuns: number % 4 == 3 ? 2 : nil,
                rateLimit: number % 8 == 2 ? AdmissionJob.RateLimit(count: 100, seconds: 60) : nil
            )
        }
        return AdmissionQueue(snapshot)
    }

    /// The run with a number: of any team, three sizes and priorities, some with a key.
    func run(_ number: Int) -> PendingRun {
        let team = number % teams
        let turn = number / teams
        let size = 1 + turn % 3
        return PendingRun(
            id: RunID(high: 1, low: UInt64(number)),
            team: self.team(team),
            job: job(team * Self.jobsPerTeam + turn % Self.jobsPerTeam),
            priority: turn % 50 == 0 ? 10 : turn % 7 == 0 ? 1 : 0,
            createdAt: Self.now + .milliseconds(-Int64(number % 3_600_000)),
            cpuMillicores: 1000 * size,
            memoryBytes: size << 30,
            limitKeys: turn % 11 == 0 ? [LimitKey(key: "region-\(turn % 3)", maximum: 4)] : []
        )
    }

    private func team(_ number: Int) -> String { "team-\(number)" }
    private func job(_ number: Int) -> JobID { JobID(high: 2, low: UInt64(number)) }
}
