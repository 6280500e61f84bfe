package import PostgresClient

/// Slipway's facts in Postgres: jobs, runs, leases, tasks, events, logs and outputs.
///
/// Each change to a run is one guarded statement that names the state and the lease epoch it expects; a guard that does not
/// hold is a value in the result, not an error. Functions are grouped by who calls them, a file a group.
package struct RunStore: Sendable {
    package let pool: PostgresPool
    package let limits: StoreLimits
    /// For the runs that follow failed ones.
    let retrySource: RetrySource
    /// Where logs are moved to, and read from once they were; `nil`: they stay in Postgres.
    package let logObjects: LogObjects?

    package init(
        pool: PostgresPool,
        limits: StoreLimits = StoreLimits(),
        retrySource: RetrySource = .system,
        logObjects: LogObjects? = nil
    ) {
        self.pool = pool
        self.logObjects = logObjects
        self.limits = limits
        self.retrySource = retrySource
    }
}

/// The bounds of what one statement touches.
package struct StoreLimits: Sendable {
    /// Rows claimed, admitted, adopted or swept by one statement.
    package var batch = 500
    /// The largest page of a list.
    package var page = 500
    /// How often a run may be placed before it fails.
    package var placements = 5
    /// Samples of use stored by one statement.
    package var usageBatch = 5000
    /// Points of a container's use in one row.
    package var usageChunkPoints = 20
    /// Points kept of a container's use; at so many they are thinned to half.
    package var usagePoints = 720
    /// A sample speaks for the time since the one before it, unless that is longer ago than this.
    package var usageGap: Duration = .seconds(300)
    /// Jobs of which admission reads the limits at once.
    package var jobPage = 5000
    /// Runs that a job's statistics look at.
    package var statisticsRuns = 1000

    package init() {}
}

/// A stored value does not have the form this version of Slipway knows.
package struct StoredValueError: Error, CustomStringConvertible {
    package let what: String
    package let value: String

    package var description: String {
        "the database holds \(what) \"\(value)\", which this version does not know; is a newer version running too?"
    }
}
