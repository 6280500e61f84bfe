package import SlipwayCore

/// What a container used lately, as a worker saw it.
package struct UsageSample: Sendable, Hashable {
    package var run: RunID
    /// Under which the worker saw it; a sample under another epoch than the run's is dropped.
    package var leaseEpoch: Int64
    package var placement: Int
    /// `runner` or `sail`.
    package var container: String
    /// The end of what was measured, by the cluster's clock.
    package var at: Timestamp
    /// The length of what was measured, in seconds.
    package var windowSeconds: Double
    package var millicores: Int
    package var memoryBytes: Int

    package init(
        run: RunID,
        leaseEpoch: Int64,
        placement: Int,
        container: String,
        at: Timestamp,
        windowSeconds: Double,
        millicores: Int,
        memoryBytes: Int
    ) {
        self.run = run
        self.leaseEpoch = leaseEpoch
        self.placement = placement
        self.container = container
        self.at = at
        self.windowSeconds = windowSeconds
        self.millicores = millicores
        self.memoryBytes = memoryBytes
    }
}

/// The points kept of one container of a placement.
struct UsageSeriesKey: Hashable, Sendable {
    var run: RunID
    var placement: Int
    var container: String
}
