internal import Observability

/// What a dispatcher counts.
struct DispatcherMetrics: Sendable {
    let claimed: Counter
    let created: Counter
    let alreadyThere: Counter
    let refused: Counter
    let retried: Counter
    let abandoned: Counter
    let createSeconds: Histogram
    let readyToCreatedSeconds: Histogram

    init(_ registry: MetricsRegistry) {
        claimed = registry.counter("slipway_runs_claimed_total", help: "Runs leased for placing.")
        created = registry.counter("slipway_pods_created_total", help: "Pods created.")
        alreadyThere = registry.counter(
            "slipway_pods_already_there_total",
            help: "Creations answered by the run's own pod already there."
        )
        refused = registry.counter("slipway_pods_refused_total", help: "Pods the API server refused for good.")
        retried = registry.counter("slipway_pod_creates_retried_total", help: "Creations tried again.")
        abandoned = registry.counter(
            "slipway_pod_creates_abandoned_total",
            help: "Creations given up; the run is placed anew."
        )
        createSeconds = registry.histogram(
            "slipway_pod_create_seconds",
            help: "Time of one successful creation.",
            buckets: Self.secondsBuckets
        )
        readyToCreatedSeconds = registry.histogram(
            "slipway_ready_to_pod_created_seconds",
            help: "From a run being ready to its pod being created.",
            buckets: Self.secondsBuckets
        )
    }

    private static let secondsBuckets = HistogramBuckets([
        0.002, 0.005, 0.01, 0.015, 0.02, 0.03, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.5, 0.75, 1, 1.5, 2, 3, 5, 10, 30,
    ])
}
