/// What a simulation found.
package struct QuotaSimulationOutcome: Sendable, Hashable, Codable {
    /// What one team met.
    package struct Team: Sendable, Hashable, Codable {
        /// Its runs that became eligible.
        package var runs = 0
        /// Those of them that still waited at the end.
        package var unfinishedWaits = 0
        /// Those that ended without having run, for their job's concurrency policy.
        package var skipped = 0
        /// Those that were held as `paused`.
        package var paused = 0
        package var averageWaitSeconds = 0.0
        /// Half of its runs waited no longer, and so below.
        package var medianWaitSeconds = 0.0
        package var p95WaitSeconds = 0.0
        package var longestWaitSeconds = 0.0
        /// What it used on average.
        package var averageRuns = 0.0
        package var averageCPUMillicores = 0.0
        package var averageMemoryBytes = 0.0
        /// What it used of its own quotas on average, 1 for all, more if it borrowed; `nil` without such a quota.
        package var runsUtilisation: Double?
        package var cpuUtilisation: Double?
        package var memoryUtilisation: Double?

        package enum CodingKeys: String, CodingKey {
            case runs
            case unfinishedWaits = "unfinished_waits"
            case skipped, paused
            case averageWaitSeconds = "average_wait_seconds"
            case medianWaitSeconds = "median_wait_seconds"
            case p95WaitSeconds = "p95_wait_seconds"
            case longestWaitSeconds = "longest_wait_seconds"
            case averageRuns = "average_runs"
            case averageCPUMillicores = "average_cpu_millicores"
            case averageMemoryBytes = "average_memory_bytes"
            case runsUtilisation = "runs_utilisation"
            case cpuUtilisation = "cpu_utilisation"
            case memoryUtilisation = "memory_utilisation"
        }

        package init() {}
    }

    package var teams: [String: Team]
    /// How often admission looked.
    package var cycles: Int

    package init(teams: [String: Team], cycles: Int) {
        self.teams = teams
        self.cycles = cycles
    }
}
