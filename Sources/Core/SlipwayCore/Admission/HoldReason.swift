/// Why a run is not admitted, as a closed set of machine codes.
///
/// Where several apply, the first in this order is told. The raw values are stable: they are returned by the API.
package enum HoldReason: String, Sendable, Hashable, CaseIterable, Codable {
    case notYetEligible = "not_yet_eligible"
    case teamSuspended = "team_suspended"
    case creditsExhausted = "credits_exhausted"
    case credentialInvalid = "credential_invalid"
    case outsideWindow = "outside_window"
    /// The cluster is not for its team, or not any more.
    case clusterForbidden = "cluster_forbidden"
    case clusterUnavailable = "cluster_unavailable"
    case clusterDraining = "cluster_draining"
    case rateLimit = "rate_limit"
    case jobConcurrency = "job_concurrency"
    case limitKey = "limit_key"
    case teamRunsLimit = "team_runs_limit"
    case teamCPUQuota = "team_cpu_quota"
    case teamMemoryQuota = "team_memory_quota"
    case cohortExhausted = "cohort_exhausted"
    case clusterFull = "cluster_full"
    /// As many runs as the placement window allows are admitted and have not begun.
    case clusterWindow = "cluster_window"
    /// Nothing forbids it: its turn has not come.
    case behindOthers = "behind_others"

    /// Whether time or the end of other runs does away with it; else somebody must do something.
    package var passes: Bool {
        switch self {
        case .teamSuspended, .creditsExhausted, .credentialInvalid, .clusterForbidden, .clusterUnavailable,
            .clusterDraining:
            false
        case .notYetEligible, .outsideWindow, .rateLimit, .jobConcurrency, .limitKey, .teamRunsLimit, .teamCPUQuota,
            .teamMemoryQuota, .cohortExhausted, .clusterFull, .clusterWindow, .behindOthers:
            true
        }
    }

    /// Whose limit it is.
    package enum Scope: String, Sendable, Hashable, CaseIterable, Codable {
        /// The run's, job's or team's own.
        case own
        /// Other teams of the cohort use what the team could borrow, or what it lent.
        case cohort
        /// The cluster's shortage or state.
        case cluster
        /// Nobody's: others go first.
        case order
    }

    package var scope: Scope {
        switch self {
        case .notYetEligible, .teamSuspended, .creditsExhausted, .credentialInvalid, .outsideWindow, .rateLimit,
            .jobConcurrency, .limitKey, .teamRunsLimit, .teamCPUQuota, .teamMemoryQuota:
            .own
        case .cohortExhausted: .cohort
        case .clusterForbidden, .clusterUnavailable, .clusterDraining, .clusterFull, .clusterWindow: .cluster
        case .behindOthers: .order
        }
    }
}
