/// What a container used over a run, from its samples.
package struct UsageSummary: Sendable, Hashable {
    /// `runner` or `sail`.
    package var container: String
    package var samples: Int
    package var firstAt: Timestamp
    package var lastAt: Timestamp
    /// The time that the samples speak for, in seconds: less than the container's whole life, whose beginning and end fall
    /// between samples.
    package var coveredSeconds: Double
    package var cpuSeconds: Double
    package var peakMillicores: Int
    package var averageMemoryBytes: Int
    package var peakMemoryBytes: Int

    package init(
        container: String,
        samples: Int,
        firstAt: Timestamp,
        lastAt: Timestamp,
        coveredSeconds: Double,
        cpuSeconds: Double,
        peakMillicores: Int,
        averageMemoryBytes: Int,
        peakMemoryBytes: Int
    ) {
        self.container = container
        self.samples = samples
        self.firstAt = firstAt
        self.lastAt = lastAt
        self.coveredSeconds = coveredSeconds
        self.cpuSeconds = cpuSeconds
        self.peakMillicores = peakMillicores
        self.averageMemoryBytes = averageMemoryBytes
        self.peakMemoryBytes = peakMemoryBytes
    }

    /// Over the covered time; 0 if there is none.
    package var averageMillicores: Int {
        coveredSeconds > 0 ? Int((cpuSeconds / coveredSeconds * 1000).rounded()) : 0
    }
}
