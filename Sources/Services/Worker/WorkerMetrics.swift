internal import Observability

/// What a worker counts.
struct WorkerMetrics: Sendable {
    let supervised: Gauge
    let adopted: Counter
    let reports: Counter
    let podEvents: Counter
    let relists: Counter
    let storedLines: Counter
    let refusedFlushes: Counter
    let removedPods: Counter
    let orphans: Gauge
    let removedOrphans: Counter
    let usageSamples: Counter
    let failedUsageRequests: Counter

    init(_ registry: MetricsRegistry, cluster: String) {
        let labels = ["cluster": cluster]
        supervised = registry.gauge("slipway_runs_supervised", help: "Runs this worker supervises.", labels: labels)
        adopted = registry.counter("slipway_runs_adopted_total", help: "Runs taken over.", labels: labels)
        reports = registry.counter("slipway_reports_sent_total", help: "Placement reports sent.", labels: labels)
        podEvents = registry.counter("slipway_pod_events_total", help: "Pod changes seen.", labels: labels)
        relists = registry.counter(
            "slipway_pod_watch_interruptions_total",
            help: "Times the pod watch was interrupted.",
            labels: labels
        )
        storedLines = registry.counter("slipway_log_lines_stored_total", help: "Log lines stored.", labels: labels)
        refusedFlushes = registry.counter(
            "slipway_log_flushes_refused_total",
            help: "Flushes refused because another worker has the run.",
            labels: labels
        )
        removedPods = registry.counter("slipway_pods_removed_total", help: "Pods verified gone.", labels: labels)
        orphans = registry.gauge(
            "slipway_orphan_pods",
            help: "Pods of this installation whose run the database does not know.",
            labels: labels
        )
        removedOrphans = registry.counter(
            "slipway_orphan_pods_removed_total",
            help: "Orphan pods removed and verified gone.",
            labels: labels
        )
        usageSamples = registry.counter(
            "slipway_usage_samples_stored_total",
            help: "Samples of containers' use stored.",
            labels: labels
        )
        failedUsageRequests = registry.counter(
            "slipway_usage_requests_failed_total",
            help: "Requests for containers' use that failed, or whose answer could not be stored.",
            labels: labels
        )
    }
}
