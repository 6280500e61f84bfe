/// What runs have in common that limits treat alike: of runs of one shape the oldest goes first, and if it cannot go,
/// none of them can.
struct RunShape: Hashable {
    var band: BandShape
    var line: LineShape
    /// Sorted, each key once with its smallest maximum, which is at least 1.
    var limitKeys: [LimitKey]

    init(_ run: PendingRun, limits: AdmissionLimits) {
        let priority = min(max(run.priority, limits.priorities.lowerBound), limits.priorities.upperBound)
        band = BandShape(cluster: run.cluster, request: run.request, priority: priority)
        line = LineShape(job: run.job, credentials: Self.distinct(run.credentials))
        var maxima: [String: Int] = [:]
        for key in run.limitKeys { maxima[key.key] = min(maxima[key.key] ?? .max, max(1, key.maximum)) }
        limitKeys = maxima.map { LimitKey(key: $0.key, maximum: $0.value) }.sorted()
    }

    private static func distinct<Element: Comparable & Hashable>(_ elements: [Element]) -> [Element] {
        elements.count < 2 ? elements : Set(elements).sorted()
    }
}

/// What decides whether a team's quotas and a cluster have room.
struct BandShape: Hashable {
    var cluster: String
    var request: ResourceAmounts
    var priority: Int
}

/// What decides whether a job's limits and credentials let a run go.
struct LineShape: Hashable {
    var job: JobID
    /// Sorted, each once.
    var credentials: [String]
}
